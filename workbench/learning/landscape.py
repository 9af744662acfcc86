"""The loss over one parameter, and whether its tangent is the gradient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from workbench.axes import Axis
from workbench.chain import Chain
from workbench.curves import Curves
from workbench.declared_layer import DeclaredLayer
from workbench.errors import ParameterError, naming
from workbench.learning.descent import Coordinate
from workbench.learning.learner import Parameter, known_parameter, value_of
from workbench.objectives import Loss, Objective, scalar_of

_STEP = 1e-7  # of the slider: small against all that a loss bends over, large against rounding


class Landscape(NamedTuple):
    """The loss over one parameter: float64 `values` and `losses`, in order."""

    values: np.ndarray
    losses: np.ndarray

    def curves(self, name: str, unit: str = "") -> Curves:
        """The loss as a line over the parameter, whose values rise.

        >>> Landscape(np.array([1.0, 2.0]), np.array([0.5, 0.1])).curves("delay", "samples").axis.label
        'delay (samples)'
        """  # noqa: E501
        axis = Axis(name, unit, values=tuple(self.values.tolist()))
        return Curves(axis, self.losses[np.newaxis], ("loss",), "loss")


class Tangent(NamedTuple):
    """A slope found in two ways, both in double precision.

    Attributes:
        value: The parameter's value.
        loss: The loss there.
        gradient: The exact gradient, by automatic differentiation.
        difference: The slope by central differences.
        error: By how much they differ, as a part of the larger one.
    """

    value: float
    loss: float
    gradient: float
    difference: float
    error: float


def landscape(
    chain: Chain,
    x: Any,
    objective: str | Loss | Objective,
    parameter: Parameter,
    values: int | Sequence[float] = 33,
) -> Landscape:
    """The loss over one parameter of a chain, all others as they are; the chain keeps its own.

    Args:
        chain: The chain.
        x: Its signal, as for `Chain.run`.
        objective: As for `Chain.gradients`.
        parameter: The stage and the name of a differentiable parameter.
        values: Where; or how many, evenly along the slider inside the legal range.

    Raises:
        ParameterError, ParameterTypeError: A value is illegal, or the parameter can't be changed.

    >>> import workbench as wb
    >>> chain = wb.Chain([wb.layers.Saturate()], sample_rate=8000)
    >>> x = wb.tone(sample_rate=8000, seconds=0.1)[None]
    >>> found = landscape(chain, x, "energy", (0, "drive_db"), [-6.0, 0.0, 6.0])
    >>> bool(np.all(np.diff(found.losses) > 0))
    True
    """
    with naming("landscape"):
        at, name = known_parameter(chain, *parameter)
    layer = chain.layers[at]
    if isinstance(values, int):
        values = [float(each) for each in Coordinate.of(layer, name).places(values)]
    with naming("landscape"):
        if not values:
            raise ParameterError("values", "be at least one", "none")
    with naming(layer.spec.name):
        checked = [layer.declared[name].check(value) for value in values]
    scalar, losses = scalar_of(objective, chain.spaces[-1]), []
    for value in checked:
        result = chain.run_with(x, (at, name), value)
        losses.append(float(scalar.function(result, *scalar.tensors)))
    if isinstance(objective, Objective):
        objective.check(chain.spaces[-1], result.shape)
    return Landscape(np.array(checked, np.float64), np.array(losses, np.float64))


def values_near(
    chain: Chain, parameter: Parameter, value: float, count: int = 33, finer: int = 4
) -> list[float]:
    """Values of a parameter for a `landscape`: evenly along the slider, finer around one of them.

    Args:
        chain: The chain.
        parameter: The stage and the name of a differentiable parameter.
        value: Around which they are finer.
        count: How many there are along the slider.
        finer: How many times as many there are from one of these to the next, beside `value`.

    Raises:
        ParameterError, ParameterTypeError: There is no such parameter.

    >>> import workbench as wb
    >>> chain = wb.Chain([wb.layers.FractionalDelay(delay=2.0)], sample_rate=8000)
    >>> values_near(chain, (0, "delay"), 20.0, count=5, finer=4)
    [0.0, 8.0, 12.0, 16.0, 20.0, 24.0, 28.0, 32.0, 48.0, 64.0]
    """
    with naming("values_near"):
        at, name = known_parameter(chain, *parameter)
    made = Coordinate.of(chain.layers[at], name).places_near(value, count, finer)
    return [float(each) for each in made]


def tangent(
    chain: Chain,
    x: Any,
    objective: str | Loss | Objective,
    parameter: Parameter,
    exact: Chain | None = None,
) -> Tangent:
    """The slope of the loss at a parameter's present value, by gradient and by differences.

    Central differences at one and two steps, extrapolated to none. Next to an end of the legal
    range it is found two steps inside, a few ten-millionths of the slider. Where the result jumps
    (a ratio at which it gains a sample) no difference is a slope, and the error is large.

    Args:
        chain: The chain.
        x: Its signal.
        objective: As for `Chain.gradients`.
        parameter: The stage and the name of a differentiable parameter.
        exact: What `in_double` has made of the chain, which saves making it again; it takes the
            parameters that the chain has now.

    Raises:
        ParameterError, ParameterTypeError: The parameter can't be changed.

    >>> import workbench as wb
    >>> chain = wb.Chain([wb.layers.Saturate()], sample_rate=8000)
    >>> x = wb.tone(sample_rate=8000, seconds=0.1)[None]
    >>> tangent(chain, x, "energy", (0, "drive_db")).error < 1e-6
    True
    """
    with naming("tangent"):
        at, name = known_parameter(chain, *parameter)
    if exact is None:
        exact = in_double(chain, x)
    else:
        _follow(exact, chain)
    signal = tf.cast(x, tf.float64)
    layer = exact.layers[at]
    along = Coordinate.of(layer, name)
    step = _STEP * abs(along.slope(value_of(layer, name)))
    value = min(max(value_of(layer, name), along.least + 2 * step), along.most - 2 * step)
    exact.set(at, **{name: value})
    made = exact.gradients(signal, objective, parameters=[(at, name)])
    gradient = float(made.parameters[at][name])
    around = [value - 2 * step, value - step, value + step, value + 2 * step]
    far_left, left, right, far_right = landscape(
        exact, signal, objective, (at, name), around
    ).losses
    difference = float((8 * (right - left) - (far_right - far_left)) / (12 * step))
    largest = max(abs(gradient), abs(difference), np.finfo(np.float64).tiny)
    error = abs(gradient - difference) / largest
    return Tangent(value, float(made.value), gradient, difference, error)


def in_double(chain: Chain, x: Any) -> Chain:
    """A copy of a chain that computes in double precision, with the weights it has for `x`."""
    config = chain.get_config()
    for layer in config["layers"]:
        layer["config"]["dtype"] = "float64"
    made = Chain.from_config(config | {"dtype": "float64"})
    if chain.weights:
        made(tf.cast(x, tf.float64))
        made.set_weights(chain.get_weights())
    return made


def _follow(exact: Chain, chain: Chain) -> None:
    """Gives a copy of a chain the parameters that the chain has now."""
    values = {
        stage: {n: v for n, v in layer.values.items() if n not in layer.following}
        for stage, layer in enumerate(chain.layers)
        if isinstance(layer, DeclaredLayer)
    }
    exact.change(values, sample_rate=chain.sample_rate)
