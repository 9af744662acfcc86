"""The window of short-time analysis: its shape, its transform, and what is said of it in figures.

Source: Harris, "On the use of windows for harmonic analysis with the discrete Fourier transform",
Proc. IEEE 66(1), 1978.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from workbench.axes import Axis
from workbench.core.framing import transform_length
from workbench.core.windows import window_of
from workbench.curves import Curves
from workbench.measurements import decibels

_FINE = 16  # points of a transform in each of its bins; one lies in its middle, at the zeros
_DEEPEST = 1e-20  # of a power: what is weaker may be rounding


@dataclass(frozen=True)
class WindowFigures:
    """A window in figures; bins are those of the transform, `rate / fft_length`.

    Attributes:
        main_lobe: Width of the main lobe between its zeros, in bins.
        side_lobe_db: Level of the highest side lobe, -200 at the least; NaN where there is none.
        noise_bandwidth: Width of the rectangle that lets as much noise through, in bins.
        scalloping_db: How much weaker a tone between two bins appears than one in a bin.
        ripple_db: How far the sum of the windows at their step rises and falls.
        squared_ripple_db: The same of the squared windows, by which an inverse divides; infinite
            where they leave samples out.
    """

    main_lobe: float
    side_lobe_db: float
    noise_bandwidth: float
    scalloping_db: float
    ripple_db: float
    squared_ripple_db: float


def window_shape(values: Mapping[str, Any]) -> Curves:
    """The window over the samples of the frame, from the parameters of an STFT.

    Raises:
        ParameterError: `window_length` exceeds `frame_length`.
    """
    taper = _taper(values)
    return Curves(Axis("sample"), taper[None], (values["window"],), "weight")


def window_spectrum(
    values: Mapping[str, Any],
    reach: float = 16.0,
    rate: float | None = None,
    floor_db: float = -160.0,
) -> Curves:
    """Level of a steady tone in the bins around it: the window's transform, 0 dB at its middle.

    Args:
        values: The parameters of an STFT.
        reach: Bins to either side, those of the transform.
        rate: Samples per second, for an axis in Hz; None: in bins.
        floor_db: Lowest level.
    """
    size = transform_length(values)
    power = _power(_taper(values).tobytes(), size)
    count = min(len(power) - 1, round(reach * _FINE))
    half = np.maximum(decibels(power[: count + 1]), floor_db)
    both = np.concatenate([half[:0:-1], half])
    bins, unit = (1.0, "bins") if rate is None else (rate / size, "Hz")
    axis = Axis("offset", unit, -count * bins / _FINE, bins / _FINE)
    return Curves(axis, both[None], (values["window"],), "level", "dB")


def window_overlap(values: Mapping[str, Any]) -> Curves:
    """What the windows at their step add up to over one frame, each sum around 1.

    The squared windows are what `inverse_stft` divides by: they must not come near 0. Where the
    windows themselves add up to 1 no sample counts more than another.
    """
    taper = _taper(values)
    sums = _sums(taper, values["frame_step"])
    places = np.arange(len(taper)) % sums.shape[1]
    data = (sums / np.mean(sums, axis=1, keepdims=True))[:, places]
    return Curves(Axis("sample"), data, ("windows", "squared windows"), "sum")


def window_figures(values: Mapping[str, Any]) -> WindowFigures:
    """A window in figures, from the parameters of an STFT.

    >>> from workbench.core.spectral import stft
    >>> from workbench.ops import spec
    >>> figures = window_figures(spec(stft).check({"window": "hann"}))
    >>> round(figures.main_lobe, 2), round(figures.side_lobe_db, 1), figures.noise_bandwidth
    (4.0, -31.5, 1.5)
    """
    size = transform_length(values)
    taper = _taper(values)
    lobe, side = _lobes(taper, size)
    turn = np.exp(-1j * np.pi / size * np.arange(len(taper)))
    half_way = np.abs(taper @ turn) / np.sum(taper)
    plain, squared = _sums(taper, values["frame_step"])
    return WindowFigures(
        main_lobe=lobe,
        side_lobe_db=side,
        noise_bandwidth=float(size * np.sum(taper**2) / np.sum(taper) ** 2),
        scalloping_db=float(-decibels(half_way**2)),
        ripple_db=2 * _ripple(plain),
        squared_ripple_db=_ripple(squared),
    )


def _taper(values: Mapping[str, Any]) -> np.ndarray:
    return window_of(values, tf.float64).numpy()


@functools.lru_cache(maxsize=32)
def _power(taper: bytes, fft_length: int) -> np.ndarray:
    """Power of a window's transform relative to that at 0, `_FINE` points a bin."""
    power = np.abs(np.fft.rfft(np.frombuffer(taper), _FINE * fft_length)) ** 2
    power /= power[0]
    power.flags.writeable = False
    return power


def _lobes(taper: np.ndarray, fft_length: int) -> tuple[float, float]:
    """Width of the main lobe, which ends at the first minimum, and level of the highest other."""
    power = _power(taper.tobytes(), fft_length)
    inner = power[1:-1]
    ends = ((inner <= power[:-2]) & (inner < power[2:])) | (inner < _DEEPEST)
    if not np.any(ends):  # as long as the transform's half goes, it only falls
        return 2.0 * (len(power) - 1) / _FINE, float("nan")
    end = int(np.argmax(ends)) + 1
    top = end + int(np.argmax(power[end:]))
    zero = end / _FINE
    if power[end] > _DEEPEST:
        zero = _nearby(taper, fft_length, zero, 0)[0]
    side = _nearby(taper, fft_length, top / _FINE, 1)[1] / np.sum(taper)
    return 2.0 * zero, float(decibels(side**2))


def _nearby(taper: np.ndarray, fft_length: int, bins: float, order: int) -> tuple[float, float]:
    """A zero (of order 0) or an extremum (1) of the transform around the window's middle.

    Newton's method from a place that is less than a point away; and what the transform is there.
    """
    samples = np.arange(len(taper))
    turns = 2 * np.pi / fft_length * (samples - samples @ taper / np.sum(taper))
    low, high = bins - 1 / _FINE, bins + 1 / _FINE
    for _ in range(3):
        turned = taper * np.exp(1j * turns * bins)
        slopes = (np.sum(turned.real), -turned.imag @ turns, -turned.real @ turns**2)
        bins -= slopes[order] / slopes[order + 1] if slopes[order + 1] else 0.0
        bins = float(min(max(bins, low), high))
    return bins, float(slopes[0])


def _sums(taper: np.ndarray, step: int) -> np.ndarray:
    """The windows and the squared windows, added up at a step: one period, `[2, step]`."""
    both = np.pad(np.stack([taper, taper**2]), [(0, 0), (0, -len(taper) % step)])
    return both.reshape(2, -1, step).sum(axis=1)


def _ripple(sums: np.ndarray) -> float:
    """Largest over smallest in dB; infinite where the smallest is nothing but rounding."""
    least, most = np.min(sums), np.max(sums)
    return float(10 * np.log10(most / least)) if least > _DEEPEST * most else float("inf")
