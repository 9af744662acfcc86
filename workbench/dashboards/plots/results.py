"""Plots of what a chain computes: the signal, the result of a stage, a gradient."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from workbench.axes import Axis, Space
from workbench.chain import Chain
from workbench.curves import Curves
from workbench.dashboards.panels import ImagePanel, Panel, WavePanel
from workbench.dashboards.scene import Plot, Scene
from workbench.dashboards.views import lines_panel, panel
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
        made = draw(scene, words, scene.output(number), scene.space(number))
        return with_end(scene, number, made)

    return Plot(name or f"result {number}", f"What stage {number} gives.", made)


def instead(
    stage: int, kind: type[OpLayer], name: str, title: str, *, shown: bool = True, **changes: Any
) -> Plot:
    """What a layer of another kind gives in place of a stage (0 is the first)."""

    def made(scene: Scene) -> Panel | None:
        found = np.asarray(scene.instead(stage, kind, **changes))
        return draw(scene, title, found, scene.space_instead(stage, kind, **changes))

    return Plot(name, f"{title}.", made, shown)


def gradient(loss: str) -> Plot:
    """The gradient of the chain's scalar with respect to the signal."""

    def made(scene: Scene) -> Panel | None:
        if not scene.result.stages:
            return None
        title = f"Gradient of the {loss} of the result with respect to the signal"
        space = replace(scene.space(0), quantity="gradient")
        return draw(scene, title, np.asarray(scene.result.signal), space, signed=True)

    return Plot("gradient", "What of the signal raises the scalar, and by how much.", made)


def magnified(number: int, samples: int = 24) -> Plot:
    """A waveform over the one that it was made of, sample by sample, where it is loudest."""

    def made(scene: Scene) -> Panel | None:
        before, after = scene.output(0), scene.output(number)
        if before.shape != after.shape:
            return None
        row, rate = min(scene.channel, len(before) - 1), scene.sample_rate
        first, last = (max(0, round(second * rate)) for second in scene.span)
        view = np.abs(before[row, first:last])
        at = first + int(np.argmax(view)) if view.size else 0
        begin = max(0, min(at - samples // 3, before.shape[1] - samples))
        pair = np.stack([each[row, begin : begin + samples] for each in (before, after)])
        axis = Axis("time", "s", begin / rate, 1 / rate)
        curves = Curves(axis, pair.astype(np.float64), ("original", "delayed"), "amplitude")
        return lines_panel("Under the magnifier", curves, half=True)

    return Plot("magnifier", "Single samples before and after, where it is loudest in view.", made)


def difference(number: int) -> Plot:
    """What a waveform has more than the one that it was made of."""

    def made(scene: Scene) -> Panel | None:
        before, after = scene.output(0), scene.output(number)
        if before.shape != after.shape:
            return None
        space = replace(scene.space(number), quantity="difference")
        return draw(scene, "Difference to the original", after - before, space)

    return Plot("difference", "What the result has more than the original.", made, False)


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
        return with_end(scene, number, replace(whole, tinted=hidden.data > 0))

    return Plot(name, "What goes in, tinted where it is hidden.", made)


def with_end(scene: Scene, number: int, panel: Panel | None) -> Panel | None:
    """The panel of a result, with a mark where its valid part ends and its padding begins."""
    count = scene.valid(number)
    if count is None or not isinstance(panel, (WavePanel, ImagePanel)):
        return panel
    time = scene.space(number).time
    frames = isinstance(panel, ImagePanel)  # each from half a step before its middle
    words = f"valid: {count:,} {'frames' if frames else 'samples'}"
    return replace(panel, marks={words: time.start + (count - 0.5 * frames) * time.step})


def draw(
    scene: Scene, title: str, output: np.ndarray, space: Space, *, signed: bool = False
) -> Panel | None:
    """The panel of a result."""
    how: dict[str, Any] = {"channel": scene.channel, "signed": signed, "look": scene.look}
    return panel(title, output, space, scene.span, scene.columns, scene.rows, **how)
