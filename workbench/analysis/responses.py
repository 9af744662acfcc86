"""Responses of a filter, from its taps or from the coefficients of its recursion.

A filter is `sum_k a[k] y[n - k] = sum_k b[k] x[n - k]`; without `a` it is the taps `b` alone.

Source: Oppenheim & Schafer, "Discrete-Time Signal Processing", chapter 5.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.axes import Axis
from workbench.curves import Curves
from workbench.errors import ParameterError
from workbench.measurements import decibels

POINTS = 513
_SILENT = 1e-9  # of the largest magnitude: what is weaker has no phase
_MOST = 128  # coefficients whose polynomial is solved: a few milliseconds


def impulse_response(b: Any, a: Any = 1.0, *, rate: float, points: int | None = None) -> Curves:
    """What a filter makes of an impulse, over seconds.

    Args:
        b: Its taps, or the coefficients of what goes in.
        a: The coefficients of what came out before.
        rate: Samples per second.
        points: Samples to show; None: all taps, or 100 of a recursion.

    >>> impulse_response([1.0], [1.0, -0.5], rate=8000, points=4).data[0].tolist()
    [1.0, 0.5, 0.25, 0.125]
    """
    taps, past = _coefficients(b, a)
    count = points or (len(taps) if len(past) == 1 else 100)
    found = np.resize(np.pad(taps, (0, count)), count) / past[0]
    for n in range(count if len(past) > 1 else 0):
        before = found[max(0, n - len(past) + 1) : n][::-1]
        found[n] -= past[1 : len(before) + 1] @ before / past[0]
    return Curves(Axis("time", "s", 0.0, 1.0 / rate), found[None], ("impulse response",), "weight")


def magnitude_response(
    b: Any, a: Any = 1.0, *, rate: float, points: int = POINTS, floor_db: float = -160.0
) -> Curves:
    """Gain over frequencies from 0 to half the rate.

    >>> magnitude_response([0.5, 0.5], rate=8000, points=3).data.round(2).tolist()
    [[0.0, -3.01, -160.0]]
    """
    power = np.abs(transfer(b, a, points)) ** 2
    return _over_hertz(np.maximum(decibels(power), floor_db), rate, "gain", "dB")


def phase_response(b: Any, a: Any = 1.0, *, rate: float, points: int = POINTS) -> Curves:
    """Phase, without jumps of a whole turn; a gap where nothing passes.

    A zero on the unit circle turns it by half a turn.
    """
    return _over_hertz(_phase(b, a, points), rate, "phase", "rad")


def phase_delay(b: Any, a: Any = 1.0, *, rate: float, points: int = POINTS) -> Curves:
    """How much later each tone comes, in samples; at 0 Hz what it tends to.

    >>> phase_delay([0.0, 0.0, 1.0], rate=8000, points=3).data.tolist()
    [[2.0, 2.0, 2.0]]
    """
    phase, angles = _phase(b, a, points), _angles(points)
    delays = np.full(points, np.nan)
    np.divide(-phase, angles, out=delays, where=angles > 0)
    if abs(phase[0]) < 1e-6:  # else it grows beyond all limits there
        delays[0] = _group_delay(b, a, points)[0]
    return _over_hertz(delays, rate, "phase delay", "samples")


def group_delay(b: Any, a: Any = 1.0, *, rate: float, points: int = POINTS) -> Curves:
    """How much later the envelope of each tone comes, in samples; a gap where nothing passes.

    Source: Smith, "Introduction to Digital Filters", section "Numerical computation of group
    delay".

    >>> group_delay([1.0, 2.0, 1.0], rate=8000, points=3).data.tolist()
    [[1.0, 1.0, nan]]
    """
    return _over_hertz(_group_delay(b, a, points), rate, "group delay", "samples")


def zeros_and_poles(b: Any, a: Any = 1.0) -> dict[str, np.ndarray]:
    """Where a filter's transfer function is 0 and where it is infinite, in the plane of z.

    Those at 0 are among them; one at infinity (a delay) is not.

    Returns:
        "zeros" and "poles", complex `[count]`.

    Raises:
        ParameterError: There are more than 128 coefficients.

    >>> found = zeros_and_poles([1.0, -1.0], [1.0, -0.5])
    >>> found["zeros"].real.tolist(), found["poles"].real.tolist()
    ([1.0], [0.5])
    """
    taps, past = (np.trim_zeros(part, "b") for part in _coefficients(b, a))
    count = max(len(taps), len(past))
    if count > _MOST:
        rule = f"have at most {_MOST} coefficients for its zeros to be found"
        raise ParameterError("b" if len(taps) == count else "a", rule, count)
    both = {"zeros": taps, "poles": past}  # as polynomials of z: times its highest power
    return {
        name: np.roots(np.pad(part, (0, count - len(part)))).astype(np.complex128)
        for name, part in both.items()
    }


def transfer(b: Any, a: Any = 1.0, points: int = POINTS) -> np.ndarray:
    """The transfer function at even frequencies from 0 to half the rate, complex `[points]`."""
    taps, past = _coefficients(b, a)
    with np.errstate(divide="ignore", invalid="ignore"):
        return _transform(taps, points) / _transform(past, points)


def _coefficients(b: Any, a: Any) -> tuple[np.ndarray, np.ndarray]:
    taps, past = (np.atleast_1d(np.asarray(part, np.float64)) for part in (b, a))
    if past[0] == 0.0:
        raise ParameterError("a", "begin with a coefficient that is not 0", past.tolist())
    return taps, past


def _transform(taps: np.ndarray, points: int) -> np.ndarray:
    """The transform of any number of taps: those a whole period apart count together."""
    size = 2 * (points - 1)
    folded = np.pad(taps, (0, -len(taps) % size)).reshape(-1, size).sum(axis=0)
    return np.fft.rfft(folded)


def _angles(points: int) -> np.ndarray:
    return np.linspace(0.0, np.pi, points)


def _passes(response: np.ndarray) -> np.ndarray:
    magnitude = np.abs(response)
    return np.isfinite(magnitude) & (magnitude > _SILENT * np.nanmax(magnitude))


def _group_delay(b: Any, a: Any, points: int) -> np.ndarray:
    """The transform of n h[n] over that of h[n]; NaN where nothing passes."""
    delays = np.zeros(points)
    for part, sign in zip(_coefficients(b, a), (1.0, -1.0), strict=True):
        whole = _transform(part, points)
        with np.errstate(divide="ignore", invalid="ignore"):
            delays += sign * np.real(_transform(np.arange(len(part)) * part, points) / whole)
    return np.where(_passes(transfer(b, a, points)), delays, np.nan)


def _phase(b: Any, a: Any, points: int) -> np.ndarray:
    """Unwrapped, once the whole delay is taken out that would turn it from point to point."""
    response, angles = transfer(b, a, points), _angles(points)
    passes, delays = _passes(response), _group_delay(b, a, points)
    weight = np.abs(response[passes]) ** 2
    delay = np.round(np.sum(weight * delays[passes]) / np.sum(weight))
    phase = np.full(points, np.nan)
    turned = response[passes] * np.exp(1j * delay * angles[passes])
    phase[passes] = np.unwrap(np.angle(turned)) - delay * angles[passes]
    return phase


def _over_hertz(values: np.ndarray, rate: float, quantity: str, unit: str) -> Curves:
    axis = Axis("frequency", "Hz", 0.0, rate / 2 / (len(values) - 1))
    return Curves(axis, values[None], (quantity,), quantity, unit)
