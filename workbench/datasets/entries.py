"""What a source lists: files or parts of them with their class, and what it cannot use."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Entry:
    """A file, or the part of it from `start` to `end` (its end, if None) in seconds.

    `place` is what to call it in messages: the path, or a manifest's line.
    """

    path: Path
    label: str | None = None
    start: float = 0.0
    end: float | None = None
    place: str = ""

    def __str__(self) -> str:
        return self.place or str(self.path)


@dataclass(frozen=True)
class Fault:
    """Something that is not used, and why.

    >>> print(Fault("a.wav", "it is empty"))
    a.wav: it is empty
    """

    place: str
    why: str

    def __str__(self) -> str:
        return f"{self.place}: {self.why}"


@dataclass
class Listing:
    """What a source holds.

    `faults` should have been examples; `ignored` does not look like sound. `classes` are those
    that the source names, files or not.
    """

    entries: list[Entry] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    ignored: list[Fault] = field(default_factory=list)
    classes: set[str] = field(default_factory=set)
