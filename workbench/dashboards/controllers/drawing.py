"""The drawing half of a controller: from a result to the frame that a page shows of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from workbench.dashboards.controllers.looking import Looking
from workbench.dashboards.frames import Frame, View
from workbench.dashboards.panels import Panel
from workbench.dashboards.sources import Source

WHOLE = View(None, None, 1000, 1.0)

Result = TypeVar("Result")


class Drawing(ABC, Generic[Result]):
    """Draws what is in view of the last result.

    Attributes:
        source: Where the signal comes from.
        view: The range and resolution of the page.
        looking: How its pictures are looked at.
        result: What was computed last.
        frame: What the page shows of it.
    """

    source: Source
    result: Result
    frame: Frame
    _names: Sequence[Hashable] = ()  # of the panels that were drawn last; empty: their numbers

    def __init__(self) -> None:
        self.view = WHOLE
        self.looking = Looking()

    @property
    @abstractmethod
    def tracks(self) -> tuple[str, ...]:
        """What can be heard; the first is what one hears if one doesn't choose."""

    @property
    @abstractmethod
    def values(self) -> Mapping[str, Any]:
        """All parameters, named `stage.parameter`, as they are in the last result."""

    @property
    @abstractmethod
    def seconds(self) -> float:
        """Length of the signal."""

    def _seen(self, view: View) -> Result:
        """The last result, or where that does not show what a view wants, one that does."""
        return self.result

    @abstractmethod
    def _time(self, result: Result) -> tuple[float, float]:
        """First and last second of what is shown."""

    @abstractmethod
    def _panels(self, result: Result, span: tuple[float, float], view: View) -> list[Panel]:
        """What is shown in `span`; panels that are not visible may be those of the last frame."""

    def look(self, view: View) -> None:
        """Shows another range, or the same in another resolution; all panels are drawn."""
        result = self._seen(view)
        self._show(result, self._frame(result, view.complete))
        self.view = view

    def follow(self, view: View) -> bool:
        """Looks at what a page shows, unless the frame is just that; says whether it did."""
        if self.frame.late or view.complete != self.view.complete:
            self.look(view)
            return True
        self.view = view  # other panels are on the screen, that is all
        return False

    def _show(self, result: Result, frame: Frame) -> None:
        """From now on this is what is shown."""
        self.result, self.frame = result, frame
        self.looking.keep(self._named(frame.panels))

    def _named(self, panels: Sequence[Panel]) -> Iterable[tuple[Hashable, Panel]]:
        names = self._names if len(self._names) == len(panels) else range(len(panels))
        return zip(names, panels, strict=True)

    def _frame(self, result: Result, view: View) -> Frame:
        """What the page shows of a result, in the range and resolution of `view`."""
        time = self._time(result)
        span = view.span(time)
        drawn = self._named(self._panels(result, span, view))
        looking, band = self.looking, view.band
        panels = tuple(looking.shaped(each, looking.of(name, band)) for name, each in drawn)
        before = () if view.visible is None else self.frame.panels
        late = any(panel is old for panel in panels for old in before)
        said = self._summary(panels, view), dict(self.values), self.tracks
        return Frame(panels, time, span, *said, late=late, band=band)

    def _summary(self, panels: Sequence[Panel], view: View) -> str:
        rate = self.source.sample_rate
        said = [f"{self.source.name}, {self.seconds:.3f} s at {rate} Hz."]
        if view.band is not None:
            low, high = view.band
            said.append(f"Zoomed in to {max(low, 0.0):.0f} to {high:.0f} Hz.")
        for shown in panels:
            unit = f" {shown.unit}" if shown.unit else ""
            said.append(f"{shown.title}: {shown.label} from {shown.low:g} to {shown.high:g}{unit}.")
        return " ".join(said)
