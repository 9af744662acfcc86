"""Complex planes with their poles and zeros, drawn by Matplotlib."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle

from workbench.dashboards.publication.panels import COLOURS, LEGEND
from workbench.dashboards.zplane_panel import EDGE, ZPlane, ZPlanePanel

DOTS = 75.0  # of a panel's height and of the page's width, per inch
_ALERT = "#c62828"
_MARKERS = ("x", "o", "^", "s", "+", "D")


def planes_height(panel: ZPlanePanel, width: float) -> float:
    """Height of all planes in a figure of so many inches, in the page's dots."""
    columns = _columns(panel, width)
    side = min(panel.height, _room(width) / columns - 16)
    return math.ceil(len(panel.planes) / columns) * (side + 38)


def _room(width: float) -> float:
    """Width of the plots without what stands beside them, in the page's dots."""
    return width * DOTS - 62


def _columns(panel: ZPlanePanel, width: float) -> int:
    """Planes in a row, so that the rows are as full as each other."""
    count = len(panel.planes)
    rows = math.ceil(count / max(1, int(_room(width) / (min(panel.height, 120) + 16))))
    return math.ceil(count / rows)


def draw_planes(part: SubFigure, panel: ZPlanePanel, width: float) -> None:
    """Draws planes side by side, in rows as full as each other."""
    columns = _columns(panel, width)
    rows = math.ceil(len(panel.planes) / columns)
    every = part.subplots(rows, columns, squeeze=False).ravel()
    for axes, plane in zip(every, panel.planes, strict=False):
        _draw_plane(axes, plane, panel)
    for axes in every[len(panel.planes) :]:
        axes.set_axis_off()
    part.suptitle(panel.title, fontsize="medium", x=0.01, ha="left")
    marks = [_mark(number) for number in range(len(panel.groups))]
    samples = [Line2D([], [], linestyle="", **look) for look in marks]
    part.legend(samples, panel.groups, **LEGEND | {"loc": "upper right"}, ncols=len(marks))


def _draw_plane(axes: Axes, plane: ZPlane, panel: ZPlanePanel) -> None:
    extent = panel.extent
    axes.add_patch(Circle((0.0, 0.0), 1.0, fill=False, linewidth=0.9, color="#4a5058"))
    axes.axhline(0.0, linewidth=0.5, color="#b9bec5")
    axes.axvline(0.0, linewidth=0.5, color="#b9bec5")
    largest, outside = 0.0, 0
    for number, name in enumerate(panel.groups):
        z = np.ravel(plane.points.get(name, np.zeros(0)))
        out = np.abs(z) > EDGE if panel.is_bounded(name) else np.zeros(len(z), bool)
        if panel.is_bounded(name):
            largest = max(largest, float(np.max(np.abs(z), initial=0.0)))
        outside += sum(out)
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
    colour = COLOURS[number % len(COLOURS)]
    look = {"marker": _MARKERS[number % len(_MARKERS)], "color": colour, "markersize": 4}
    return look | {"markerfacecolor": "none", "markeredgewidth": 1.0}
