"""Plots of waveforms over frequency: spectrograms, of a stage as it is or with other parameters."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import tensorflow as tf

from workbench import layers
from workbench.analysis.spectra import mean_spectra
from workbench.axes import Space
from workbench.dashboards.panels import IMAGE_HEIGHT, ImagePanel, Panel
from workbench.dashboards.plots.results import draw
from workbench.dashboards.scene import Plot, Scene
from workbench.dashboards.views import level_limits, lines_panel

_FRAME_SECONDS = 0.02
_MOST_SECONDS, _LEAST = 3.0, 64  # of an average spectrum; samples
_LOW = 90  # CSS pixels: one picture of several that are compared


def spectrogram(number: int, name: str, title: str) -> Plot:
    """The spectrogram of a waveform: 0 is the signal, 1 the result of the first stage."""

    def made(scene: Scene) -> Panel | None:
        return _picture(scene, title, scene.result.outputs[number], scene.space(number))

    return Plot(name, f"{title} over time and frequency.", made)


def average(number: int) -> Plot:
    """The average spectra of the signal and of a result at its rate, over what is in view."""

    def made(scene: Scene) -> Panel | None:
        before, after, rate = scene.output(0), scene.output(number), scene.sample_rate
        if before.shape != after.shape:
            return None
        first = max(0, round(scene.span[0] * rate))
        part = slice(first, min(round(scene.span[1] * rate), first + round(_MOST_SECONDS * rate)))
        if part.stop - first < _LEAST:
            return None
        both = {"original": before[:, part], "result": after[:, part]}
        curves = mean_spectra(both, rate)
        limits = level_limits(curves.data, 120.0)
        return lines_panel(
            "Average spectrum", curves, limits, logarithmic=True, span=(20.0, rate / 2)
        )

    return Plot("spectrum", "What there is of each frequency, before and after.", made, False)


def compared(stage: int, parameter: str, word: str, title: str, *, shown: bool = False) -> Plot:
    """The spectrogram of what a stage gives where one of its parameters is another word."""

    def made(scene: Scene) -> Panel | None:
        found = scene.other(stage, **{parameter: word})
        low = replace(scene, rows=scene.rows * _LOW // IMAGE_HEIGHT)
        panel = _picture(low, title, found, scene.space(stage + 1))
        return replace(panel, height=_LOW) if isinstance(panel, ImagePanel) else panel

    return Plot(word, f"{title}: what {parameter} {word!r} would give.", made, shown)


def _picture(scene: Scene, title: str, given: tf.Tensor, space: Space) -> Panel | None:
    length = max(64, 2 * round(_FRAME_SECONDS * space.time.rate / 2))
    frames: dict[str, Any] = {"frame_length": length, "frame_step": max(1, length // 2)}
    values = layers.Spectrogram.spec.check(frames)
    power = scene.memory.recall(
        f"spectrogram {title}",
        (given, length),
        lambda: layers.Spectrogram.function(given, **values),
    )
    return draw(scene, title, np.asarray(power), layers.Spectrogram.spec.space(space, values))
