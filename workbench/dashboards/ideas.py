"""The dashboards that have a name: each declares a chain, what is in daily use, what is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from workbench import layers
from workbench.chain import Chain
from workbench.core.signals import chirp
from workbench.dashboards.controllers.chain import ChainController
from workbench.dashboards.controllers.chain_editor import ChainEditor
from workbench.dashboards.controllers.controller import Controller
from workbench.dashboards.controllers.gradient.controller import GradientController
from workbench.dashboards.controllers.rates import RateController
from workbench.dashboards.plots import (
    cepstra,
    delays,
    errors,
    features,
    mels,
    resampling,
    results,
    spectra,
    windows,
)
from workbench.dashboards.scene import Plot
from workbench.dashboards.sources import SignalSource, Source
from workbench.stored_models import read_model

_FRAMES = ("window", "frame_length", "frame_step", "fft_length")
_BANDS = ("num_mel_bins", "lower_edge_hertz", "upper_edge_hertz", "mel_scale", "mel_norm")

_MOTION = (
    "motion", "delay_seconds", "depth_seconds", "rate_hertz", "wet", "dry",
    "speed_meters_per_second", "distance_meters", "time_seconds",
)  # fmt: skip
_KINDS = {
    "sinc": "Windowed sinc",
    "fft": "Fourier transform of the whole",
    "average": "Average pooling",
    "linear": "Straight lines",
    "nearest": "Nearest sample",
}


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
    made: Callable[[Source], Sequence[keras.layers.Layer]],
    usual: Mapping[int, Sequence[str]],
    *plots: Plot,
) -> Callable[[Source], ChainController]:
    """What opens the dashboard of a chain."""

    def opened(source: Source) -> ChainController:
        chain = Chain(made(source), sample_rate=source.sample_rate)
        return ChainController(chain, source, "", plots, usual)

    return opened


def _five_stages(sample_rate: int) -> Chain:
    made = [
        layers.Resample(target_rate=16000),
        layers.Saturate(drive_db=6.0),
        layers.Normalize(),
        layers.MelSpectrogram(),
        layers.Decibels(),
    ]
    return Chain(made, sample_rate=sample_rate)


def _padded(source: Source) -> int:
    """Samples of a padded signal: a fifth more than it has."""
    return round(1.2 * source.signal().shape[-1])


def _sweep() -> SignalSource:
    return SignalSource(chirp, seconds=4.0, start_hertz=100.0, stop_hertz=22000.0)


IDEAS: dict[str, Idea] = {
    "resample": Idea(
        "Resampling",
        "Choose a kind and listen to a sweep: what lies above the new Nyquist frequency either "
        "fades away or comes back as aliases.",
        _chain(
            lambda _: [layers.Resample(target_rate=16000)],
            {0: ("target_rate", "kind", "quality")},
            results.signal(),
            spectra.spectrogram(0, "signal_spectrogram", "Spectrogram of the signal"),
            results.result(1, "result", "Result"),
            spectra.spectrogram(1, "result_spectrogram", "Spectrogram of the result"),
            resampling.gain(0),
            resampling.impulse(0),
            *(
                spectra.compared(0, "kind", kind, title, shown=kind in ("average", "nearest"))
                for kind, title in _KINDS.items()
            ),
        ),
        audio=_sweep,
    ),
    "stft": Idea(
        "Short-time Fourier transform",
        "Short frames place a click exactly in time, long ones a tone exactly in frequency. "
        "The window decides how far a loud bin leaks into its neighbours.",
        _chain(
            lambda _: [layers.STFT()],
            {0: _FRAMES},
            results.signal(),
            results.result(1, "magnitude", "Magnitude"),
            windows.window(0),
            windows.leakage(0),
            windows.overlap(0),
            errors.of_inverse(0),
            results.instead(0, layers.Phase, "phase", "Phase", shown=False),
        ),
        audio="drums",
    ),
    "mel": Idea(
        "Mel bands",
        "The mel scale gives low frequencies room and crowds the high ones. PCEN divides each "
        "band by its own recent level: steady noise fades, onsets stay.",
        _chain(
            lambda _: [layers.MelSpectrogram(), layers.PCEN()],
            {0: (*_BANDS, "frame_length", "frame_step")},
            results.signal(),
            results.result(1, "mel", "Mel spectrogram, in dB"),
            results.result(2, "pcen", "PCEN"),
            mels.warping(0),
            mels.bands(0),
        ),
        audio="speech",
    ),
    "mfcc": Idea(
        "Cepstral coefficients",
        "A spectrum in a dozen numbers: the fewer coefficients, the smoother the spectrum that "
        "they still remember.",
        _chain(
            lambda _: [layers.MFCC()],
            {0: ("num_mfccs", "num_mel_bins", "lifter", "frame_length", "frame_step")},
            results.signal(),
            results.instead(0, layers.Spectrogram, "spectrogram", "1. Spectrogram"),
            results.instead(0, layers.LogMelSpectrogram, "log_mel", "2. Level in mel bands"),
            results.result(1, "mfcc", "3. Coefficients"),
            cepstra.remembered(0, "4. What they still remember of step 2"),
        ),
        audio="speech",
    ),
    "delay": Idea(
        "Delays",
        "Between two samples the signal has to be guessed: each kind guesses well up to some "
        "frequency, and late or weak above it. A second, moving delay makes a comb, a flanger or "
        "a siren that drives past.",
        _chain(
            lambda _: [
                layers.FractionalDelay(delay=3.3, kind="lagrange"),
                layers.ModulatedDelay(motion="still", delay_seconds=0.001),
            ],
            {0: ("delay", "kind", "order", "lobes"), 1: _MOTION},
            results.signal(),
            results.magnified(1),
            delays.taps(0),
            delays.error(0),
            delays.lateness(0),
            delays.gain(0),
            delays.comb(1),
            delays.group(0),
            delays.poles(0),
            results.result(2, "result", "Result"),
            results.difference(2),
            spectra.average(2),
            spectra.spectrogram(2, "spectrogram", "Spectrogram of the result"),
        ),
        audio="plucked_string",
    ),
    "augment": Idea(
        "Masks for training",
        "SpecAugment hides stretches of time and bands of frequency, so that a model learns not "
        "to rely on any of them. Another seed hides others; none reaches into the padding.",
        _chain(
            lambda source: [
                layers.FitLength(length=_padded(source), mask_padding=True),
                layers.LogMelSpectrogram(),
                layers.SpecAugment(
                    seed=(3, 4), time_mask_width=40, frequency_mask_width=16, mask_value=None
                ),
            ],
            {0: ("length",), 1: ("num_mel_bins", "frame_step")},
            results.signal(),
            results.masked(3, "masks", "Masks over the mel spectrogram"),
            results.result(3, "result", "What a model sees"),
        ),
        audio="speech",
    ),
    "input": Idea(
        "What a classifier sees",
        "Rate, length, level and padding all reach the features: change one and see which rows "
        "and columns move, and what each step adds to the mean of the features.",
        _chain(
            lambda _: [
                layers.Resample(target_rate=16000),
                layers.FitLength(length=96000, mask_padding=True),
                layers.Normalize(),
                layers.LogMelSpectrogram(),
            ],
            {
                0: ("target_rate",),
                1: ("length", "place", "keep"),
                3: ("num_mel_bins", "frame_length", "frame_step"),
            },
            results.signal(),
            results.result(3, "waveform", "The waveform that it gets"),
            results.result(4, "features", "Features"),
            features.step_by_step(3, "Mean features, step by step"),
        ),
        audio="speech",
    ),
    "chain": Idea(
        "Any chain",
        "Add stages, move them, switch them off: every stage shows what comes out of it, in which "
        "shape, and what it costs.",
        lambda source: ChainEditor(_five_stages(source.sample_rate), source, ""),
        audio="speech",
    ),
    "gradient": Idea(
        "Gradients and learning",
        "The gradient says what to change so that a scalar falls. Let it find a delay: from far "
        "away every period of the sound is a trap, and smoothing both sounds opens it.",
        GradientController,
        audio="speech",
    ),
    "recurrent": Idea(
        "Recurrent layers at any sample rate",
        "A network trained at one rate sounds different at another. Hear and see what the "
        "correction of its state gives back.",
        lambda source: RateController(read_model("diode_clipper"), source),
        audio="plucked_string",
    ),
}
