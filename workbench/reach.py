"""How far an op looks along time: what lets it be computed chunk by chunk."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Reach:
    """Output `m` lies at input time `m * orig / target` and sees the inputs around it.

    It needs inputs from `before` samples before that time to `after` samples after it. Beyond the
    start and the end of the signal an op does as it likes (zeros, a mirror), as long as that looks
    no further than `ends` samples into the signal.

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

    @property
    def latency(self) -> int:
        """Whole samples after an output's own time that must have come before it is known."""
        return max(0, math.floor(self.after))

    def last_input(self, output: int) -> int:
        """The last input that an output needs, the ends left aside."""
        return math.floor(output * self.orig / self.target + self.after)
