"""Mel scale: filter banks, mel spectrograms, and levels in decibels."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

import numpy as np
import tensorflow as tf

from workbench.axes import Axis, Space
from workbench.core.declarations import SampleRate
from workbench.core.spectral import frame_count, frame_reach, spectrogram, transform_length
from workbench.errors import ParameterError
from workbench.ops import op, spec
from workbench.params import Param
from workbench.reach import Reach
from workbench.tensors import as_type

NumMelBins = Annotated[int, Param("Number of mel bands.", low=1, slider=(8, 160))]
LowerEdge = Annotated[
    float,
    Param("Lower edge of the lowest band.", unit="Hz", low=0.0, slider=(0.0, 2000.0)),
]
UpperEdge = Annotated[
    float,
    Param(
        "Upper edge of the highest band. None: half the sample rate.",
        unit="Hz",
        low=0.0,
        open_low=True,
        automatic=lambda values: values["sample_rate"] / 2,
        slider=(1000.0, 24000.0),
    ),
]
MelScale = Annotated[
    str,
    Param("Formula of the mel scale: O'Shaughnessy's or Slaney's.", choices=("htk", "slaney")),
]
MelNorm = Annotated[
    str,
    Param("Area of the bands: None peaks of 1, slaney equal areas.", choices=("slaney",)),
]
Reference = Annotated[
    float,
    Param(
        "Power at 0 dB.", low=0.0, open_low=True, slider=(1e-3, 1e3), scale="log",
        differentiable=True,
    ),
]  # fmt: skip
FloorDecibels = Annotated[
    float,
    Param(
        "Lowest level, relative to the reference.",
        unit="dB",
        low=-300.0,
        slider=(-160.0, 0.0),
        differentiable=True,
    ),
]
TopDecibels = Annotated[
    float,
    Param(
        "Lowest level below each example's own maximum. None: no such limit.",
        unit="dB",
        low=0.0,
        open_low=True,
        slider=(20.0, 120.0),
    ),
]

_SLANEY_STEP = 200.0 / 3  # hertz per mel below 1 kHz (Slaney's Auditory Toolbox)
_SLANEY_LOG = np.log(6.4) / 27.0  # log-hertz per mel above


def hertz_to_mel(hertz: Any, mel_scale: str = "htk") -> np.ndarray:
    """Frequencies in Hz on the mel scale, float64.

    >>> round(float(hertz_to_mel(1000.0)), 3)
    999.986
    """
    hertz = np.asarray(hertz, np.float64)
    if mel_scale == "htk":
        return 2595.0 * np.log10(1.0 + hertz / 700.0)
    above = 15.0 + np.log(np.maximum(hertz, 1000.0) / 1000.0) / _SLANEY_LOG
    return np.where(hertz < 1000.0, hertz / _SLANEY_STEP, above)


def mel_to_hertz(mel: Any, mel_scale: str = "htk") -> np.ndarray:
    """The inverse of `hertz_to_mel`, float64.

    >>> float(mel_to_hertz(15.0, "slaney"))
    1000.0
    """
    mel = np.asarray(mel, np.float64)
    if mel_scale == "htk":
        return 700.0 * (10.0 ** (mel / 2595.0) - 1.0)
    return np.where(mel < 15.0, mel * _SLANEY_STEP, 1000.0 * np.exp(_SLANEY_LOG * (mel - 15.0)))


def band_edges(
    sample_rate: float, num_mel_bins: int, lower: float, upper: float | None, mel_scale: str
) -> np.ndarray:
    """Edges and centres of the bands in Hz, float64 `[num_mel_bins + 2]`, rising.

    Raises:
        ParameterError: The edges are out of order, or above half the sample rate.
    """
    nyquist = sample_rate / 2
    upper = nyquist if upper is None else upper
    if upper > nyquist:
        rule = f"be at most half the sample rate, {nyquist:g} Hz"
        raise ParameterError("upper_edge_hertz", rule, f"{upper:g}")
    if lower >= upper:
        raise ParameterError(
            ("lower_edge_hertz", "upper_edge_hertz"), "rise", f"{lower:g} and {upper:g}"
        )
    low, high = hertz_to_mel([lower, upper], mel_scale)
    return mel_to_hertz(np.linspace(low, high, num_mel_bins + 2), mel_scale)


@functools.lru_cache(maxsize=64)
def design_mel_matrix(
    fft_length: int,
    sample_rate: float,
    num_mel_bins: int,
    lower: float,
    upper: float | None,
    mel_scale: str,
    mel_norm: str | None,
) -> np.ndarray:
    """Triangular mel filters, linear in Hz, as librosa and torchaudio have them.

    Returns:
        float64 `[fft_length // 2 + 1, num_mel_bins]`, to multiply a spectrogram from the right.
    """
    edges = band_edges(sample_rate, num_mel_bins, lower, upper, mel_scale)
    frequencies = np.fft.rfftfreq(fft_length, 1.0 / sample_rate)[:, None]
    below, centre, above = edges[:-2], edges[1:-1], edges[2:]
    rising = (frequencies - below) / (centre - below)
    falling = (above - frequencies) / (above - centre)
    matrix = np.maximum(0.0, np.minimum(rising, falling))
    if mel_norm == "slaney":
        matrix *= 2.0 / (above - below)
    matrix.flags.writeable = False
    return matrix


def _mel_space(given: Space, values: Mapping[str, Any]) -> Space:
    analysed = spec(spectrogram).space(given, values)
    edges = band_edges(
        values["sample_rate"],
        values["num_mel_bins"],
        values["lower_edge_hertz"],
        values["upper_edge_hertz"],
        values["mel_scale"],
    )
    bands = Axis("mel band", "Hz", values=tuple(edges[1:-1].tolist()))
    return replace(analysed, axes=(analysed.time, bands), quantity=f"mel {analysed.quantity}")


def _level_space(given: Space, values: Mapping[str, Any]) -> Space:
    return replace(given, quantity="level", unit="dB")


def _level_reach(values: Mapping[str, Any]) -> Reach:
    if values["top_db"] is not None:
        rule = "be None in a stream: the loudest part may be still to come"
        raise ParameterError("top_db", rule, values["top_db"])
    return Reach(0, 0)


def _log_mel_reach(values: Mapping[str, Any]) -> Reach:
    _level_reach(values)
    return frame_reach(values)


def _log_mel_space(given: Space, values: Mapping[str, Any]) -> Space:
    return _level_space(_mel_space(given, values), values)


@op(space=_mel_space, length=frame_count, reach=frame_reach, extends=spectrogram)
def mel_spectrogram(
    signal: tf.Tensor,
    lengths: tf.Tensor | None = None,
    *,
    sample_rate: SampleRate,
    num_mel_bins: NumMelBins = 80,
    lower_edge_hertz: LowerEdge = 0.0,
    upper_edge_hertz: UpperEdge | None = None,
    mel_scale: MelScale = "htk",
    mel_norm: MelNorm | None = None,
    **options: Any,
) -> tf.Tensor:
    """Spectrogram gathered in bands that are evenly spaced to the ear.

    Returns:
        `[..., frames, mel bands]`.

    Raises:
        ParameterError: The edges do not rise, or the upper one is above half the sample rate.

    Source: O'Shaughnessy, "Speech Communication", 1987 (htk); Slaney, "Auditory Toolbox", 1998.

    >>> import workbench as wb
    >>> wb.mel_spectrogram(wb.tone(sample_rate=8000, seconds=1.0), sample_rate=8000).shape
    TensorShape([32, 80])
    """
    spectrum = spec(spectrogram).function(signal, lengths, **options)
    matrix = design_mel_matrix(
        transform_length(options),
        sample_rate,
        num_mel_bins,
        lower_edge_hertz,
        upper_edge_hertz,
        mel_scale,
        mel_norm,
    )
    return _multiply(spectrum, tf.constant(matrix, spectrum.dtype))


def _multiply(values: tf.Tensor, matrix: tf.Tensor) -> tf.Tensor:
    """`values @ matrix` as one product of two dimensions.

    A batched product with a broadcast matrix is slower, and TensorFlow 2.21 on the CPU returns
    memory that was never written for the shape [2, 1, frames, bins].
    """
    rows = tf.reshape(values, [-1, values.shape[-1]])
    shape = tf.concat([tf.shape(values)[:-1], [matrix.shape[-1]]], 0)
    return tf.reshape(tf.linalg.matmul(rows, matrix), shape)


@op(takes=2, space=_level_space, reach=_level_reach)
def decibels(
    signal: tf.Tensor,
    *,
    reference: Reference = 1.0,
    floor_db: FloorDecibels = -100.0,
    top_db: TopDecibels | None = None,
) -> tf.Tensor:
    """Level of a power in decibels, `10 log10(power / reference)`, not below a floor.

    An example is one spectrogram `[frames, bins]`: `top_db` never looks at its neighbours in the
    batch. Where the floor is reached the gradient with respect to the signal is 0.

    Returns:
        `[..., frames, bins]` in dB.

    >>> import workbench as wb
    >>> wb.decibels([[1.0, 0.1, 0.0]]).numpy().round(3).tolist()
    [[0.0, -10.0, -100.0]]
    """
    dtype = signal.dtype
    reference, floor_db = as_type(reference, dtype), as_type(floor_db, dtype)
    scale = tf.constant(10.0 / np.log(10.0), dtype)
    relative = signal / reference
    lowest = tf.exp(floor_db / scale)
    quiet = relative <= lowest  # not of NaN, which stays visible
    level = tf.where(quiet, floor_db, scale * tf.math.log(tf.where(quiet, lowest, relative)))
    if top_db is None:
        return level
    loudest = tf.reduce_max(level, axis=[-2, -1], keepdims=True)
    return tf.maximum(level, loudest - tf.constant(top_db, dtype))


@op(space=_log_mel_space, length=frame_count, reach=_log_mel_reach, extends=mel_spectrogram)
def log_mel_spectrogram(
    signal: tf.Tensor,
    lengths: tf.Tensor | None = None,
    *,
    reference: Reference = 1.0,
    floor_db: FloorDecibels = -100.0,
    top_db: TopDecibels | None = None,
    **options: Any,
) -> tf.Tensor:
    """Mel spectrogram as levels in decibels.

    Returns:
        `[..., frames, mel bands]` in dB.

    Raises:
        ParameterError: As for `mel_spectrogram`.

    >>> import workbench as wb
    >>> wb.log_mel_spectrogram(wb.tone(sample_rate=8000, seconds=1.0), sample_rate=8000).shape
    TensorShape([32, 80])
    """
    bands = spec(mel_spectrogram).function(signal, lengths, **options)
    return spec(decibels).function(bands, reference=reference, floor_db=floor_db, top_db=top_db)
