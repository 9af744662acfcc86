"""Gradients of a scalar of the last of several stages, with respect to all that leads to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import tensorflow as tf

from workbench.objectives import Scalar
from workbench.stages import Stage


@dataclass(frozen=True)
class Gradients:
    """A scalar and its gradients.

    Attributes:
        value: The scalar.
        outputs: The signal and the result of each stage.
        stages: Gradient with respect to each of `outputs`, in its shape.
        parameters: For each layer, the gradient with respect to its differentiable parameters.
    """

    value: tf.Tensor
    outputs: tuple[tf.Tensor, ...]
    stages: tuple[tf.Tensor, ...]
    parameters: tuple[dict[str, tf.Tensor], ...]

    @property
    def signal(self) -> tf.Tensor:
        """Gradient with respect to the waveform."""
        return self.stages[0]


def backpropagate(
    stages: Sequence[Stage], signal: tf.Tensor, scalar: Scalar, wanted: Sequence[tuple[str, ...]]
) -> Gradients:
    """Runs all stages forwards, and back from the scalar of the last one's result.

    Args:
        stages: At least one.
        signal: What goes into the first.
        scalar: Of the last one's result.
        wanted: For each stage, the parameters whose gradients are asked for.
    """
    outputs = [signal]
    for stage in stages[:-1]:
        outputs.append(stage.forward(outputs[-1]))
    end = stages[-1].finish(outputs[-1], *scalar, wanted[-1])
    outputs.append(end.result)
    of_outputs, of_parameters = [end.of_result, end.of_signal], [end.of_parameters]
    for i in reversed(range(len(stages) - 1)):
        upstream, found = stages[i].backward(outputs[i], of_outputs[-1], wanted[i])
        of_outputs.append(upstream)
        of_parameters.append(found)
    return Gradients(end.value, tuple(outputs), tuple(of_outputs[::-1]), tuple(of_parameters[::-1]))


def wanted_of(
    stages: Sequence[Stage], parameters: bool | Sequence[tuple[int, str]]
) -> list[tuple[str, ...]]:
    """For each stage the parameters whose gradients are asked for."""
    if isinstance(parameters, bool):
        return [stage.differentiable if parameters else () for stage in stages]
    return [
        tuple(name for at, name in parameters if at in (i, i - len(stages)))
        for i in range(len(stages))
    ]
