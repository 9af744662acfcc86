"""Plots of features: what each step before them does to them."""

from __future__ import annotations

import numpy as np

from workbench.analysis.features import mean_features
from workbench.axes import Space
from workbench.dashboards.panels import Panel
from workbench.dashboards.scene import Plot, Scene
from workbench.dashboards.views import lines_panel
from workbench.errors import ParameterError


def step_by_step(stage: int, title: str) -> Plot:
    """The mean features of the signal and of what each step makes of it; `stage` computes them.

    They are means of frames side by side, not over one another: more would tell the same, and take
    too long on a whole signal at its own rate.
    """

    def made(scene: Scene) -> Panel | None:
        names = ["signal as it is", *(f"after {_name(scene, step)}" for step in range(stage))]
        found = {name: _features(scene, stage, number) for number, name in enumerate(names)}
        curves = mean_features({name: each for name, each in found.items() if each is not None})
        styles = ("reference", *("solid",) * (len(curves.names) - 1))
        span = max(20.0, float(curves.positions[0])), float(curves.positions[-1])
        return lines_panel(title, curves, styles=styles, logarithmic=True, span=span)

    return Plot("steps", "The mean of each band, after one step more at a time.", made)


def _name(scene: Scene, step: int) -> str:
    return type(scene.chain.layers[step]).__name__


def _features(scene: Scene, stage: int, number: int) -> tuple[np.ndarray, Space] | None:
    """What a stage would give of an earlier result; None where its rate has no such features."""
    own = scene.values(stage)
    every = max(1, own["frame_length"] // own["frame_step"])
    if number == stage:
        return scene.output(stage + 1)[:, ::every], scene.space(stage + 1)
    kind, given = type(scene.chain.layers[stage]), scene.space(number)
    values = {**own, "sample_rate": given.time.rate, "frame_step": own["frame_length"]}
    try:
        space = kind.spec.space(given, kind.spec.check(values))
    except ParameterError:
        return None
    name = f"features of {number}"
    beside = scene.memory.stage(name, kind, values)
    with scene.memory.apart(name).shared():
        return np.asarray(beside.forward(scene.result.outputs[number])), space
