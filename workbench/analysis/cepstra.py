"""What cepstral coefficients still remember of the levels that they were made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from workbench.axes import DECIBEL, Axis
from workbench.core.cepstral import design_dct_matrix, lifter_weights
from workbench.core.mel import LEVEL_UNITS
from workbench.curves import Curves

_WEAKEST = 1e-6  # of a lifter's weight: what it takes away doesn't come back


def cepstral_cosines(values: Mapping[str, Any]) -> Curves:
    """What each coefficient is the sum of: its weight for the level of each band, without lifter.

    Args:
        values: The parameters of an `mfcc`.

    >>> values = {"num_mel_bins": 4, "num_mfccs": 2, "dct_norm": "ortho"}
    >>> cepstral_cosines(values).data.round(2).tolist()
    [[0.5, 0.5, 0.5, 0.5], [0.65, 0.27, -0.27, -0.65]]
    """
    count = values["num_mfccs"]
    cosines = design_dct_matrix(values["num_mel_bins"], count, values["dct_norm"])
    names = tuple(f"coefficient {number}" for number in range(count))
    return Curves(Axis("mel band"), np.ascontiguousarray(cosines.T), names, "weight")


def remembered_levels(coefficients: np.ndarray, values: Mapping[str, Any]) -> np.ndarray:
    """The levels of the mel bands that come of coefficients: all those left out are taken as 0.

    With as many coefficients as bands these are the levels themselves; with fewer, the smoothest
    ones that have these coefficients. A coefficient that the lifter took away counts as 0.

    Args:
        coefficients: `[..., frames, coefficients]`, the first ones: no more than `num_mel_bins`.
        values: The parameters of the `mfcc` that made them.

    Returns:
        float64 `[..., frames, mel bands]`, in dB.

    Source: Davis & Mermelstein, "Comparison of parametric representations for monosyllabic word
    recognition", IEEE Trans. ASSP 28(4), 1980.

    >>> from workbench.core.cepstral import mfcc
    >>> from workbench.ops import spec
    >>> values = spec(mfcc).check({"sample_rate": 8000, "num_mel_bins": 4})
    >>> remembered_levels(np.array([[-40.0]]), values).tolist()
    [[-20.0, -20.0, -20.0, -20.0]]
    """
    count = coefficients.shape[-1]
    weights = lifter_weights(count, values["lifter"], values["lifter_start"], tf.float64).numpy()
    kept = np.abs(weights) > _WEAKEST
    even = np.where(kept, coefficients / np.where(kept, weights, 1.0), 0.0)
    cosines = design_dct_matrix(values["num_mel_bins"], count, values["dct_norm"])
    # the columns are orthogonal to each other: each is undone by itself
    levels = (even / np.sum(cosines**2, axis=0)) @ cosines.T
    return levels / DECIBEL[LEVEL_UNITS[values["log_scale"]]]
