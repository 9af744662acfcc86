"""Features as curves: what a picture of them comes to in each band."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from workbench.axes import Axis, Space
from workbench.curves import Curves


def mean_features(features: Mapping[str, tuple[np.ndarray, Space]]) -> Curves:
    """The mean of each band over all frames and channels, of several features by name.

    Where bands lie at different places each curve goes straight from one of its own to the next,
    and ends with its last.

    Args:
        features: Each `[channels, frames, bins]`, and what it is.

    >>> import workbench as wb
    >>> space = wb.Chain([wb.layers.MelSpectrogram(num_mel_bins=2)], sample_rate=8000).spaces[-1]
    >>> mean_features({"a": (np.array([[[1.0, 5.0], [3.0, 5.0]]]), space)}).data.tolist()
    [[2.0, 5.0]]
    """
    found = {
        name: (space.axes[1].positions(values.shape[2]), values.mean((0, 1), np.float64))
        for name, (values, space) in features.items()
    }
    places = np.unique(np.concatenate([own for own, _ in found.values()]))
    lines = [np.interp(places, *each, left=np.nan, right=np.nan) for each in found.values()]
    last = list(features.values())[-1][1]
    axis = Axis("frequency", last.axes[1].unit, values=tuple(places.tolist()))
    return Curves(axis, np.stack(lines), tuple(found), f"mean {last.quantity}", last.unit)
