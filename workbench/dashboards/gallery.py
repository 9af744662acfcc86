"""`gallery`: all dashboards that have a name, to choose from."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
from IPython.display import Image, display

from workbench.dashboards.alerts import alert, message
from workbench.dashboards.computing import Computing
from workbench.dashboards.dashboard import Dashboard
from workbench.dashboards.explore import open_idea
from workbench.dashboards.ideas import IDEAS
from workbench.dashboards.later import Later

_STYLE = """<style>
.workbench-gallery .widget-toggle-buttons { margin: 4px 0; }
.workbench-gallery .widget-toggle-button { width: auto; padding: 0 12px; }
</style>"""
_OPENING = '<span role="status">Opening the dashboard …</span>'


class Gallery:
    """The dashboards that have a name: a page on which one is open at a time.

    What was set in one is still there when it is opened again; what goes on in it by itself, such
    as learning, stops when it leaves the page. The widgets of all but the last two are put away: a
    page that is loaded again makes all that there are, and has two seconds for it.

    Attributes:
        names: What `explore` calls them.
        choice: The buttons that choose one.
        widget: All of it, as a page shows it.
    """

    def __init__(self, audio: Any = None):
        self.names = tuple(IDEAS)
        self._audio = audio
        self._opened: dict[str, Dashboard] = {}
        self._shown: Dashboard | None = None
        self._left: Dashboard | None = None  # a message that the page still reads may name it
        self.choice = widgets.ToggleButtons(
            options=[(IDEAS[name].title, name) for name in self.names],
            value=None,
            tooltips=[IDEAS[name].about for name in self.names],
            style={"button_width": "auto"},
        )
        self._place = widgets.VBox()
        self._error = widgets.HTML()
        self._opening = Computing(self._tell_opening, Later())
        self.widget = widgets.VBox([widgets.HTML(_STYLE), self.choice, self._error, self._place])
        self.widget.add_class("workbench-gallery")
        self.choice.observe(self._chosen, "value")

    def open(self, name: str) -> Dashboard:
        """Opens the dashboard of that name, or brings it back as it was left."""
        if name not in self._opened:
            with self._opening():
                dashboard = self._opened[name] = open_idea(name, self._audio)
            dashboard.scope.on_return(self.choice.send_state)
        if self.choice.value != name:
            self.choice.value = name
        return self._opened[name]

    def _chosen(self, change: Any) -> None:
        self._error.value = ""
        try:
            self._show(self.open(change.new))
        except Exception as error:
            self._error.value = alert(message(error))

    def _tell_opening(self, number: int | None) -> None:
        """Say that opening one takes a while, and no more when it is there."""
        self._error.value = "" if number is None else _OPENING

    def _show(self, dashboard: Dashboard) -> None:
        """Shows a dashboard; the one that leaves is put away when the next one leaves."""
        dashboard.bring_back()
        self._place.children = [dashboard.widget]
        before, self._shown = self._shown, dashboard
        if before is None or before is dashboard:
            return
        before.rest()
        if self._left is not None and self._left is not dashboard:
            self._left.put_away()
        self._left = before

    def _ipython_display_(self) -> None:
        """Shows the page, and after it the picture that stays when no kernel runs."""
        shown = self.open(self.choice.value or self.names[0])
        display(self.widget)
        display(Image(shown.picture(), format="png"))

    def __repr__(self) -> str:
        wide = max(len(name) for name in self.names)
        return "\n".join(f"{name:{wide}}  {IDEAS[name].title}" for name in self.names)


def gallery(audio: Any = None) -> Gallery:
    """All dashboards that have a name; the last line of a cell shows them.

    Args:
        audio: What all of them open with, as `explore` takes it. None: for each what shows best
            what it is about.

    >>> import workbench as wb
    >>> "resample" in wb.gallery().names
    True
    """
    return Gallery(audio)
