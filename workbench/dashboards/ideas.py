"""The dashboards that have a name: each declares a chain, what is in daily use, what is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from workbench import layers
from workbench.chain import Chain
from workbench.core.signals import chirp
from workbench.dashboards.chain_controller import ChainController
from workbench.dashboards.controller import Controller
from workbench.dashboards.plots import windows
from workbench.dashboards.plots.results import instead, result, signal
from workbench.dashboards.rate_controller import RateController
from workbench.dashboards.scene import Plot
from workbench.dashboards.sources import SignalSource, Source
from workbench.stored_models import read_model

_FRAMES = ("window", "frame_length", "frame_step", "fft_length")
_BANDS = ("num_mel_bins", "lower_edge_hertz", "upper_edge_hertz", "mel_scale", "mel_norm")


@dataclass(frozen=True)
class Idea:
    """A dashboard with a name.

    Attributes:
        title: What it is about.
        about: What to try, and what is seen then.
        open: The dashboard's controller for a source.
        audio: What it opens with, as `explore` takes it.
    """

    title: str
    about: str
    open: Callable[[Source], Controller[Any]]
    audio: Any = None


def _chain(
    made: Callable[[], Sequence[keras.layers.Layer]],
    usual: Mapping[int, Sequence[str]],
    *plots: Plot,
) -> Callable[[Source], ChainController]:
    """What opens the dashboard of a chain."""

    def opened(source: Source) -> ChainController:
        chain = Chain(made(), sample_rate=source.sample_rate)
        return ChainController(chain, source, "", plots, usual)

    return opened


def _sweep() -> SignalSource:
    return SignalSource(chirp, seconds=4.0, start_hertz=100.0, stop_hertz=22000.0)


IDEAS: dict[str, Idea] = {
    "resample": Idea(
        "Resampling",
        "Lower the quality while a sweep runs: what lies above the new Nyquist frequency comes "
        "back as aliases. Listen to it, and compare the other ways.",
        _chain(
            lambda: [layers.Resample(target_rate=16000)],
            {0: ("target_rate", "kind", "quality")},
            signal(),
            result(1, "result", "Result"),
        ),
        audio=_sweep,
    ),
    "stft": Idea(
        "Short-time Fourier transform",
        "Short frames place a click exactly in time, long ones a tone exactly in frequency. "
        "The window decides how far a loud bin leaks into its neighbours.",
        _chain(
            lambda: [layers.STFT()],
            {0: _FRAMES},
            signal(),
            result(1, "magnitude", "Magnitude"),
            windows.window(0),
            windows.leakage(0),
            windows.overlap(0),
            instead(0, layers.Phase, "phase", "Phase", shown=False),
        ),
        audio="drums",
    ),
    "recurrent": Idea(
        "Recurrent layers at any sample rate",
        "A network trained at one rate sounds different at another. Hear and see what the "
        "correction of its state gives back.",
        lambda source: RateController(read_model("diode_clipper"), source),
        audio="plucked_string",
    ),
}
