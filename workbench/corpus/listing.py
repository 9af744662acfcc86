"""The recordings of sources: files and folders."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from workbench.corpus.recordings import Recording
from workbench.errors import ParameterError

_SUFFIXES = {".wav", ".flac", ".ogg", ".oga", ".mp3", ".aif", ".aiff"}


def recordings_of(sources: Any) -> list[Recording]:
    """The recordings, in the order in which sources list them; paths are absolute.

    Raises:
        ParameterError: There is none, or one twice.
    """
    one = isinstance(sources, str | os.PathLike)
    given: Iterable[Any] = [sources] if one else sources
    paths = [os.path.abspath(path) for source in given for path in _paths(os.fspath(source))]
    found = [Recording(i, path, size=_size(path)) for i, path in enumerate(paths)]
    if not found:
        raise ParameterError("sources", "hold at least one recording", "none")
    seen = set()
    for each in found:
        if each.key in seen:
            raise ParameterError("sources", "hold each recording once", f"{each.path} twice")
        seen.add(each.key)
    return found


def _paths(source: str) -> Iterator[str]:
    if os.path.isdir(source):
        for path in sorted(Path(source).rglob("*")):
            if path.suffix.lower() in _SUFFIXES and path.is_file():
                yield str(path)
    else:
        yield source


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except (OSError, ValueError):
        return 0
