"""What the numbers of a tensor are: its axes with units, and the quantity that they hold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

DECIBEL = {"dB": 1.0, "ln": math.log(10.0) / 10.0}  # one decibel, in each unit of level


@dataclass(frozen=True)
class Axis:
    """One dimension of a result: regular (`start` and `step`) or irregular (`values`).

    Attributes:
        name: What runs along it, as "time" or "frequency".
        unit: Its unit, as "s" or "Hz"; empty for a bare count.
        start: Position of index 0, in `unit`.
        step: Distance between neighbours, in `unit`.
        values: All positions, where they are not evenly spaced (mel bands).
    """

    name: str
    unit: str = ""
    start: float = 0.0
    step: float = 1.0
    values: tuple[float, ...] | None = None

    @property
    def rate(self) -> float:
        """Steps per unit (a time axis: samples or frames per second); whole where it is whole."""
        rate = 1.0 / self.step
        return float(round(rate)) if abs(rate - round(rate)) < 1e-9 * rate else rate

    @property
    def label(self) -> str:
        """Name and unit, as a plot writes them."""
        return f"{self.name} ({self.unit})" if self.unit else self.name

    def positions(self, count: int) -> np.ndarray:
        """The positions of the first `count` indices, float64 `[count]`."""
        if self.values is not None:
            return np.asarray(self.values[:count], dtype=np.float64)
        return self.start + self.step * np.arange(count, dtype=np.float64)


@dataclass(frozen=True)
class Space:
    """What a result is: its axes, from time on, and the quantity of its values.

    A waveform is one time axis, a spectrogram time and frequency. Axes before time (batch) and
    after the last one (channels) are not part of it.

    Attributes:
        axes: Its axes, time first.
        quantity: What the values are, in words.
        unit: Their unit; empty for a bare number.
        power: Which power of an amplitude they are (or are the level of): 2 for a power, 1 for an
            amplitude, 0 for what is none.
    """

    axes: tuple[Axis, ...]
    quantity: str = "amplitude"
    unit: str = ""
    power: float = 1.0

    @property
    def time(self) -> Axis:
        """The axis along which time runs."""
        return self.axes[0]

    @property
    def label(self) -> str:
        """Quantity and unit, as a plot writes them."""
        return f"{self.quantity} ({self.unit})" if self.unit else self.quantity

    def with_time(self, *, rate: float, start: float | None = None) -> Space:
        """The same quantity on a time axis of another rate (steps per second)."""
        begin = self.time.start if start is None else start
        return replace(self, axes=(replace(self.time, start=begin, step=1.0 / rate),))


def waveform_space(sample_rate: float) -> Space:
    """The space of a waveform.

    >>> waveform_space(8000).time.label
    'time (s)'
    """
    return Space(axes=(Axis("time", "s", 0.0, 1.0 / sample_rate),))


def with_axes(name: str, values: np.ndarray, axes: Sequence[Axis]) -> dict[str, np.ndarray]:
    """An array, and the positions on its last axes under its name and theirs.

    >>> list(with_axes("mel", np.zeros([1, 4, 40]), (Axis("time", "s"), Axis("band", "Hz"))))
    ['mel', 'mel.time_s', 'mel.band_Hz']
    """
    found = {name: values}
    for axis, count in zip(axes, values.shape[-len(axes) :], strict=True):
        words = f"{axis.name} {axis.unit}".split()
        found[f"{name}.{'_'.join(words)}"] = axis.positions(count)
    return found
