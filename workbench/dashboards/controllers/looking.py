"""How the pictures of a dashboard are looked at: octaves or hertz, colours that stay."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import replace
from typing import Annotated, Any

from workbench.dashboards.controllers.forms import LOOKS, Group
from workbench.dashboards.panels import LinesPanel, Panel, WavePanel
from workbench.dashboards.rows import Held, Look, Range, reach_of, within
from workbench.dashboards.zplane_panel import ZPlanePanel
from workbench.params import Param, read_parameters


def _looks(
    *,
    log_frequency: Annotated[
        bool, Param("Octaves are equally wide on every axis of frequencies.")
    ] = False,
    hold_levels: Annotated[
        bool, Param("Colours and levels keep the ranges that they have now.")
    ] = False,
) -> None:
    """Looks."""


DECLARED = read_parameters(_looks)
USUAL = {name: each.default for name, each in DECLARED.items()}


class Looking:
    """The looks of a dashboard, and the ranges that are held.

    Attributes:
        values: What is chosen, by name.
    """

    def __init__(self) -> None:
        self.values: Mapping[str, bool] = USUAL
        self._held: dict[Hashable, Held] = {}

    @property
    def group(self) -> Group:
        """The controls."""
        return Group("Axes and levels", LOOKS, DECLARED, self.values, compact=True)

    def set(self, values: Mapping[str, Any]) -> None:
        """Chooses some of the looks."""
        checked = {name: DECLARED[name].check(value) for name, value in values.items()}
        self.values = {**self.values, **checked}

    def of(self, name: Hashable, band: Range | None) -> Look:
        """How a panel is drawn; it is known by a name."""
        held = self._held.get(name) if self.values["hold_levels"] else None
        return Look(band, self.values["log_frequency"], held)

    def shaped(self, panel: Panel, look: Look) -> Panel:
        """A panel whose plot knows nothing of looks; an image has been drawn with its own."""
        if isinstance(panel, WavePanel | LinesPanel) and look.held is not None:
            own = panel.low, panel.high
            low, high = look.held.ends(panel.label, panel.unit, own)
            panel = panel if (low, high) == own else replace(panel, low=low, high=high)
        if isinstance(panel, LinesPanel) and panel.reach is None:  # else it is one of before
            panel = _over_frequency(panel, look)
        return panel

    def keep(self, panels: Iterable[tuple[Hashable, Panel]]) -> None:
        """Holds the ranges of panels that are shown, where that is chosen."""
        if not self.values["hold_levels"]:
            self._held = {}
            return
        for name, panel in panels:
            if not isinstance(panel, ZPlanePanel) and not getattr(panel, "old", ()):  # all is there
                held = Held(panel.label, panel.unit, panel.low, panel.high)
                known = self._held.get(name)
                if known is None or known[:2] != held[:2]:
                    self._held[name] = held


def _over_frequency(panel: LinesPanel, look: Look) -> LinesPanel:
    """Lines over frequency, in the range that is looked at."""
    axis, reach = panel.axis, panel.shown
    if axis.name != "frequency" or axis.unit != "Hz" or reach[0] < 0:
        return panel
    if look.logarithmic and not panel.logarithmic:
        reach = reach_of(*reach, logarithmic=True)
    shown = within(look.band, reach) or reach
    logarithmic = panel.logarithmic or look.logarithmic
    return replace(panel, logarithmic=logarithmic, span=shown, reach=reach)
