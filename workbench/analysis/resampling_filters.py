"""The low-pass that a change of sample rate applies, in continuous time.

It is the response that `resample` reads its filters from, seen before it is sampled: both Nyquist
frequencies lie on its axis, and what it lets through beyond them is heard as images and aliases.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from workbench.analysis.responses import POINTS, transfer
from workbench.axes import Axis
from workbench.core.rates import rates_of, ratio_of
from workbench.core.responses import Mean, Response, Triangle, low_pass_of
from workbench.curves import Curves
from workbench.measurements import decibels

# How densely a response is sampled for its transform, in samples of the higher and the lower rate.
# What the first lets alias is stopped by then; the second makes little of the jump at its ends.
_HIGHER, _LOWER = 4, 32
_SHOWN = 32  # lobes to each side of a response that has no end


class _Shape(NamedTuple):
    """A response over offsets in samples of what goes in, and its transform over cycles a sample.

    The frequencies are even, from 0 on.
    """

    first: float
    last: float
    weights: Callable[[np.ndarray], np.ndarray]
    gain: Callable[[np.ndarray], np.ndarray]


def nyquist_frequencies(values: Mapping[str, Any]) -> tuple[float, float]:
    """Half of the rate of what goes in and of what comes out, in Hz.

    With a `ratio` and no `orig_rate` the rate of what goes in is 1.

    >>> nyquist_frequencies({"orig_rate": 44100, "target_rate": 16000, "ratio": None})
    (22050.0, 8000.0)
    """
    orig, ratio = _rate_and_ratio(values)
    return orig / 2, orig * ratio / 2


def resampling_impulse(values: Mapping[str, Any], points: int = 1025) -> Curves:
    """The response over the seconds around its middle, from the parameters of `resample`.

    What a sample so many seconds away counts; the integral over the samples' distance is 1.
    """
    orig, ratio = _rate_and_ratio(values)
    shape = _shape(values, ratio)
    offsets = np.linspace(shape.first, shape.last, points)
    axis = Axis("time", "s", offsets[0] / orig, (offsets[1] - offsets[0]) / orig)
    return Curves(axis, shape.weights(offsets)[None], (values["kind"],), "weight")


def resampling_gain(
    values: Mapping[str, Any], points: int = 2 * POINTS - 1, floor_db: float = -200.0
) -> Curves:
    """Gain of the response from 0 Hz to the higher of the two rates."""
    orig, ratio = _rate_and_ratio(values)
    top = max(1.0, ratio)  # in cycles a sample of what goes in
    gain = np.abs(_shape(values, ratio).gain(np.linspace(0.0, top, points)))
    levels = np.maximum(decibels(gain**2), floor_db)
    axis = Axis("frequency", "Hz", 0.0, top * orig / (points - 1))
    return Curves(axis, levels[None], (values["kind"],), "gain", "dB")


def _rate_and_ratio(values: Mapping[str, Any]) -> tuple[float, float]:
    if (ratio := ratio_of(values)) is not None:
        return float(values["orig_rate"] or 1), float(ratio)
    orig, target = rates_of(values)
    return float(values["orig_rate"]), target / orig


def _shape(values: Mapping[str, Any], ratio: float) -> _Shape:
    """What the kind reads between the samples, and its Fourier transform."""
    kind, lower, step = values["kind"], min(1.0, ratio), 1 / ratio
    if kind == "fft":
        far = _SHOWN / lower
        return _Shape(
            -far, far, lambda t: lower * np.sinc(lower * t), lambda f: 1.0 * (f <= lower / 2)
        )
    if kind == "nearest":
        return _Shape(-1.0, 1.0, lambda t: 1.0 * (np.abs(t) <= 0.5), np.sinc)
    if kind == "average":  # a sample that is held, its mean over the time from now to the next
        return _Shape(-step - 0.5, 1.5, Mean(step), lambda f: np.sinc(f) * np.sinc(f * step))
    response = low_pass_of(values, tf.float32, lower / 2)
    half = response.half_width
    if isinstance(response, Triangle):
        return _Shape(-half, half, response, lambda f: np.sinc(f) ** 2)
    return _Shape(-half, half, response, lambda f: _gain(response, lower, f[-1], len(f)))


@functools.lru_cache(maxsize=32)
def _gain(response: Response, lower: float, top: float, points: int) -> np.ndarray:
    """The Fourier integral of a low-pass up to `top` cycles a sample, as a sum of dense samples."""
    density = 2 * math.ceil(max(_HIGHER, _LOWER * lower / top) / 2)
    rate = density * top
    reach = math.ceil(response.half_width * rate)
    samples = response(np.arange(-reach, reach + 1) / rate) / rate
    gain = np.abs(transfer(samples, points=density // 2 * (points - 1) + 1)[:points])
    gain.flags.writeable = False
    return gain
