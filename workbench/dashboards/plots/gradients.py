"""Plots of a gradient at the signal and at the result of every stage, each below what it is of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from workbench.dashboards.panels import Panel
from workbench.dashboards.plots.results import draw
from workbench.dashboards.rows import Look
from workbench.dashboards.scene import Scene


def of_all(scene: Scene, look: Callable[[int], Look]) -> list[Panel]:
    """The signal and every result, and the gradient of the scalar with respect to each.

    `look` says how each panel is looked at, the first being 0.
    """
    names = [f"Signal: {scene.name}", *(type(layer).__name__ for layer in scene.chain.layers)]
    found: list[Panel | None] = []
    for number, name in enumerate(names):
        space = scene.space(number)
        scene = replace(scene, look=look(len(found)))
        found.append(draw(scene, name, scene.output(number), space))
        slope = np.asarray(scene.result.stages[number])
        if np.iscomplexobj(slope):
            slope = np.abs(slope)
        scene = replace(scene, look=look(len(found)))
        title = f"Gradient with respect to {'the signal' if number == 0 else name}"
        found.append(draw(scene, title, slope, replace(space, quantity="gradient"), signed=True))
    return [panel for panel in found if panel is not None]
