"""What a frame is made of: panels over the common time, and panels with axes of their own.

Each knows how to describe itself to the page: a head of words and numbers, and raw bytes.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from workbench.axes import Axis
from workbench.dashboards.zplane_panel import ZPlanePanel

IMAGE_HEIGHT = 190  # CSS pixels
COLORMAPS = ("magma", "diverging", "cyclic")
LINE_STYLES = ("solid", "dashed", "reference", "stem")


@dataclass(frozen=True)
class WavePanel:
    """Lines over time, one colour per channel.

    ``data`` is ``[channels, columns, 2]`` for an envelope (minimum and maximum of each column, of
    which column 0 begins at ``start``) or ``[channels, samples]`` (sample 0 lies at ``start``).
    ``height`` is the height of the plot on the page in CSS pixels. ``names`` are the channels'
    names; without them they are numbered. Spans of seconds that are ``old`` are dimmed: what they
    show was computed with other parameters, or is still to come. ``marks`` name moments.
    """

    title: str
    label: str
    unit: str
    low: float
    high: float
    start: float
    step: float
    data: np.ndarray
    height: int = 110
    names: tuple[str, ...] = ()
    old: tuple[tuple[float, float], ...] = ()
    marks: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_scale(self)
        _check_step(self)
        if not (self.data.ndim == 2 or (self.data.ndim == 3 and self.data.shape[2] == 2)):
            raise ValueError(
                "WavePanel: data must be [channels, samples] or [channels, columns, 2]; "
                f"got shape {self.data.shape}."
            )
        if self.names:
            _check_count(self, "names", "channel", len(self.data))

    def encode(self) -> tuple[dict[str, Any], list[bytes]]:
        """Return the panel's description and its bytes, as the page reads them."""
        head = _head(self, "wave") | _time(self)
        head |= {"envelope": self.data.ndim == 3, "names": self.names}
        return head, [np.asarray(self.data, "<f4").tobytes()]


@dataclass(frozen=True)
class ImagePanel:
    """A picture over time: ``data`` is uint8 ``[rows, columns]``, row 0 at the bottom.

    0 stands for ``low``, 255 for ``high``, which look the same on a "cyclic" scale. ``start`` is
    the time of the left edge of column 0, and ``y_values`` holds the centres of the rows, which may
    be irregular (mel bands in Hz). Points that are ``tinted``, bool ``[rows, columns]``, lie under
    a colour of their own: a mask. Spans that are ``old`` are dimmed and ``marks`` name moments, as
    in a `WavePanel`. A vertical axis in Hz has a ``y_reach``, the outer edges of all that there is,
    of which ``y_shown`` is in view (None: all of it); on a ``logarithmic`` one the rows rise by a
    constant ratio.
    """

    title: str
    label: str
    unit: str
    low: float
    high: float
    start: float
    step: float
    data: np.ndarray
    y_name: str
    y_unit: str
    y_values: np.ndarray
    colormap: str = "magma"
    height: int = IMAGE_HEIGHT
    tinted: np.ndarray | None = None
    y_reach: tuple[float, float] | None = None
    y_shown: tuple[float, float] | None = None
    logarithmic: bool = False
    old: tuple[tuple[float, float], ...] = ()
    marks: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_scale(self)
        _check_step(self)
        if self.tinted is not None and (
            self.tinted.dtype != bool or self.tinted.shape != self.data.shape
        ):
            raise ValueError(
                f"ImagePanel: tinted must be bool {list(self.data.shape)}; "
                f"got {self.tinted.dtype} of shape {self.tinted.shape}."
            )
        if self.data.ndim != 2 or self.data.dtype != np.uint8:
            raise ValueError(
                "ImagePanel: data must be uint8 [rows, columns]; "
                f"got {self.data.dtype} of shape {self.data.shape}."
            )
        if np.shape(self.y_values) != self.data.shape[:1]:
            raise ValueError(
                "ImagePanel: y_values must have one value per row; "
                f"got shape {np.shape(self.y_values)} for {self.data.shape[0]} rows."
            )
        if self.colormap not in COLORMAPS:
            raise ValueError(f"ImagePanel: colormap must be {COLORMAPS}; got {self.colormap!r}.")

    def encode(self) -> tuple[dict[str, Any], list[bytes]]:
        """Return the panel's description and its bytes, as the page reads them."""
        head = _head(self, "image") | _time(self)
        words = "y_name", "y_unit", "colormap", "logarithmic"
        head |= {name: getattr(self, name) for name in words}
        head |= {"reach": self.y_reach, "shown": self.y_shown}
        buffers = [self.data.tobytes(), np.asarray(self.y_values, "<f8").tobytes()]
        return head, buffers if self.tinted is None else [*buffers, self.tinted.tobytes()]


@dataclass(frozen=True)
class LinesPanel:
    """Named lines over an axis of their own: spectra, filter responses, errors.

    ``data`` is ``[lines, points]``, and ``axis`` says where the points lie; what is not finite
    leaves a gap. ``names`` has a name for each line, ``styles`` one of `LINE_STYLES` for each
    (without them all are solid): a reference is thin, grey and dashed, and lies under the others;
    a stem rises from zero to each point, for what is nothing between its points.
    ``logarithmic`` is the axis' scale, ``span`` the part of it that is shown (None: all of it, and
    on a logarithmic scale all that is positive); ``reach`` are the ends to which an axis in Hz that
    is zoomed with all others can be followed. Two panels of ``half`` the width, one after the
    other, stand side by side where there is room. Without a ``legend``, for lines that are many of
    a kind, the pointer reads those that rise under it. ``marks`` name places on the axis.
    """

    title: str
    label: str
    unit: str
    low: float
    high: float
    axis: Axis
    data: np.ndarray
    names: tuple[str, ...]
    styles: tuple[str, ...] = ()
    logarithmic: bool = False
    span: tuple[float, float] | None = None
    height: int = 170
    half: bool = False
    legend: bool = True
    marks: Mapping[str, float] = field(default_factory=dict)
    reach: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        _check_scale(self)
        if self.data.ndim != 2:
            raise ValueError(
                f"LinesPanel: data must be [lines, points]; got shape {self.data.shape}."
            )
        _check_count(self, "names", "line", len(self.data))
        if self.styles:
            _check_count(self, "styles", "line", len(self.data))
        if not set(self.styles) <= set(LINE_STYLES):
            raise ValueError(f"LinesPanel: styles must be of {LINE_STYLES}; got {self.styles}.")
        x = self.positions
        if len(x) != self.data.shape[1] or not np.all(np.diff(x) > 0):
            raise ValueError(
                f"LinesPanel: axis must have rising positions for {self.data.shape[1]} points; "
                f"got {self.axis}."
            )
        first, last = self.shown
        if not (first < last and (first > 0 or not self.logarithmic)):
            rule = "rise from a positive value" if self.logarithmic else "rise"
            raise ValueError(f"LinesPanel: the shown span must {rule}; got {first}, {last}.")

    @property
    def positions(self) -> np.ndarray:
        """Where the points lie on the axis, ``[points]``."""
        return self.axis.positions(self.data.shape[1])

    @property
    def shown(self) -> tuple[float, float]:
        """First and last position of the plot."""
        if self.span is not None:
            return self.span
        x = self.positions
        x = x[x > 0] if self.logarithmic else x
        if len(x) == 1 and not self.logarithmic:  # in the middle
            half = abs(self.axis.step) / 2
            return float(x[0]) - half, float(x[0]) + half
        return (float(x[0]), float(x[-1])) if len(x) else (0.0, 0.0)

    @property
    def line_styles(self) -> tuple[str, ...]:
        """The style of each line."""
        return self.styles or ("solid",) * len(self.data)

    def encode(self) -> tuple[dict[str, Any], list[bytes]]:
        """Return the panel's description and its bytes, as the page reads them."""
        head = _head(self, "lines") | {
            "shape": list(self.data.shape),
            "x_name": self.axis.name,
            "x_unit": self.axis.unit,
            "span": [float(end) for end in self.shown],
            "logarithmic": self.logarithmic,
            "reach": self.reach,
            "names": self.names,
            "styles": self.line_styles,
            "half": self.half,
            "legend": self.legend,
        }
        return head, [
            np.asarray(self.data, "<f4").tobytes(),
            np.asarray(self.positions, "<f8").tobytes(),
        ]


Panel = WavePanel | ImagePanel | LinesPanel | ZPlanePanel


def _check_scale(panel: WavePanel | ImagePanel | LinesPanel) -> None:
    if not (math.isfinite(panel.low) and math.isfinite(panel.high) and panel.low < panel.high):
        raise ValueError(
            f"{type(panel).__name__}: low must be less than high, both finite; "
            f"got {panel.low}, {panel.high}."
        )


def _check_step(panel: WavePanel | ImagePanel) -> None:
    if not panel.step > 0:
        raise ValueError(f"{type(panel).__name__}: step must be positive; got {panel.step}.")


def _check_count(panel: WavePanel | LinesPanel, name: str, of: str, count: int) -> None:
    found = getattr(panel, name)
    if len(found) != count:
        raise ValueError(
            f"{type(panel).__name__}: {name} must have one for each {of}; got {found} for {count}."
        )


def _head(panel: WavePanel | ImagePanel | LinesPanel, kind: str) -> dict[str, Any]:
    words = {name: getattr(panel, name) for name in ("title", "label", "unit", "height")}
    marks = [[name, float(place)] for name, place in panel.marks.items()]
    ends = {"low": float(panel.low), "high": float(panel.high)}
    return {"kind": kind, **words, **ends, "marks": marks}


def _time(panel: WavePanel | ImagePanel) -> dict[str, Any]:
    return {
        "shape": list(panel.data.shape),
        "start": float(panel.start),
        "step": float(panel.step),
        "old": [list(span) for span in panel.old],
    }
