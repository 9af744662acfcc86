"""A part of a sound with what comes before and after it, for what needs time to come to rest.

And that part at another sample rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.core.resampling import resample
from workbench.core.signals import tone
from workbench.errors import ParameterError

LEAD = 0.1  # seconds
TONE_SECONDS = 0.2


@dataclass(frozen=True)
class Excerpt:
    """A part of a sound; two of them are equal where all their samples are.

    Attributes:
        samples: float32, with a lead of `LEAD` seconds before the part and after it.
        rate: Samples per second.
        first: Second of the first sample, that of the lead.
        count: Samples of the part itself.
    """

    samples: bytes
    rate: int
    first: float
    count: int

    @property
    def signal(self) -> np.ndarray:
        """The samples, float32 `[time]`."""
        return np.frombuffer(self.samples, np.float32)


def cut(signal: Any, rate: int, start: float, seconds: float) -> Excerpt:
    """The part of a signal `[time]` from a second on; beyond the signal's ends it leads by zeros.

    Raises:
        ParameterError: It starts after the end.

    >>> made = cut(np.ones(1000), 1000, 0.2, 0.5)
    >>> round(made.first, 3), made.count, len(made.signal)
    (0.1, 500, 700)
    """
    signal = np.asarray(signal, np.float32)
    lead, first = whole(LEAD, rate), whole(start, rate)
    count = min(whole(seconds, rate), len(signal) - first)
    if count < 1:
        rule = f"lie before the end of the sound, at {len(signal) / rate:g} s"
        raise ParameterError("start", rule, start)
    begin, end = first - lead, first + count + lead
    inside, before = signal[max(begin, 0) : end], max(-begin, 0)
    samples = np.pad(inside, (before, end - begin - before - len(inside)))
    return Excerpt(samples.tobytes(), rate, begin / rate, count)


def led_tone(rate: float, hertz: float, level_db: float) -> np.ndarray:
    """A tone of `TONE_SECONDS` with a lead before it and after it, float32 `[time]`."""
    seconds = 2 * LEAD + TONE_SECONDS
    shape = {"seconds": seconds, "frequency_hertz": hertz, "amplitude": 10 ** (level_db / 20)}
    return tone(sample_rate=round(rate), **shape).numpy()


def whole(seconds: float, rate: float) -> int:
    """Samples in so many seconds."""
    return round(seconds * rate)


def resampled(signal: np.ndarray, rate: float, target: float) -> np.ndarray:
    """A signal `[time]` at another rate; itself where that is the same."""
    if rate == target:
        return signal
    if rate == int(rate) and target == int(target):
        return resample(signal, orig_rate=int(rate), target_rate=int(target)).numpy()
    return resample(signal, ratio=target / rate).numpy()
