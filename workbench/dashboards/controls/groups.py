"""Controls that belong together: those in daily use, those that apply, the others on demand."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import ipywidgets as widgets

from workbench.dashboards.alerts import alert, unalert
from workbench.dashboards.controls.control import Control
from workbench.dashboards.controls.looks import looks
from workbench.params import Declared, Param

_TOOLS = {  # an icon, and what it does
    "off": ("toggle-on", "Switch off"),
    "on": ("toggle-off", "Switch on"),
    "up": ("arrow-up", "Move up"),
    "down": ("arrow-down", "Move down"),
    "remove": ("times", "Remove"),
    "learn": ("play", "Learn"),
    "pause": ("pause", "Pause"),
    "step": ("step-forward", "One step"),
    "restart": ("fast-backward", "Back to the beginning"),
}
_CUSTOM = "custom"  # the choice of a preset where parameters differ from all of them


class ControlGroup:
    """A column of controls, titled if need be, and what there is to say of them.

    Details are folded away unless one of them is in use. Switches need little room: where there is
    nothing else (`compact`), they stand side by side.

    Attributes:
        preset: The choice among the presets; None where there are none.
        widget: All of it, as a page shows it.
    """

    def __init__(
        self,
        title: str,
        controls: Mapping[str, Control],
        presets: Sequence[str] = (),
        tools: Sequence[str] = (),
        *,
        compact: bool = False,
    ):
        self._controls = dict(controls)
        self._title, self._tool_names = title, tuple(tools)
        self._buttons = [_tool(name, title) for name in tools]
        self.preset = Control(_preset_of(presets), _CUSTOM) if presets else None
        self._said = ""
        usual = [c for c in self._controls.values() if not c.declared.param.detail]
        details = [c for c in self._controls.values() if c.declared.param.detail]
        folded = self._folded(details) if details else []
        heading = [_heading(title, self._buttons)] if title else []
        self._note = widgets.HTML(**looks(widgets.HTML, margin="0"))
        self._note.add_class("workbench-note")
        self._refusal = widgets.HTML(**looks(widgets.HTML, margin="0"))
        self._refusal.add_class("workbench-error")
        heading += [self.preset.widget] if self.preset else []
        heading += [self._refusal]
        shown = [control.widget for control in usual]
        if compact:
            shown = [widgets.Box(shown)]
            shown[0].add_class("workbench-compact")
        self.widget = widgets.VBox([*heading, *shown, *folded, self._note])

    @property
    def note(self) -> str:
        """What is said below the controls."""
        return self._said

    @note.setter
    def note(self, text: str) -> None:
        if text != self._said:
            self._said = text
            self._note.value = f'<span role="status">{html.escape(text)}</span>' if text else ""

    def on_preset(self, callback: Callable[[str], None]) -> None:
        """Calls `callback(name)` when a preset is chosen."""
        if self.preset:
            self.preset.observe(lambda chosen: callback(chosen.value))

    @property
    def tools(self) -> dict[str, widgets.Button]:
        """The buttons of what can be done with the whole of it, by name."""
        return dict(zip(self._tool_names, self._buttons, strict=True))

    def on_tool(self, callback: Callable[[str], None]) -> None:
        """Calls `callback(name)` when a tool is used."""
        for number, button in enumerate(self._buttons):
            button.on_click(lambda _, number=number: callback(self._tool_names[number]))

    def retool(self, names: Sequence[str]) -> None:
        """Has the same buttons do other things, as many as before."""
        for button, name, before in zip(self._buttons, names, self._tool_names, strict=True):
            if name != before:
                button.icon, button.tooltip = _words_of(name, self._title)
        self._tool_names = tuple(names)

    @property
    def refusal(self) -> str:
        """Why the last preset or tool was refused; empty if it was not."""
        return unalert(self._refusal.value)

    def refuse(self, text: str) -> None:
        """Shows why a preset could not be taken, or a tool not be used; empty takes it away."""
        self._refusal.value = alert(text)

    def show(self, values: Mapping[str, Any]) -> None:
        """Shows all parameters as they are, without errors; tells nobody."""
        self.refuse("")
        for name, control in self._controls.items():
            control.show(values[name])
        self._unfold()

    def follow(self, values: Mapping[str, Any], preset: str = "") -> None:
        """Shows what automatic values stand for, and only what acts, given all parameters.

        Args:
            values: All parameters of the group's stage.
            preset: The name of the preset that they are; empty for none.
        """
        if self.preset:
            self.preset.show(preset or _CUSTOM)
        for control in self._controls.values():
            param = control.declared.param
            if param.automatic:
                control.follow(values)
            if param.only:
                name, words = param.only
                display = "" if values[name] in words else "none"
                if control.widget.layout.display != display:
                    control.widget.layout.display = display

    def _folded(self, details: Sequence[Control]) -> list[widgets.Widget]:
        """Details under a button that unfolds them."""
        self._details = widgets.VBox([control.widget for control in details])
        self._more = widgets.ToggleButton(layout={"width": "auto", "align_self": "flex-end"})
        self._more.add_class("workbench-more")
        self._more.observe(self._fold, "value")
        self._unfold()
        self._fold()
        return [self._more, self._details]

    def _unfold(self) -> None:
        """Unfolds the details if one of them is in use."""
        details = [c for c in self._controls.values() if c.declared.param.detail]
        if any(control.value != control.declared.default for control in details):
            self._more.value = True

    def _fold(self, change: Any = None) -> None:
        shown = self._more.value
        self._details.layout.display = "" if shown else "none"
        self._more.description = "fewer" if shown else "more"
        self._more.icon = "angle-up" if shown else "angle-down"


def _preset_of(names: Sequence[str]) -> Declared:
    doc = "All parameters as another library has them."
    return Declared("preset", Param(doc, choices=(_CUSTOM, *names)), str, False, _CUSTOM)


def _tool(name: str, title: str) -> widgets.Button:
    icon, tooltip = _words_of(name, title)
    button = widgets.Button(icon=icon, tooltip=tooltip, **looks(widgets.Button, width="28px"))
    button.add_class("workbench-tool")
    return button


def _words_of(name: str, title: str) -> tuple[str, str]:
    icon, does = _TOOLS[name]
    return icon, f"{does}: {title}"


def _heading(text: str, tools: Iterable[widgets.Button]) -> widgets.Widget:
    said = f'<div role="heading" aria-level="4">{text}</div>'
    heading = widgets.HTML(said, **looks(widgets.HTML, flex="1 1 auto"))
    heading.add_class("workbench-group")
    return widgets.HBox([heading, *tools], **looks(widgets.HBox, align_items="flex-end"))
