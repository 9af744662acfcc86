"""Polynomials that stand for smooth functions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.polynomial import chebyshev


def fit(functions: Callable[[np.ndarray], np.ndarray], degree: int) -> np.ndarray:
    """The polynomials on -1 .. 1 that go through functions at Chebyshev's points.

    Args:
        functions: Takes places `[places]`, gives float64 `[places, functions]`.
        degree: Of the polynomials.

    Returns:
        float64 `[functions, degree + 1]`: the coefficients, from the constant on.

    >>> fit(lambda x: np.stack([1 + x, 4 * x**2], axis=-1), 2).round(12).tolist()
    [[1.0, 1.0, 0.0], [0.0, 0.0, 4.0]]
    """
    places = chebyshev.chebpts1(degree + 1)
    series = np.linalg.solve(chebyshev.chebvander(places, degree), functions(places))
    return series.T @ _powers(degree + 1)


def _powers(count: int) -> np.ndarray:
    """The coefficients of the first Chebyshev polynomials, `[polynomial, power]`."""
    rows = [chebyshev.cheb2poly(row[: j + 1]) for j, row in enumerate(np.eye(count))]
    return np.stack([np.pad(row, (0, count - len(row))) for row in rows])
