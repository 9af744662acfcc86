"""The output folder: what is extracted there, by what design, and what has become of it.

`extraction.json` is for all of it. `manifest.jsonl` has a line per recording: where it lies, the
part that its results are in, and its status; before it is extracted that is "pending". As a source
of recordings (path, label, start, end) it can be given to `extract` or `wb.dataset` again.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from workbench.checked_json import Fields, anything, count, parse, text
from workbench.corpus import manifest
from workbench.corpus.designs import Design
from workbench.corpus.manifest import Line
from workbench.corpus.parts import Part, part_at, part_path
from workbench.corpus.recordings import Outcome, Recording
from workbench.errors import ParameterError
from workbench.versions import versions
from workbench.whole_files import whole_file

VERSION = 1  # of this format
NUMBERS = 1  # raised where a design computes other numbers: a test compares with stored ones
READERS = ("soundfile", "pyarrow")  # of which a part depends too
_PARTS, _PART_FILES, _PART_BYTES = 128, 256, 256 << 20


@dataclass(frozen=True)
class Planned:
    """A part and the recordings that belong into it."""

    number: int
    recordings: tuple[Recording, ...]


class Folder:
    """The output folder of an extraction.

    Raises:
        ParameterError: It holds something else, or what another design made.
    """

    def __init__(self, path: str | os.PathLike[str], design: Design, *, split: bool):
        self.path = Path(os.path.abspath(path))
        self.split = split
        self._design, self._channels = design, "split" if split else "mix"
        if (self.path / "extraction.json").exists():
            self._check()
        elif self.path.exists() and (not self.path.is_dir() or any(self._others())):
            remedy = "Name a new folder."
            rule = "be a folder that is empty or that an extraction was begun in"
            raise ParameterError("out", rule, self.path, remedy)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Keeps other runs out, and clears away what a killed one has left half done."""
        (self.path / "parts").mkdir(parents=True, exist_ok=True)
        with open(self.path / ".lock", "ab") as file:
            if not _locked(file):
                raise ParameterError("out", "have one run at a time", f"another in {self.path}")
            self._clear()
            try:
                yield
            finally:
                self._clear()

    def begin(self, recordings: Sequence[Recording]) -> tuple[Planned, ...]:
        """The parts to make: those of before, and new ones for recordings not seen before."""
        known = self._planned()
        seen = {each.key for part in known for each in part.recordings}
        total = sum(len(part.recordings) for part in known)
        new = [each for each in recordings if each.key not in seen]
        numbered = [replace(each, number=total + i) for i, each in enumerate(new)]
        first = 1 + max((part.number for part in known), default=-1)
        parts = (*known, *_divided(numbered, first))
        self._write("design.keras", self._design.content)
        self._write("extraction.json", self._about())
        self.write_manifest(parts, {})
        return parts

    def part(self, number: int) -> Part | None:
        """A part that is finished."""
        path = part_path(self.path, number)
        part = part_at(path)
        if part and part.about["fingerprint"] != self._design.fingerprint:
            raise ParameterError("out", "hold parts of this design", f"another's, {path.name}")
        return part

    def write_manifest(self, parts: Sequence[Planned], outcomes: dict[int, Outcome]) -> None:
        """Writes the manifest."""
        lines = (
            Line(each, part.number, outcomes.get(each.number) or Outcome(each.number))
            for part in parts
            for each in part.recordings
        )
        self._write(manifest.NAME, manifest.written(lines))

    def _planned(self) -> tuple[Planned, ...]:
        """The parts of the manifest, in its order."""
        parts: dict[int, list[Recording]] = {}
        for line in manifest.read_lines(self.path):
            parts.setdefault(line.part, []).append(line.recording)
        return tuple(Planned(number, tuple(each)) for number, each in parts.items())

    def _about(self) -> bytes:
        chain = self._design.chain
        about = {
            "workbench_extraction": VERSION,
            "numbers": NUMBERS,
            "fingerprint": self._design.fingerprint,
            "channels": self._channels,
            "sample_rate": chain.sample_rate,
            "axes": [axis.label for axis in chain.axes],
            "code": chain.code().splitlines(),
            "versions": versions(*READERS),
        }
        return (json.dumps(about, indent=2, ensure_ascii=False) + "\n").encode()

    def _check(self) -> None:
        """Refuses to go on with anything else than what was begun."""
        about = Fields("extraction", parse((self.path / "extraction.json").read_bytes()))
        begun = about.take("fingerprint", text)
        remedy = "Name a new folder for it."
        if about.take("workbench_extraction", count) > VERSION:
            raise ParameterError("out", "be of this workbench", "a later one's", "Update this one.")
        if begun != self._design.fingerprint:
            code = "\n".join(map(str, about.take("code", anything)))
            rule = f"be the one that {self.path} was begun with:\n{code}\n"
            raise ParameterError("design", rule, f"another:\n{self._design.chain.code()}\n", remedy)
        if about.take("numbers", count) != NUMBERS:
            rule = "be begun by a workbench that computes the same numbers"
            raise ParameterError("out", rule, about.values["versions"], remedy)
        if about.take("channels", text) != self._channels:
            rule = f"be as {self.path} was begun: {about.values['channels']}"
            raise ParameterError("channels", rule, self._channels, remedy)

    def _others(self) -> Iterator[Path]:
        return (each for each in self.path.iterdir() if each.name not in (".lock", "parts"))

    def _clear(self) -> None:
        for left in (self.path / "parts").glob(".part-*"):
            left.unlink(missing_ok=True)

    def _write(self, name: str, content: bytes) -> None:
        """Writes a file whole or not at all; the design that is there stays."""
        path = self.path / name
        if name == "design.keras" and path.exists():
            return  # the same design, whose file differs in its date
        with whole_file(path, beginning=self.path / "parts" / f".part-{name}") as temporary:
            temporary.write_bytes(content)


def _divided(recordings: Sequence[Recording], first: int) -> Iterator[Planned]:
    """Parts enough for many workers, none of them of too many files or bytes."""
    most = min(_PART_FILES, -(-len(recordings) // _PARTS))
    held: list[Recording] = []
    size = 0
    for each in recordings:
        if held and (len(held) == most or size + each.size > _PART_BYTES):
            yield Planned(first, tuple(held))
            first, held, size = first + 1, [], 0
        held.append(each)
        size += each.size
    if held:
        yield Planned(first, tuple(held))


def _locked(file: Any) -> bool:
    """Whether this run has the folder for itself, until it ends or is killed."""
    try:
        import fcntl
    except ModuleNotFoundError:  # Windows: nothing keeps a second run out
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True
