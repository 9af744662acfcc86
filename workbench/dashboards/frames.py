"""The view model: what the page shows at once, in no more points than the display has.

The page and Matplotlib draw the same frame.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from workbench.dashboards.panels import IMAGE_HEIGHT, Panel

_LEAST_COLUMNS = 16


@dataclass(frozen=True)
class Selection:
    """A region that a person has marked: seconds, and in an image a range of its vertical axis.

    ``panel`` is the number of the panel in which it was marked. ``low`` and ``high`` are in the
    unit of that image's vertical axis, such as Hz; None is all of it, as in a wave.
    """

    panel: int
    first: float
    last: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Frame:
    """What the page shows at once.

    ``time`` is the full extent of the signal in seconds, ``shown`` the part that the panels over
    time cover, ``summary`` the text for screen readers. ``values`` travels to the page unchanged:
    it says which control values this frame shows. ``tracks`` names what can be heard of it;
    ``selection``, where there is one, replaces that of the page. A frame is ``late`` where some
    panels, none of them on the screen, are still those of the frame before. ``band`` is the
    range of frequencies, in Hz, that was asked for (None: all).
    """

    panels: tuple[Panel, ...]
    time: tuple[float, float]
    shown: tuple[float, float]
    summary: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    tracks: tuple[str, ...] = ()
    selection: Selection | None = None
    late: bool = False
    band: tuple[float, float] | None = None

    @property
    def range(self) -> dict[str, Any]:
        """What it shows of all that there is, as a page asks for it; None is all."""
        first, last = (None, None) if self.shown == self.time else self.shown
        return {"first": first, "last": last, "band": self.band}

    def encode(self) -> tuple[dict[str, Any], list[bytes]]:
        """Return the frame's description and its buffers, in the order of the panels."""
        heads, buffers = [], []
        for panel in self.panels:
            head, parts = panel.encode()
            heads.append(head | {"buffers": len(parts)})
            buffers += parts
        content = {
            "time": [float(second) for second in self.time],
            "shown": [float(second) for second in self.shown],
            "band": self.band and [float(end) for end in self.band],
            "summary": self.summary,
            "values": self.values,
            "tracks": list(self.tracks),
            "late": self.late,
            "panels": heads,
        }
        if self.selection is not None:
            content["selection"] = asdict(self.selection)
        return content, buffers


@dataclass(frozen=True)
class View:
    """What the page shows: a range of seconds (None: all of it) and the display's own pixels.

    ``columns`` counts device pixels inside the plots, ``ratio`` is device pixels per CSS pixel.
    ``visible`` are the numbers of the panels of which something is on the screen; None stands for
    all of them. ``band`` is the lowest and the highest frequency, in Hz, of panels that have an
    axis of it; None is all of it.
    """

    first: float | None
    last: float | None
    columns: int
    ratio: float
    visible: tuple[int, ...] | None = None
    band: tuple[float, float] | None = None

    @classmethod
    def asked(cls, content: Mapping[str, Any]) -> View:
        """What a page asks for, however little room it has."""
        columns = max(content["columns"], _LEAST_COLUMNS)
        visible, band = (content.get(name) for name in ("visible", "band"))
        return cls(
            content["first"],
            content["last"],
            columns,
            content["ratio"],
            None if visible is None else tuple(visible),
            None if band is None else (band[0], band[1]),
        )

    @property
    def rows(self) -> int:
        """Device pixels of an image up."""
        return round(IMAGE_HEIGHT * self.ratio)

    @property
    def complete(self) -> View:
        """The same of all panels, whether they are on the screen or not."""
        return replace(self, visible=None)

    def span(self, time: tuple[float, float]) -> tuple[float, float]:
        """Return the seconds to show of a signal that extends over ``time``.

        >>> View(None, None, 800, 1.0).span((0.0, 10.0))
        (0.0, 10.0)
        """
        first = time[0] if self.first is None else max(self.first, time[0])
        last = time[1] if self.last is None else min(self.last, time[1])
        return (first, last) if first < last else time
