"""Low-pass responses in continuous time, and the parameters that say how good they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

import numpy as np
import tensorflow as tf

from workbench.params import Param

_EARLIER = 0.9994  # Kaiser's formulas reach the attenuation so much late
# Attenuation in dB and end of the pass band. The best is deeper than the rounding of the type, so
# that the type sets the quality; the fast one is that of a good 16-bit converter.
_QUALITIES = {
    "best": {tf.float32: (140.0, 0.91), tf.float64: (180.0, 0.91)},
    "fast": {tf.float32: (96.0, 0.85), tf.float64: (96.0, 0.85)},
}

Quality = Annotated[
    str,
    Param("How long the windowed sinc is, unless told below.", choices=("best", "fast")),
]
Attenuation = Annotated[
    float,
    Param(
        "How far aliases and images lie below the signal. None: as quality says.",
        unit="dB",
        low=20.0,
        high=200.0,
        slider=(20.0, 180.0),
        automatic=lambda values: _QUALITIES[values["quality"]][tf.float32][0],
    ),
]
PassBand = Annotated[
    float,
    Param(
        "End of the pass band, as a part of the lower Nyquist frequency. None: as quality says.",
        low=0.1,
        high=0.99,
        slider=(0.5, 0.98),
        automatic=lambda values: _QUALITIES[values["quality"]][tf.float32][1],
    ),
]


@dataclass(frozen=True)
class LowPass:
    """A low-pass impulse response in continuous time: a sinc under a Kaiser window.

    Attributes:
        cutoff: Frequency of the -6 dB point, in cycles a sample.
        half_width: The response is 0 further from its centre than that, in samples.
        beta: Shape of the window.
    """

    cutoff: float
    half_width: float
    beta: float

    def __call__(self, offsets: np.ndarray) -> np.ndarray:
        """The response at `offsets` samples from its centre, float64."""
        inside = np.maximum(0.0, 1.0 - (offsets / self.half_width) ** 2)
        window = np.i0(self.beta * np.sqrt(inside)) / np.i0(self.beta)
        window = window * (np.abs(offsets) <= self.half_width)
        return 2 * self.cutoff * np.sinc(2 * self.cutoff * offsets) * window

    def widened(self, half_width: float) -> LowPass:
        """The same with a wider window."""
        return replace(self, half_width=half_width)

    def degree(self, dtype: tf.DType) -> int:
        """Of the polynomials that equal it between two samples, to the precision of a type."""
        return {tf.float32: 10, tf.float64: 16}[dtype]


@dataclass(frozen=True)
class Triangle:
    """The impulse response of linear interpolation."""

    half_width: ClassVar[float] = 1.0

    def __call__(self, offsets: np.ndarray) -> np.ndarray:
        """The response at `offsets` samples from its centre, float64."""
        return np.maximum(0.0, 1.0 - np.abs(offsets))

    def widened(self, half_width: float) -> Triangle:
        """Itself: it ends between two cells."""
        return self

    def degree(self, dtype: tf.DType) -> int:
        """Of its polynomials."""
        return 1


@dataclass(frozen=True)
class Nearest:
    """The nearest sample alone, of two equally near ones the earlier."""

    half_width: ClassVar[float] = 1.0

    def __call__(self, offsets: np.ndarray) -> np.ndarray:
        """What a sample counts for an output that lies at `offsets` from it, float64."""
        return 1.0 * ((offsets > -0.5) & (offsets <= 0.5))


@dataclass(frozen=True)
class Mean:
    """The mean over the time from an output to the next, each sample held until the next one.

    Attributes:
        step: Samples from output to output.
    """

    step: float

    @property
    def half_width(self) -> float:
        """No sample further away counts."""
        return max(1.0, self.step)

    def __call__(self, offsets: np.ndarray) -> np.ndarray:
        """What a sample counts for an output that lies at `offsets` from it, float64."""
        shared = np.minimum(offsets + self.step, 1.0) - np.maximum(offsets, 0.0)
        return np.maximum(0.0, shared) / self.step


Response = LowPass | Triangle
Plain = Nearest | Mean


def design_low_pass(nyquist: float, pass_band: float, attenuation_db: float) -> LowPass:
    """A windowed sinc that is flat to `pass_band * nyquist` and stops from `nyquist` on.

    Args:
        nyquist: The frequency from which on nothing passes, in cycles a sample: up to 0.5.
        pass_band: Where the transition begins, as a part of it.
        attenuation_db: How far the ripple lies below 1 on both sides.

    Source: Kaiser, "Nonrecursive digital filter design using the I0-sinh window function", 1974.

    >>> design_low_pass(0.5, 0.9, 100.0).half_width
    64.5...
    """
    transition = 2 * np.pi * (_EARLIER - pass_band) * nyquist
    half_width = (max(attenuation_db, 21.0) - 7.95) / (2.285 * transition) / 2
    above = max(attenuation_db - 21.0, 0.0)
    beta = (
        0.1102 * (attenuation_db - 8.7)
        if attenuation_db > 50
        else 0.5842 * above**0.4 + 0.07886 * above
    )
    return LowPass((pass_band + _EARLIER) / 2 * nyquist, half_width, beta)


def low_pass_of(values: Mapping[str, Any], dtype: tf.DType, nyquist: float) -> Response:
    """The low-pass filter that the parameters of quality ask for."""
    if values["kind"] == "linear":
        return Triangle()
    usual = _QUALITIES[values["quality"]][dtype]
    attenuation_db = values["attenuation_db"]
    pass_band = values["pass_band"]
    return design_low_pass(
        nyquist,
        usual[1] if pass_band is None else pass_band,
        usual[0] if attenuation_db is None else attenuation_db,
    )
