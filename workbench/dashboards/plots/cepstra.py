"""Plots of cepstral coefficients: what they still remember."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from workbench import layers
from workbench.analysis.cepstra import remembered_levels
from workbench.dashboards.panels import Panel
from workbench.dashboards.plots.results import draw
from workbench.dashboards.scene import Plot, Scene


def remembered(stage: int, title: str) -> Plot:
    """The levels in mel bands that the coefficients of a stage still tell."""

    def made(scene: Scene) -> Panel | None:
        found = scene.result.outputs[stage + 1]
        values = scene.values(stage)
        levels = scene.memory.recall(
            "remembered",
            (found, tuple(values.items())),
            lambda: remembered_levels(np.asarray(found), values),
        )
        space = scene.space_instead(stage, layers.LogMelSpectrogram)
        return draw(scene, title, levels, replace(space, unit="dB"))

    return Plot("remembered", "The spectrum that the coefficients still tell.", made)
