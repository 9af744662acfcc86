"""Controls that belong together: those in daily use, those that apply, the others on demand."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

import ipywidgets as widgets

from workbench.dashboards.controls import Control


class ControlGroup:
    """A column of controls, titled if need be, and what there is to say of them.

    Details are folded away unless one of them is in use.

    Attributes:
        widget: All of it, as a page shows it.
    """

    def __init__(self, title: str, controls: Mapping[str, Control]):
        self._controls = dict(controls)
        self._said = ""
        details = [c for c in self._controls.values() if c.declared.param.detail]
        usual = [c for c in self._controls.values() if not c.declared.param.detail]
        self._details = widgets.VBox([control.widget for control in details])
        self._more = widgets.ToggleButton(
            value=any(control.value != control.declared.default for control in details),
            layout={"width": "auto", "align_self": "flex-end"},
        )
        self._more.add_class("workbench-more")
        self._more.observe(self._fold, "value")
        self._fold()
        folded = [self._more, self._details] if details else []
        heading = [_heading(title)] if title else []
        self._note = widgets.HTML(layout={"display": "none", "margin": "0"})
        self._note.add_class("workbench-note")
        rows = [*heading, *(control.widget for control in usual), *folded, self._note]
        self.widget = widgets.VBox(rows)

    @property
    def note(self) -> str:
        """What is said below the controls."""
        return self._said

    @note.setter
    def note(self, text: str) -> None:
        if text != self._said:
            self._said = text
            self._note.value = f'<span role="status">{html.escape(text)}</span>' if text else ""
            self._note.layout.display = "block" if text else "none"

    def follow(self, values: Mapping[str, Any]) -> None:
        """Shows what automatic values stand for, and only what acts, given all parameters."""
        for control in self._controls.values():
            param = control.declared.param
            if param.automatic:
                control.follow(values)
            if param.only:
                name, words = param.only
                display = "" if values[name] in words else "none"
                if control.widget.layout.display != display:
                    control.widget.layout.display = display

    def _fold(self, change: Any = None) -> None:
        shown = self._more.value
        self._details.layout.display = "" if shown else "none"
        self._more.description = "fewer" if shown else "more"
        self._more.icon = "angle-up" if shown else "angle-down"


def _heading(text: str) -> widgets.HTML:
    heading = widgets.HTML(f'<div role="heading" aria-level="4">{text}</div>')
    heading.add_class("workbench-group")
    return heading
