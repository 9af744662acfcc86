"""Plots of a change of rate: its low-pass over time and frequency."""

from __future__ import annotations

from workbench.analysis.resampling_filters import (
    nyquist_frequencies,
    resampling_gain,
    resampling_impulse,
)
from workbench.dashboards.panels import LinesPanel
from workbench.dashboards.scene import Plot, Scene
from workbench.dashboards.views import lines_panel

_GAINS = -160.0, 10.0  # dB


def gain(stage: int) -> Plot:
    """What the conversion lets through, with both Nyquist frequencies."""

    def draw(scene: Scene) -> LinesPanel:
        values = scene.values(stage)
        before, after = nyquist_frequencies(values)
        marks = {"Nyquist in": before, "Nyquist out": after}
        title = "Gain of the filter"
        return lines_panel(title, resampling_gain(values), _GAINS, marks=marks, half=True)

    return Plot("filter", "Gain of the conversion over frequency.", draw)


def impulse(stage: int) -> Plot:
    """What a sample counts for the ones around it."""

    def draw(scene: Scene) -> LinesPanel:
        curves = resampling_impulse(scene.values(stage))
        return lines_panel("Impulse response", curves, half=True)

    return Plot("impulse_response", "What a sample counts for those around it.", draw)
