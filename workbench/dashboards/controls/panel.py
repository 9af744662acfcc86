"""All controls of a dashboard: they follow what is, and what is follows them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import ipywidgets as widgets

from workbench.dashboards.alerts import message
from workbench.dashboards.controllers.controller import Controller
from workbench.dashboards.controllers.forms import SOURCE, Group
from workbench.dashboards.controls.control import Control
from workbench.dashboards.controls.groups import ControlGroup
from workbench.dashboards.controls.leaving import Leaving, close_tree, tell_again
from workbench.dashboards.controls.source_choices import SourceChoices
from workbench.dashboards.sources import Source, source_of


class ControlPanel:
    """The choice of the source, its controls, and the groups of parameters.

    A value that is refused is shown with the reason beside its control, and tried again when
    another change may have made it legal.

    Args:
        controller: What is controlled.
        changing: Entered for as long as something changes.
        changed: Called after a change with what was moved; None for more than one control.
        refused: Called after a value was refused.
        behind: Says whether a person waits for earlier pictures: then a control that has moved
            waits too, until `catch_up`.

    Attributes:
        controls: The control of each parameter, by stage and name.
        choices: The choice of the source and its channel.
        groups: The groups of parameters, as those of the controller.
        widget: All of it, as a page shows it.
    """

    def __init__(
        self,
        controller: Controller[Any],
        changing: Callable[[], AbstractContextManager[Any]],
        changed: Callable[[Hashable], None],
        refused: Callable[[], None],
        behind: Callable[[], bool] = lambda: False,
    ):
        self._controller, self._changing, self._changed = controller, changing, changed
        self._refused: dict[tuple[int, str], Control] = {}
        self._late: dict[tuple[int, str], tuple[Control, Any]] = {}
        self._was_refused, self._behind = refused, behind
        self._source_box = widgets.VBox()
        self._shown_source: Source | None = None
        self.controls: dict[tuple[int, str], Control] = {}
        self.choices = SourceChoices(self.change_source, self.choose_channel, controller.channel_of)
        self._leaving = Leaving()
        self._group_box = widgets.VBox()
        self.groups: list[ControlGroup] = []
        self._form: list[Any] = []
        self._match_groups()
        self._show_source()
        self.widget = widgets.VBox([self.choices.widget, self._source_box, self._group_box])
        self.widget.add_class("workbench-controls")

    # what a person does

    def change_source(self, source: Any) -> None:
        """Takes another signal: all that `source_of` takes."""
        with self._changing():
            self._controller.change_source(source_of(source))
            self._show_source()
            self._settle_refused()
            self._changed(None)

    def choose_channel(self, channel: int) -> None:
        """Chooses the channel that is shown where only one can be."""
        with self._changing():
            self._controller.choose_channel(channel)
            self._changed("channel")

    def choose_preset(self, group: int, name: str) -> None:
        """Gives a group (a number of `groups`) the parameters of a preset, all at once.

        A refusal is shown beside the choice.
        """
        chosen = self._controller.controls[group]
        values = chosen.presets.get(name, {})
        self._ask(group, lambda: self._controller.set(chosen.stage, **values))

    def use_tool(self, group: int, tool: str) -> None:
        """Does with a group (a number of `groups`) what one of its tools says.

        A refusal is shown below its title.
        """
        self._ask(group, lambda: self._controller.act(self._controller.controls[group].stage, tool))

    def _ask(self, group: int, change: Callable[[], None]) -> None:
        """Makes a change that a group offers; a refusal is shown beside its title."""
        with self._changing():
            try:
                change()
            except Exception as error:
                self.groups[group].refuse(message(error))
                self._was_refused()
            else:
                self.show()
                self._changed(None)

    def catch_up(self) -> None:
        """Makes the changes of controls that have waited, each to its newest value."""
        if self._late:
            with self._changing():
                self.settle()

    def settle(self) -> None:
        """The same where nobody else changes anything."""
        for key in [*self._late]:
            if (late := self._late.pop(key, None)) is not None:  # one of these took it along
                self._take(key, *late)

    def _moved(self, key: tuple[int, str], control: Control) -> None:
        self._late[key] = control, control.value
        if not self._behind():
            self.catch_up()

    def _take(self, key: tuple[int, str], control: Control, wanted: Any) -> None:
        with self._changing():
            control = self.controls.get(key, control)
            if control.value != wanted:  # what goes on beside has shown another one meanwhile
                control.show(wanted)
            self._refused.pop(key, None)
            if self._try(key, control):
                self._settle_refused()
                self._changed(key)
            else:
                self._was_refused()

    def _try(self, key: tuple[int, str], control: Control) -> bool:
        """Sets a parameter; a refusal is shown beside the control, the last picture stays.

        What is refused alone may be legal together with what was refused before.
        """
        stage, name = key
        waiting = {
            n: other for (at, n), other in self._refused.items() if at == stage and n != name
        }
        try:
            self._controller.set(stage, **{name: control.value})
        except Exception as error:
            if waiting and self._try_together(stage, {**waiting, name: control}):
                return True
            control.error = message(error)
            self._refused[key] = control
            return False
        control.error = ""
        return True

    def _try_together(self, stage: int, controls: Mapping[str, Control]) -> bool:
        try:
            self._controller.set(stage, **{n: control.value for n, control in controls.items()})
        except Exception:
            return False
        for name, control in controls.items():
            control.error = ""
            self._refused.pop((stage, name), None)
        return True

    @property
    def refused(self) -> bool:
        """Whether something that is shown was refused."""
        return bool(self._refused) or any(group.refusal for group in self.groups)

    def _settle_refused(self) -> None:
        """After a change: what it has made legal is taken, and old refusals are void.

        Who stops that keeps the change: what was refused stays so.
        """
        for group in self.groups:
            group.refuse("")
        with contextlib.suppress(KeyboardInterrupt):
            for key, control in list(self._refused.items()):
                if key in self._refused and self._try(key, control):
                    self._refused.pop(key, None)

    # what is shown

    def show(self) -> None:
        """Has every control show what is, and tells nobody; what was refused is forgotten."""
        self._refused.clear()
        self._match_groups()
        self._show_source()
        source = self._controller.source
        for name in source.declared:
            self.controls[SOURCE, name].show(source.values[name])
        for shown, group in zip(self.groups, self._controller.controls, strict=True):
            shown.show(group.values)

    def follow(self) -> None:
        """Shows what follows from the parameters: automatic values, presets, notes, new stages.

        And parameters that have changed with another one.
        """
        self._match_groups()
        groups, notes = self._controller.controls, self._controller.notes
        for shown, group in zip(self.groups, groups, strict=True):
            for name in group.declared:
                control, value = self.controls[group.stage, name], group.values[name]
                waits = (group.stage, name) in self._refused or (group.stage, name) in self._late
                if not waits and control.value != value:
                    control.show(value)
            shown.follow(group.values, group.preset)
            shown.note = notes.get(group.title, "")

    def _match_groups(self) -> None:
        """Makes those groups anew that the controller has in another form than is shown."""
        groups = self._controller.controls
        form = [
            (
                group.title,
                group.stage,
                *map(tuple, (group.declared, group.presets)),
                len(group.tools),
            )
            for group in groups
        ]
        if form != self._form:
            self._remake(groups, form)
        for shown, group in zip(self.groups, groups, strict=True):
            shown.retool(group.tools)

    def _remake(self, groups: Sequence[Group], form: list[Any]) -> None:
        known = dict(zip(self._form, self.groups, strict=True))
        kept = {id(known[each]) for each in form if each in known}
        stays = {(stage, name) for each in form if each in known for stage, name in _keys(each)}
        for key in [key for key in self.controls if key[0] != SOURCE and key not in stays]:
            del self.controls[key]
            self._refused.pop(key, None)
            self._late.pop(key, None)
        before, self._form = self.groups, form
        pairs = zip(form, groups, strict=True)
        self.groups = [known.get(each) or self._group(group) for each, group in pairs]
        self._group_box.children = [group.widget for group in self.groups]
        for old in before:
            if id(old) not in kept:
                self._leaving.add(old.widget)

    def _group(self, group: Group) -> ControlGroup:
        controls = {
            name: self._add(group.stage, name, Control(declared, group.values[name]))
            for name, declared in group.declared.items()
        }
        made = ControlGroup(
            group.title, controls, tuple(group.presets), group.tools, compact=group.compact
        )
        made.on_preset(lambda name: self.choose_preset(self.groups.index(made), name))
        made.on_tool(lambda name: self.use_tool(self.groups.index(made), name))
        return made

    def _show_source(self) -> None:
        """The choice that stands for the source, its channel, and the controls of a test signal."""
        source = self._controller.source
        self.choices.show(source, self._controller.channel)
        if source is self._shown_source:
            return
        self._shown_source = source
        before = [self.controls.pop(key) for key in list(self.controls) if key[0] == SOURCE]
        for waiting in (self._refused, self._late):
            for key in [key for key in waiting if key[0] == SOURCE]:
                del waiting[key]
        rows = []
        for name, declared in source.declared.items():
            rows.append(self._add(SOURCE, name, Control(declared, source.values[name])).widget)
        self._source_box.children = rows
        for control in before:
            self._leaving.add(control.widget)

    def tell(self) -> None:
        """Tells the page what everything is, which may have been lost on the way."""
        with self._changing():
            self.settle()
            tell_again(self.widget)

    def let_go(self) -> None:
        """Closes what has left the page, however short a time ago."""
        self._leaving.close()

    def close(self) -> None:
        """Takes all widgets out of the kernel."""
        self.let_go()
        close_tree(self.widget)

    def _add(self, stage: int, name: str, control: Control) -> Control:
        self.controls[stage, name] = control
        control.observe(lambda moved: self._moved((stage, name), moved))
        return control


def _keys(form: tuple[Any, ...]) -> list[tuple[int, str]]:
    """The controls of a group of this form."""
    _, stage, declared, *_ = form
    return [(stage, name) for name in declared]
