"""Low-pass filters: sinc functions under a Kaiser window, and banks of them."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import tensorflow as tf

from workbench.core.products import strided
from workbench.shapes import sizes, smaller

_LANES = 16  # outputs that one instruction computes; the rest of a started lane is lost
_MOST_GROUPS = 64
_EARLIER = 0.9994  # Kaiser's formulas reach the attenuation so much late


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

    half_width: float = 1.0

    def __call__(self, offsets: np.ndarray) -> np.ndarray:
        """The response at `offsets` samples from its centre, float64."""
        return np.maximum(0.0, 1.0 - np.abs(offsets))

    def widened(self, half_width: float) -> Triangle:
        """Itself: it ends between two cells."""
        return self

    def degree(self, dtype: tf.DType) -> int:
        """Of its polynomials."""
        return 1


Response = LowPass | Triangle


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


@dataclass(frozen=True, eq=False)
class Bank:
    """Filters that compute a block of outputs from each `width` inputs, every `step` inputs.

    The inputs are read in parts, each the channels of one step of a convolution.

    Attributes:
        kernel: `[taps, part, channels]` with `taps * part >= width`: the weights, 0 beyond them.
        step: Inputs from one block of outputs to the next, a multiple of `part`.
        before: Inputs that the first output looks back.
    """

    kernel: np.ndarray
    step: int
    before: int


@functools.lru_cache(maxsize=32)
def design_bank(orig: int, target: int, response: Response, dtype: tf.DType) -> Bank:
    """The polyphase bank from rate `orig` to rate `target` (without common factor).

    Output m lies at input time `m * orig / target`. `orig` inputs make `target` outputs; groups of
    them are taken together where one product then computes enough outputs to run at full speed.

    Source: Crochiere & Rabiner, "Multirate Digital Signal Processing", chapter 4.
    """
    reach = math.ceil(response.half_width)

    def width(groups: int) -> int:
        return (groups * target - 1) * orig // target + 2 * reach + 1

    def cost(groups: int) -> float:
        channels = groups * target
        lanes = -(-channels // _LANES) * _LANES / channels
        return _part(groups * orig, width(groups))[1] * lanes

    groups = min(range(1, _MOST_GROUPS + 1), key=cost)
    times = np.arange(groups * target) * orig / target
    weights = response(times[None, :] - (np.arange(width(groups))[:, None] - reach))
    return lay_out(weights, groups * orig, reach, dtype)


def lay_out(weights: np.ndarray, step: int, before: int, dtype: tf.DType) -> Bank:
    """A bank of weights `[width, channels]` in the shape that runs fastest."""
    width, channels = weights.shape
    part = _part(step, width)[0]
    taps = -(-width // part)
    kernel = np.zeros((taps * part, channels), dtype.as_numpy_dtype)
    kernel[:width] = weights
    kernel.flags.writeable = False
    return Bank(kernel.reshape(taps, part, channels), step, before)


def _part(step: int, width: int) -> tuple[int, float]:
    """How many inputs are best read at once, and what an output then costs.

    Long parts run faster; short ones leave less of the last part unused.
    """
    parts = [part for part in range(1, min(step, 512) + 1) if step % part == 0] + [step]
    costs = [(-(-width // part) * part * (1 + 2 / part), part) for part in parts]
    cost, part = min(costs)
    return part, cost


def apply_bank(rows: tf.Tensor, bank: Bank, blocks: Any) -> tf.Tensor:
    """The outputs `[rows, blocks * channels]` of a bank on `[rows, time]`, 0 beyond its ends."""
    taps, part, channels = bank.kernel.shape
    needed = (blocks - 1) * bank.step + taps * part
    count, length = sizes(rows)
    kept = smaller(length, needed - bank.before)
    padding = [[0, 0], [bank.before, needed - bank.before - kept]]
    padded = tf.pad(tf.slice(rows, [0, 0], [-1, kept]), padding)
    steps = tf.reshape(padded, [count, needed // part, part])
    made = strided(steps, bank.kernel, bank.step // part)
    return tf.reshape(made, [count, blocks * channels])
