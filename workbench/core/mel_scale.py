"""The mel scale, and the bands that are evenly spaced on it: all in float64, all differentiable."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import tensorflow as tf

from workbench.tensors import as_type

_OCTAVES = 700.0  # hertz; the htk scale is linear below and logarithmic above
_SLANEY_STEP = 200.0 / 3  # hertz per mel below 1 kHz (Slaney's Auditory Toolbox)
_SLANEY_LOG = np.log(6.4) / 27.0  # log-hertz per mel above


def hertz_to_mel(hertz: Any, mel_scale: str = "htk") -> tf.Tensor:
    """Frequencies in Hz on the mel scale, float64.

    >>> round(float(hertz_to_mel(1000.0)), 3)
    999.986
    """
    hertz = as_type(hertz, tf.float64)
    if mel_scale == "htk":
        return 2595.0 / np.log(10.0) * tf.math.log(1.0 + hertz / _OCTAVES)
    above = 15.0 + tf.math.log(tf.maximum(hertz, 1000.0) / 1000.0) / _SLANEY_LOG
    return tf.where(hertz < 1000.0, hertz / _SLANEY_STEP, above)


def mel_to_hertz(mel: Any, mel_scale: str = "htk") -> tf.Tensor:
    """The inverse of `hertz_to_mel`, float64.

    >>> float(mel_to_hertz(15.0, "slaney"))
    1000.0
    """
    mel = as_type(mel, tf.float64)
    if mel_scale == "htk":
        return _OCTAVES * tf.math.expm1(np.log(10.0) / 2595.0 * mel)
    above = 1000.0 * tf.exp(_SLANEY_LOG * (mel - 15.0))
    return tf.where(mel < 15.0, mel * _SLANEY_STEP, above)


def band_edges(num_mel_bins: int, lower: Any, upper: Any, mel_scale: str) -> tf.Tensor:
    """Edges and centres of the bands in Hz, float64 `[num_mel_bins + 2]`, rising."""
    low, high = hertz_to_mel(lower, mel_scale), hertz_to_mel(upper, mel_scale)
    return mel_to_hertz(low + (high - low) * np.linspace(0.0, 1.0, num_mel_bins + 2), mel_scale)


def mel_matrix(
    fft_length: int,
    sample_rate: float,
    num_mel_bins: int,
    lower: Any,
    upper: Any,
    mel_scale: str,
    mel_norm: str | None,
    mel_slope: str,
) -> tf.Tensor:
    """Triangular filters, each from the centre of the band below to that of the band above.

    Their sides are straight in Hz, as librosa and torchaudio have them, or on the mel scale, as
    TensorFlow and Kaldi. Gradients reach tensors as edges: they are exact but where a bin lies on a
    corner of a triangle. Such edges may take any value: a band above half the sample rate is empty,
    and so are all bands where the edges do not rise.

    Returns:
        float64 `[fft_length // 2 + 1, num_mel_bins]`, to multiply a spectrogram from the right.
    """
    edges = band_edges(num_mel_bins, lower, upper, mel_scale)
    area = edges[2:] - edges[:-2]
    bins = tf.constant(np.fft.rfftfreq(fft_length, 1.0 / sample_rate)[:, None])
    if mel_slope == "mel":
        edges, bins = hertz_to_mel(edges, mel_scale), hertz_to_mel(bins, mel_scale)
    widths = edges[1:] - edges[:-1]
    rise = widths > 0
    safe = tf.where(rise, widths, tf.ones_like(widths))
    rising = (bins - edges[:-2]) / safe[:-1]
    falling = (edges[2:] - bins) / safe[1:]
    matrix = tf.where(rise[:-1] & rise[1:], tf.nn.relu(tf.minimum(rising, falling)), 0.0)
    if mel_norm == "slaney":
        matrix *= 2.0 / tf.where(area > 0, area, tf.ones_like(area))
    return matrix


@functools.lru_cache(maxsize=64)
def design_mel_matrix(*design: Any) -> np.ndarray:
    """`mel_matrix` of plain numbers, made once.

    Returns:
        float64 `[fft_length // 2 + 1, num_mel_bins]`.
    """
    with tf.init_scope():  # computed now, not when the graph that asks for it runs
        matrix = mel_matrix(*design).numpy()
    matrix.flags.writeable = False
    return matrix


@functools.lru_cache(maxsize=64)
def band_centres(*design: Any) -> tuple[float, ...]:
    """The centres of the bands in Hz, from the arguments of `band_edges` as plain numbers."""
    with tf.init_scope():
        return tuple(band_edges(*design).numpy()[1:-1].tolist())
