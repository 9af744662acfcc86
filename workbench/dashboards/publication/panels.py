"""Panels over time, pictures and lines, drawn by Matplotlib."""

from __future__ import annotations

import math
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from workbench.dashboards.panels import ImagePanel, LinesPanel, WavePanel

COLOURS = ("#1f77b4", "#e8710a", "#2a9d4a", "#8e44ad", "#6b5b00", "#c22f3d")
LEGEND: dict[str, Any] = {
    "loc": "lower right",
    "frameon": False,
    "fontsize": "small",
    "borderaxespad": 0.2,
    "columnspacing": 1.2,
    "handlelength": 1.4,
}
_NARROW = 10.0  # a range in which the ticks of a logarithmic axis stand as on any other
_TINT = (99 / 255, 176 / 255, 1.0, 0.7)
_STYLES: dict[str, dict[str, Any]] = {
    "solid": {"linewidth": 1.2},
    "dashed": {"linewidth": 1.2, "linestyle": "--"},
    "stem": {"linestyle": "", "marker": "."},
    "reference": {"linewidth": 0.9, "linestyle": (0, (6, 3)), "color": "#71767d", "zorder": 1.5},
}
_DIVERGING = LinearSegmentedColormap.from_list(
    "workbench-diverging", ["#1f4e8c", "#f7f7f7", "#a3262a"]
)


_COLORMAPS: dict[str, Any] = {
    "magma": "magma",
    "diverging": _DIVERGING,
    "cyclic": LinearSegmentedColormap.from_list(
        "workbench-cyclic",
        [
            f"#{each}"
            for each in "2d1038 3c2a8a 5580c2 a6c5d6 e4dce4 d8ab92 b35a50 7b2350 2d1038".split()
        ],
    ),
}


def draw_wave(axes: Axes, panel: WavePanel) -> None:
    """Draws signals, or their envelopes, over time."""
    envelope = panel.data.ndim == 3
    times = panel.start + panel.step * (np.arange(panel.data.shape[1]) + 0.5 * envelope)
    names = panel.names or [f"ch{channel + 1}" for channel in range(len(panel.data))]
    look: dict[str, Any] = {"alpha": 0.8 if len(panel.data) > 1 else 1.0}
    for number, line in enumerate(panel.data):
        look |= {"color": COLOURS[number % len(COLOURS)], "label": names[number]}
        if envelope:
            axes.fill_between(times, line[:, 0], line[:, 1], linewidth=0.7, **look)
        else:
            marker = "." if panel.data.shape[1] < 200 else ""
            axes.plot(times, line, linewidth=0.9, marker=marker, **look)
    axes.set_ylim(panel.low, panel.high)
    axes.set_ylabel(with_unit(panel.label, panel.unit))
    _head(axes, panel.title, legend=bool(panel.names) or len(panel.data) > 1)


def draw_lines(axes: Axes, panel: LinesPanel, share: int = 1) -> None:
    """Draws lines over their own axis; `share` plots share the width of the figure."""
    scale, unit = _scaled_unit(panel.axis.unit, max(abs(end) for end in panel.shown))
    marker = "." if panel.data.shape[1] < 60 else ""
    colours = iter(np.resize(COLOURS, len(panel.data)))
    for line, name, style in zip(panel.data, panel.names, panel.line_styles, strict=True):
        look = _STYLES[style]
        if "color" not in look:
            look = look | {"color": next(colours)}
        look = {"label": name, "marker": marker} | look
        [drawn] = axes.plot(scale * panel.positions, line, **look)
        alone = lone_points(line)
        if not look["marker"] and alone.any():
            drawn.set(marker=".", markersize=9, markevery=np.flatnonzero(alone).tolist())
        if style == "stem":
            axes.vlines(scale * panel.positions, 0.0, line, linewidth=1.2, color=look["color"])
    first, last = (scale * end for end in panel.shown)
    if panel.logarithmic:
        axes.set_xscale("log", nonpositive="mask")
        octaves = last / first > _NARROW
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)) if octaves else MaxNLocator(6))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_formatter(NullFormatter())
    elif scale == 1.0 and not np.any(panel.positions % 1):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))  # there is nothing between
    axes.set_xlim(first, last)
    axes.set_ylim(panel.low, panel.high)
    axes.set_xlabel(with_unit(panel.axis.name, unit))
    axes.set_ylabel(with_unit(panel.label, panel.unit))
    axes.grid(alpha=0.3)
    for name, place in panel.marks.items():
        axes.axvline(scale * place, linewidth=0.8, color="#71767d", zorder=1)
        _name(axes, name, scale * place)
    _head(axes, panel.title, legend=panel.legend and len(panel.data) > 1, share=share)


def _scaled_unit(unit: str, size: float) -> tuple[float, str]:
    """The factor and the unit with which an axis up to `size` is labelled, as on the page."""
    if unit == "Hz" and size >= 1000:
        return 1e-3, "kHz"
    return (1e3, "ms") if unit == "s" and size < 0.2 else (1.0, unit)


def lone_points(line: np.ndarray) -> np.ndarray:
    """Which points stand between two gaps, bool `[points]`: no line goes through them.

    >>> lone_points(np.array([1.0, np.nan, 2.0, 3.0])).tolist()
    [True, False, False, False]
    """
    there = np.pad(np.isfinite(line), 1)
    return there[1:-1] & ~there[:-2] & ~there[2:]


def draw_moments(axes: Axes, panel: WavePanel | ImagePanel) -> None:
    """Draws named moments, each a line that is seen on light and on dark colours."""
    for name, time in panel.marks.items():
        axes.axvline(time, linewidth=2.4, color="white")
        axes.axvline(time, linewidth=0.8, color="#1c1f23")
        _name(axes, name, time, bbox={"facecolor": "white", "linewidth": 0, "pad": 1.5})


def _name(axes: Axes, name: str, place: float, **look: Any) -> None:
    """The name of a place on the horizontal axis, beside the top of its line."""
    axes.annotate(
        name, (place, 1.0), (3, -3), xycoords=("data", "axes fraction"),
        textcoords="offset points", fontsize="x-small", color="#4a5058", va="top",
        annotation_clip=True, **look,
    )  # fmt: skip


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
        made = axes.legend(**LEGEND, bbox_to_anchor=(1.0, 1.0), ncols=columns)
        box = made.get_window_extent()
        if box.width <= room:
            break
    if shown.get_window_extent().width + box.width > room:
        points = 72.0 / axes.figure.dpi
        axes.set_title(title, **look, pad=6.0 + points * box.height)


def draw_image(axes: Axes, panel: ImagePanel) -> mpl.image.AxesImage:
    """Draws a picture over time; what is returned has the colours for a bar."""
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
        cmap=_COLORMAPS[panel.colormap],
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
    bottom, top = _ends(panel)
    axes.set_ylim(bottom, top)
    hertz = panel.y_unit == "Hz"
    ticks = _row_ticks(panel, bottom, top)
    places = row_of(panel, np.array(ticks))
    axes.set_yticks(places, [f"{t / 1000:g}" if hertz else f"{t:g}" for t in ticks])
    axes.set_ylabel(with_unit(panel.y_name, "kHz" if hertz else panel.y_unit))
    _head(axes, panel.title)
    return drawn


def row_of(panel: ImagePanel, values: np.ndarray) -> np.ndarray:
    """The rows at which values of the vertical axis lie, with fractions; centres are whole."""
    y = panel.y_values
    inner = np.clip(np.searchsorted(y, values) - 1, 0, max(len(y) - 2, 0))
    step = np.diff(y)[inner] if len(y) > 1 else 1.0
    return inner + (values - y[inner]) / step


def _ends(panel: ImagePanel) -> tuple[float, float]:
    """The rows at which the plot begins and ends."""
    if panel.y_shown is None or len(panel.y_values) < 2:
        return -0.5, len(panel.y_values) - 0.5
    bottom, top = row_of(panel, np.array(panel.y_shown))
    return float(bottom), float(top)


def _row_ticks(panel: ImagePanel, bottom: float, top: float) -> list[float]:
    """Round numbers for about six rows, evenly spread over the picture."""
    values = panel.y_values
    low, high = float(values[0]), float(values[-1])
    if len(values) < 2 or high <= low:
        return [low]
    if panel.y_shown is not None:
        low, high = panel.y_shown
    steps = np.diff(values)
    if np.ptp(steps) < 0.3 * np.mean(steps):
        return _even_ticks(low, high)
    decades = range(math.floor(math.log10(max(low, 1.0))), math.ceil(math.log10(high)) + 1)
    nice = [n * 10.0**decade for decade in decades for n in (1, 2, 5)]
    inside = [tick for tick in nice if low <= tick <= high]
    apart: list[float] = []
    for tick in reversed(inside):  # low ones crowd where the rows stand as mel bands do
        rows = row_of(panel, np.array([tick, *apart[:1]]))
        if len(rows) < 2 or rows[1] - rows[0] >= (top - bottom) / 12:
            apart.insert(0, tick)
    return apart if len(apart) > 2 else _even_ticks(low, high)


def _even_ticks(low: float, high: float) -> list[float]:
    """Multiples of a round number: three or more."""
    step = 10.0 ** math.floor(math.log10((high - low) / 3))
    step *= max(n for n in (1, 2, 5, 10) if n * step <= (high - low) / 3)
    return list(np.arange(math.ceil(low / step) * step, high + step * 1e-9, step))


def with_unit(name: str, unit: str) -> str:
    """The label of an axis."""
    return f"{name} ({unit})" if unit else name
