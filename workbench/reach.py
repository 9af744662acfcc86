"""How far an op looks along time: what lets it be computed chunk by chunk."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from workbench.errors import ParameterError

_ROUNDING = 1e-6  # a fraction that a float just misses counts as reached
_BLOCK = 1 << 16  # outputs whose latency is computed at once


@dataclass(frozen=True)
class Reach:
    """Output `m` lies at input time `m * orig / target` and sees the inputs around it.

    It needs inputs from `before` samples before that time to `after` samples after it. Beyond the
    start and the end of the signal an op does as it likes (zeros, a mirror), as long as that looks
    no further than `ends` samples into the signal. An output whose inputs have come is in the
    result, however soon the signal ends. A signal without its first `orig` samples makes the same
    outputs without the first `target`, those near its start aside.

    Attributes:
        before: Inputs that an output looks back, in samples; may be a fraction.
        after: Inputs that it looks ahead; may be a fraction, or negative for a delay.
        orig: Inputs ...
        target: ... for so many outputs (in lowest terms).
        ends: Inputs at either end that the treatment of the ends looks at.
    """

    before: float
    after: float
    orig: int = 1
    target: int = 1
    ends: int = 0

    # Times are compared in whole numbers: floor((m * orig) / target + after) equals
    # (m * orig + floor(after * target)) // target.

    @cached_property
    def _back(self) -> int:
        return math.floor(self.before * self.target + _ROUNDING)

    @cached_property
    def _ahead(self) -> int:
        return max(0, math.floor(self.after * self.target + _ROUNDING))

    def first_input(self, output: int) -> int:
        """The first input that an output needs; negative where it sees beyond the start."""
        return -((self._back - output * self.orig) // self.target)

    def last_input(self, output: Any) -> Any:
        """The input that makes an output known: its last one, or that of its time if later.

        Args:
            output: A whole number, or an array of them.
        """
        return (output * self.orig + self._ahead) // self.target

    def known(self, count: int) -> int:
        """How many outputs depend on nothing but the first `count` inputs.

        A delay's first outputs could be known before any input; they count from the input of their
        own time on, since the signal may end before.
        """
        if count < max(1, self.ends):
            return 0
        return max(0, -((self._ahead - count * self.target) // self.orig))

    def start(self, output: int, count: int) -> int:
        """Where a buffer of `count` inputs may begin if `output` and all after it are to come.

        It begins where an output lies, and holds what either treatment of its end will look at.
        """
        needed = min(self.first_input(output), count - self.ends)
        return max(0, needed // self.orig * self.orig)


def latency(reaches: Sequence[Reach]) -> int:
    """Samples after its own time, rounded down, that make any output of ops in a row known.

    The outputs differ in it where grids don't fall together; this is that of the latest one.

    >>> latency([Reach(0, 3, orig=4), Reach(2, 2)])
    11
    """
    orig = math.prod(reach.orig for reach in reaches)
    target = math.prod(reach.target for reach in reaches)  # a period of all grids
    latest = 0
    for first in range(0, target, _BLOCK):
        outputs = needed = np.arange(first, min(first + _BLOCK, target))
        for reach in reversed(reaches):
            needed = reach.last_input(needed)
        latest = max(latest, int(np.max(needed - outputs * orig // target)))
    return latest


def cannot_stream(name: str, rule: str, why: str, got: Any) -> ParameterError:
    """The error of an op that, with a parameter as it is, can't be computed chunk by chunk.

    >>> print(cannot_stream("top_db", "be None", "the loudest part may be still to come", 80.0))
    top_db must be None in a stream: the loudest part may be still to come; got 80.0.
    """
    return ParameterError(name, f"{rule} in a stream: {why}", got)
