"""Gains for signals that are heard one after the other."""

from collections.abc import Sequence

import numpy as np


def equal_gains(signals: Sequence[np.ndarray], rates: Sequence[float]) -> tuple[float, ...]:
    """Gains after which all have the same RMS over the time that all of them have.

    It is the RMS of the loudest, or a lower one where a peak would exceed 1: nothing is clipped.
    Silence stays as it is. `signals` are `[channels, time]`, `rates` in Hz.

    >>> equal_gains([np.full((1, 9), 0.1), np.full((1, 9), -0.4)], [8000, 8000])
    (4.0, 1.0)
    """
    seconds = min(signal.shape[-1] / rate for signal, rate in zip(signals, rates, strict=True))
    levels = np.array([_rms(s, seconds * rate) for s, rate in zip(signals, rates, strict=True)])
    heard = levels > 0
    if not heard.any():
        return (1.0,) * len(signals)
    levels[~heard] = np.inf
    most = [
        level / max(_peak(signal), 1e-30) for signal, level in zip(signals, levels, strict=True)
    ]
    target = min(levels[heard].max(), *most)
    return tuple(
        float(target / level) if there else 1.0 for level, there in zip(levels, heard, strict=True)
    )


def common_gain(signals: Sequence[np.ndarray]) -> float:
    """The gain of all with which none is clipped: 1 where no peak exceeds 1.

    >>> common_gain([np.array([0.5, -2.0]), np.array([0.1])])
    0.5
    """
    return 1.0 / max(1.0, *map(_peak, signals))


def _rms(signal: np.ndarray, count: float) -> float:
    """Of the first samples of all channels."""
    part = signal[..., : round(count)]
    return float(np.sqrt(np.mean(np.square(part, dtype=np.float64)))) if part.size else 0.0


def _peak(signal: np.ndarray) -> float:
    return float(np.max(np.abs(signal), initial=0.0))
