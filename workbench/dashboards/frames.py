"""The view model: panels locked to one time axis, in no more points than the display has.

The page and Matplotlib draw the same frame.
"""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

COLORMAPS = ("magma", "diverging")


@dataclass(frozen=True)
class WavePanel:
    """Lines over time, one colour per channel.

    ``data`` is ``[channels, columns, 2]`` for an envelope (minimum and maximum of each column, of
    which column 0 begins at ``start``) or ``[channels, samples]`` (sample 0 lies at ``start``).
    ``height`` is the height of the plot on the page in CSS pixels.
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

    def __post_init__(self) -> None:
        _check_scale(self)
        if not (self.data.ndim == 2 or (self.data.ndim == 3 and self.data.shape[2] == 2)):
            raise ValueError(
                "WavePanel: data must be [channels, samples] or [channels, columns, 2]; "
                f"got shape {self.data.shape}."
            )

    def encode(self) -> tuple[dict[str, Any], list[bytes]]:
        """Return the panel's description and its bytes, as the page reads them."""
        head = _head(self, "wave") | {"envelope": self.data.ndim == 3}
        return head, [np.asarray(self.data, "<f4").tobytes()]


@dataclass(frozen=True)
class ImagePanel:
    """A picture over time: ``data`` is uint8 ``[rows, columns]``, row 0 at the bottom.

    0 stands for ``low``, 255 for ``high``. ``start`` is the time of the left edge of column 0, and
    ``y_values`` holds the centres of the rows, which may be irregular (mel bands in Hz).
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
    height: int = 190

    def __post_init__(self) -> None:
        _check_scale(self)
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
        head = _head(self, "image") | {
            "y_name": self.y_name,
            "y_unit": self.y_unit,
            "colormap": self.colormap,
        }
        return head, [self.data.tobytes(), np.asarray(self.y_values, "<f8").tobytes()]


def _check_scale(panel: WavePanel | ImagePanel) -> None:
    name = type(panel).__name__
    if not (math.isfinite(panel.low) and math.isfinite(panel.high) and panel.low < panel.high):
        raise ValueError(
            f"{name}: low must be less than high, both finite; got {panel.low}, {panel.high}."
        )
    if not panel.step > 0:
        raise ValueError(f"{name}: step must be positive; got {panel.step}.")


def _head(panel: WavePanel | ImagePanel, kind: str) -> dict[str, Any]:
    scale = {name: float(getattr(panel, name)) for name in ("low", "high", "start", "step")}
    words = {name: getattr(panel, name) for name in ("title", "label", "unit", "height")}
    return {"kind": kind, "shape": list(panel.data.shape), **words, **scale}


@dataclass(frozen=True)
class Frame:
    """What the page shows at once.

    ``time`` is the full extent of the signal in seconds, ``shown`` the part that these panels
    cover, ``summary`` the text for screen readers. ``values`` travels to the page unchanged: it
    says which control values this frame shows.
    """

    panels: tuple[WavePanel | ImagePanel, ...]
    time: tuple[float, float]
    shown: tuple[float, float]
    summary: str = ""
    values: dict[str, Any] = field(default_factory=dict)

    def encode(self) -> tuple[dict[str, Any], list[bytes]]:
        """Return the frame's description and its buffers, in the order of the panels."""
        heads, buffers = [], []
        for panel in self.panels:
            head, parts = panel.encode()
            heads.append(head)
            buffers += parts
        content = {
            "time": [float(second) for second in self.time],
            "shown": [float(second) for second in self.shown],
            "summary": self.summary,
            "values": self.values,
            "panels": heads,
        }
        return content, buffers


@dataclass(frozen=True)
class View:
    """What the page shows: a range of seconds (None: all of it) and the display's own pixels.

    ``columns`` and ``rows`` (one number per panel, none before the first frame) count device
    pixels inside the plots. ``ratio`` is device pixels per CSS pixel.
    """

    first: float | None
    last: float | None
    columns: int
    rows: tuple[int, ...]
    ratio: float

    def span(self, time: tuple[float, float]) -> tuple[float, float]:
        """Return the seconds to show of a signal that extends over ``time``.

        >>> View(None, None, 800, (), 1.0).span((0.0, 10.0))
        (0.0, 10.0)
        """
        first = time[0] if self.first is None else max(self.first, time[0])
        last = time[1] if self.last is None else min(self.last, time[1])
        return (first, last) if first < last else time
