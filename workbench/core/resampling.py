"""Change of sample rate by a polyphase bank of windowed-sinc filters."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

import numpy as np
import tensorflow as tf

from workbench.axes import Space
from workbench.core.declarations import COMMON_RATES
from workbench.errors import ParameterError
from workbench.ops import op
from workbench.params import Param

_SCALE = "Scale both rates, e.g. 11025 -> 88200 for 5512.5 -> 44100."
OrigRate = Annotated[
    int,
    Param("Samples per second of the signal.", unit="Hz", low=1, follows="rate", remedy=_SCALE),
]
TargetRate = Annotated[
    int,
    Param(
        "Samples per second of the result.",
        unit="Hz",
        low=1,
        slider=COMMON_RATES,
        remedy=_SCALE,
    ),
]

# Edges of the transition band in parts of the lower Nyquist frequency, and the attenuation in dB
# beyond it: deeper than the rounding of the type, so that the type sets the quality.
_PASS, _STOP = 0.913, 1.0
_ATTENUATION_DB = {tf.float32: 140.0, tf.float64: 180.0}
_FULL_CHANNELS = 32  # fewer outputs at once leave the convolution's matrix product half empty
_MOST_WEIGHTS = 1 << 22  # a bank beyond this is a pair of rates with almost no common factor


class Bank(NamedTuple):
    """Filters that compute `channels` outputs from each `width` inputs, every `stride` inputs."""

    weights: np.ndarray  # float64 [width, channels]
    stride: int
    before: int  # inputs that the first output looks back


def kaiser_sinc(offsets: np.ndarray, cutoff: float, half_width: float, beta: float) -> np.ndarray:
    """A low-pass impulse response at `offsets` samples from its centre, float64.

    The ideal response with a cut-off of `cutoff` cycles a sample, under a Kaiser window that is
    `half_width` samples to each side.

    Source: Kaiser, "Nonrecursive digital filter design using the I0-sinh window function", 1974.
    """
    inside = np.maximum(0.0, 1.0 - (offsets / half_width) ** 2)
    window = np.i0(beta * np.sqrt(inside)) / np.i0(beta) * (np.abs(offsets) <= half_width)
    return 2 * cutoff * np.sinc(2 * cutoff * offsets) * window


@functools.lru_cache(maxsize=8)
def design_bank(orig: int, target: int, attenuation_db: float) -> Bank:
    """The polyphase bank from rate `orig` to rate `target` (without common factor).

    Output m lies at input time `m * orig / target`. `orig` inputs make `target` outputs; groups of
    them are taken together until one product computes enough outputs to run at full speed.
    """
    lower = min(1.0, target / orig) / 2  # the lower Nyquist frequency, in cycles an input sample
    beta = 0.1102 * (attenuation_db - 8.7)
    half_width = (attenuation_db - 7.95) / (2.285 * 2 * np.pi * (_STOP - _PASS) * lower) / 2
    reach = math.ceil(half_width)
    groups = max(1, min(_FULL_CHANNELS // target, 2 * reach // orig))
    stride, channels = groups * orig, groups * target
    last = (channels - 1) * orig // target
    width = last + 2 * reach + 1
    if width * channels > _MOST_WEIGHTS:
        raise ParameterError(
            ("orig_rate", "target_rate"),
            "have a larger common factor: this pair needs a filter for every output sample",
            f"the ratio {orig} : {target}",
            "Round one of the rates.",
        )
    times = np.arange(channels) * orig / target
    offsets = times[None, :] - (np.arange(width)[:, None] - reach)
    weights = kaiser_sinc(offsets, (_PASS + _STOP) / 2 * lower, half_width, beta)
    weights.flags.writeable = False
    return Bank(weights, stride, reach)


def resampled_length(length: Any, values: Mapping[str, Any]) -> Any:
    """Samples after resampling: `ceil(length * target / orig)`, in whole numbers throughout."""
    orig, target = _reduced(values["orig_rate"], values["target_rate"])
    if isinstance(length, int):
        return -(-length * target // orig)
    return tf.cast(-(-tf.cast(length, tf.int64) * target // orig), length.dtype)


def _reduced(orig_rate: int, target_rate: int) -> tuple[int, int]:
    common = math.gcd(orig_rate, target_rate)
    return orig_rate // common, target_rate // common


def _resampled_space(given: Space, values: Mapping[str, Any]) -> Space:
    return given.with_time(rate=given.time.rate * values["target_rate"] / values["orig_rate"])


@op(space=_resampled_space, length=resampled_length, linear=True)
def resample(signal: tf.Tensor, *, orig_rate: OrigRate, target_rate: TargetRate) -> tf.Tensor:
    """Converts a signal to another sample rate, without aliases or images.

    A linear-phase Kaiser-windowed sinc: flat to 0.91 of the lower Nyquist frequency, -3 dB at 0.95,
    stopped from 1.0 on. Sample 0 stays at time 0; beyond its ends the signal is 0.

    Returns:
        `[..., ceil(time * target_rate / orig_rate)]`.

    Raises:
        ParameterError: The rates have so small a common factor that the filters would not fit.

    Source: Crochiere & Rabiner, "Multirate Digital Signal Processing", chapter 4.

    >>> import workbench as wb
    >>> wb.resample(wb.tone(sample_rate=44100, seconds=1.0), orig_rate=44100, target_rate=16000).shape
    TensorShape([16000])
    """  # noqa: E501
    orig, target = _reduced(orig_rate, target_rate)
    if orig == target:
        return tf.identity(signal)
    bank = design_bank(orig, target, _ATTENUATION_DB[signal.dtype])
    return _apply_bank(signal, bank, orig, target)


def _apply_bank(signal: tf.Tensor, bank: Bank, orig: int, target: int) -> tf.Tensor:
    """Pads, convolves with a stride, and lays the outputs side by side."""
    width, channels = bank.weights.shape
    shape = tf.shape(signal)
    length = shape[-1]
    made = tf.cast(-(-tf.cast(length, tf.int64) * target // orig), tf.int32)
    blocks = -(-made // channels)
    needed = (blocks - 1) * bank.stride + width
    kept = tf.minimum(length, needed - bank.before)
    rows = tf.reshape(signal[..., :kept], [-1, kept])
    padded = tf.pad(rows, [[0, 0], [bank.before, needed - bank.before - kept]])
    kernel = tf.constant(bank.weights[:, None, :], signal.dtype)
    out = tf.nn.conv1d(padded[..., None], kernel, stride=bank.stride, padding="VALID")
    flat = tf.reshape(out, tf.concat([shape[:-1], [blocks * channels]], 0))
    return flat[..., :made]
