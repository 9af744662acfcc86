"""What every layer of an op has: parameters that can be set and learnt, masks, a file form."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf

from workbench.axes import Space
from workbench.errors import ParameterError, ParameterTypeError
from workbench.masks import StepsMask, valid_steps
from workbench.ops import Op, spec
from workbench.params import Declared
from workbench.tensors import is_tensor


class OpLayer(keras.layers.Layer):
    """A Keras layer whose parameters are those of its op.

    Inputs have time at `axis`: `[batch, time]` or `[batch, time, channels]` with the default of 1.
    A Keras mask `[batch, time]` of rows that are padded at their end goes in, and comes out with
    the steps that the op makes of it.

    A parameter that follows the signal's sample rate may be left out in a `Chain`, which knows it.

    Args:
        axis: Dimension of time.
        learn: Names of differentiable parameters that become trainable weights.
        **values: The parameters of the op, and `name`, `dtype`, `trainable` as Keras has them.

    Raises:
        ParameterError, ParameterTypeError: As the op raises them.
    """

    function: ClassVar[Callable[..., tf.Tensor]]
    spec: ClassVar[Op]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.spec = spec(cls.function)
        cls.__signature__ = _signature(cls.spec)  # type: ignore[attr-defined]
        cls.__doc__ = f"{cls.__doc__}\n\n{_prose(cls.function)}"
        keras.saving.register_keras_serializable("workbench")(cls)

    def __init__(self, *, axis: int = 1, learn: tuple[str, ...] = (), **values: Any):
        followed = values.pop("followed", ())
        given = {n: _plain(n, values.pop(n)) for n in self.spec.parameters if n in values}
        super().__init__(**values)
        self.supports_masking = True
        self.axis = axis
        self.learn = (learn,) if isinstance(learn, str) else tuple(learn)
        self._given = {name: value for name, value in given.items() if name not in followed}
        self._followed = {name: value for name, value in given.items() if name in followed}
        self._weights_of: dict[str, keras.Variable] = {}
        self._check_learn()
        self._checked = self._check()

    def _check(self) -> dict[str, Any] | None:
        """The checked parameters, or None while a rate that a chain will set is missing."""
        values = self._followed | self._given
        needed = [name for name in self.following if self.declared[name].required]
        missing = [name for name in needed if name not in values]
        rest = {name: 1 for name in missing}
        checked = self.spec.check(values | rest)
        return None if missing else checked

    def _check_learn(self) -> None:
        for name in self.learn:
            declared = self.spec.parameters.get(name)
            if declared is None or not declared.param.differentiable:
                able = [n for n, d in self.spec.parameters.items() if d.param.differentiable]
                error = ParameterError("learn", f"name some of {able}", repr(name))
                raise error.named(type(self).__name__)
            value = self._given.get(name, declared.default)
            if value is None and declared.param.automatic is None:
                raise ParameterError(name, "be given to be learnt", None).named(type(self).__name__)

    @property
    def following(self) -> tuple[str, ...]:
        """Names of the parameters that follow the signal's sample rate."""
        return tuple(n for n, d in self.spec.parameters.items() if d.param.follows == "rate")

    @property
    def values(self) -> dict[str, Any]:
        """The parameters by name, checked, as plain Python values.

        Raises:
            ParameterTypeError: A sample rate is missing, outside a chain.
        """
        if self._checked is None:
            self.spec.check(self._followed | self._given)
        assert self._checked is not None
        learnt = {n: float(tf.convert_to_tensor(w)) for n, w in self._weights_of.items()}
        return self._checked | learnt

    @property
    def _at_hand(self) -> dict[str, Any]:
        """The parameters without a look at the weights, which a graph has no values of."""
        return self._checked or self.values

    @property
    def declared(self) -> Mapping[str, Declared]:
        """The declarations of the parameters, by name."""
        return self.spec.parameters

    def set(self, **values: Any) -> None:
        """Changes parameters; the next call uses them. A wrong value changes nothing.

        A `Chain` sees to it that its compiled functions follow; what else has traced a call of
        this layer (`predict` of a `keras.Sequential`) keeps what it was until it is compiled again.

        Raises:
            ParameterError, ParameterTypeError: As the op raises them.
        """
        with self.restoring():
            self._given |= {name: _plain(name, value) for name, value in values.items()}
            self._checked = self._check()
            for name, weight in self._weights_of.items():
                if name in values:
                    weight.assign(values[name])

    @contextlib.contextmanager
    def restoring(self) -> Iterator[None]:
        """Puts all parameters back to where they were if the block raises."""
        given, followed, checked = dict(self._given), dict(self._followed), self._checked
        learnt = {name: tf.identity(weight) for name, weight in self._weights_of.items()}
        try:
            yield
        except Exception:
            self._given, self._followed, self._checked = given, followed, checked
            for name, value in learnt.items():
                self._weights_of[name].assign(value)
            raise

    def follow(self, space: Space) -> None:
        """Takes the sample rate of what comes in, where it was not given.

        Raises:
            ParameterError: A rate was given, and it is another one.
        """
        for name in self.following:
            rate = space.time.rate
            given = self._given.get(name, rate)
            if given != rate:
                rule = f"be the rate of the signal that reaches this layer, {rate:g} Hz"
                error = ParameterError(name, rule, given, "Leave it out in a chain.")
                raise error.named(type(self).__name__)
            whole = int(rate) if rate == int(rate) else rate
            if name not in self._given and self._followed.get(name) != whole:
                self._followed[name] = whole
                self._checked = self._check()

    def space(self, given: Space) -> Space:
        """What comes out, given what goes in; in a graph, whatever has been learnt."""
        values = self.values if tf.executing_eagerly() else self._at_hand
        return self.spec.space(given, values)

    def code(self) -> str:
        """The Python that makes this layer: what differs from the defaults."""
        said = {
            name: value
            for name, value in self.values.items()
            if name not in self._followed and value != self.declared[name].default
        }
        policy = self.dtype_policy.name
        said |= {"dtype": policy} if policy != keras.config.dtype_policy().name else {}
        said |= {"axis": self.axis} if self.axis != 1 else {}
        said |= {"learn": self.learn} if self.learn else {}
        arguments = ", ".join(f"{name}={value!r}" for name, value in said.items())
        return f"wb.layers.{type(self).__name__}({arguments})"

    def build(self, input_shape: Any) -> None:
        """Makes the weights of learnt parameters."""
        values = self.values
        for name in self.learn:
            param, start = self.declared[name].param, values[name]
            if start is None and param.automatic is not None:
                start = param.automatic(values)
            self._weights_of[name] = self.add_weight(
                shape=(),
                initializer=keras.initializers.Constant(start),
                constraint=_Legal(self, name),
                autocast=False,
                name=name,
            )
        self.built = True

    def call(self, inputs: Any, mask: Any = None) -> tf.Tensor:
        """Applies the op; each row of a masked batch as if it were alone."""
        return self.apply(inputs, self._weights_of, valid_steps(mask))

    def apply(
        self, inputs: Any, tensors: Mapping[str, Any], lengths: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Applies the op with `tensors` in place of the parameters of their names.

        As in a call of the layer, a floating-point signal is taken in the type of its policy.
        """
        inputs = tf.convert_to_tensor(inputs)
        if inputs.dtype.is_floating:
            inputs = tf.cast(inputs, self.compute_dtype)
        values = self._at_hand | dict(tensors)
        made = type(self).function(inputs, axis=self.axis, lengths=lengths, **values)
        return made[0] if isinstance(made, tuple) else made

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The mask of what comes out: as many steps as the valid ones make."""
        values = self._at_hand | self._weights_of
        return None if mask is None else StepsMask(self.spec.name, values)(mask)

    def get_config(self) -> dict[str, Any]:
        """All parameters, so that a saved layer does not depend on a default."""
        own = {"axis": self.axis, "learn": list(self.learn), "followed": list(self._followed)}
        return super().get_config() | self.values | own


def _plain(name: str, value: Any) -> Any:
    """A number that came as a tensor or array, as Python's own."""
    if not is_tensor(value):
        return value
    array = np.asarray(value)
    if array.ndim:
        raise ParameterTypeError(name, "be one number", f"an array of shape {array.shape}")
    return array.item()


class _Legal(keras.constraints.Constraint):
    """Keeps a learnt parameter in the legal range that it has now."""

    def __init__(self, layer: OpLayer, name: str):
        self.layer = layer
        self.param = layer.declared[name].param

    def __call__(self, weight: Any) -> Any:
        param = self.param
        if param.low is not None:
            tiny = np.finfo(np.float32).tiny if param.open_low else 0.0
            weight = keras.ops.maximum(weight, param.low + tiny)
        high = param.most(self.layer._at_hand) if param.most else param.high
        return weight if high is None else keras.ops.minimum(weight, high)


def _prose(function: Any) -> str:
    """An op's documentation without its example."""
    return (function.__doc__ or "").partition("\n>>> ")[0].rstrip()


def _signature(made: Op) -> inspect.Signature:
    """The real arguments, for completion and help."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    listed = made.keywords()
    listed += [
        inspect.Parameter("axis", keyword, default=1, annotation=int),
        inspect.Parameter("learn", keyword, default=(), annotation=tuple),
        inspect.Parameter("options", inspect.Parameter.VAR_KEYWORD),
    ]
    return inspect.Signature(listed)


def layer_of(op: Op) -> type[OpLayer]:
    """The layer class of an op.

    Raises:
        TypeError: It has none.
    """
    for layer in OpLayer.__subclasses__():
        if layer.spec is op:
            return layer
    raise TypeError(f"{op.name} has no layer.")
