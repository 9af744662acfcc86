"""Examples: which samples of which file; by the headers, before any sample is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from workbench import audio
from workbench.audio import AudioError, AudioInfo
from workbench.datasets.entries import Entry, Fault

_THREADS = 8  # they wait for disks and networks rather than for processors
_BEYOND = 0.01  # seconds by which a part may end behind its file: manifests round


@dataclass(frozen=True)
class Example:
    """Samples `first` to `first + count` of a file at `rate`; of all channels, or of one."""

    entry: Entry
    rate: int
    channels: int
    first: int
    count: int
    channel: int | None = None

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.count / self.rate

    @property
    def rows(self) -> int:
        """How many channels are read."""
        return self.channels if self.channel is None else 1

    def read(self, most: int | None = None) -> np.ndarray:
        """Its samples `[channels, time]`, float32; only the first ones if it has more than `most`.

        Raises:
            AudioError: The file is damaged, or is not what its header said when it was listed.
            OSError: It cannot be opened.
        """
        count = min(self.count, most or self.count)
        start, seconds = self.first / self.rate, count / self.rate
        clip = audio.read(self.entry.path, start_seconds=start, seconds=seconds)
        if (clip.sample_rate, clip.channels) != (self.rate, self.channels):
            raise AudioError(f"{self.entry.path.name} has changed since it was listed.")
        signal = clip.signal
        if signal.shape[1] != count:
            raise AudioError(f"{self.entry.path.name} has become shorter since it was listed.")
        return signal if self.channel is None else signal[self.channel : self.channel + 1]


def look(entries: Iterable[Entry]) -> Iterator[Example | Fault]:
    """What the headers say of entries, in their order; each file is opened once."""
    entries = list(entries)
    paths = list(dict.fromkeys(entry.path for entry in entries))
    with ThreadPoolExecutor(_THREADS) as pool:
        found = dict(zip(paths, pool.map(_header, paths), strict=True))
    for entry in entries:
        yield _example(entry, found[entry.path])


def one_form(examples: Iterable[Example | Fault]) -> Iterator[Example | Fault]:
    """Those with as many channels as the first one has; the others as faults."""
    channels = 0
    for each in examples:
        if isinstance(each, Example):
            channels = channels or each.channels
            if each.channels != channels:
                why = f"it has {each.channels} channels, the first file has {channels}"
                yield Fault(str(each.entry), f"{why}; channels='mix' takes both")
                continue
        yield each


def one_by_one(examples: Iterable[Example | Fault]) -> Iterator[Example | Fault]:
    """Each channel as an example of its own."""
    for each in examples:
        if isinstance(each, Fault):
            yield each
        else:
            yield from (replace(each, channel=channel) for channel in range(each.channels))


def _header(path: Path) -> AudioInfo | str:
    try:
        return audio.info(path)
    except (AudioError, OSError) as error:
        return str(error)


def _example(entry: Entry, info: AudioInfo | str) -> Example | Fault:
    if isinstance(info, str):
        return Fault(str(entry), info)
    if entry.start >= info.seconds:
        why = f"it is {info.seconds:.3f} s long, and the part starts at {entry.start:g} s"
        return Fault(str(entry), why)
    if entry.end is not None and entry.end > info.seconds + _BEYOND:
        why = f"it is {info.seconds:.3f} s long, and the part ends at {entry.end:g} s"
        return Fault(str(entry), why)
    rate = info.sample_rate
    first = min(round(entry.start * rate), info.frames - 1)
    end = info.frames if entry.end is None else min(round(entry.end * rate), info.frames)
    return Example(entry, rate, info.channels, first, max(1, end - first))
