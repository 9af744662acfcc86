"""A picture of more than is computed at once, put together from pieces in the screen's columns."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from workbench.dashboards.long_files.envelope import Envelope
from workbench.dashboards.panels import ImagePanel, Panel, WavePanel

Span = tuple[float, float]
_FAR = 1e9  # seconds


@dataclass(frozen=True)
class Grid:
    """Columns over time: each holds the steps that begin in it.

    Attributes:
        start: Where the first one begins, in seconds.
        step: How wide they are.
        count: How many there are.
    """

    start: float
    step: float
    count: int

    @staticmethod
    def over(span: Span, columns: int, start: float, step: float) -> Grid:
        """Columns of a display, or the steps themselves where they are fewer."""
        width = (span[1] - span[0]) / columns
        if step < width:
            return Grid(span[0], width, columns)
        first = start + step * math.floor((span[0] - start) / step)
        return Grid(first, step, max(1, math.ceil((span[1] - first) / step - 1e-9)))

    def column(self, time: Any) -> Any:
        """The column that ends at or behind a time that is the end of a step."""
        return np.ceil((time - self.start) / self.step - 1e-6).astype(int) - 1

    def own(self, span: Span) -> tuple[int, int]:
        """The columns whose middles lie in a span."""
        first, last = (math.ceil((t - self.start) / self.step - 0.5 - 1e-6) for t in span)
        return min(max(first, 0), self.count), min(max(last, 0), self.count)


class Track:
    """One panel over time that grows: its values in columns, and which of them are of now."""

    def __init__(self, panel: WavePanel | ImagePanel, grid: Grid):
        self._panel, self.grid = panel, grid
        self._shape = (*_values(panel).shape[:-1], grid.count)
        self._values = np.zeros(self._shape, np.float32)
        self._tinted = np.zeros(self._shape, bool)
        self._fresh = np.zeros(grid.count, bool)
        self._known = np.zeros(grid.count, bool)
        self._limits: list[tuple[float, float]] = []
        self._before: list[tuple[float, float]] = []

    def follow(self, other: Track) -> None:
        """Begins with what another has shown: it is old, but better than nothing."""
        same_rows = other._shape == self._shape and _rows(other._panel) == _rows(self._panel)
        if other.grid == self.grid and same_rows:
            self._values, self._tinted = other._values.copy(), other._tinted.copy()
            self._known = other._known.copy()
            self._before = [*other._before, *other._limits]

    def take(self, panel: WavePanel | ImagePanel, span: Span) -> None:
        """Puts the columns of a piece in their place; `panel` shows each of its steps."""
        first, last = self.grid.own(span)
        if isinstance(panel, ImagePanel) and panel.colormap == "diverging":
            self._panel = panel
        self._limits.append((panel.low, panel.high))
        self._fresh[first:last] = self._known[first:last] = True
        self._values[..., first:last] = _empty(panel)
        self._tinted[..., first:last] = False
        values = _values(panel)
        count = values.shape[-1]
        ends = panel.start + panel.step * np.arange(1, count + 1)
        columns = self.grid.column(ends)
        chosen = (columns >= first) & (columns < last)
        if not np.any(chosen):
            return
        columns, values = columns[chosen], values[..., chosen]
        edges = np.flatnonzero(np.diff(columns, prepend=-1))
        places = columns[edges]
        self._values[..., places] = _pooled(panel, values, edges)
        if isinstance(panel, ImagePanel) and panel.tinted is not None:
            tinted = panel.tinted[:, chosen]
            self._tinted[..., places] = np.logical_or.reduceat(tinted, edges, axis=-1)

    def fill(self, values: np.ndarray, limits: tuple[float, float]) -> None:
        """Takes all columns at once."""
        self._values[:] = values
        self._fresh[:] = self._known[:] = True
        self._limits = [limits]

    def give_up(self) -> None:
        """Takes away what is old."""
        self._known = self._fresh.copy()
        self._before = []

    def panel(self) -> WavePanel | ImagePanel:
        """What there is; what is old or still to come is marked."""
        whole = bool(np.all(self._fresh))
        low, high = _limits(self._panel, self._limits + ([] if whole else self._before))
        head: dict[str, Any] = {"low": low, "high": high}
        head |= {"start": self.grid.start, "step": self.grid.step}
        old = _runs(~self._fresh, self.grid)
        values = np.where(self._known, self._values, _blank(self._panel, low))
        if isinstance(self._panel, WavePanel):
            single = _single(self._panel, self.grid)
            data = values[1] if single else np.moveaxis(values, 0, -1)
            return replace(self._panel, data=np.ascontiguousarray(data), old=old, **head)
        scaled = np.clip((values - low) * (255.0 / (high - low)) + 0.5, 0.0, 255.0)
        tinted = None if self._panel.tinted is None else self._tinted & self._known
        data = np.ascontiguousarray(scaled.astype(np.uint8))
        return replace(self._panel, data=data, tinted=tinted, old=old, **head)


class Overview:
    """The picture of a span that is too long to be computed at once.

    Attributes:
        span: First and last second.
        columns: Pixels of the display across.
        missing: The spans of the pieces that have not come, in their order.
        count: How many pieces there are.
    """

    def __init__(
        self,
        span: Span,
        columns: int,
        seconds: float,
        envelopes: Mapping[str, Envelope] | None = None,
        before: Overview | None = None,
    ):
        self.span, self.columns = span, columns
        self._envelopes, self._before = envelopes or {}, before
        self._tracks: dict[str, Track | Panel] = {}
        self.missing = _pieces(span, columns, seconds)
        self.count = len(self.missing)

    def take(self, piece: Span, panels: Mapping[str, Panel]) -> None:
        """Takes the next piece: panels by name, in which every step is a column."""
        begun = len(self.missing) < self.count
        for name, panel in panels.items():
            if not isinstance(panel, (WavePanel, ImagePanel)):
                self._tracks.setdefault(name, panel)
                continue
            if not begun:
                self._tracks[name] = self._begin(name, panel)
            track = self._tracks.get(name)
            if isinstance(track, Track) and name not in self._envelopes:
                track.take(panel, self._open_ended(piece))
        self.missing.remove(piece)
        self._before = None

    def give_up(self) -> None:
        """Takes away what is old: what is still missing stays empty."""
        for track in self._tracks.values():
            if isinstance(track, Track):
                track.give_up()

    @property
    def names(self) -> tuple[str, ...]:
        """Those of its panels."""
        return tuple(self._tracks)

    def panels(self) -> list[Panel]:
        """The picture as far as it has come."""
        return [
            track.panel() if isinstance(track, Track) else track for track in self._tracks.values()
        ]

    def _open_ended(self, piece: Span) -> Span:
        """The first and the last piece have all that lies before and after them too."""
        first = piece[0] if piece[0] > self.span[0] else -_FAR
        return first, piece[1] if piece[1] < self.span[1] else _FAR

    def _begin(self, name: str, panel: WavePanel | ImagePanel) -> Track:
        grid = Grid.over(self.span, self.columns, panel.start, panel.step)
        made = Track(panel, grid)
        old = self._before._tracks.get(name) if self._before is not None else None
        if name in self._envelopes:
            made.fill(*_overall(self._envelopes[name], grid, panel.step))
        elif isinstance(old, Track):
            made.follow(old)
        return made


def _pieces(span: Span, columns: int, seconds: float) -> list[Span]:
    """Spans of whole columns, of about so many seconds."""
    width = (span[1] - span[0]) / columns
    each = max(1, round(seconds / width))
    edges = [*range(0, columns, each), columns]
    times = [span[0] + width * edge for edge in edges]
    return list(itertools.pairwise(times))


def _overall(envelope: Envelope, grid: Grid, step: float) -> tuple[np.ndarray, Span]:
    """All columns of a waveform, `[2, channels, columns]`, and limits around its peak."""
    edges = np.floor((grid.start + grid.step * np.arange(grid.count + 1)) / step + 1e-6)
    values = np.moveaxis(envelope.columns(edges.astype(int)), -1, 0)
    return values, envelope.limits


def _values(panel: WavePanel | ImagePanel) -> np.ndarray:
    """Values in the panel's unit, time last: `[2, channels, steps]` or `[rows, steps]`."""
    if isinstance(panel, WavePanel):
        return np.stack([panel.data, panel.data])
    return panel.low + panel.data * np.float32((panel.high - panel.low) / 255.0)


def _rows(panel: Panel) -> list[float]:
    """What the rows of an image stand for."""
    return panel.y_values.tolist() if isinstance(panel, ImagePanel) else []


def _pooled(panel: Panel, values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    high = np.maximum.reduceat(values, edges, axis=-1)
    if isinstance(panel, WavePanel):
        high[0] = np.minimum.reduceat(values[0], edges, axis=-1)
    elif isinstance(panel, ImagePanel) and panel.colormap == "diverging":
        low = np.minimum.reduceat(values, edges, axis=-1)
        high = np.where(high >= -low, high, low)
    return high


def _limits(panel: Panel, found: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Of all pieces: a waveform shows all values, an image what lies below the loudest."""
    if isinstance(panel, WavePanel):
        return min(low for low, _ in found), max(high for _, high in found)
    low, high = max(found, key=lambda limits: limits[1])
    diverging = isinstance(panel, ImagePanel) and panel.colormap == "diverging"
    return (-high, high) if diverging else (low, high)


def _empty(panel: Panel) -> float:
    return 0.0 if isinstance(panel, WavePanel) else panel.low  # type: ignore[union-attr]


def _blank(panel: Panel, low: float) -> float:
    diverging = isinstance(panel, ImagePanel) and panel.colormap == "diverging"
    return 0.0 if isinstance(panel, WavePanel) or diverging else low


def _single(panel: WavePanel, grid: Grid) -> bool:
    """Whether each column is a single sample."""
    return math.isclose(panel.step, grid.step, rel_tol=1e-9)


def _runs(marked: np.ndarray, grid: Grid) -> tuple[Span, ...]:
    """The spans of the columns that are marked."""
    edges = np.flatnonzero(np.diff(marked.astype(np.int8), prepend=0, append=0))
    times = [grid.start + grid.step * float(edge) for edge in edges]
    return tuple(zip(times[::2], times[1::2], strict=True))
