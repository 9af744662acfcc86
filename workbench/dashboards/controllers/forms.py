"""What a controller tells of itself: groups of parameters, and what goes on by itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from workbench.checked_json import REQUIRED, Check, Fields, anything
from workbench.dashboards.figures import name_and_unit
from workbench.params import Declared

SOURCE = -1  # stands for the source where others name a stage
SHOWN = -2  # and for what is shown of the results
LOOKS = -3  # and for how


@dataclass(frozen=True)
class Group:
    """Parameters that are shown together.

    Attributes:
        title: What stands over them; empty for none.
        stage: What `Controller.set` calls their stage.
        declared: Those that have a control, by name.
        values: All parameters of the stage.
        presets: Values that some of the parameters may take together, by the name of the set.
        tools: What can be done with the stage as a whole, as `Controller.act` calls it.
        compact: Whether they are switches, to be shown side by side.
    """

    title: str
    stage: int
    declared: Mapping[str, Declared]
    values: Mapping[str, Any]
    presets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    tools: tuple[str, ...] = ()
    compact: bool = False

    @property
    def preset(self) -> str:
        """The name of the preset whose values the parameters have; empty for none."""
        for name, preset in self.presets.items():
            if all(self.values[each] == value for each, value in preset.items()):
                return name
        return ""


class Work(NamedTuple):
    """Steps that a dashboard takes one by one, and shows what each has changed.

    Attributes:
        steps: Each `next` is one.
        total: How many there are; None where nobody knows.
        text: What is done, in a word or two.
        pace: Seconds from step to step, at least.
    """

    steps: Iterator[Any]
    total: int | None
    text: str
    pace: Callable[[], float]


def values_of(declared: Mapping[str, Declared]) -> Check:
    """The check of an object with values of these parameters; what it lacks gets its default."""

    def check(name: str, values: Any) -> dict[str, Any]:
        given = Fields(name, values)
        for each in declared.values():
            given.take(each.name, anything, REQUIRED if each.required else each.default)
        given.close()
        return {n: d.check(given.values.get(n, d.default)) for n, d in declared.items()}

    return check


def label(declared: Declared) -> str:
    """The words beside a control: name and unit, the unit not said twice."""
    words, unit = name_and_unit(declared.name)
    words, unit = declared.param.words or words, unit or declared.param.unit
    return words if not unit or words == "seconds" else f"{words} ({unit})"


def name_of(stage: int) -> str:
    """What a state calls a stage."""
    return "shown" if stage == SHOWN else str(stage)


def plain(state: Any) -> Any:
    """Dicts, lists, words and numbers as they come back from a file."""
    return json.loads(json.dumps(state))
