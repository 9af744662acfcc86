"""The Python that computes what the dashboard of gradients shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.chain import Chain
from workbench.dashboards.sources import Source
from workbench.learning.learner import Learner, Parameter


def code_of(
    source: Source,
    part: tuple[int, int, int],
    chain: Chain,
    objective: Sequence[str],
    moved: Sequence[Parameter],
    options: Mapping[str, Any],
    learner: Learner | None,
) -> str:
    """The lines that make the excerpt, the chain and the objective, and learn.

    Args:
        source: Where the signal comes from.
        part: Row, first sample and end of the excerpt.
        chain: What is done to it.
        objective: The lines that make it.
        moved: What is learnt.
        options: How, as `Learner` takes it.
        learner: What has learnt; None for nothing yet.
    """
    row, start, stop = part
    lines = ["import workbench as wb", "", source.code()]
    lines += [f"x = x[{row}:{row + 1}, {start}:{stop}]", chain.code(), *objective]
    gradients = "gradients = chain.gradients(x, objective, parameters=True)"
    if not moved:
        return "\n".join([*lines, gradients])
    how = ", ".join(f"{name}={value!r}" for name, value in options.items())
    learning = f"learner = wb.Learner(chain, x, objective, {list(moved)}, {how})"
    if learner is None or not learner.history:
        return "\n".join([*lines, gradients, learning])
    for stage, values in by_stage(learner.began).items():
        given = ", ".join(f"{name}={value!r}" for name, value in values.items())
        lines.append(f"chain.set({stage}, {given})  # where learning began")
    lines += [learning, f"steps = list(learner.run({len(learner.history)}))"]
    return "\n".join([*lines, "gradients = learner.result"])


def by_stage(values: Mapping[Parameter, Any]) -> dict[int, dict[str, Any]]:
    """Values of parameters, for each stage by name.

    >>> by_stage({(0, "delay"): 2.0, (1, "power"): 1.0})
    {0: {'delay': 2.0}, 1: {'power': 1.0}}
    """
    found: dict[int, dict[str, Any]] = {}
    for (stage, name), value in values.items():
        found.setdefault(stage, {})[name] = value
    return found
