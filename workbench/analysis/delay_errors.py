"""What a delay by a fraction of a sample does to the tones: gain, delay and error of each kind.

Frequencies are parts of the Nyquist frequency: the error of a delay does not depend on the rate.

Source: Laakso, Välimäki, Karjalainen & Laine, "Splitting the unit delay", IEEE Signal Processing
Magazine 13(1), 1996.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from workbench.analysis.responses import POINTS, group_delay
from workbench.axes import Axis
from workbench.core.delay_filters import DelayFilter, design_delay, thiran_coefficients
from workbench.curves import Curves
from workbench.errors import ParameterError
from workbench.measurements import decibels

_FRACTIONS = 41  # among which the worst is looked for, both ends included
_FINE = 4097  # points of the error whose crossing is looked for
_SHOWN = 32  # taps to each side of the ideal interpolator, which has no end


def delay_taps(values: Mapping[str, Any]) -> Curves:
    """The impulse response of a delay, from the parameters of `fractional_delay`.

    Over the samples from the impulse on; before it too, where the kind looks ahead. Of kind "fft",
    which has no end, a part.
    """
    whole, fraction, made = _parts(values)
    lags = np.arange(1 - _SHOWN, _SHOWN + 1) if made is None else made.lags()
    weights = np.sinc(lags - fraction) if made is None else made.weights(np.array(fraction))
    axis = Axis("sample", start=float(whole + lags[0]))
    return Curves(axis, weights[None], (values["kind"],), "weight")


def delay_coefficients(values: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients b and a of the filter that delays by the fraction, for its zeros and poles.

    The samples that it looks ahead and those of the whole delay are left out.
    """
    _, fraction, made = _parts(values)
    if values["kind"] == "thiran":
        past = thiran_coefficients(values["order"], np.array(fraction))
        return past[::-1], past
    weights = delay_taps(values).data[0] if made is None else made.weights(np.array(fraction))
    return weights, np.ones(1)


def delay_gain(values: Mapping[str, Any], points: int = POINTS) -> Curves:
    """Gain of a delay, whose error it is: the ideal one is 0 dB."""
    gain = decibels(np.abs(_relative(values, points)) ** 2)
    return _over_band(gain[None], ("gain",), "gain", "dB")


def envelope_delay(values: Mapping[str, Any], points: int = POINTS) -> Curves:
    """How much later the envelope of each tone comes, and how much later it should, in samples.

    >>> envelope_delay({"kind": "linear", "delay": 3.5, "order": 1, "lobes": 32}, 3).data.tolist()
    [[3.5, 3.5, nan], [3.5, 3.5, 3.5]]
    """
    own = group_delay(*delay_coefficients(values), rate=2.0, points=points).data[0]
    asked = np.full(points, float(values["delay"]))
    found = own + delay_taps(values).axis.start
    return _over_band(np.stack([found, asked]), ("delay", "ideal"), "group delay", "samples")


def phase_delays(values: Mapping[str, Any], points: int = POINTS) -> Curves:
    """How much later each tone comes, and how much later it should, in samples."""
    found = float(values["delay"]) + _lateness(values, points)
    asked = np.full(points, float(values["delay"]))
    return _over_band(np.stack([found, asked]), ("found", "asked for"), "phase delay", "samples")


def phase_delay_error(values: Mapping[str, Any], points: int = POINTS) -> Curves:
    """How much later each tone comes than it should, in samples; a gap where nothing passes."""
    found = _lateness(values, points)
    return _over_band(found[None], ("error",), "phase delay error", "samples")


def delay_error(values: Mapping[str, Any], points: int = POINTS) -> Curves:
    """Error of gain and phase together, at this delay and at the worst one, -200 dB at the least.

    It is the level of what differs from a tone that is delayed exactly, relative to that tone.
    """
    here = decibels(np.abs(_relative(values, points) - 1.0) ** 2)
    worst = _worst(values["kind"], values["order"], values["lobes"], points)
    names = ("this delay", "worst delay")
    return _over_band(np.stack([here, worst]), names, "error", "dB")


def clean_band(values: Mapping[str, Any], limit_db: float = -60.0) -> float:
    """The part of the Nyquist frequency up to which the error stays below a limit, at any delay.

    >>> round(clean_band({"kind": "hermite", "order": 3, "lobes": 32}), 3)
    0.125
    """
    worst = _worst(values["kind"], values["order"], values["lobes"], _FINE)
    above = np.flatnonzero(worst > limit_db)
    if not len(above):
        return 1.0
    first = int(above[0])
    if first == 0:
        return 0.0
    part = (limit_db - worst[first - 1]) / (worst[first] - worst[first - 1])
    return float((first - 1 + part) / (_FINE - 1))


def _parts(values: Mapping[str, Any]) -> tuple[int, float, DelayFilter | None]:
    """Whole part and fraction of a delay, and its filter; None: the ideal one."""
    if np.ndim(values["delay"]):
        got = f"the shape {tuple(np.shape(values['delay']))}"
        raise ParameterError("delay", "be one number for its response to be shown", got)
    delay = float(values["delay"])
    if values["kind"] == "fft":
        whole = int(np.floor(delay))
        return whole, delay - whole, None
    made = design_delay(values["kind"], values["order"], values["lobes"])
    return *made.split(delay), made


def _relative(values: Mapping[str, Any], points: int) -> np.ndarray:
    """The transfer function over that of the ideal delay, complex `[points]`."""
    _, fraction, made = _parts(values)
    return (
        np.ones(points) if made is None else _against_ideal(made, np.array([fraction]), points)[0]
    )


def _against_ideal(made: DelayFilter, fractions: np.ndarray, points: int) -> np.ndarray:
    """The same for several fractions, `[fractions, points]`."""
    weights = made.weights(fractions)
    size = 2 * (points - 1)
    padded = np.pad(weights, [(0, 0), (0, -weights.shape[1] % size)])
    folded = padded.reshape(len(fractions), -1, size).sum(axis=1)
    angles = np.linspace(0.0, np.pi, points)
    return np.fft.rfft(folded) * np.exp(1j * np.outer(fractions - made.first, angles))


def _lateness(values: Mapping[str, Any], points: int) -> np.ndarray:
    """Phase delay beyond the ideal one, in samples; at 0 Hz what it tends to, which is 0."""
    relative = _relative(values, points)
    phase = np.unwrap(np.angle(relative))
    late = -phase / np.maximum(np.linspace(0.0, np.pi, points), 1e-300)
    return np.where(np.abs(relative) > 1e-9, late, np.nan)


@functools.lru_cache(maxsize=32)
def _worst(kind: str, order: int, lobes: int, points: int) -> np.ndarray:
    """The largest error in dB over all fractions, `[points]`."""
    if kind == "fft":
        return np.full(points, decibels(0.0))
    made = design_delay(kind, order, lobes)
    fractions = made.lowest + np.linspace(0.0, 1.0, _FRACTIONS)
    error = np.abs(_against_ideal(made, fractions, points) - 1.0)
    found = decibels(np.max(error, axis=0) ** 2)
    found.flags.writeable = False
    return found


def _over_band(data: np.ndarray, names: tuple[str, ...], quantity: str, unit: str) -> Curves:
    axis = Axis("frequency", "of Nyquist", 0.0, 1.0 / (data.shape[1] - 1))
    return Curves(axis, data, names, quantity, unit)
