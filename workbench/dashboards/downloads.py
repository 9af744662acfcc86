"""What is shown and heard as files: sound, picture, table, arrays."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import PurePath
from typing import Any

import numpy as np

from workbench.checked_json import one_of
from workbench.dashboards.controllers.controller import Controller
from workbench.dashboards.panels import LinesPanel, Panel, WavePanel, ZPlanePanel
from workbench.dashboards.publication import figure as publication
from workbench.errors import naming

DOTS_PER_INCH = 160
Row = tuple[str, str, str, str, str, str]


def wav(controller: Controller[Any]) -> bytes:
    """What is heard first, as loud as it is."""
    return controller.sound(controller.tracks[0], matched=False)


def png(controller: Controller[Any]) -> bytes:
    """What is seen, in dots."""
    figure = publication.draw(controller.frame)
    return publication.png(figure, dots_per_inch=DOTS_PER_INCH)


def svg(controller: Controller[Any]) -> bytes:
    """What is seen, in lines that print at any size."""
    buffer = io.BytesIO()
    publication.draw(controller.frame).savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def table(controller: Controller[Any]) -> bytes:
    """All lines and points that are seen as CSV, a row for each point; a header says which.

    Where only images are seen it is the table of the parameters.
    """
    rows = [row for panel in controller.frame.panels for row in _rows(panel)]
    heads: tuple[str, ...] = ("panel", "line", "x_axis", "x", "y_axis", "y")
    found: list[tuple[str, ...]] = list(rows)
    if not rows:
        heads = ("parameter", "value")
        found = [
            (name, "" if value is None else str(value)) for name, value in controller.values.items()
        ]
    text = io.StringIO(newline="")
    csv.writer(text).writerows([heads, *found])
    return text.getvalue().encode("utf-8")


def arrays(controller: Controller[Any]) -> bytes:
    """All that was computed, and the positions on its axes, with the state as JSON, as NPZ."""
    buffer = io.BytesIO()
    state = np.array(json.dumps(controller.state()))
    np.savez(buffer, allow_pickle=False, state=state, **controller.arrays())
    return buffer.getvalue()


KINDS: dict[str, tuple[str, Callable[[Controller[Any]], bytes]]] = {
    "wav": ("audio/wav", wav),
    "png": ("image/png", png),
    "svg": ("image/svg+xml", svg),
    "csv": ("text/csv", table),
    "npz": ("application/x-npz", arrays),
}


def download(controller: Controller[Any], kind: str) -> bytes:
    """What is shown or heard as a file.

    Args:
        controller: A dashboard's.
        kind: "wav", "png", "svg", "csv" or "npz".

    Raises:
        ParameterError: There is no such kind.
    """
    with naming("download"):
        one_of(list(KINDS))("kind", kind)
    return KINDS[kind][1](controller)


def file_name(controller: Controller[Any], ending: str) -> str:
    """A name for a file of a dashboard: of letters, digits, hyphens, dots and underscores.

    An ending of a sound is left out: what is saved is not the source.
    """
    name = controller.source.name
    stem = PurePath(name).stem if len(PurePath(name).suffix) in (4, 5) else name
    words = re.sub(r"[^\w.-]+", "_", stem).strip("._")
    return f"{controller.kind}_{words[:60]}.{ending}"


def _rows(panel: Panel) -> Iterator[Row]:
    if isinstance(panel, WavePanel):
        count = panel.data.shape[1]
        x = panel.start + panel.step * (np.arange(count) + 0.5 * (panel.data.ndim == 3))
        names = panel.names or [f"channel {number + 1}" for number in range(len(panel.data))]
        ends = ("",) if panel.data.ndim == 2 else (", lowest", ", highest")
        for name, line in zip(names, panel.data, strict=True):
            for end, y in zip(ends, np.atleast_2d(line.T), strict=True):
                yield from _points(panel, name + end, "time (s)", x, y)
    elif isinstance(panel, LinesPanel):
        for name, y in zip(panel.names, panel.data, strict=True):
            yield from _points(panel, name, panel.axis.label, panel.positions, y)
    elif isinstance(panel, ZPlanePanel):
        for plane in panel.planes:
            for group, points in plane.points.items():
                for point in np.ravel(points):
                    numbers = f"{point.real:.9g}", f"{point.imag:.9g}"
                    line = ", ".join(filter(None, (plane.title, group)))
                    yield panel.title, line, "real part", numbers[0], "imaginary part", numbers[1]


def _points(
    panel: WavePanel | LinesPanel, name: str, x_axis: str, x: np.ndarray, y: np.ndarray
) -> Iterator[Row]:
    y_axis = f"{panel.label} ({panel.unit})" if panel.unit else panel.label
    for position, value in zip(x.tolist(), y.tolist(), strict=True):
        yield panel.title, name, x_axis, f"{position:.10g}", y_axis, f"{value:.9g}"
