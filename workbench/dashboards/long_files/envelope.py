"""The lowest and the highest value of any stretch of a signal, without looking at all of it."""

from __future__ import annotations

import numpy as np

from workbench.dashboards.views import nice_limit

_BLOCK = 256


class Envelope:
    """Minimum and maximum of the columns of a waveform, from those of its blocks.

    Args:
        signal: `[channels, time]`.

    >>> Envelope(np.arange(1000.0)[None]).columns(np.array([0, 300, 700, 1000]))[0]
    array([[  0., 299.],
           [300., 699.],
           [700., 999.]])
    """

    def __init__(self, signal: np.ndarray):
        self._signal = signal
        edges = np.arange(0, signal.shape[1], _BLOCK)
        self._low = np.minimum.reduceat(signal, edges, axis=1)
        self._high = np.maximum.reduceat(signal, edges, axis=1)

    @property
    def limits(self) -> tuple[float, float]:
        """Lowest and highest value of a plot: 0 in the middle, and room for the peak."""
        high = nice_limit(float(max(np.max(self._high), -np.min(self._low))))
        return -high, high

    def columns(self, edges: np.ndarray) -> np.ndarray:
        """The lowest and highest value from each edge to the next, `[channels, columns, 2]`.

        Args:
            edges: Rising indices of samples; the last is not included. A column has one at least.
        """
        return np.stack([self._ends(edges, np.minimum), self._ends(edges, np.maximum)], axis=-1)

    def _ends(self, edges: np.ndarray, take: np.ufunc) -> np.ndarray:
        """Whole blocks inside of each column, and the single samples at both of its ends."""
        blocks = self._low if take is np.minimum else self._high
        found = np.empty([len(blocks), len(edges) - 1], blocks.dtype)
        count = self._signal.shape[1]
        for column, first in enumerate(np.minimum(edges[:-1], count - 1)):
            last = min(max(edges[column + 1], first + 1), count)
            begin, end = -(-first // _BLOCK), last // _BLOCK
            parts = (
                [self._signal[:, first : begin * _BLOCK], blocks[:, begin:end],
                 self._signal[:, end * _BLOCK : last]]
                if begin < end
                else [self._signal[:, first:last]]
            )  # fmt: skip
            values = np.concatenate(parts, axis=1)
            found[:, column] = take.reduce(values, axis=1)
        return found
