"""The same picture as the page's, drawn by Matplotlib: for print, and where no kernel runs."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle
from matplotlib.ticker import LogLocator, NullFormatter

from workbench.dashboards.frames import Frame
from workbench.dashboards.panels import (
    EDGE,
    ImagePanel,
    LinesPanel,
    Panel,
    WavePanel,
    ZPlane,
    ZPlanePanel,
)

_COLOURS = ("#1f77b4", "#e8710a", "#2a9d4a", "#8e44ad", "#6b5b00", "#c22f3d")
_ALERT = "#c62828"
_TINT = (99 / 255, 176 / 255, 1.0, 0.7)
_MARKERS = ("x", "o", "^", "s", "+", "D")
_STYLES: dict[str, dict[str, Any]] = {
    "solid": {"linewidth": 1.2},
    "dashed": {"linewidth": 1.2, "linestyle": "--"},
    "reference": {"linewidth": 0.9, "linestyle": (0, (6, 3)), "color": "#71767d", "zorder": 1.5},
}
_DOTS = 75.0  # of a panel's height and of the page's width, per inch
_LEGEND: dict[str, Any] = {
    "loc": "lower right",
    "frameon": False,
    "fontsize": "small",
    "borderaxespad": 0.2,
    "columnspacing": 1.2,
    "handlelength": 1.4,
}
_DIVERGING = LinearSegmentedColormap.from_list(
    "workbench-diverging", ["#1f4e8c", "#f7f7f7", "#a3262a"]
)


class Picture(Figure):
    """A figure that a notebook shows by itself, without pyplot."""

    def _repr_png_(self) -> bytes:
        return png(self)


def draw(frame: Frame, *, width: float = 9.0) -> Figure:
    """Draws a frame.

    Args:
        frame: What a dashboard shows.
        width: Width of the figure in inches; the height follows from the panels.

    Returns:
        A figure that belongs to no window: `savefig` writes PNG, SVG or PDF.
    """
    rows = _rows(frame.panels)
    heights = [max(_height(panel, width) for panel in row) for row in rows]
    own_axes = sum(isinstance(row[0], LinesPanel) for row in rows)
    size = (width, 0.55 + sum(heights) / _DOTS + 0.45 * (len(heights) + own_axes))
    figure = Picture(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    if not heights:
        return figure
    grid = figure.add_gridspec(len(heights), 2, height_ratios=heights, width_ratios=(40, 1))
    first = None
    for number, row in enumerate(rows):
        panel = row[0]
        if isinstance(panel, ZPlanePanel):
            _draw_planes(figure.add_subfigure(grid[number, :]), panel, width)
        elif isinstance(panel, LinesPanel):
            beside = grid[number, 0].subgridspec(1, len(row))
            for place, each in enumerate(row):
                _draw_lines(figure.add_subplot(beside[place]), each, share=len(row))
        else:
            axes = figure.add_subplot(grid[number, 0], sharex=first)
            first = first or axes
            bar = grid[number, 1]
            _draw_over_time(figure, axes, panel, bar, last=not _over_time(rows[number + 1 :]))
    if first is not None:
        first.set_xlim(*frame.shown)
    return figure


def _rows(panels: Sequence[Panel]) -> list[list[Any]]:
    """Panels of half the width in pairs, every other one by itself."""
    rows: list[list[Any]] = []
    for panel in panels:
        half = isinstance(panel, LinesPanel) and panel.half
        if half and rows and len(rows[-1]) == 1 and getattr(rows[-1][0], "half", False):
            rows[-1].append(panel)
        else:
            rows.append([panel])
    return rows


def _over_time(rows: list[list[Any]]) -> bool:
    """Whether the next row is one over time."""
    return bool(rows) and isinstance(rows[0][0], WavePanel | ImagePanel)


def _draw_over_time(
    figure: Figure, axes: Axes, panel: WavePanel | ImagePanel, side: Any, *, last: bool
) -> None:
    if isinstance(panel, WavePanel):
        _draw_wave(axes, panel)
    else:
        bar = figure.colorbar(_draw_image(axes, panel), cax=figure.add_subplot(side))
        bar.set_label(_with_unit(panel.label, panel.unit))
    axes.tick_params(labelbottom=last)
    if last:
        axes.set_xlabel("time (s)")


def png(figure: Figure, *, dots_per_inch: int = 80) -> bytes:
    """A figure as a PNG file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dots_per_inch)
    return buffer.getvalue()


def _height(panel: Panel, width: float) -> float:
    """Height of a panel without its title and its axis, in the page's dots."""
    if not isinstance(panel, ZPlanePanel):
        return panel.height
    columns = _columns(panel, width)
    side = min(panel.height, _room(width) / columns - 16)
    return math.ceil(len(panel.planes) / columns) * (side + 38)


def _room(width: float) -> float:
    """Width of the plots without what stands beside them, in the page's dots."""
    return width * _DOTS - 62


def _columns(panel: ZPlanePanel, width: float) -> int:
    """Planes in a row, so that the rows are as full as each other."""
    count = len(panel.planes)
    rows = math.ceil(count / max(1, int(_room(width) / (min(panel.height, 120) + 16))))
    return math.ceil(count / rows)


def _draw_wave(axes: Axes, panel: WavePanel) -> None:
    envelope = panel.data.ndim == 3
    times = panel.start + panel.step * (np.arange(panel.data.shape[1]) + 0.5 * envelope)
    names = panel.names or [f"ch{channel + 1}" for channel in range(len(panel.data))]
    look: dict[str, Any] = {"alpha": 0.8 if len(panel.data) > 1 else 1.0}
    for number, line in enumerate(panel.data):
        look |= {"color": _COLOURS[number % len(_COLOURS)], "label": names[number]}
        if envelope:
            axes.fill_between(times, line[:, 0], line[:, 1], linewidth=0.7, **look)
        else:
            marker = "." if panel.data.shape[1] < 200 else ""
            axes.plot(times, line, linewidth=0.9, marker=marker, **look)
    axes.set_ylim(panel.low, panel.high)
    axes.set_ylabel(_with_unit(panel.label, panel.unit))
    _head(axes, panel.title, legend=bool(panel.names) or len(panel.data) > 1)


def _draw_lines(axes: Axes, panel: LinesPanel, share: int = 1) -> None:
    hertz = panel.axis.unit == "Hz" and panel.shown[1] >= 1000
    scale = 1e-3 if hertz else 1.0
    marker = "." if panel.data.shape[1] < 60 else ""
    colours = iter(np.resize(_COLOURS, len(panel.data)))
    for line, name, style in zip(panel.data, panel.names, panel.line_styles, strict=True):
        look = _STYLES[style]
        if "color" not in look:
            look = look | {"color": next(colours)}
        axes.plot(scale * panel.positions, line, label=name, marker=marker, **look)
    if panel.logarithmic:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlim(scale * panel.shown[0], scale * panel.shown[1])
    axes.set_ylim(panel.low, panel.high)
    axes.set_xlabel(_with_unit(panel.axis.name, "kHz" if hertz else panel.axis.unit))
    axes.set_ylabel(_with_unit(panel.label, panel.unit))
    axes.grid(alpha=0.3)
    _head(axes, panel.title, legend=len(panel.data) > 1, share=share)


def _draw_planes(part: SubFigure, panel: ZPlanePanel, width: float) -> None:
    columns = _columns(panel, width)
    rows = math.ceil(len(panel.planes) / columns)
    every = part.subplots(rows, columns, squeeze=False).ravel()
    for axes, plane in zip(every, panel.planes, strict=False):
        _draw_plane(axes, plane, panel.groups, panel.extent)
    for axes in every[len(panel.planes) :]:
        axes.set_axis_off()
    part.suptitle(panel.title, fontsize="medium", x=0.01, ha="left")
    marks = [_mark(number) for number in range(len(panel.groups))]
    samples = [Line2D([], [], linestyle="", **look) for look in marks]
    part.legend(samples, panel.groups, **_LEGEND | {"loc": "upper right"}, ncols=len(marks))


def _draw_plane(axes: Axes, plane: ZPlane, groups: tuple[str, ...], extent: float) -> None:
    axes.add_patch(Circle((0.0, 0.0), 1.0, fill=False, linewidth=0.9, color="#4a5058"))
    axes.axhline(0.0, linewidth=0.5, color="#b9bec5")
    axes.axvline(0.0, linewidth=0.5, color="#b9bec5")
    largest, outside = 0.0, 0
    for number, name in enumerate(groups):
        z = np.ravel(plane.points.get(name, np.zeros(0)))
        out = np.abs(z) > EDGE
        largest, outside = max(largest, float(np.max(np.abs(z), initial=0.0))), outside + sum(out)
        beyond = np.maximum(np.maximum(np.abs(z.real), np.abs(z.imag)) / (0.96 * extent), 1.0)
        shown = z / beyond
        halo: dict[str, Any] = {
            "markersize": 9,
            "markeredgecolor": _ALERT,
            "markerfacecolor": f"{_ALERT}40",
        }
        axes.plot(shown[out].real, shown[out].imag, "o", zorder=2.5, **halo)
        axes.plot(shown.real, shown.imag, linestyle="", zorder=3, **_mark(number))
    axes.text(0.99, 0.51, "Re", transform=axes.transAxes, fontsize=6, ha="right", va="bottom")
    axes.text(0.51, 0.99, "Im", transform=axes.transAxes, fontsize=6, ha="left", va="top")
    axes.set(xlim=(-extent, extent), ylim=(-extent, extent), aspect="equal", xticks=[], yticks=[])
    title = f"✓ {plane.title}" if plane.chosen else plane.title
    weight = "bold" if plane.chosen else "normal"
    axes.set_title(title, fontsize="small", loc="left", fontweight=weight, pad=3)
    said = f"{outside} outside, max |z| {largest:.4f}" if outside else f"max |z| {largest:.4f}"
    colour, weight = (_ALERT, "bold") if outside else ("#4a5058", "normal")
    axes.set_xlabel(
        said, fontsize="x-small", loc="left", labelpad=3, color=colour, fontweight=weight
    )
    for spine in axes.spines.values():
        spine.set(color="#1769c8" if plane.chosen else "#b9bec5", linewidth=1 + plane.chosen)


def _mark(number: int) -> dict[str, Any]:
    """How a group's points look."""
    colour = _COLOURS[number % len(_COLOURS)]
    look = {"marker": _MARKERS[number % len(_MARKERS)], "color": colour, "markersize": 4}
    return look | {"markerfacecolor": "none", "markeredgewidth": 1.0}


def _head(axes: Axes, title: str, *, legend: bool = False, share: int = 1) -> None:
    """The title above the plot; beside it a legend, or between the two where room is short.

    `share` is how many plots share the width.
    """
    look: dict[str, Any] = {"fontsize": "medium", "loc": "left"}
    shown = axes.set_title(title, **look)
    if not legend:
        return
    room = axes.figure.get_window_extent().width / share - 1.05 * axes.figure.dpi  # of the plot
    for columns in range(len(axes.get_legend_handles_labels()[1]), 0, -1):
        made = axes.legend(**_LEGEND, bbox_to_anchor=(1.0, 1.0), ncols=columns)
        box = made.get_window_extent()
        if box.width <= room:
            break
    if shown.get_window_extent().width + box.width > room:
        points = 72.0 / axes.figure.dpi
        axes.set_title(title, **look, pad=6.0 + points * box.height)


def _draw_image(axes: Axes, panel: ImagePanel) -> mpl.image.AxesImage:
    rows, columns = panel.data.shape
    span = panel.high - panel.low
    values = panel.low + panel.data * (span / 255.0)
    ends = (panel.start, panel.start + panel.step * columns)
    drawn = axes.imshow(
        values,
        aspect="auto",
        origin="lower",
        interpolation="nearest",
        extent=(*ends, -0.5, rows - 0.5),
        cmap="magma" if panel.colormap == "magma" else _DIVERGING,
        vmin=panel.low,
        vmax=panel.high,
    )
    if panel.tinted is not None:
        veil = np.zeros((rows, columns, 4))
        veil[panel.tinted] = _TINT
        look: dict[str, Any] = {
            "origin": "lower",
            "interpolation": "nearest",
            "extent": drawn.get_extent(),
        }
        axes.imshow(veil, aspect="auto", **look)
    ticks = _row_ticks(panel.y_values)
    places = np.interp(ticks, panel.y_values, np.arange(rows))
    hertz = panel.y_unit == "Hz"
    axes.set_yticks(places, [f"{t / 1000:g}" if hertz else f"{t:g}" for t in ticks])
    axes.set_ylabel(_with_unit(panel.y_name, "kHz" if hertz else panel.y_unit))
    _head(axes, panel.title)
    return drawn


def _row_ticks(values: np.ndarray) -> list[float]:
    """Round numbers for about six rows, evenly spread over the picture."""
    low, high = float(values[0]), float(values[-1])
    if len(values) < 2 or high <= low:
        return [low]
    steps = np.diff(values)
    if np.ptp(steps) < 0.3 * np.mean(steps):
        step = 10.0 ** math.floor(math.log10((high - low) / 3))
        step *= max(n for n in (1, 2, 5, 10) if n * step <= (high - low) / 3)
        return list(np.arange(math.ceil(low / step) * step, high + step * 1e-9, step))
    decades = range(math.floor(math.log10(max(low, 1.0))), math.ceil(math.log10(high)) + 1)
    nice = [n * 10.0**decade for decade in decades for n in (1, 2, 5)]
    inside = [tick for tick in nice if low <= tick <= high]
    return inside[-6:]


def _with_unit(name: str, unit: str) -> str:
    return f"{name} ({unit})" if unit else name
