"""The recordings that a page may choose: any of this machine, or those of one folder.

A person's own page may read what that person may read. Where `WORKBENCH_FILES` is set, as
`workbench serve` does, the page is for others: it may choose what lies in that folder, and nothing
where it is empty. The code that opens a dashboard is not the page: it reads what it likes.
"""

from __future__ import annotations

import os
from pathlib import Path

from workbench.errors import ParameterError

VARIABLE = "WORKBENCH_FILES"
ENDINGS = (".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff")
MOST = 500  # recordings of a folder in the list: more than a person reads


def is_free() -> bool:
    """Whether a page may name any file."""
    return VARIABLE not in os.environ


def chosen(path: str | Path) -> Path:
    """The file that a page means by a path; one of the folder is said as it lies in it.

    Raises:
        ParameterError: It may not be chosen. Whether there is such a file is not told.
    """
    if is_free():
        return Path(path)
    folder = _folder()
    file = None if folder is None else _inside(folder, Path(path))
    if file is None:
        rule = "be a recording of the folder that this page may choose from"
        raise ParameterError("path", rule, repr(str(path)))
    return file


def recordings() -> list[Path]:
    """What the folder holds and may be chosen, by name; nothing where there is no folder."""
    folder = None if is_free() else _folder()
    if folder is None:
        return []
    files = (file for file in sorted(folder.rglob("*")) if file.suffix.lower() in ENDINGS)
    return [file for file in files if _inside(folder, file)][:MOST]


def name_of(path: str | Path) -> str:
    """A recording as the page may call it: as it lies in the folder, or as it was said.

    >>> name_of("sounds/drum.wav")
    'sounds/drum.wav'
    """
    folder = None if is_free() else _folder()
    if folder is None or not Path(path).is_relative_to(folder):
        return str(path)
    return Path(path).relative_to(folder).as_posix()


def _folder() -> Path | None:
    said = os.environ.get(VARIABLE)
    return Path(said).resolve() if said else None


def _inside(folder: Path, path: Path) -> Path | None:
    """The file that a path leads to from the folder, through all links, if it lies in it."""
    try:
        file = (folder / path).resolve()
        return file if file.is_relative_to(folder) and file.is_file() else None
    except (OSError, RuntimeError, ValueError):  # a circle of links, a name with a null
        return None
