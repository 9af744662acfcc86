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


def lagrange_weights(nodes: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Weights of the values at `nodes` that read the polynomial through them at places `[...]`.

    Returns:
        float64 `[..., nodes]`.

    >>> lagrange_weights(np.arange(3), np.array(0.5)).tolist()
    [0.375, 0.75, -0.125]
    """
    at = np.asarray(places)[..., None]
    others = [nodes[nodes != node] for node in nodes]
    each = [
        np.prod((at - other) / (node - other), axis=-1)
        for node, other in zip(nodes, others, strict=True)
    ]
    return np.stack(each, axis=-1)


def _powers(count: int) -> np.ndarray:
    """The coefficients of the first Chebyshev polynomials, `[polynomial, power]`."""
    rows = [chebyshev.cheb2poly(row[: j + 1]) for j, row in enumerate(np.eye(count))]
    return np.stack([np.pad(row, (0, count - len(row))) for row in rows])
