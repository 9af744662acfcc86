"""Per-channel energy normalization: automatic gain and compression for each band."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

import numpy as np
import tensorflow as tf

from workbench.axes import Space
from workbench.core.products import multiply
from workbench.ops import op
from workbench.params import Param
from workbench.reach import Reach
from workbench.tensors import as_type, is_tensor

FrameRate = Annotated[
    float,
    Param(
        "Frames per second: sample_rate / frame_step.",
        unit="Hz",
        low=0.0,
        open_low=True,
        slider=(10.0, 1000.0),
        scale="log",
        follows="rate",
    ),
]
Gain = Annotated[
    float,
    Param(
        "Exponent of the automatic gain: 0 none, 1 full.",
        low=0.0,
        slider=(0.0, 1.0),
        differentiable=True,
    ),
]
Bias = Annotated[
    float,
    Param(
        "Added before compression; keeps what is weak from being raised.",
        low=0.0,
        open_low=True,
        slider=(0.1, 10.0),
        scale="log",
        differentiable=True,
    ),
]
Exponent = Annotated[
    float,
    Param(
        "Exponent of the compression. 0: a logarithm.",
        low=0.0,
        slider=(0.0, 1.0),
        differentiable=True,
    ),
]
TimeConstant = Annotated[
    float,
    Param(
        "How long the mean that sets the gain looks back.",
        unit="s",
        low=0.0,
        open_low=True,
        slider=(0.01, 2.0),
        scale="log",
        differentiable=True,
    ),
]
Eps = Annotated[
    float,
    Param(
        "Level below which the gain rises no further.",
        low=0.0,
        open_low=True,
        slider=(1e-9, 1e-3),
        scale="log",
        differentiable=True,
        detail=True,
    ),
]

_BLOCK = 64  # frames that one matrix product runs through
_DEPTH = 5  # blocks of blocks, where the number of frames isn't known: 64 ** 5 of them


def _pcen_space(given: Space, values: Mapping[str, Any]) -> Space:
    return replace(given, quantity="normalized energy", unit="", power=0.0)


def _pcen_reach(values: Mapping[str, Any]) -> Reach:
    """Back until an energy of 1e12 (that of 16-bit samples) is forgotten beside `eps`."""
    frames = values["time_constant_seconds"] * values["frame_rate"]
    kept = (2.0 * frames / (1.0 + math.sqrt(1.0 + 4.0 * frames**2))) ** 2
    return Reach(math.ceil(math.log(values["eps"] / 1e12 / 1e17) / math.log(kept)), 0)


@op(takes=2, space=_pcen_space, reach=_pcen_reach)
def pcen(
    signal: tf.Tensor,
    *,
    frame_rate: FrameRate,
    gain: Gain = 0.98,
    bias: Bias = 2.0,
    power: Exponent = 0.5,
    time_constant_seconds: TimeConstant = 0.4,
    eps: Eps = 1e-6,
) -> tf.Tensor:
    """Per-channel energy normalization of a (mel) spectrogram, which must not be negative.

    Each band is divided by its own running mean, then compressed:
    `(signal / (eps + mean) ** gain + bias) ** power - bias ** power`. Equal to `librosa.pcen`, also
    in that the mean starts from 1, and that a power of 0 (not one given as a tensor) means
    `log(1 + signal / (eps + mean) ** gain)`. The defaults are made for magnitudes on the scale of
    32-bit samples.

    Returns:
        `[..., frames, bins]`.

    Source: Wang, Getreuer, Hughes, Lyon & Saurous, "Trainable frontend for robust and far-field
    keyword spotting", ICASSP 2017; Lostanlen et al., "Per-channel energy normalization: why and
    how", IEEE Signal Processing Letters 26(1), 2019.

    >>> import workbench as wb
    >>> even = wb.pcen(tf.ones([100, 1]), frame_rate=100.0)
    >>> round(float(even[-1, 0]), 4), round(3**0.5 - 2**0.5, 4)
    (0.3178, 0.3178)
    """
    dtype = signal.dtype
    gain, bias, eps = (as_type(value, dtype) for value in (gain, bias, eps))
    mean = _running_mean(signal, as_type(time_constant_seconds, tf.float64) * frame_rate)
    most = math.log(dtype.max) - 1.0  # silence beside a gain beyond all numbers stays silence
    even = signal * tf.exp(tf.minimum(-gain * tf.math.log(eps + mean), as_type(most, dtype)))
    if not is_tensor(power) and power == 0:
        return tf.math.log1p(even)
    power = as_type(power, dtype)
    return tf.pow(bias, power) * tf.math.expm1(power * tf.math.log1p(even / bias))


def _running_mean(signal: tf.Tensor, frames: tf.Tensor) -> tf.Tensor:
    """`mean[n] = (1 - s) mean[n - 1] + s signal[n]`, from 1 on, over the frames of each bin.

    As librosa has it, `s = (sqrt(1 + 4 frames ** 2) - 1) / (2 frames ** 2)` for a time constant of
    so many frames; below, s and 1 - s in forms that lose no digits where frames are few.
    """
    root = tf.sqrt(1.0 + 4.0 * tf.square(frames))
    share, kept = 2.0 / (1.0 + root), tf.square(2.0 * frames / (1.0 + root))
    rows = tf.linalg.matrix_transpose(signal)
    shape = tf.shape(rows)
    flat = as_type(share, rows.dtype) * tf.reshape(rows, [-1, shape[-1]])
    first = tf.fill([tf.shape(flat)[0], 1], as_type(kept, rows.dtype))
    start = tf.pad(first, [[0, 0], [0, shape[-1] - 1]])
    return tf.linalg.matrix_transpose(tf.reshape(_leaky_sum(flat + start, kept), shape))


@tf.custom_gradient
def _leaky_sum(drive: tf.Tensor, kept: tf.Tensor) -> Any:
    """`total[n] = drive[n] + kept * total[n - 1]` along the last of two dimensions, from 0 on.

    `kept` is float64: its error adds up over all that is remembered. The gradient is the same sum,
    run backwards in time.
    """

    def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        back = tf.reverse(_leaky_sum(tf.reverse(upstream, [-1]), kept), [-1])
        of_kept = tf.reduce_sum(back * _delayed(_leaky_sum(drive, kept)))
        return back, tf.cast(of_kept, kept.dtype)

    return _summed(drive, kept, _DEPTH), gradient


def _summed(drive: tf.Tensor, kept: tf.Tensor, depth: int) -> tf.Tensor:
    """The sum within blocks as a product with the powers of `kept`; across them by itself."""
    lag = np.arange(_BLOCK) - np.arange(_BLOCK)[:, None]
    powers = tf.where(lag >= 0, tf.pow(kept, np.maximum(lag, 0.0)), 0.0)
    frames = tf.shape(drive)[-1]
    blocks = -(-frames // _BLOCK)
    padded = tf.pad(drive, [[0, 0], [0, blocks * _BLOCK - frames]])
    inside = multiply(tf.reshape(padded, [-1, _BLOCK]), powers)
    if depth > 1 and (drive.shape[-1] is None or drive.shape[-1] > _BLOCK):
        by_row = tf.reshape(inside, [-1, blocks, _BLOCK])
        ends = _summed(by_row[:, :, -1], tf.pow(kept, float(_BLOCK)), depth - 1)
        fading = tf.cast(tf.pow(kept, np.arange(1.0, _BLOCK + 1)), drive.dtype)
        inside = by_row + tf.expand_dims(_delayed(ends), -1) * fading
    return tf.reshape(inside, tf.shape(padded))[:, :frames]


def _delayed(rows: tf.Tensor) -> tf.Tensor:
    """Each row one step later, from 0 on."""
    return tf.pad(rows[:, :-1], [[0, 0], [1, 0]])
