"""Mel spectrograms: spectrograms in bands, as powers and as levels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

import tensorflow as tf

from workbench.axes import Axis, Space
from workbench.core.declarations import SampleRate
from workbench.core.framing import transform_length
from workbench.core.levels import (
    FloorDecibels,
    Reference,
    TopDecibels,
    level_of,
    level_reach,
)
from workbench.core.mel_scale import band_centres, design_mel_matrix, mel_matrix
from workbench.core.products import multiply, multiply_both
from workbench.core.spectral import frame_count, frame_reach, spectrogram
from workbench.errors import ParameterError
from workbench.ops import op, spec
from workbench.params import Param
from workbench.reach import Reach
from workbench.tensors import is_tensor, silence_beyond

NumMelBins = Annotated[int, Param("Number of mel bands.", low=1, slider=(8, 160))]
LowerEdge = Annotated[
    float,
    Param(
        "Lower edge of the lowest band.",
        unit="Hz",
        low=0.0,
        slider=(0.0, 2000.0),
        differentiable=True,
    ),
]
UpperEdge = Annotated[
    float,
    Param(
        "Upper edge of the highest band. None: half the sample rate.",
        unit="Hz",
        low=0.0,
        open_low=True,
        automatic=lambda values: values["sample_rate"] / 2,
        most=lambda values: values["sample_rate"] / 2,
        slider=(1000.0, 24000.0),
        differentiable=True,
    ),
]
MelScale = Annotated[
    str,
    Param("Formula of the mel scale: O'Shaughnessy's or Slaney's.", choices=("htk", "slaney")),
]
MelNorm = Annotated[
    str,
    Param(
        "Area of the bands: None peaks of 1, slaney equal areas.",
        choices=("slaney",),
        detail=True,
    ),
]
MelSlope = Annotated[
    str,
    Param(
        "Scale on which the sides of a band are straight: hertz (librosa) or mel (Kaldi).",
        choices=("hertz", "mel"),
        detail=True,
    ),
]
LogScale = Annotated[
    str,
    Param(
        "Unit of the level: decibel is 10 log10 of the power, natural its natural logarithm.",
        choices=("decibel", "natural"),
        detail=True,
    ),
]
LEVEL_UNITS = {"decibel": "dB", "natural": "ln"}  # by log_scale


def outer_edges(sample_rate: float, lower: Any, upper: Any) -> tuple[Any, Any]:
    """The outer edges in Hz; plain numbers are checked, a tensor may hold what it likes.

    Raises:
        ParameterError: The edges are out of order, or above half the sample rate.
    """
    nyquist = sample_rate / 2
    upper = nyquist if upper is None else upper
    if not is_tensor(upper) and upper > nyquist:
        rule = f"be at most half the sample rate, {nyquist:g} Hz"
        raise ParameterError("upper_edge_hertz", rule, f"{upper:g}")
    if not is_tensor(lower) and not is_tensor(upper) and lower >= upper:
        raise ParameterError(
            ("lower_edge_hertz", "upper_edge_hertz"), "rise", f"{lower:g} and {upper:g}"
        )
    return lower, upper


def _mel_space(given: Space, values: Mapping[str, Any]) -> Space:
    analysed = spec(spectrogram).space(given, values)
    names = ("sample_rate", "lower_edge_hertz", "upper_edge_hertz")
    edges = outer_edges(*(values[name] for name in names))
    centres = band_centres(values["num_mel_bins"], *edges, values["mel_scale"])
    bands = Axis("mel band", "Hz", values=centres)
    return replace(analysed, axes=(analysed.time, bands), quantity=f"mel {analysed.quantity}")


def log_mel_reach(values: Mapping[str, Any]) -> Reach:
    """The reach of what is made of mel levels, frame by frame."""
    level_reach(values)
    return frame_reach(values)


def _log_mel_space(given: Space, values: Mapping[str, Any]) -> Space:
    unit = LEVEL_UNITS[values["log_scale"]]
    return replace(_mel_space(given, values), quantity="level", unit=unit)


@op(space=_mel_space, length=frame_count, reach=frame_reach, extends=spectrogram, built_on=True)
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
    mel_slope: MelSlope = "hertz",
    **options: Any,
) -> tf.Tensor:
    """Spectrogram gathered in bands that are evenly spaced to the ear.

    An edge given as a tensor is not checked: a band above half the sample rate is silent, and so
    are all bands while the edges do not rise.

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
    lower, upper = outer_edges(sample_rate, lower_edge_hertz, upper_edge_hertz)
    bands = (num_mel_bins, lower, upper, mel_scale, mel_norm, mel_slope)
    design = (transform_length(options), sample_rate, *bands)
    if not is_tensor(lower) and not is_tensor(upper):
        return multiply(spectrum, design_mel_matrix(*design))
    return multiply_both(spectrum, tf.cast(mel_matrix(*design), spectrum.dtype))


@op(
    space=_log_mel_space,
    length=frame_count,
    reach=log_mel_reach,
    extends=mel_spectrogram,
    built_on=True,
)
def log_mel_spectrogram(
    signal: tf.Tensor,
    lengths: tf.Tensor | None = None,
    *,
    reference: Reference = 1.0,
    floor_db: FloorDecibels = -100.0,
    top_db: TopDecibels | None = None,
    log_scale: LogScale = "decibel",
    **options: Any,
) -> tf.Tensor:
    """Mel spectrogram as levels, in decibels or as natural logarithms.

    Returns:
        `[..., frames, mel bands]`.

    Raises:
        ParameterError: As for `mel_spectrogram`.

    Source: Davis & Mermelstein, "Comparison of parametric representations for monosyllabic word
    recognition in continuously spoken sentences", IEEE Trans. ASSP 28(4), 1980.

    >>> import workbench as wb
    >>> wb.log_mel_spectrogram(wb.tone(sample_rate=8000, seconds=1.0), sample_rate=8000).shape
    TensorShape([32, 80])
    """
    bands = spec(mel_spectrogram).function(signal, lengths, **options)
    if lengths is not None and top_db is not None:  # what lies behind a row is not its loudest
        bands, _ = silence_beyond(bands, frame_count(lengths, options), 2)
    return level_of(bands, reference, floor_db, top_db, LEVEL_UNITS[log_scale])
