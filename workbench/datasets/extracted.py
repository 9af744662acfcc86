"""The results of an extraction as examples: what its manifest lists, read part by part.

Parts are opened when the source is looked through, for what they say of themselves, and read when
their examples are wanted; checksums of their pages tell then what has changed on the disk.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from workbench.chain import Chain
from workbench.checked_json import Fields, anything, count, parse, text
from workbench.corpus import manifest
from workbench.corpus.designs import design_of
from workbench.corpus.manifest import Line
from workbench.corpus.parts import Part, part_path
from workbench.corpus.recordings import OK
from workbench.datasets.entries import Entry, Fault, Listing
from workbench.datasets.examples import Example
from workbench.datasets.inventory import Inventory, inventory_of
from workbench.datasets.sources import Labels, Source, labelled
from workbench.errors import ParameterError

_ABOUT = "extraction.json"


@dataclass(frozen=True)
class Extracted(Example):
    """Features that a part holds: of a recording, or of one channel of it."""

    part: int = 0
    recording: int = 0


class Extraction:
    """The output folder of `extract`.

    Attributes:
        path: The folder.
        sample_rate: Of the design, in Hz.

    Raises:
        ParameterError: `extraction.json` is not what `extract` writes.
    """

    def __init__(self, path: str | os.PathLike[str]):
        self.path = Path(path)
        about = Fields(_ABOUT, parse((self.path / _ABOUT).read_bytes()))
        self._fingerprint = about.take("fingerprint", text)
        self._split = about.take("channels", text) == "split"
        self.sample_rate = about.take("sample_rate", count)
        axes = about.take("axes", anything)
        self._in_time = isinstance(axes, list) and axes[:1] == ["time (s)"]

    def design(self) -> Chain:
        """The chain that made the features.

        Raises:
            ParameterError: The file is not that chain's, or holds code.
        """
        found = design_of(self.path / "design.keras")
        if found.fingerprint != self._fingerprint:
            remedy = f"Put back the design.keras of {self.path}."
            raise ParameterError("source", "hold the design it was made by", "another one", remedy)
        return found.chain

    def take_inventory(
        self, labels: Labels, class_names: Sequence[str] | None, skip: bool
    ) -> Inventory:
        """What the manifest lists and the parts hold.

        Raises:
            ParameterError: There is nothing; or a fault, and it is not to be skipped.
        """
        lines, listing = {}, Listing()
        for line in manifest.read_lines(self.path):
            each = line.recording
            place = f"{self.path / manifest.NAME}, line {each.number + 1}, {each.path}"
            lines[place] = line
            entry = Entry(Path(each.path), each.label, each.start, each.end, place)
            listing.entries.append(entry)
        wrong = self._wrong(lines)

        def find(entries: Sequence[Entry]) -> Iterator[Example | Fault]:
            for entry in entries:
                if entry.place in wrong:
                    yield Fault(entry.place, wrong[entry.place])
                else:
                    yield from self._examples(entry, lines[entry.place])

        labelled(self.path, listing, labels)
        return inventory_of(self.path, listing, class_names, find, skip)

    def form(self, examples: Sequence[Example]) -> tuple[np.dtype, tuple[int | None, ...]]:
        """The type of the features and their shape; None for what differs, steps of time.

        Raises:
            ParameterError: No part has any.
        """
        for number in sorted({each.part for each in examples if isinstance(each, Extracted)}):
            with Part(self._part(number)) as part:
                if found := part.form():
                    dtype, shape = found
                    whole = len(shape) == 1 and not self._in_time
                    return dtype, shape if whole else (None, *shape[1:])
        raise ParameterError("source", "hold features", f"none in {self.path}")

    def values(self, parts: Iterable[int]) -> int:
        """How many numbers the features in some parts are."""
        count = 0
        for number in parts:
            with Part(self._part(number)) as part:
                count += part.values
        return count

    def features(self, part: int, examples: Sequence[Extracted]) -> Iterator[np.ndarray]:
        """The features of examples of a part, one after the other, in their order.

        Raises:
            OSError: The part is missing or damaged, or lacks one of them.
        """
        path = self._part(part)
        with Part(path) as file:
            number, found = -1, {}
            for each in examples:
                if each.recording != number:
                    number, found = each.recording, _by_channel(file.rows(each.recording))
                if each.channel not in found:
                    raise OSError(f"{path.name} lacks results of {each.entry.path}.")
                yield found[each.channel]

    def _part(self, number: int) -> Path:
        return part_path(self.path, number)

    def _wrong(self, lines: dict[str, Line]) -> dict[str, str]:
        """What is wrong with lines of the manifest, by their places."""
        parts: dict[int, dict[int, Any] | str] = {}
        wrong = {}
        for place, line in lines.items():
            outcome = line.outcome
            if line.part not in parts:
                parts[line.part] = self._said(line.part)
            said = parts[line.part]
            if outcome.status != OK:
                wrong[place] = outcome.reason or "it is not extracted yet; run the extraction again"
            elif isinstance(said, str):
                wrong[place] = said
            elif said.get(line.recording.number) != outcome:
                wrong[place] = f"{self._part(line.part).name} is not the one it was extracted into"
        return wrong

    def _said(self, number: int) -> dict[int, Any] | str:
        """What a part says became of its recordings, by their numbers; or what is wrong with it."""
        path = self._part(number)
        if not path.exists():
            return f"{path.name} is missing"
        try:
            with Part(path) as part:
                if part.about["fingerprint"] != self._fingerprint:
                    return f"{path.name} was made by another design"
                return {each.number: each for each in part.outcomes}
        except (OSError, ValueError, KeyError, TypeError) as error:  # Arrow's are among them
            return f"{path.name} cannot be read ({error})"

    def _examples(self, entry: Entry, line: Line) -> Iterator[Extracted]:
        outcome = line.outcome
        rate, channels = outcome.sample_rate or 1, outcome.channels or 1
        first, samples = round(entry.start * rate), outcome.samples or 0
        for channel in range(channels) if self._split else (None,):
            yield Extracted(
                entry, rate, channels, first, samples, channel, line.part, line.recording.number
            )


def extraction_at(source: Source) -> Extraction | None:
    """The extraction that a source is; None where it is sound."""
    if isinstance(source, str | os.PathLike) and (Path(source) / _ABOUT).is_file():
        return Extraction(source)
    return None


def _by_channel(rows: Iterable[dict[str, Any]]) -> dict[int | None, np.ndarray]:
    """The results of a recording, put together along time, by channels."""
    pieces: dict[int | None, list[np.ndarray]] = {}
    for row in rows:
        pieces.setdefault(row["channel"], []).append(np.reshape(row["features"], row["shape"]))
    return {channel: np.concatenate(each) for channel, each in pieces.items()}
