"""Plots of a window: its shape, its transform, and what its overlapping copies add up to."""

from __future__ import annotations

import math

import numpy as np

from workbench.analysis.windows import (
    window_figures,
    window_overlap,
    window_shape,
    window_spectrum,
)
from workbench.dashboards.panels import LinesPanel
from workbench.dashboards.scene import Plot, Scene
from workbench.dashboards.views import limits_around, lines_panel

_LEVELS = -140.0, 5.0  # dB
_REACH = 12.0  # bins to either side of a tone


def window(stage: int) -> Plot:
    """The window of a stage over the samples of its frame, and the sum of its copies."""

    def draw(scene: Scene) -> LinesPanel:
        values = scene.values(stage)
        title = f"Window: {values['window']}, {values['frame_length']} samples"
        curves = window_shape(values)
        limits = limits_around(np.append(curves.data, 0.0))  # a weight is read against none
        return lines_panel(title, curves, limits, half=True)

    return Plot("window", "The weight of each sample of a frame.", draw)


def leakage(stage: int) -> Plot:
    """What a steady tone does to the bins around its own: the window's transform."""

    def draw(scene: Scene) -> LinesPanel:
        values = scene.values(stage)
        figures = window_figures(values)
        title = f"Leakage: main lobe {figures.main_lobe:.3g} bins"
        if math.isfinite(figures.side_lobe_db):
            title += f", side lobes {figures.side_lobe_db:.0f} dB".replace("-", "−")
        return lines_panel(title, window_spectrum(values, _REACH), _LEVELS, half=True)

    return Plot("leakage", "How far a tone leaks into the bins beside its own.", draw)


def overlap(stage: int) -> Plot:
    """What the windows at their step add up to, which decides whether there is a way back."""

    def draw(scene: Scene) -> LinesPanel:
        values = scene.values(stage)
        curves = window_overlap(values)
        title = f"Sum of the windows, {values['frame_step']} samples apart"
        high = max(2.0, float(curves.data.max()))
        return lines_panel(title, curves, (0.0, high), half=True)

    return Plot("overlap", "What the windows add up to: flat, and nothing is lost.", draw, False)
