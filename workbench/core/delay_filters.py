"""Filters that delay by a fraction of a sample: closed forms, and polynomials of the fraction."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.polynomial import polynomial

from workbench.core.polynomials import fit, lagrange_weights
from workbench.core.responses import LowPass
from workbench.errors import ParameterError

# Each weight is a smooth function of the fraction. These degrees leave less than 1e-15 of it.
_SINC_DEGREE, _THIRAN_DEGREE = 17, 28
_THIRAN_MOST = 4
# A Kaiser window of so many lobes a side brings the error of a delay below -120 dB; with fewer, a
# lower beta keeps the transition band as wide as it is there, 0.28 pi. With 64 lobes it is half.
_FULL_LOBES, _FULL_BETA = 32, 14.0


class DelayFilter(NamedTuple):
    """An interpolator: `y[n] = sum_k h_k(fraction) x[n - whole - k]`, k = first .. last.

    A delay is `whole + fraction`, with the fraction in `lowest <= fraction < lowest + 1`. At
    fraction 0 the weight of k = 0 is 1, the others are 0.
    """

    first: int
    last: int
    lowest: float
    degree: int  # of the weights as polynomials of the fraction
    weights: Callable[[np.ndarray], np.ndarray]  # [...] -> [..., last - first + 1], float64

    def split(self, delay: float) -> tuple[int, float]:
        """The whole part and the fraction of a delay."""
        whole = math.floor(delay - self.lowest)
        return whole, delay - whole

    def lags(self) -> np.ndarray:
        """The k of each weight."""
        return np.arange(self.first, self.last + 1)


@functools.lru_cache(maxsize=64)
def design_delay(kind: str, order: int, lobes: int) -> DelayFilter:
    """The filter of a kind: "linear", "hermite", "lagrange", "thiran" or "sinc".

    Raises:
        ParameterError: The order is too high for the kind.

    >>> design_delay("linear", 3, 32).weights(np.array(0.25)).tolist()
    [0.75, 0.25]
    """
    if kind == "linear":
        return _lagrange(1)
    if kind == "hermite":
        return DelayFilter(-1, 2, 0.0, 3, _hermite_weights)
    if kind == "lagrange":
        return _lagrange(order)
    if kind == "sinc":
        return _sinc(lobes)
    if order > _THIRAN_MOST:
        rule = f"be at most {_THIRAN_MOST} for kind 'thiran'"
        raise ParameterError("order", rule, order, "Or take kind='lagrange'.")
    return _thiran(order)


@functools.lru_cache(maxsize=64)
def design_polynomials(kind: str, order: int, lobes: int) -> np.ndarray:
    """The weights of a kind as polynomials: `h(f) = [k == 0] + f * sum_j q[:, j] u**j`.

    Here f is the fraction and `u = 2 (f - lowest) - 1`, which lies in -1 .. 1. So fraction 0 is
    exactly no fraction, and the derivative there is that of the weights.

    Returns:
        float64 q, `[taps, degree]`.

    Source: Farrow, "A continuously variable digital delay element", ISCAS 1988.

    >>> design_polynomials("linear", 3, 32).round(12).tolist()
    [[-1.0], [1.0]]
    """
    made = design_delay(kind, order, lobes)
    change = fit(lambda u: made.weights(made.lowest + (u + 1) / 2), made.degree)
    change[:, 0] -= made.lags() == 0
    fraction = [made.lowest + 0.5, 0.5]
    quotients = [polynomial.polydiv(row, fraction)[0] for row in change]
    table = np.stack([np.pad(row, (0, made.degree - len(row))) for row in quotients])
    table.flags.writeable = False
    return table


def _hermite_weights(fraction: np.ndarray) -> np.ndarray:
    """Cubic through two samples with the slopes of their neighbours (Catmull & Rom 1974)."""
    f = np.asarray(fraction)
    return np.stack(
        [
            -0.5 * f * (1 - f) ** 2,
            1 + f * f * (1.5 * f - 2.5),
            0.5 * f * (1 + f * (4 - 3 * f)),
            0.5 * f * f * (f - 1),
        ],
        axis=-1,
    )


def _lagrange(order: int) -> DelayFilter:
    """The polynomial through the `order + 1` samples nearest to the place that is read."""
    first = -((order - 1) // 2) if order % 2 else -(order // 2)
    lags = np.arange(first, first + order + 1)
    weights = functools.partial(lagrange_weights, lags)
    return DelayFilter(first, first + order, 0.0 if order % 2 else -0.5, order, weights)


def _sinc(lobes: int) -> DelayFilter:
    """The ideal interpolator under a Kaiser window."""
    ideal = LowPass(0.5, lobes, _FULL_BETA * min(1.0, lobes / _FULL_LOBES))
    lags = np.arange(1 - lobes, lobes + 1)

    def weights(fraction: np.ndarray) -> np.ndarray:
        return ideal(np.asarray(fraction)[..., None] - lags)

    return DelayFilter(1 - lobes, lobes, 0.0, _SINC_DEGREE, weights)


def thiran_coefficients(order: int, fraction: np.ndarray) -> np.ndarray:
    """The denominator of the all-pass that delays by `order + fraction`, `[..., order + 1]`.

    The numerator is the denominator reversed. Source: Thiran, "Recursive digital filters with
    maximally flat group delay", IEEE Trans. Circuit Theory 18(6), 1971.
    """
    f = np.asarray(fraction)[..., None]
    n = np.arange(order + 1)
    rows = [
        (-1) ** k * math.comb(order, k) * np.prod((f + n) / (f + n + k), axis=-1)
        for k in range(1, order + 1)
    ]
    return np.stack([np.ones(f.shape[:-1]), *rows], axis=-1)


def _thiran(order: int) -> DelayFilter:
    """The all-pass by its impulse response, as long as it differs from 0 in float64.

    It is causal from a delay of `order - 0.5` on; it is moved so that its delay is the fraction.
    The poles are largest at the lowest fraction, and then at most 0.58: the response is short.
    """
    pole = np.max(np.abs(np.roots(thiran_coefficients(order, np.array(-0.5)))))
    count = order + 1 + math.ceil(math.log(1e-19) / math.log(pole))

    def weights(fraction: np.ndarray) -> np.ndarray:
        a = thiran_coefficients(order, fraction)
        response = np.zeros((*a.shape[:-1], count))
        for n in range(count):
            fresh = a[..., order - n] if n <= order else 0.0
            past = [a[..., k] * response[..., n - k] for k in range(1, min(n, order) + 1)]
            response[..., n] = fresh - sum(past)
        return response

    return DelayFilter(-order, count - 1 - order, -0.5, _THIRAN_DEGREE, weights)
