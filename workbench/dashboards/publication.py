"""The same picture as the page's, drawn by Matplotlib: for print, and where no kernel runs."""

from __future__ import annotations

import io
import math

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from workbench.dashboards.frames import Frame, ImagePanel, WavePanel

_COLOURS = ("#1f77b4", "#e8710a", "#2a9d4a", "#8e44ad")
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
    heights = [panel.height for panel in frame.panels]
    size = (width, 0.55 + sum(heights) / 75 + 0.45 * len(heights))
    figure = Picture(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    if not heights:
        return figure
    grid = figure.add_gridspec(len(heights), 2, height_ratios=heights, width_ratios=(40, 1))
    first = None
    for row, panel in enumerate(frame.panels):
        axes = figure.add_subplot(grid[row, 0], sharex=first)
        first = first or axes
        if isinstance(panel, WavePanel):
            _draw_wave(axes, panel)
        else:
            picture = _draw_image(axes, panel)
            bar = figure.colorbar(picture, cax=figure.add_subplot(grid[row, 1]))
            bar.set_label(_with_unit(panel.label, panel.unit))
        axes.set_title(panel.title, fontsize="medium", loc="left")
        last = row == len(heights) - 1
        axes.tick_params(labelbottom=last)
        if last:
            axes.set_xlabel("time (s)")
    if first is not None:
        first.set_xlim(*frame.shown)
    return figure


def png(figure: Figure, *, dots_per_inch: int = 80) -> bytes:
    """A figure as a PNG file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dots_per_inch)
    return buffer.getvalue()


def _draw_wave(axes: Axes, panel: WavePanel) -> None:
    envelope = panel.data.ndim == 3
    times = panel.start + panel.step * (np.arange(panel.data.shape[1]) + 0.5 * envelope)
    for number, line in enumerate(panel.data):
        colour = _COLOURS[number % len(_COLOURS)]
        if envelope:
            axes.fill_between(times, line[:, 0], line[:, 1], color=colour, linewidth=0.7)
        else:
            marker = "." if panel.data.shape[1] < 200 else ""
            axes.plot(times, line, color=colour, linewidth=0.9, marker=marker)
    axes.set_ylim(panel.low, panel.high)
    axes.set_ylabel(_with_unit(panel.label, panel.unit))


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
    ticks = _row_ticks(panel.y_values)
    places = np.interp(ticks, panel.y_values, np.arange(rows))
    hertz = panel.y_unit == "Hz"
    axes.set_yticks(places, [f"{t / 1000:g}" if hertz else f"{t:g}" for t in ticks])
    axes.set_ylabel(_with_unit(panel.y_name, "kHz" if hertz else panel.y_unit))
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
