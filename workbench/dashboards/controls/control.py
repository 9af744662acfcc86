"""Controls made from declared parameters: what a slider needs is in the declaration."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as widgets

from workbench.dashboards.alerts import alert, unalert
from workbench.dashboards.controllers.forms import label
from workbench.dashboards.controls.looks import looks
from workbench.dashboards.controls.numbers import WORDS, NumberRow, NumberSlider, rungs_of
from workbench.dashboards.controls.silence import Silence
from workbench.params import Declared

LAYOUT = {"width": "auto", "margin": "1px 0", "flex": "1 1 auto"}
_NONE = "none"  # stands for None in a list of choices, where the widget takes None for no choice


class Control:
    """A parameter's widget with room for an error beside it.

    Attributes:
        widget: What a page shows.
        error: The message shown beside it; empty if there is none.
    """

    def __init__(self, declared: Declared, value: Any):
        self.declared = declared
        self._observers: list[Callable[[Control], None]] = []
        self._silence = Silence()
        start = _suggested(declared) if value is None else value
        self._input = _input(declared, start)
        self._automatic: Any = None
        rows = [self._input]
        if declared.optional and not declared.param.choices:
            self._automatic = widgets.Checkbox(
                value=value is None,
                description=declared.param.none,
                tooltip=declared.param.doc,
                **looks(widgets.Checkbox, words=WORDS, **LAYOUT),
            )
            self._automatic.add_class("workbench-auto")
            self._follow_automatic()
            self._automatic.observe(self._changed, "value")
            rows.append(self._automatic)
        self._message: widgets.HTML | None = None  # made when there is one: most never have
        self._input.observe(self._changed, "value")
        comes_and_goes = {"layout": {"width": "auto"}}
        look = comes_and_goes if declared.param.only else looks(widgets.VBox, width="auto")
        self.widget = widgets.VBox(rows, **look)
        self.widget.add_class("workbench-control")

    @property
    def value(self) -> Any:
        """The value that is chosen, legal or not; setting it is like moving the control."""
        if self._automatic is not None and self._automatic.value:
            return None
        chosen = self._input.value
        return None if chosen == _NONE else chosen

    @value.setter
    def value(self, value: Any) -> None:
        before = self.value
        self._put(value)
        if self.value != before:
            self._tell()

    def show(self, value: Any) -> None:
        """Shows what the value is, and no error; tells nobody."""
        self._put(value)
        self.error = ""

    def _put(self, value: Any) -> None:
        with self._silence:
            if self._automatic is not None:
                self._automatic.value = value is None
            if value is not None or self._automatic is None:
                self._input.value = _NONE if value is None else value

    def follow(self, values: Mapping[str, Any]) -> None:
        """Shows what None stands for, given all parameters of the op, while it is chosen."""
        automatic = self.declared.param.automatic
        if automatic and self._automatic is not None and self._automatic.value:
            with self._silence:
                self._input.value = automatic(values)

    def observe(self, callback: Callable[[Control], None]) -> None:
        """Calls `callback(control)` whenever the value changes."""
        self._observers.append(callback)

    @property
    def error(self) -> str:
        """The message beside the control."""
        return unalert(self._message.value) if self._message else ""

    @error.setter
    def error(self, text: str) -> None:
        if self._message:
            self._message.value = alert(text)
        elif text:
            self._message = widgets.HTML(alert(text), **looks(widgets.HTML, margin="0"))
            self._message.add_class("workbench-error")
            first, *rest = self.widget.children
            self.widget.children = [first, self._message, *rest]

    def _follow_automatic(self) -> None:
        """Greys the slider out while the op decides; what nobody can tell is not shown."""
        chosen = self._automatic.value
        self._input.disabled = chosen
        unknown = chosen and not self.declared.param.automatic
        (self._input.add_class if unknown else self._input.remove_class)("workbench-unknown")

    def _changed(self, change: Any) -> None:
        if self._automatic is not None:
            self._follow_automatic()
        if not self._silence:
            self._tell()

    def _tell(self) -> None:
        for callback in self._observers:
            callback(self)


def _input(declared: Declared, value: Any) -> Any:
    """The widget that suits a parameter."""
    shared = {"description": label(declared), "tooltip": declared.param.doc}
    if declared.param.choices:
        options: list[Any] = [(choice, choice) for choice in declared.param.choices]
        options += [(_NONE, _NONE)] if declared.optional else []
        chosen = _NONE if value is None else value
        look = looks(widgets.Dropdown, words=WORDS, **LAYOUT)
        return widgets.Dropdown(options=options, value=chosen, **shared, **look)
    if declared.kind is bool:  # its tooltip would be its words once more
        words, doc = (html.escape(text) for text in (label(declared), declared.param.doc))
        shared["description"] = f'<span title="{doc}">{words}</span>'
        look = looks(widgets.Checkbox, words=WORDS, **LAYOUT)
        return widgets.Checkbox(value=value, description_allow_html=True, **shared, **look)
    row = NumberSlider if declared.count == 1 else NumberRow
    return row(value, rungs_of(declared), **shared)


def _suggested(declared: Declared) -> Any:
    """Where an optional parameter's slider stands while it is None."""
    if declared.param.choices or declared.kind is bool:
        return None
    rungs = rungs_of(declared)
    return rungs[-1] if declared.param.scale == "linear" else rungs[len(rungs) // 2]
