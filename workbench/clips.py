"""The clips that come with the workbench: small, made by its own script, free to use."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from workbench import audio


@dataclass(frozen=True)
class ClipEntry:
    """A line of the manifest: a file and what to look at in it.

    `sample_rate` is in Hz; `sha256` is that of the whole file.
    """

    name: str
    path: Path
    title: str
    purpose: str
    sample_rate: int
    channels: int
    seconds: float
    sha256: str


def clips() -> dict[str, ClipEntry]:
    """Return what there is, by name.

    >>> list(clips())
    ['siren', 'plucked_string', 'drums', 'chirp', 'speech']

    Raises:
        FileNotFoundError: the installation has lost its folder of clips.
    """
    folder = data_folder()
    lines = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    entries = {}
    for line in lines:
        path = folder / line.pop("file")
        entries[path.stem] = ClipEntry(path.stem, path, **line)
    return entries


def clip(name: str) -> audio.Clip:
    """Read one of the clips.

    >>> clip("siren")
    Clip('siren.flac', 1 channel, 5.000 s at 44100 Hz)

    Raises:
        ValueError: there is no clip of that name.
    """
    known = clips()
    if name not in known:
        raise ValueError(f"clip: name must be one of {', '.join(known)}; got {name!r}.")
    return audio.read(known[name].path)


@cache
def data_folder() -> Path:
    """Return the folder of the clips, and of what else comes along.

    Raises:
        FileNotFoundError: the installation has lost it.
    """
    package = Path(__file__).parent
    places = [package / "data", package.parent / "data"]  # an installed wheel, a source checkout
    for place in places:
        if (place / "manifest.json").is_file():
            return place
    raise FileNotFoundError(
        f"clips: one of {' and '.join(map(str, places))} must hold manifest.json. "
        f"Install the package again, or run data/make.py in a checkout."
    )
