"""Plots of any waveform in a chain over frequency: its spectrogram."""

from __future__ import annotations

from workbench import layers
from workbench.dashboards.panels import Panel
from workbench.dashboards.plots.results import draw
from workbench.dashboards.scene import Plot, Scene

_FRAME_SECONDS = 0.02


def spectrogram(number: int, name: str, title: str) -> Plot:
    """The spectrogram of a waveform: 0 is the signal, 1 the result of the first stage."""

    def made(scene: Scene) -> Panel | None:
        given, space = scene.result.outputs[number], scene.space(number)
        length = max(64, 2 * round(_FRAME_SECONDS * space.time.rate / 2))
        frames = {"frame_length": length, "frame_step": max(1, length // 2)}
        values = layers.Spectrogram.spec.check(frames | {"window": "hann"})
        key = given, length
        power = scene.memory.recall(
            f"spectrogram {number}", key, lambda: layers.Spectrogram.function(given, **values)
        )
        return draw(scene, title, power.numpy(), layers.Spectrogram.spec.space(space, values))

    return Plot(name, f"{title} over time and frequency.", made)
