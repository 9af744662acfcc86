"""What the dashboard of gradients says of its numbers."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from workbench.dashboards.controllers.forms import label
from workbench.dashboards.figures import figure
from workbench.declared_layer import DeclaredLayer
from workbench.learning.learner import Learner, Parameter

_SCALARS = {
    "target": "distance",
    "other clip": "distance",
    "region": "energy of the region",
    "one cell": "value of the cell",
    "mean": "mean",
    "energy": "mean energy",
}


def of_scalar(name: str, value: float) -> str:
    """What a scalar is.

    >>> of_scalar("target", 3.832e-05)
    'The distance is 3.83 × 10⁻⁵.'
    """
    return f"The {_SCALARS[name]} is {figure(value)}."


def of_stage(
    stage: int, layer: DeclaredLayer, slopes: Mapping[str, float], learnt: Collection[Parameter]
) -> str:
    """The gradients of the parameters of a layer, and which of them learning moves."""
    own = {name for at, name in learnt if at == stage}
    texts = [
        f"{label(layer.declared[name])} {figure(slope)}{' (learnt)' if name in own else ''}"
        for name, slope in slopes.items()
    ]
    return f"Gradient by {', '.join(texts)}"


def of_learning(learner: Learner, *, going: bool) -> str:
    """Where learning is, and how far it has come."""
    last, layers = learner.history[-1], learner.chain.layers
    values = ", ".join(
        f"{label(layers[at].declared[name])} {figure(value, 6)}"
        for (at, name), value in last.values.items()
    )
    if learner.converged:
        return f"Converged at step {last.number}: {values}"
    sharp = f", smoothed over {figure(1e3 * last.smoothing_seconds)} ms"
    state = "Step" if going else "Paused at step"
    return f"{state} {last.number}: {values}{sharp if last.smoothing_seconds else ''}"
