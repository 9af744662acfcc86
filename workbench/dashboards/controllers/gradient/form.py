"""What the dashboard of gradients offers, group by group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras

from workbench.chain import Chain
from workbench.dashboards.controllers.chain import controlled
from workbench.dashboards.controllers.forms import SHOWN, Group
from workbench.dashboards.controllers.gradient.settings import SETTINGS, acts, target_of
from workbench.learning.learner import Parameter
from workbench.params import Declared, Param

_SCALAR = ("scalar", "first_seconds", "last_seconds", "low_hertz", "high_hertz", "cell_seconds",
    "cell_hertz", "other_clip", "smoothing_seconds")  # fmt: skip
_LEARNING = ("optimizer", "step", "steps_per_second")


@dataclass(frozen=True)
class Form:
    """Groups of parameters, as they are chosen now.

    Attributes:
        chain: What is done to the excerpt.
        settings: What is chosen beside the chain's parameters.
        targets: Values of parameters that make the target of a distance.
        learnt: The parameters that learning moves.
        learning: Whether it is under way.
        usual: For a stage, which parameters are in daily use.
    """

    chain: Chain
    settings: Mapping[str, Any]
    targets: Mapping[Parameter, float | None]
    learnt: frozenset[Parameter]
    learning: bool
    usual: Mapping[int, tuple[str, ...]]

    @property
    def parameters(self) -> dict[str, Parameter]:
        """All that has a gradient, by the name that it is shown with."""
        return {
            f"{stage + 1}. {name}": (stage, name)
            for stage, layer in enumerate(self.chain.layers)
            for name, each in controlled(layer).items()
            if each.has_slope(layer.values) and acts(each, layer.values)
        }

    @property
    def declared(self) -> dict[str, Declared]:
        """All settings; for each parameter its value in the target, and whether it is learnt."""
        found = dict(SETTINGS)
        for label, (stage, name) in self.parameters.items():
            target = target_of(self.chain.layers[stage].declared[name], f"target {label}")
            switch = Param("Whether learning moves it.")
            found[target.name] = target
            found[f"learn {label}"] = Declared(f"learn {label}", switch, bool, False, False)
        return found

    @property
    def values(self) -> dict[str, Any]:
        """The values of all that is `declared`."""
        found = dict(self.settings)
        for label, parameter in self.parameters.items():
            found[f"target {label}"] = self.targets.get(parameter)
            found[f"learn {label}"] = parameter in self.learnt
        return found

    @property
    def groups(self) -> list[Group]:
        """The example, the scalar, the parameters of each stage, and learning."""
        declared, values = self.declared, self.values

        def group(title: str, names: tuple[str, ...], tools: tuple[str, ...] = ()) -> Group:
            own = {name: declared[name] for name in names}
            return Group(title, SHOWN, own, values, tools=tools)

        targets = tuple(name for name in declared if name.startswith("target "))
        learnt = tuple(name for name in declared if name.startswith("learn "))
        found = [
            group("", ("example", "start", "seconds")),
            group("Scalar", (*_SCALAR, *targets)),
        ]
        for stage, layer in enumerate(self.chain.layers):
            own = controlled(layer, self.usual.get(stage, ()))
            found.append(Group(title_of(stage, layer), stage, own, layer.values))
        tools = ("pause" if self.learning else "learn", "step", "restart")
        return [*found, group("Learning", (*learnt, *_LEARNING), tools)]


def title_of(stage: int, layer: keras.layers.Layer) -> str:
    """The title of a stage's group."""
    return f"{stage + 1}. {type(layer).__name__}"
