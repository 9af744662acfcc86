"""What the mel parameters make of the frequencies: the scale that warps them, and the bands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from workbench.axes import Axis
from workbench.core.framing import transform_length
from workbench.core.mel import outer_edges
from workbench.core.mel_scale import (
    band_centres,
    band_edges,
    design_mel_matrix,
    hertz_to_mel,
    mel_matrix,
)
from workbench.curves import Curves
from workbench.tensors import is_tensor

_SCALES = ("htk", "slaney")


def mel_warping(values: Mapping[str, Any], points: int = 257) -> Curves:
    """Both mel scales over Hz, each as a part of what it is at half the sample rate.

    Args:
        values: The parameters of a mel spectrogram.
        points: From 0 to half the sample rate.

    >>> found = mel_warping({"sample_rate": 16000}, 3)
    >>> found.names, found.data.round(2).tolist()
    (('htk', 'slaney'), [[0.0, 0.76, 1.0], [0.0, 0.78, 1.0]])
    """
    step = values["sample_rate"] / 2 / (points - 1)
    hertz = step * np.arange(points)
    warped = np.stack([hertz_to_mel(hertz, scale) for scale in _SCALES])
    axis = Axis("frequency", "Hz", 0.0, step)
    return Curves(axis, warped / warped[:, -1:], _SCALES, "part of the highest mel")


def mel_bands(values: Mapping[str, Any]) -> Curves:
    """The bands of a mel spectrogram: a line for each, its weights in the bins of the transform.

    A band that is narrower than the bins may hold none of them: it is silent.

    Raises:
        ParameterError: The edges do not rise, or the upper one is above half the sample rate.
    """
    rate, size = values["sample_rate"], transform_length(values)
    outer = outer_edges(rate, values["lower_edge_hertz"], values["upper_edge_hertz"])
    bands = (values["num_mel_bins"], *outer, values["mel_scale"])
    design = (size, rate, *bands, values["mel_norm"], values["mel_slope"])
    if any(is_tensor(edge) for edge in outer):
        matrix, centres = mel_matrix(*design).numpy(), band_edges(*bands).numpy()[1:-1]
    else:  # as the op itself designed it
        matrix, centres = design_mel_matrix(*design), band_centres(*bands)
    lines = np.ascontiguousarray(matrix.T)
    labels = tuple(f"{centre:.0f} Hz" for centre in centres)
    return Curves(Axis("frequency", "Hz", 0.0, rate / size), lines, labels, "weight")


def silent_bands(values: Mapping[str, Any]) -> int:
    """How many bands hold no bin of the transform: too many bands, or too short a transform."""
    return int(np.sum(~np.any(mel_bands(values).data > 0, axis=1)))
