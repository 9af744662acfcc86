"""The rows of an image: which bins each shows, where a range of frequencies or octaves are wanted.

An image is stretched over its rows evenly, wherever their values lie: rows that rise by a constant
ratio make a logarithmic axis of any bins.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from workbench.axes import Axis

Range = tuple[float, float]
Pool = Callable[[np.ndarray, np.ndarray, int], np.ndarray]
_LOWEST = 20.0  # Hz: where a logarithmic axis begins, as hearing does; or that far below its end:
_LEAST_RATIO = 100.0


class Held(NamedTuple):
    """The range of a quantity that a plot keeps, whatever there is to show."""

    label: str
    unit: str
    low: float
    high: float

    def ends(self, label: str, unit: str, usual: Range) -> Range:
        """The ends of a plot, which has its usual ones where it is of something else."""
        return (self.low, self.high) if (label, unit) == self[:2] else usual


@dataclass(frozen=True)
class Look:
    """How the pictures of a dashboard are looked at, beside their time.

    Attributes:
        band: The lowest and the highest frequency shown, in Hz; None: all.
        logarithmic: Whether octaves are equally high, on axes in Hz.
        held: The ends of the colours or levels; None: those that suit the values.
    """

    band: Range | None = None
    logarithmic: bool = False
    held: Held | None = None


WHOLE = Look()


@dataclass(frozen=True)
class Rows:
    """The rows of an image.

    Attributes:
        bins: Those that are shown at all.
        edges: Of these the first of each stretch that is pooled; None: each is one by itself.
        stretches: The stretch that each row shows; None: each its own.
        centres: The value of each row.
        reach: On an axis in Hz, the ends of all that there is.
        shown: The part of it that is in view; None: all.
    """

    bins: slice
    edges: np.ndarray | None
    stretches: np.ndarray | None
    centres: np.ndarray
    reach: Range | None = None
    shown: Range | None = None

    def of(self, values: np.ndarray, pool: Pool) -> np.ndarray:
        """Values `[frames, bins]`, of those bins that are shown, as `[frames, rows]`."""
        pooled = values if self.edges is None else pool(values, self.edges, 1)
        return pooled if self.stretches is None else np.take(pooled, self.stretches, 1)


def rows_of(axis: Axis, count: int, most: int, look: Look) -> Rows:
    """The rows of an image of `count` bins, at most so many.

    >>> rows_of(Axis("frequency", "Hz", 0.0, 100.0), 81, 64, Look((1000.0, 2000.0))).centres
    array([1000., 1100., 1200., 1300., 1400., 1500., 1600., 1700., 1800.,
           1900., 2000.])
    """
    centres = axis.positions(count)
    if axis.unit != "Hz" or count < 2:
        return _even(centres, slice(0, count), most)
    reach = reach_of(*_edges(centres), logarithmic=look.logarithmic)
    shown = within(look.band, reach)
    if look.logarithmic:
        return _octaves(centres, most, reach, shown)
    if shown is None:
        return _even(centres, slice(0, count), most, reach)
    first, last = np.floor(_place(np.array(shown), centres) + 0.5).astype(int)
    bins = slice(max(first, 0), min(last, count - 1) + 1)
    return _even(centres, bins, most, reach, shown)


def within(band: Range | None, reach: Range) -> Range | None:
    """The part of a range that is in view; None for all of it, or where nothing is in both.

    >>> within((1000.0, 9000.0), (0.0, 8000.0)), within((9000.0, 9500.0), (0.0, 8000.0))
    ((1000.0, 8000.0), None)
    """
    if band is None:
        return None
    low, high = max(band[0], reach[0]), min(band[1], reach[1])
    return (low, high) if low < high and (low, high) != reach else None


def _edges(centres: np.ndarray) -> Range:
    """The outer edges of the outer bins."""
    low, high = 1.5 * centres[0] - 0.5 * centres[1], 1.5 * centres[-1] - 0.5 * centres[-2]
    return float(low), float(high)


def reach_of(low: float, high: float, *, logarithmic: bool) -> Range:
    """The ends of an axis in Hz: a logarithmic one begins at a lowest pitch."""
    return (max(low, min(_LOWEST, high / _LEAST_RATIO)) if logarithmic else low), high


def _place(values: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """The bins at which values lie, with a fraction; the outer ones reach as far as half a step."""
    low, high = _edges(centres)
    count = len(centres)
    places = np.concatenate([[-0.5], np.arange(count), [count - 0.5]])
    return np.interp(values, np.concatenate([[low], centres, [high]]), places)


def _even(
    centres: np.ndarray,
    bins: slice,
    most: int,
    reach: Range | None = None,
    shown: Range | None = None,
) -> Rows:
    """Rows that stand as the bins do, each for as many of them as the others."""
    centres = centres[bins]
    count = len(centres)
    if count <= most:
        return Rows(bins, None, None, centres, reach, shown)
    edges = np.arange(most) * count // most
    middles = (np.arange(most) + 0.5) * count / most - 0.5  # even rows, though edges are rounded
    return Rows(bins, edges, None, np.interp(middles, np.arange(count), centres), reach, shown)


def _octaves(centres: np.ndarray, most: int, reach: Range, shown: Range | None) -> Rows:
    """Rows of equal ratio; one on which no bin falls shows what the nearest one does."""
    ends = np.geomspace(*(shown or reach), most + 1)
    middles = np.sqrt(ends[:-1] * ends[1:])
    low, high = _place(ends[:-1], centres), _place(ends[1:], centres)
    nearest = np.floor(_place(middles, centres) + 0.5).astype(int)
    has_own = np.ceil(low) < np.ceil(high)
    first = np.clip(np.where(has_own, np.ceil(low).astype(int), nearest), 0, len(centres) - 1)
    starts = np.unique(first)
    last = int(np.clip(np.maximum(np.ceil(high[-1]) - 1, starts[-1]), 0, len(centres) - 1))
    stretches = np.searchsorted(starts, first)
    bins = slice(int(starts[0]), last + 1)
    return Rows(bins, starts - starts[0], stretches, middles, reach, shown)
