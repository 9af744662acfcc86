"""Controls made from declared parameters: what a slider needs is in the declaration."""

from __future__ import annotations

import html
import math
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets
import numpy as np

from workbench.params import Declared

_STYLE = {"description_width": "128px"}
_LAYOUT = {"width": "auto", "margin": "1px 0"}
_NONE = "none"  # stands for None in a list of choices, where the widget takes None for no choice
_STEPS = 200  # positions of a slider over a continuous range


class Control:
    """A parameter's widget with room for an error beside it.

    Attributes:
        widget: What a page shows.
        error: The message shown beside it; empty if there is none.
    """

    def __init__(self, declared: Declared, value: Any):
        self.declared = declared
        self._observers: list[Callable[[Control], None]] = []
        start = _suggested(declared) if value is None else value
        self._input = _input(declared, start)
        self._automatic: Any = None
        row = [self._input]
        if declared.optional and not declared.param.choices:
            self._automatic = widgets.Checkbox(
                value=value is None,
                description="auto",
                indent=False,
                tooltip=f"{declared.name}: None",
                layout={"width": "62px", "flex": "0 0 auto"},
            )
            self._automatic.add_class("workbench-auto")
            self._follow_automatic()
            self._automatic.observe(self._changed, "value")
            self._input.layout.flex = "1 1 auto"
            row.append(self._automatic)
        self._message = widgets.HTML(layout={"display": "none", "margin": "0"})
        self._message.add_class("workbench-error")
        self._input.observe(self._changed, "value")
        self._input.tooltip = declared.param.doc
        box = widgets.HBox(row, layout={"width": "auto"}) if len(row) > 1 else self._input
        self.widget = widgets.VBox([box, self._message], layout={"width": "auto"})

    @property
    def value(self) -> Any:
        """The value that is chosen, of the parameter's type; setting it is like moving it."""
        if self._automatic is not None and self._automatic.value:
            return None
        chosen = self._input.value
        return None if chosen == _NONE else self.declared.kind(chosen)

    @value.setter
    def value(self, value: Any) -> None:
        if self._automatic is not None:
            self._automatic.value = value is None
            if value is None:
                return
        if isinstance(self._input, widgets.SelectionSlider):
            self._widen(value)
        if isinstance(self._input, (widgets.FloatSlider, widgets.IntSlider)):
            self._input.min = min(self._input.min, value)
            self._input.max = max(self._input.max, value)
        self._input.value = _NONE if value is None else value

    def _widen(self, value: Any) -> None:
        """Makes room for a value between the options of a logarithmic slider."""
        named = {_chosen(option): option for option in self._input.options}
        if value not in named:
            own = value if self.declared.kind is int else (f"{value:.5g}", value)
            named[value] = own
            with self._input.hold_sync():
                self._input.options = tuple(named[key] for key in sorted(named))

    def observe(self, callback: Callable[[Control], None]) -> None:
        """Calls `callback(control)` whenever the value changes."""
        self._observers.append(callback)

    @property
    def error(self) -> str:
        """The message beside the control."""
        return html.unescape(self._message.value.removeprefix(_ALERT).removesuffix("</span>"))

    @error.setter
    def error(self, text: str) -> None:
        self._message.value = f"{_ALERT}{html.escape(text)}</span>" if text else ""
        self._message.layout.display = "block" if text else "none"

    def _follow_automatic(self) -> None:
        """Greys the slider out while the op decides, and hides the number that does not count."""
        self._input.disabled = self._automatic.value
        self._input.readout = not self._automatic.value

    def _changed(self, change: Any) -> None:
        if self._automatic is not None:
            self._follow_automatic()
        for callback in self._observers:
            callback(self)


_ALERT = '<span role="alert">'


def label(declared: Declared) -> str:
    """The words beside a control: name and unit, the unit not said twice."""
    words = declared.name
    if words == "seconds":
        return words
    for ending, unit in (("_hertz", "Hz"), ("_db", "dB"), ("_seconds", "s")):
        if words.endswith(ending):
            return f"{words.removesuffix(ending).replace('_', ' ')} ({unit})"
    unit = declared.param.unit
    words = words.replace("_", " ")
    return f"{words} ({unit})" if unit and unit != "samples" else words


def _input(declared: Declared, value: Any) -> Any:
    """The widget that suits a parameter."""
    shared = {"description": label(declared), "style": _STYLE, "layout": dict(_LAYOUT)}
    if declared.param.choices:
        options: list[Any] = [(choice, choice) for choice in declared.param.choices]
        options += [(_NONE, _NONE)] if declared.optional else []
        return widgets.Dropdown(options=options, value=_NONE if value is None else value, **shared)
    if declared.kind is bool:
        return widgets.Checkbox(value=value, **shared)
    low, high = slider_range(declared)
    low, high = min(low, value), max(high, value)
    if declared.kind is int and declared.param.scale == "log":
        options = sorted({*_whole_steps(low, high), value})
        return widgets.SelectionSlider(options=options, value=value, **shared)
    if declared.kind is int:
        return widgets.IntSlider(min=low, max=high, value=value, **shared)
    if declared.param.scale == "log" and low > 0:
        options = sorted({*_nice_steps(low, high), value})
        named = [(f"{option:.5g}", option) for option in options]
        return widgets.SelectionSlider(options=named, value=value, **shared)
    step = _round_step((high - low) / _STEPS)
    form = f".{max(0, -math.floor(math.log10(step)))}f"
    return widgets.FloatSlider(
        min=low, max=high, value=value, step=step, readout_format=form, **shared
    )


def slider_range(declared: Declared) -> tuple[float, float]:
    """The range that a slider runs through: the suggested one, or what is legal of 0 .. 1."""
    if declared.param.slider is not None:
        return declared.param.slider
    low = declared.param.low if declared.param.low is not None else 0
    return low, declared.param.high if declared.param.high is not None else low + 1


def _suggested(declared: Declared) -> Any:
    """Where an optional parameter's slider stands while it is None."""
    if declared.param.choices or declared.kind is bool:
        return None
    low, high = slider_range(declared)
    if declared.param.scale == "linear":
        return declared.kind(high)
    middle = 2.0 ** round(math.log2(math.sqrt(low * high)))
    return declared.kind(middle)


def _whole_steps(low: float, high: float) -> list[int]:
    """Whole numbers from `low` to `high`, eight to an octave, powers of two among them."""
    octaves = np.arange(math.floor(math.log2(low)) * 8, math.ceil(math.log2(high)) * 8 + 1) / 8
    return [n for n in sorted({round(2**octave) for octave in octaves}) if low <= n <= high]


def _chosen(option: Any) -> Any:
    return option[1] if isinstance(option, tuple) else option


def _nice_steps(low: float, high: float) -> list[float]:
    """Numbers of three digits from `low` to `high`, at equal ratios."""
    return [float(f"{step:.3g}") for step in np.geomspace(low, high, _STEPS + 1)]


def _round_step(step: float) -> float:
    """A power of ten (or twice or five times one) at or below `step`."""
    scale = 10.0 ** math.floor(math.log10(step))
    return scale * max(n for n in (1, 2, 5) if n * scale <= step * (1 + 1e-9))
