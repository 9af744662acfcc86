"""Cepstrum: mel-frequency cepstral coefficients, and how fast features change."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

import numpy as np
import tensorflow as tf

from workbench.axes import Axis, Space
from workbench.core.mel import log_mel_reach, log_mel_spectrogram
from workbench.core.products import multiply
from workbench.core.spectral import frame_count
from workbench.errors import ParameterError
from workbench.ops import op, spec
from workbench.params import Param
from workbench.reach import Reach
from workbench.shapes import gathered, part
from workbench.tensors import as_type, is_tensor

NumMfccs = Annotated[
    int, Param("Number of coefficients, from the zeroth on.", low=1, slider=(1, 40))
]
DctNorm = Annotated[
    str,
    Param(
        "Scaling of the cosines: ortho keeps lengths, htk has the zeroth larger by sqrt(2).",
        choices=("ortho", "htk"),
        detail=True,
    ),
]
Lifter = Annotated[
    float,
    Param(
        "Period L of the lifter 1 + L/2 sin(pi n / L) that evens out the coefficients. 0: none.",
        low=0.0,
        slider=(0.0, 40.0),
        differentiable=True,
        detail=True,
    ),
]
LifterStart = Annotated[
    int,
    Param(
        "The lifter's n of the zeroth coefficient: 0 in Kaldi and HTK, 1 in librosa.",
        low=0,
        high=1,
        slider=(0, 1),
        detail=True,
    ),
]
Width = Annotated[int, Param("Frames that a slope is fitted to, odd.", low=3, slider=(3, 41))]
Order = Annotated[
    int, Param("Which derivative, and the degree of the polynomial.", low=1, slider=(1, 2))
]
Mode = Annotated[
    str,
    Param(
        "What is fitted near the ends: interp the first and last whole width, nearest the end "
        "frame held on.",
        choices=("interp", "nearest"),
        detail=True,
    ),
]


def _check_count(values: Mapping[str, Any]) -> None:
    if values["num_mfccs"] > values["num_mel_bins"]:
        rule = f"be at most num_mel_bins, {values['num_mel_bins']}"
        raise ParameterError("num_mfccs", rule, values["num_mfccs"])


def _mfcc_space(given: Space, values: Mapping[str, Any]) -> Space:
    _check_count(values)
    levels = spec(log_mel_spectrogram).space(given, values)
    return replace(levels, axes=(levels.time, Axis("coefficient")), quantity="cepstrum", power=0.0)


@functools.lru_cache(maxsize=64)
def design_dct_matrix(num_mel_bins: int, num_mfccs: int, dct_norm: str) -> np.ndarray:
    """The first cosines of the discrete cosine transform of type II.

    Returns:
        float64 `[num_mel_bins, num_mfccs]`, to multiply levels from the right.

    >>> design_dct_matrix(4, 2, "ortho").round(3)[:, 0].tolist()
    [0.5, 0.5, 0.5, 0.5]
    """
    middle = np.arange(num_mel_bins)[:, None] + 0.5
    matrix = np.cos(np.pi / num_mel_bins * middle * np.arange(num_mfccs))
    matrix *= np.sqrt(2.0 / num_mel_bins)
    if dct_norm == "ortho":
        matrix[:, 0] /= np.sqrt(2.0)
    matrix.flags.writeable = False
    return matrix


def lifter_weights(count: int, lifter: Any, lifter_start: int, dtype: tf.DType) -> tf.Tensor:
    """What a lifter multiplies the first coefficients by, `[count]`.

    >>> lifter_weights(3, 2.0, 0, tf.float64).numpy().round(6).tolist()
    [1.0, 2.0, 1.0]
    """
    period = as_type(lifter, dtype)
    safe = tf.where(period > 0, period, tf.ones_like(period))
    turns = np.pi * np.arange(lifter_start, lifter_start + count)
    weights = 1.0 + safe / 2 * tf.sin(tf.constant(turns, dtype) / safe)
    return tf.where(period > 0, weights, tf.ones_like(weights))


def _lifted(coefficients: tf.Tensor, lifter: Any, lifter_start: int) -> tf.Tensor:
    if not is_tensor(lifter) and lifter == 0:
        return coefficients
    count = coefficients.shape[-1]
    return coefficients * lifter_weights(count, lifter, lifter_start, coefficients.dtype)


@op(space=_mfcc_space, length=frame_count, reach=log_mel_reach, extends=log_mel_spectrogram)
def mfcc(
    signal: tf.Tensor,
    lengths: tf.Tensor | None = None,
    *,
    num_mfccs: NumMfccs = 13,
    dct_norm: DctNorm = "ortho",
    lifter: Lifter = 0.0,
    lifter_start: LifterStart = 0,
    **options: Any,
) -> tf.Tensor:
    """Mel-frequency cepstral coefficients: the cosine transform of the levels in mel bands.

    `workbench.preset("mfcc", ...)` has the parameters of librosa, torchaudio, Kaldi and TensorFlow.

    Returns:
        `[..., frames, coefficients]`, in the unit of the levels.

    Raises:
        ParameterError: `num_mfccs` exceeds `num_mel_bins`, or as for `mel_spectrogram`.

    Source: Davis & Mermelstein, "Comparison of parametric representations for monosyllabic word
    recognition", IEEE Trans. ASSP 28(4), 1980; lifter: Juang, Rabiner & Wilpon, 1987.

    >>> import workbench as wb
    >>> wb.mfcc(wb.tone(sample_rate=8000, seconds=1.0), sample_rate=8000).shape
    TensorShape([32, 13])
    """
    _check_count(options | {"num_mfccs": num_mfccs})
    levels = spec(log_mel_spectrogram).function(signal, lengths, **options)
    cosines = design_dct_matrix(options["num_mel_bins"], num_mfccs, dct_norm)
    return _lifted(multiply(levels, cosines), lifter, lifter_start)


def _delta_space(given: Space, values: Mapping[str, Any]) -> Space:
    order = values["order"]
    per = "per frame" if order == 1 else f"per frame^{order}"
    return replace(
        given,
        quantity="delta " * order + given.quantity,
        unit=f"{given.unit} {per}".strip(),
        power=0.0,
    )


def _delta_reach(values: Mapping[str, Any]) -> Reach:
    half = values["width"] // 2
    return Reach(half, half, ends=values["width"])


@functools.lru_cache(maxsize=64)
def design_slope(width: int, order: int) -> np.ndarray:
    """Savitzky-Golay weights: the derivative of the polynomial that fits `width` frames best.

    Returns:
        float64 `[width]`, to be summed with the frames.

    Raises:
        ParameterError: `width` is even, or too small for the polynomial.

    >>> (10 * design_slope(5, 1)).round().astype(int).tolist()
    [-2, -1, 0, 1, 2]
    """
    if width % 2 == 0:
        raise ParameterError("width", "be odd", width, f"Take {width - 1} or {width + 1}.")
    if order >= width:
        raise ParameterError("order", f"be below width, {width}", order)
    half = width // 2
    # on -1 .. 1, where high powers stay in range; the derivative scales with half ** order
    powers = np.vander(np.arange(-half, half + 1) / half, order + 1, increasing=True)
    slope = math.factorial(order) / half**order * np.linalg.pinv(powers)[order]
    slope.flags.writeable = False
    return slope


@op(takes=2, space=_delta_space, reach=_delta_reach, linear=True)
def delta(
    signal: tf.Tensor,
    lengths: tf.Tensor | None = None,
    *,
    width: Width = 9,
    order: Order = 1,
    mode: Mode = "interp",
) -> tf.Tensor:
    """How fast features change: the derivative of a polynomial fitted to the frames around each.

    Equal to `librosa.feature.delta`. A row of fewer than `width` frames, which librosa refuses,
    is treated as with mode "nearest".

    Returns:
        `[..., frames, bins]`, per frame to the power of `order`.

    Raises:
        ParameterError: `width` is even, or not above `order`.

    Source: Savitzky & Golay, "Smoothing and differentiation of data by simplified least squares
    procedures", Analytical Chemistry 36(8), 1964.

    >>> import workbench as wb
    >>> wb.delta(tf.reshape(tf.range(10.0), [10, 1]))[:, 0].numpy().round(4).tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    """
    slope, half = design_slope(width, order), width // 2
    frames = tf.shape(signal)[-2]
    count = frames if lengths is None else tf.cast(lengths, tf.int32)[..., tf.newaxis]
    around = tf.minimum(tf.range(-half, frames + half), tf.maximum(count - 1, 0))
    held = gathered(signal, tf.maximum(around, 0), -2)
    found = tf.add_n(
        [
            weight * part(held, -2, k, frames)
            for k, weight in enumerate(slope)
            if abs(weight) > 1e-15
        ]
    )
    if mode == "nearest":
        return found
    # the derivative of the highest order is the same all along a fit: that of the whole width
    whole = tf.maximum(tf.minimum(tf.range(frames), count - 1 - half), half)
    return gathered(found, tf.where(count >= width, whole, tf.range(frames)), -2)
