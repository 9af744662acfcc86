"""Plots of what is lost: the level of an error over time, beside that of what it is an error of."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from workbench.analysis.comparisons import error_levels, reconstruction
from workbench.dashboards.panels import LinesPanel
from workbench.dashboards.scene import Plot, Scene
from workbench.dashboards.views import lines_panel
from workbench.errors import ParameterError
from workbench.measurements import signal_to_error

_SILENCE, _RARE = -199.0, 2  # dB, and the percentage of levels that may lie below the plot
_MOST_SECONDS = 0.5  # of what is in view: all of a long signal would take too long


def of_inverse(stage: int) -> Plot:
    """What a transform and its inverse leave of the signal."""

    def made(scene: Scene) -> LinesPanel:
        rate = scene.space(stage).time.rate
        start = round(max(0.0, scene.span[0]) * rate)
        signal = scene.output(stage)[:, start : start + round(_MOST_SECONDS * rate)]
        values = scene.values(stage)
        key = (scene.result.outputs[stage], start, tuple(values.items()))
        back = scene.memory.recall("inverse", key, lambda: _there_and_back(signal, values))
        if back is None:
            back, title = np.zeros_like(signal), "No way back: the windows leave samples out"
        else:
            ratio = signal_to_error(signal, back)
            said = f"signal to error {ratio:.0f} dB" if np.isfinite(ratio) else "exact"
            title = f"There and back, {signal.shape[-1] / rate:.2g} s: {said}"
        curves = error_levels(signal, back, rate, start / rate)
        curves = replace(curves, names=("signal", *curves.names[1:]))
        styles = "reference", "solid"
        return lines_panel(title, curves, _limits(curves.data), styles=styles, half=True)

    return Plot("inverse", "What the inverse transform gives back, and what it does not.", made)


def _limits(levels: np.ndarray) -> tuple[float, float]:
    """Whole tens around all levels but silence and what is rare, as where a sound begins."""
    heard = levels[levels > _SILENCE]
    if not heard.size:
        return -200.0, 0.0
    low, high = float(np.percentile(heard, _RARE)), float(np.max(heard))
    return 10.0 * math.floor(low / 10.0) - 10.0, 10.0 * math.ceil(high / 10.0)


def _there_and_back(signal: np.ndarray, values: Mapping[str, Any]) -> np.ndarray | None:
    try:
        return reconstruction(signal, values)
    except ParameterError:  # windows that leave samples out
        return None
