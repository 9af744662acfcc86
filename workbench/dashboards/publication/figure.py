"""The same picture as the page's, drawn by Matplotlib: for print, and where no kernel runs."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from workbench.dashboards.frames import Frame
from workbench.dashboards.panels import ImagePanel, LinesPanel, Panel, WavePanel
from workbench.dashboards.publication.panels import (
    draw_image,
    draw_lines,
    draw_moments,
    draw_wave,
    with_unit,
)
from workbench.dashboards.publication.planes import DOTS, draw_planes, planes_height
from workbench.dashboards.zplane_panel import ZPlanePanel


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
    size = (width, 0.55 + sum(heights) / DOTS + 0.45 * (len(heights) + own_axes))
    figure = Picture(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    if not heights:
        return figure
    grid = figure.add_gridspec(len(heights), 2, height_ratios=heights, width_ratios=(40, 1))
    first = None
    for number, row in enumerate(rows):
        panel = row[0]
        if isinstance(panel, ZPlanePanel):
            draw_planes(figure.add_subfigure(grid[number, :]), panel, width)
        elif isinstance(panel, LinesPanel):
            beside = grid[number, 0].subgridspec(1, len(row))
            for place, each in enumerate(row):
                draw_lines(figure.add_subplot(beside[place]), each, share=len(row))
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
        draw_wave(axes, panel)
    else:
        bar = figure.colorbar(draw_image(axes, panel), cax=figure.add_subplot(side))
        bar.set_label(with_unit(panel.label, panel.unit))
    for first, end in panel.old:
        axes.axvspan(first, end, color=axes.get_facecolor(), alpha=0.6, linewidth=0)
    draw_moments(axes, panel)
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
    return planes_height(panel, width) if isinstance(panel, ZPlanePanel) else panel.height
