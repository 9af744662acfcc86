"""Weights that read a signal between its samples with the smallest largest error in a band."""

from __future__ import annotations

import functools
import math

import numpy as np

from workbench.core.polynomials import fit, lagrange_weights

MINIMAX_BAND = 0.5 * math.pi  # radians per sample
# These leave 0.1 % between the largest error and the smallest possible. The degree is odd so that
# no Chebyshev point is the middle of the delays, which may be a whole number.
_DEGREE, _FREQUENCIES, _ROUNDS = 5, 64, 300


@functools.lru_cache(maxsize=8)
def design_minimax(order: int) -> np.ndarray:
    """How the minimax weights of an order differ from Lagrange's, for delays -1 .. (order + 1) / 2.

    The weights `g` are those that make the largest `abs(sum_k g[k] exp(-jwk) - exp(-jwd))` over
    0 <= w < pi / 2 smallest while `sum(g) = 1`, for a delay of `d` samples. At whole delays among
    0 .. order both they and Lagrange's are one sample; what is between, divided by the polynomial
    with these zeros, is so smooth in `d` that one polynomial of a low degree stands for it:

        g = lagrange(d) + prod_k (d - k) * sum_j c[:, j] u**j,    u = -1 .. 1 as d runs its range

    Returns:
        float64 c, `[order + 1, terms]`.

    >>> design_minimax(3).shape
    (4, 6)
    """
    middle, half = (order - 1) / 4, (order + 3) / 4
    coefficients = fit(lambda u: _differences(order, middle + half * u), _DEGREE)
    coefficients.flags.writeable = False
    return coefficients


def _differences(order: int, delays: np.ndarray) -> np.ndarray:
    """The minimax weights less Lagrange's, over the polynomial, `[delays, order + 1]`.

    Lawson's iteration: least squares, in which each frequency's weight grows with its error.
    Frequencies lie closest at the band's upper edge, where the error is largest.

    Source: Ellacott & Williams, "Linear Chebyshev approximation in the complex plane using
    Lawson's algorithm", Mathematics of Computation 30, 1976.
    """
    taps = np.arange(order + 1)
    w = MINIMAX_BAND * np.sin(np.linspace(0, np.pi / 2, _FREQUENCIES + 1)[1:])
    shifts = np.exp(-1j * np.outer(w, taps))
    polynomial = np.prod(delays[:, None] - taps, axis=1)
    missed = np.exp(-1j * np.outer(delays, w)) - lagrange_weights(taps, delays) @ shifts.T
    wanted = _as_real(missed / polynomial[:, None])
    basis = _as_real((shifts[:, 1:] - shifts[:, :1]).T)  # the weights' sum is not to change
    importance = np.full((len(delays), len(w)), 1 / len(w))
    for _ in range(_ROUNDS):
        scaled = basis * np.concatenate([importance, importance], axis=1)[:, None]
        free = np.linalg.solve(scaled @ basis.T, scaled @ wanted[..., None])[..., 0]
        off = free @ basis - wanted
        importance = importance * np.hypot(*np.split(off, 2, axis=1))
        importance /= importance.sum(axis=1, keepdims=True)
    return np.concatenate([-free.sum(axis=1, keepdims=True), free], axis=1)


def _as_real(values: np.ndarray) -> np.ndarray:
    return np.concatenate([values.real, values.imag], axis=-1)
