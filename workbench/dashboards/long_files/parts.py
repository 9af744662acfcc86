"""Parts of a long signal: which samples a chain needs so that a stretch of its results is right.

What an op needs beside a stretch is its `Reach`, as a stream uses it. An op that looks at all of
the signal is computed on the part alone, and a note says so.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from workbench.axes import Space
from workbench.chain import Chain
from workbench.declared_layer import DeclaredLayer
from workbench.errors import ParameterError
from workbench.layers import OpLayer
from workbench.reach import Reach

LONG = 960_000  # samples: a signal of more than 20 s at 48 kHz is computed in parts
MOST = 720_000  # samples that are computed at once
PIECE = 240_000  # samples of each piece of a picture that is made piece by piece
_LEAD = 0.1  # seconds on either side, for the plots that analyse a result again
_WARM = 0.5  # seconds on either side, where nobody knows how long an op takes to settle
_SETTLE = 150_000  # samples on either side at most: PCEN looks back for as long as floats do
_MOVING = ("modulated_delay",)  # what they do depends on the time since the start of the signal

PART = "On a long file, computed on the part in view alone, as if nothing came before or after it."
SETTLING = "On a long file, settled over no more than {:.1f} s before the part in view."
BESIDE = "On a long file, its steps lie between those of the whole while zoomed in."


@dataclass(frozen=True)
class Part:
    """Samples that are computed so that those of a stretch are right.

    Attributes:
        first: The first sample.
        count: How many.
        span: The stretch: first and last second whose results are as those of the whole.
    """

    first: int
    count: int
    span: tuple[float, float]


@dataclass(frozen=True)
class _Step:
    """How a stage looks along time, and what there is to say where that is not all."""

    reach: Reach
    note: str = ""


class Cutter:
    """Finds the parts of a signal for a chain as it is now.

    Args:
        chain: With parameters and sample rate as they are.
        length: Samples of the signal.

    Attributes:
        notes: For each stage what is not as on the whole signal; empty where nothing is.
        in_parts: Whether it is long, and can be computed in parts.
    """

    def __init__(self, chain: Chain, length: int):
        self._length, self._rate = length, chain.sample_rate
        steps = _steps(chain) if length > LONG else None
        self.in_parts = steps is not None
        self._reaches = [step.reach for step in steps or ()]
        self._period = _period(self._reaches)
        notes = [step.note for step in steps or ()]
        if self._period > 2 * self._rate:
            notes[-1], self._period = notes[-1] or BESIDE, 1
        rate = Fraction(1)
        for number, reach in enumerate(self._reaches):
            if reach.before / rate > _SETTLE:
                notes[number] = notes[number] or SETTLING.format(_SETTLE / self._rate)
            rate *= Fraction(reach.target, reach.orig)
        self.notes = tuple(notes)
        self._lead = _WARM if PART in notes else _LEAD

    def part(self, span: tuple[float, float]) -> Part:
        """What to compute for what lies in a span of seconds."""
        if not self.in_parts:
            return Part(0, self._length, (0.0, self._length / self._rate))
        lead = round(self._lead * self._rate)
        first = math.floor(span[0] * self._rate) - lead
        last = math.ceil(span[1] * self._rate) + lead
        low, high = self._needed(max(first, 0), min(last, self._length - 1))
        low = max(0, low, first - _SETTLE) // self._period * self._period
        high = min(self._length, high + 1, last + _SETTLE)
        return Part(low, high - low, span)

    def _needed(self, first: int, last: int) -> tuple[int, int]:
        """The samples that the results at the time of some others look at."""
        rates = [Fraction(1)]
        for reach in self._reaches:
            rates.append(rates[-1] * Fraction(reach.target, reach.orig))
        low, high = math.floor(first * rates[-1]), math.ceil(last * rates[-1])
        for reach, rate in zip(reversed(self._reaches), rates[-2::-1], strict=True):
            low = min(reach.first_input(low), math.floor(first * rate))
            high = max(reach.last_input(high), math.ceil(last * rate))
        return low, high


def _period(reaches: Sequence[Reach]) -> int:
    """Samples after which a step of every stage lies on a sample again.

    >>> _period([Reach(0, 0, 441, 160), Reach(0, 0, 256)])
    3528
    """
    found, rate = 1, Fraction(1)
    for reach in reaches:
        found = math.lcm(found, (rate / reach.orig).denominator)
        rate *= Fraction(reach.target, reach.orig)
    return found


def _steps(chain: Chain) -> list[_Step] | None:
    """How each stage looks along time; None where one of them must have all of the signal."""
    found = []
    for layer, given in zip(chain.layers, chain.spaces[:-1], strict=True):
        step = _step(layer, given)
        if step is None:
            return None
        found.append(step)
    return found


def _step(layer: Any, given: Space) -> _Step | None:
    if not isinstance(layer, DeclaredLayer):
        return None
    made = layer.space(given)
    if made.time.unit != "s" or given.time.unit != "s":
        return None
    ratio = Fraction(made.time.rate / given.time.rate).limit_denominator(1 << 20)
    whole = _Step(Reach(0, 0, ratio.denominator, ratio.numerator), PART)
    if not isinstance(layer, OpLayer):
        return whole
    try:
        return _Step(layer.spec.reach(layer.values))
    except ParameterError:
        lengths = [int(layer.spec.length(count, layer.values)) for count in (LONG, 2 * LONG)]
        steady = abs(lengths[1] - lengths[0] - LONG * ratio) < 2
        return whole if steady and layer.spec.name not in _MOVING else None
