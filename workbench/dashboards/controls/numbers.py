"""A slider for numbers: it runs through round values, and a field beside it takes any other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import ipywidgets as widgets
import numpy as np
import traitlets

from workbench.dashboards.controls.looks import looks
from workbench.dashboards.controls.silence import Silence
from workbench.params import Declared

WORDS = "128px"  # the width of what stands beside a control
_DIGITS, _ROOM = 7, 7  # of a number in its field, and characters that it has room for
_STEPS = 200  # at least so many positions over a continuous range


class _Ladder(widgets.IntSlider):
    """A slider whose page sends no number where it is moved while it has no width."""

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Takes what the page says; nothing in place of a number is answered by what is."""
        if sync_data.get("value", 0) is None:
            sync_data = {name: each for name, each in sync_data.items() if name != "value"}
            self.send_state("value")
        super().set_state(sync_data)


class NumberSlider(widgets.HBox):
    """A number that is chosen on a ladder of round values, or typed exactly.

    The slider itself counts the rungs: a slider of fractions sends the page's rounding of what it
    is set to back to the kernel, as if a person had moved it.

    Attributes:
        value: The number, an `int` or a `float` as the first rung is.
        disabled: It is shown but cannot be changed.
    """

    value = traitlets.Any()
    disabled = traitlets.Bool(False)

    def __init__(self, value: Any, rungs: Sequence[Any], **shown: Any):
        self._rungs = np.asarray(rungs)
        self._kind = type(rungs[0])
        self._silence = Silence()
        self._slider = _Ladder(
            max=len(rungs) - 1,
            readout=False,
            **shown,
            **looks(widgets.IntSlider, words=WORDS, flex="1 1 auto"),
        )
        # a field of whole numbers would read 1000.5 as 10005: the op is to refuse it
        self._field = widgets.FloatText(**looks(widgets.FloatText, width="82px", flex="0 0 auto"))
        super().__init__(
            [self._slider, self._field], **looks(widgets.HBox, width="auto", flex="1 1 auto")
        )
        self.add_class("workbench-number")
        self._slider.observe(self._slid, "value")
        self._field.observe(self._typed, "value")
        self.value = value

    @traitlets.observe("value")
    def _show(self, change: Any) -> None:
        with self._silence:
            self._slider.value = int(np.argmin(np.abs(self._rungs - self.value)))
            if self._field.value != self.value:  # what is typed stays as it is
                self._field.value = self._short(self.value)

    @traitlets.observe("disabled")
    def _disable(self, change: Any) -> None:
        self._slider.disabled = self._field.disabled = self.disabled

    def _short(self, value: Any) -> Any:
        """As many digits as the field has room for: what is learnt has more."""
        if not isinstance(value, float):
            return value
        texts = [f"{value:.{digits}g}" for digits in range(_DIGITS, 2, -1)]
        return float(next((text for text in texts if len(text) <= _ROOM), texts[-1]))

    def _slid(self, change: Any) -> None:
        if not self._silence:
            self.value = self._kind(self._rungs[change.new])

    def _typed(self, change: Any) -> None:
        if not self._silence:
            whole = self._kind is int and change.new % 1 == 0
            self.value = int(change.new) if whole else change.new


class NumberRow(widgets.VBox):
    """Several numbers of one parameter, a slider for each.

    Attributes:
        value: The numbers, a tuple.
        disabled: They are shown but cannot be changed.
    """

    value = traitlets.Tuple()
    disabled = traitlets.Bool(False)

    def __init__(self, value: tuple[Any, ...], rungs: Sequence[Any], **shown: Any):
        self._silence = Silence()
        words = shown.pop("description", "")
        named = [
            shown | {"description": f"{words} {number}"} for number in range(1, len(value) + 1)
        ]
        super().__init__(
            [NumberSlider(one, rungs, **say) for one, say in zip(value, named, strict=True)],
            **looks(widgets.VBox, flex="1 1 auto"),
        )
        self.value = value
        for slider in self.children:
            slider.observe(self._moved, "value")

    @traitlets.observe("value")
    def _show(self, change: Any) -> None:
        with self._silence:
            for slider, one in zip(self.children, self.value, strict=True):
                slider.value = one

    @traitlets.observe("disabled")
    def _disable(self, change: Any) -> None:
        for slider in self.children:
            slider.disabled = self.disabled

    def _moved(self, change: Any) -> None:
        if not self._silence:
            self.value = tuple(slider.value for slider in self.children)


def rungs_of(declared: Declared) -> list[Any]:
    """The round values that a slider of a parameter runs through."""
    offered = declared.param.slider
    if offered is not None and len(offered) > 2:
        return [declared.kind(rung) for rung in offered]
    low, high = slider_range(declared)
    if declared.kind is int:
        return _octaves(low, high) if declared.param.scale == "log" else [*range(low, high + 1)]
    if declared.param.scale == "log" and low > 0:
        return [float(f"{step:.3g}") for step in np.geomspace(low, high, _STEPS + 1)]
    step = _round_step((high - low) / _STEPS)
    digits = max(0, -math.floor(math.log10(step)))
    return [round(low + i * step, digits) for i in range(round((high - low) / step) + 1)]


def slider_range(declared: Declared) -> tuple[Any, Any]:
    """The range that a slider runs through: the suggested one, or what is legal of 0 .. 1."""
    if declared.param.slider is not None:
        low, high = declared.param.slider
    else:
        low = 0 if declared.param.low is None else declared.param.low
        high = low + 1 if declared.param.high is None else declared.param.high
    return declared.kind(low), declared.kind(high)


def _octaves(low: int, high: int) -> list[int]:
    """Whole numbers from `low` to `high`, eight to an octave: eighths of powers of two.

    As lengths of a Fourier transform they are quick: a few times two, never a large prime.

    >>> _octaves(256, 512)
    [256, 288, 320, 352, 384, 416, 448, 480, 512]
    """
    octaves = range(math.floor(math.log2(low)), math.ceil(math.log2(high)) + 1)
    steps = {round(2**octave * eighths / 8) for octave in octaves for eighths in range(8, 16)}
    return sorted(step for step in steps | {low, high} if low <= step <= high)


def _round_step(step: float) -> float:
    """A power of ten, or two or five times one, at or below `step`."""
    scale = 10.0 ** math.floor(math.log10(step))
    return scale * max(n for n in (1, 2, 5) if n * scale <= step * (1 + 1e-9))
