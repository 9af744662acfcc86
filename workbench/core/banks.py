"""Banks of filters: many outputs from one product with a stretch of the signal."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from workbench.core.products import strided
from workbench.core.responses import Plain, Response
from workbench.shapes import sizes, smaller

_LANES = 16  # outputs that one instruction computes; the rest of a started lane is lost
_MOST_GROUPS = 64


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
def design_bank(orig: int, target: int, response: Response | Plain, dtype: tf.DType) -> Bank:
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
        return _best_part(groups * orig, width(groups))[1] * lanes

    groups = min(range(1, _MOST_GROUPS + 1), key=cost)
    times = np.arange(groups * target) * orig  # in parts of 1 / target: whole numbers, so exact
    away = times[None, :] // target - (np.arange(width(groups))[:, None] - reach)
    weights = response(away + times[None, :] % target / target)
    return bank_of(weights, groups * orig, reach, dtype)


def bank_of(weights: np.ndarray, step: int, before: int, dtype: tf.DType) -> Bank:
    """A bank of weights `[width, channels]` in the shape that runs fastest."""
    width, channels = weights.shape
    part = _best_part(step, width)[0]
    taps = -(-width // part)
    kernel = np.zeros((taps * part, channels), dtype.as_numpy_dtype)
    kernel[:width] = weights
    kernel.flags.writeable = False
    return Bank(kernel.reshape(taps, part, channels), step, before)


def _best_part(step: int, width: int) -> tuple[int, float]:
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
