"""The mel scale, and the bands that are evenly spaced on it: all in float64, all differentiable.

Numbers and arrays are computed by NumPy, which takes a tenth of the time for things as small as
these; tensors by TensorFlow, in the same lines.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import tensorflow as tf

from workbench.tensors import as_type, is_tensor

_OCTAVES = 700.0  # hertz; the htk scale is linear below and logarithmic above
_SLANEY_STEP = 200.0 / 3  # hertz per mel below 1 kHz (Slaney's Auditory Toolbox)
_SLANEY_LOG = np.log(6.4) / 27.0  # log-hertz per mel above


def hertz_to_mel(hertz: Any, mel_scale: str = "htk") -> Any:
    """Frequencies in Hz on the mel scale, float64: of a tensor a tensor, else an array.

    >>> round(float(hertz_to_mel(1000.0)), 3)
    999.986
    """
    of, hertz = _in_double(hertz)
    if mel_scale == "htk":
        return 2595.0 / np.log(10.0) * of.log(1.0 + hertz / _OCTAVES)
    above = 15.0 + of.log(of.maximum(hertz, 1000.0) / 1000.0) / _SLANEY_LOG
    return of.where(hertz < 1000.0, hertz / _SLANEY_STEP, above)


def mel_to_hertz(mel: Any, mel_scale: str = "htk") -> Any:
    """The inverse of `hertz_to_mel`, float64.

    >>> float(mel_to_hertz(15.0, "slaney"))
    1000.0
    """
    of, mel = _in_double(mel)
    if mel_scale == "htk":
        return _OCTAVES * of.expm1(np.log(10.0) / 2595.0 * mel)
    above = 1000.0 * of.exp(_SLANEY_LOG * (mel - 15.0))
    return of.where(mel < 15.0, mel * _SLANEY_STEP, above)


def band_edges(num_mel_bins: int, lower: Any, upper: Any, mel_scale: str) -> Any:
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
) -> Any:
    """Triangular filters, each from the centre of the band below to that of the band above.

    Their sides are straight in Hz, as librosa and torchaudio have them, or on the mel scale, as
    TensorFlow and Kaldi. Gradients reach tensors as edges: they are exact but where a bin lies on a
    corner of a triangle. Such edges may take any value: a band above half the sample rate is empty,
    and so are all bands where the edges do not rise.

    Returns:
        float64 `[fft_length // 2 + 1, num_mel_bins]`, to multiply a spectrogram from the right: a
        tensor if an edge is one, else an array.
    """
    of, edges = _in_double(band_edges(num_mel_bins, lower, upper, mel_scale))
    area = edges[2:] - edges[:-2]
    bins = np.fft.rfftfreq(fft_length, 1.0 / sample_rate)[:, None]
    if mel_slope == "mel":
        edges, bins = hertz_to_mel(edges, mel_scale), hertz_to_mel(bins, mel_scale)
    widths = edges[1:] - edges[:-1]
    rise = widths > 0
    safe = of.where(rise, widths, of.ones_like(widths))
    rising = (bins - edges[:-2]) / safe[:-1]
    falling = (edges[2:] - bins) / safe[1:]
    sides = of.maximum(of.minimum(rising, falling), 0.0)
    matrix = of.where(rise[:-1] & rise[1:], sides, of.zeros_like(sides))
    if mel_norm == "slaney":
        matrix *= 2.0 / of.where(area > 0, area, of.ones_like(area))
    return matrix


def _in_double(value: Any) -> tuple[Any, Any]:
    """A value in float64, and the library that computes with it."""
    if is_tensor(value) and not isinstance(value, np.ndarray):
        return tf.experimental.numpy, as_type(value, tf.float64)
    return np, np.asarray(value, np.float64)


@functools.lru_cache(maxsize=64)
def design_mel_matrix(*design: Any) -> np.ndarray:
    """`mel_matrix` of plain numbers, made once.

    Returns:
        float64 `[fft_length // 2 + 1, num_mel_bins]`.
    """
    matrix = mel_matrix(*design)
    matrix.flags.writeable = False
    return matrix


@functools.lru_cache(maxsize=64)
def band_centres(*design: Any) -> tuple[float, ...]:
    """The centres of the bands in Hz, from the arguments of `band_edges` as plain numbers."""
    return tuple(band_edges(*design)[1:-1].tolist())
