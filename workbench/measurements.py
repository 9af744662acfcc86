"""Figures of sounds, for people to read: levels over time, spectra, errors, aliases; all in dB."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from workbench.core.spectral import spectrogram
from workbench.core.windows import design_window

LEVEL_RATE = 1000  # levels per second
_LEVEL_STEPS = 10  # of them that one covers
_FLOOR = 1e-20  # of a power: -200 dB


def signal_to_error(reference: np.ndarray, found: np.ndarray) -> float:
    """Energy of a reference over that of what differs from it; infinite where nothing does.

    >>> signal_to_error(np.array([1.0, -1.0]), np.array([1.1, -1.1]))
    20.0
    """
    exact = reference.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.sum(exact**2) / np.sum((found - exact) ** 2)
        return round(float(10 * np.log10(ratio)), 9)


def levels(waves: np.ndarray, rate: float) -> np.ndarray:
    """Levels over 10 ms of waves `[rows, time]`, one for each millisecond: `[rows, steps]`.

    >>> levels(np.full((1, 8000), 0.1), 8000).round(6)[0, ::400].tolist()
    [-20.0, -20.0, -20.0]
    """
    length = waves.shape[1]
    count = max(1, round(length * LEVEL_RATE / rate))
    edges = np.arange(count) * length // count
    energy = np.add.reduceat(waves.astype(np.float64) ** 2, edges, axis=1)
    around = np.ones(min(_LEVEL_STEPS, count))
    *sums, samples = (
        np.convolve(row, around, "same") for row in (*energy, np.diff([*edges, length]))
    )
    return decibels(np.stack(sums) / samples)


def spectra(
    waves: np.ndarray, frame: int, window: str, kaiser_beta: float = 12.0, overlap: int = 4
) -> np.ndarray:
    """Averaged spectra of waves `[rows, time]`, `[rows, bins]`: 0 dB is a sine of amplitude 1.

    Args:
        waves: What is measured.
        frame: Samples under a window.
        window: Its shape.
        kaiser_beta: Of a window of that name.
        overlap: How many windows see a sample.

    Source: Welch, "The use of fast Fourier transform for the estimation of power spectra", IEEE
    Trans. Audio and Electroacoustics 15(2), 1967.

    >>> import workbench as wb
    >>> tone = wb.tone(sample_rate=64, seconds=4.0, frequency_hertz=16.0, amplitude=0.1)
    >>> float(spectra(tone[None], 64, "hann").max().round(2))
    -20.0
    """
    shape = {"window": window, "kaiser_beta": kaiser_beta}
    step = max(1, frame // overlap)
    power = spectrogram(waves, frame_length=frame, frame_step=step, center=False, **shape)
    height = np.sum(design_window(window, False, frame, kaiser_beta=kaiser_beta)) / 2
    return decibels(tf.reduce_mean(power, axis=-2).numpy().astype(np.float64) / height**2)


def alias_level(spectrum: np.ndarray, step: float, hertz: float, beside: int) -> float:
    """All that is no harmonic of a tone relative to all that is one, in dB.

    Args:
        spectrum: Levels in dB, `[bins]`.
        step: Hertz from bin to bin.
        hertz: The tone's frequency.
        beside: How many bins to either side of a harmonic belong to it.
    """
    power = 10 ** (spectrum / 10)
    frequencies = step * np.arange(len(power))
    harmonic = np.abs(frequencies - hertz * np.round(frequencies / hertz)) <= beside * step
    return float(decibels(np.sum(power[~harmonic]) / np.sum(power[harmonic])))


def decibels(power: Any) -> Any:
    """Levels of powers, -200 dB at the least."""
    return 10 * np.log10(np.maximum(power, _FLOOR))
