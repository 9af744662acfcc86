"""The loss over one parameter, computed again only where something else has changed."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from workbench.chain import Chain
from workbench.dashboards.controllers.gradient.objective import identity_of
from workbench.dashboards.figures import name_and_unit
from workbench.dashboards.panels import Panel
from workbench.dashboards.plots.descents import over_parameter
from workbench.dashboards.scene import Memory
from workbench.learning.landscape import (
    Landscape,
    Tangent,
    in_double,
    landscape,
    tangent,
    values_near,
)
from workbench.learning.learner import Parameter, value_of
from workbench.objectives import Objective


class _Found(NamedTuple):
    name: str
    unit: str
    losses: Landscape
    slope: Tangent


class LossOverParameter:
    """The picture of a loss; while something learns it is that of the beginning."""

    def __init__(self, memory: Memory):
        self._memory = memory
        self._found: tuple[Parameter, _Found] | None = None

    def panel(
        self,
        chain: Chain,
        x: Any,
        objective: str | Objective,
        parameter: Parameter,
        target: float | None,
        *,
        learning: bool,
    ) -> Panel:
        """The loss of `objective` over a parameter of a chain, where it is now, and its target."""
        now = value_of(chain.layers[parameter[0]], parameter[1])
        if not (learning and self._found and self._found[0] == parameter):
            self._found = parameter, self._compute(chain, x, objective, parameter, now)
        found = self._found[1]
        slope = None if learning else found.slope
        return over_parameter(found.name, found.unit, found.losses, slope, now, target)

    def _compute(
        self, chain: Chain, x: Any, objective: str | Objective, parameter: Parameter, now: float
    ) -> _Found:
        stage, name = parameter
        others = tuple(
            (at, each, value)
            for at, layer in enumerate(chain.layers)
            for each, value in layer.values.items()
            if (at, each) != parameter
        )
        given = (x, parameter, others, identity_of(objective))
        known: dict[float, float] = self._memory.recall("landscape", given, dict)
        wanted = values_near(chain, parameter, now)
        if new := [value for value in wanted if value not in known]:
            losses = landscape(chain, x, objective, parameter, new).losses
            known.update(zip(new, losses, strict=True))
        names = tuple(layer.name for layer in chain.layers)
        exact = self._memory.recall("double", names, lambda: in_double(chain, x))
        slope = self._memory.recall(
            "tangent", (*given, now), lambda: tangent(chain, x, objective, parameter, exact)
        )
        unit = chain.layers[stage].declared[name].param.unit
        shown = {value: known[value] for value in wanted}
        if wanted[0] < slope.value < wanted[-1]:
            shown[slope.value] = slope.loss
        values = np.array(sorted(shown))
        found = Landscape(values, np.array([shown[value] for value in values]))
        return _Found(f"{stage + 1}. {name_and_unit(name)[0]}", unit, found, slope)
