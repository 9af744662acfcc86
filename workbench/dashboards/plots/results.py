"""Plots of what a chain computes: the signal, the result of a stage, a gradient."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from workbench.axes import Space
from workbench.chain import Chain
from workbench.dashboards.panels import ImagePanel, Panel
from workbench.dashboards.scene import Plot, Scene
from workbench.dashboards.views import panel, wave_panel
from workbench.layers import OpLayer


def of_chain(chain: Chain) -> tuple[Plot, ...]:
    """The signal and the result of every stage."""
    return (signal(), *(result(number + 1) for number in range(len(chain.layers))))


def signal() -> Plot:
    """What goes in."""
    return Plot(
        "signal",
        "What goes in.",
        lambda scene: draw(scene, f"Signal: {scene.name}", scene.output(0), scene.space(0)),
    )


def result(number: int, name: str = "", title: str = "") -> Plot:
    """The result of a stage, the first one being 1."""

    def made(scene: Scene) -> Panel | None:
        words = title or type(scene.chain.layers[number - 1]).__name__
        return draw(scene, words, scene.output(number), scene.space(number))

    return Plot(name or f"result {number}", f"What stage {number} gives.", made)


def instead(
    stage: int, kind: type[OpLayer], name: str, title: str, *, shown: bool = True, **changes: Any
) -> Plot:
    """What a layer of another kind gives in place of a stage (0 is the first)."""

    def made(scene: Scene) -> Panel | None:
        found = scene.instead(stage, kind, **changes).numpy()
        return draw(scene, title, found, scene.space_instead(stage, kind, **changes))

    return Plot(name, f"{title}.", made, shown)


def gradient(loss: str) -> Plot:
    """The gradient of the chain's scalar with respect to the signal."""

    def made(scene: Scene) -> Panel | None:
        if not scene.result.stages:
            return None
        title = f"Gradient of the {loss} of the result with respect to the signal"
        space = replace(scene.space(0), quantity="gradient")
        return draw(scene, title, scene.result.signal.numpy(), space, signed=True)

    return Plot("gradient", "What of the signal raises the scalar, and by how much.", made)


def original_and_result(number: int, title: str = "Original and result") -> Plot:
    """A waveform over the one that it was made of, where both are the same in one channel."""

    def made(scene: Scene) -> Panel | None:
        first, second = scene.output(0), scene.output(number)
        if first.shape != second.shape:
            return None
        row = min(scene.channel, len(first) - 1)
        pair = np.stack([first[row], second[row]])
        names = ("original", "result")
        return wave_panel(title, pair, scene.space(0), scene.span, scene.columns, names=names)

    return Plot("original and result", "Both waveforms, one over the other.", made)


def masked(number: int, name: str, title: str) -> Plot:
    """What goes into a stage of bins, tinted where the stage changes it: its masks."""

    def made(scene: Scene) -> Panel | None:
        before, after = scene.output(number - 1), scene.output(number)
        space = scene.space(number)
        whole = draw(scene, title, before, space)
        changed = replace(space, power=0.0, unit="", quantity="change")
        hidden = draw(scene, title, (before != after).astype(np.float32), changed)
        if not isinstance(whole, ImagePanel) or not isinstance(hidden, ImagePanel):
            return whole
        return replace(whole, tinted=hidden.data > 0)

    return Plot(name, "What goes in, tinted where it is hidden.", made)


def draw(
    scene: Scene, title: str, output: np.ndarray, space: Space, *, signed: bool = False
) -> Panel | None:
    """The panel of a result."""
    size = scene.columns, scene.rows
    return panel(title, output, space, scene.span, *size, channel=scene.channel, signed=signed)
