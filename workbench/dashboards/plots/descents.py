"""Plots of a descent: the loss over one parameter with its tangent, and over the steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from workbench.axes import Axis
from workbench.curves import Curves
from workbench.dashboards.figures import figure, name_and_unit
from workbench.dashboards.panels import LinesPanel
from workbench.dashboards.views import limits_around, lines_panel
from workbench.learning.landscape import Landscape, Tangent
from workbench.learning.learner import Parameter, Step

_FEWEST = 20  # steps that there is room for
_WORD = 0.1  # of the width: so far apart, two words have room beside each other
_ROOM = 0.05  # of the height, above and below the loss


def over_parameter(
    name: str, unit: str, found: Landscape, slope: Tangent | None, now: float, target: float | None
) -> LinesPanel:
    """The loss over one parameter, its tangent at the present value, and where the target is."""
    losses = found.losses
    room = _ROOM * (float(np.max(losses) - np.min(losses)) or 1.0)
    limits = float(np.min(losses)) - room, float(np.max(losses)) + room
    lines, names, title = [losses], ["loss"], f"Loss over {name}"
    if slope is not None:
        lines.append(slope.loss + slope.gradient * (found.values - slope.value))
        names.append("tangent")
        found_twice = figure(slope.gradient, 4), figure(slope.difference, 4)
        title = "Loss over {}: slope {}, differences {}".format(name, *found_twice)
    axis = Axis(name, unit, values=tuple(found.values))
    marks = _marks(now, target, abs(float(found.values[-1] - found.values[0])))
    curves = Curves(axis, np.stack(lines), tuple(names), "loss")
    styles = ("solid", "dashed")[: len(lines)]
    return lines_panel(title, curves, limits, marks=marks, styles=styles)


def _marks(now: float, target: float | None, width: float) -> dict[str, float]:
    """The present value and the target; one of them says both where their words would collide."""
    if target is None:
        return {"now": now}
    if abs(now - target) > _WORD * width:
        return {"now": now, "target": target}
    return {"": min(now, target), "now, target": max(now, target)}


def training(history: Sequence[Step]) -> LinesPanel:
    """The loss over the steps, relative to the first, in dB."""
    losses = np.array([step.loss for step in history])
    with np.errstate(divide="ignore", invalid="ignore"):
        levels = 10 * np.log10(np.abs(losses) / (abs(losses[0]) or 1.0))
    levels = np.maximum(np.nan_to_num(levels, nan=0.0, neginf=-200.0), -200.0)
    curves = Curves(Axis("step"), levels[None], ("loss",), "loss", "dB")
    low, high = limits_around(np.append(levels, [0.0, -10.0]))
    return lines_panel(
        f"Training: step {len(history) - 1}", curves, (low, high), span=_span(history), half=True
    )


def way(history: Sequence[Step], targets: Mapping[Parameter, float | None]) -> LinesPanel:
    """How far each parameter has come on its way to the target; its value where it has none."""
    begun, lines, names = history[0].values, [], []
    known = {each: targets[each] for each in begun if targets.get(each) not in (None, begun[each])}
    for parameter, begin in begun.items():
        values = np.array([step.values[parameter] for step in history])
        end = known.get(parameter)
        lines.append(values if end is None else (values - begin) / (end - begin))
        names.append(name_and_unit(parameter[1])[0] + (" (value)" if end is None else ""))
    title, quantity = "Learnt values", "value"
    data = seen = np.stack(lines)
    if known:
        title, quantity = "Way to the target", "part of the way"
        seen = np.append(data, [0.0, 1.0])
    curves = Curves(Axis("step"), data, tuple(names), quantity)
    return lines_panel(title, curves, limits_around(seen), span=_span(history), half=True)


def _span(history: Sequence[Step]) -> tuple[float, float]:
    return 0.0, float(max(len(history) - 1, _FEWEST))
