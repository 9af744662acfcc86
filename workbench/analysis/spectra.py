"""Whole signals as curves: their average spectrum, their level over time."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from workbench.axes import Axis
from workbench.curves import Curves
from workbench.measurements import decibels, levels, spectra

_FRAME = 4096  # samples under the window: at 48 kHz tones 47 Hz apart are two


def mean_spectra(
    signals: Mapping[str, np.ndarray], rate: float, frame: int = _FRAME, window: str = "hann"
) -> Curves:
    """Average spectra of signals by name, each `[channels, time]`: 0 dB is a sine of amplitude 1.

    Channels count as their mean power. Windows lie each half over the next; a signal that is
    shorter than one sets their length for all.

    >>> import workbench as wb
    >>> tone = wb.tone(sample_rate=8000, seconds=1.0, frequency_hertz=1000.0, amplitude=0.1)
    >>> found = mean_spectra({"tone": tone.numpy()[None]}, 8000, 800)
    >>> at = found.data[0].argmax()
    >>> round(found.positions[at]), round(float(found.data[0, at]), 2)
    (1000, -20.0)
    """
    frame = min([frame, *(signal.shape[-1] for signal in signals.values())])
    each = [_mean(spectra(signal, frame, window, overlap=2)) for signal in signals.values()]
    axis = Axis("frequency", "Hz", 0.0, rate / frame)
    return Curves(axis, np.stack(each), tuple(signals), "level", "dB")


def level_curves(signals: Mapping[str, np.ndarray], rate: float, start: float = 0.0) -> Curves:
    """Levels over time of signals by name, each `[channels, time]`: over 10 ms, for each ms.

    Channels count as their mean power. A steady amplitude of 1 is at 0 dB, a sine at -3.

    Args:
        signals: All of one length.
        rate: Samples per second.
        start: Second of their first sample.
    """
    each = [_mean(levels(signal, rate)) for signal in signals.values()]
    data = np.stack(each)
    length = next(iter(signals.values())).shape[-1]
    step = length / rate / data.shape[1]
    axis = Axis("time", "s", start + step / 2, step)
    return Curves(axis, data, tuple(signals), "level", "dB")


def _mean(rows: np.ndarray) -> np.ndarray:
    """The level of the mean power of several, `[rows, points]` in dB."""
    return decibels(np.mean(10 ** (rows / 10), axis=0)) if len(rows) > 1 else rows[0]
