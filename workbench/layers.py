"""Keras layers of the ops. A layer holds parameters and calls its op; a new one is three lines."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import keras
import tensorflow as tf

from workbench import core
from workbench.axes import Space
from workbench.errors import ParameterError
from workbench.ops import Op, registry, spec
from workbench.params import Declared


class OpLayer(keras.layers.Layer):
    """A Keras layer whose parameters are those of its op.

    Inputs have time at `axis`: `[batch, time]` or `[batch, time, channels]` with the default of 1.
    A Keras mask `[batch, time]` goes in and comes out with the steps that the op makes of it.

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
        cls.spec = spec(cls.__dict__["function"].__func__)
        cls.__signature__ = _signature(cls.spec)  # type: ignore[attr-defined]
        cls.__doc__ = f"{cls.__doc__}\n\n{cls.function.__doc__}"
        keras.saving.register_keras_serializable("workbench")(cls)

    def __init__(self, *, axis: int = 1, learn: tuple[str, ...] = (), **values: Any):
        given = {name: values.pop(name) for name in self.spec.parameters if name in values}
        super().__init__(**values)
        self.supports_masking = True
        self.axis = axis
        self.learn = tuple(learn)
        self._given = dict(given)
        self._followed: dict[str, Any] = {}
        self._weights_of: dict[str, keras.Variable] = {}
        self._check_learn()
        self._checked = self._check()

    def _check(self) -> dict[str, Any] | None:
        """The checked parameters, or None while a rate that a chain will set is missing."""
        values = self._followed | self._given
        missing = [name for name in self.following if name not in values]
        rest = {name: 1 for name in missing}
        checked = self.spec.check(values | rest)
        return None if missing else checked

    def _check_learn(self) -> None:
        for name in self.learn:
            declared = self.spec.parameters.get(name)
            if declared is None or not declared.param.differentiable:
                able = [n for n, d in self.spec.parameters.items() if d.param.differentiable]
                error = ParameterError("learn", f"name some of {able}", repr(name))
                error.named(type(self).__name__)
                raise error

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
    def declared(self) -> Mapping[str, Declared]:
        """The declarations of the parameters, by name."""
        return self.spec.parameters

    def set(self, **values: Any) -> None:
        """Changes parameters; the next call uses them. A wrong value changes nothing.

        Raises:
            ParameterError, ParameterTypeError: As the op raises them.
        """
        before = dict(self._given)
        self._given |= values
        try:
            self._checked = self._check()
        except (TypeError, ValueError):
            self._given = before
            raise
        for name, weight in self._weights_of.items():
            if name in values:
                weight.assign(values[name])

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
                error.named(type(self).__name__)
                raise error
            if name not in self._given:
                self._followed[name] = int(rate) if rate == int(rate) else rate
        self._checked = self._check()

    def space(self, given: Space) -> Space:
        """What comes out, given what goes in."""
        return self.spec.space(given, self.values)

    def code(self) -> str:
        """The Python that makes this layer: what differs from the defaults."""
        said = {
            name: value
            for name, value in self.values.items()
            if name in self._given and value != self.declared[name].default
        }
        said |= {"axis": self.axis} if self.axis != 1 else {}
        said |= {"learn": self.learn} if self.learn else {}
        arguments = ", ".join(f"{name}={value!r}" for name, value in said.items())
        return f"wb.layers.{type(self).__name__}({arguments})"

    def build(self, input_shape: Any) -> None:
        """Makes the weights of learnt parameters."""
        for name in self.learn:
            value = keras.initializers.Constant(self.values[name])
            self._weights_of[name] = self.add_weight(shape=(), initializer=value, name=name)
        self.built = True

    def call(self, inputs: Any, mask: Any = None) -> tf.Tensor:
        """Applies the op."""
        return self.apply(inputs, self._weights_of)

    def apply(self, inputs: Any, tensors: Mapping[str, Any]) -> tf.Tensor:
        """Applies the op with `tensors` in place of the parameters of their names."""
        function = type(self).function
        values = (self._checked or self.values) | dict(tensors)
        return function(inputs, axis=self.axis, **values)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The mask of what comes out: as many steps as the valid ones make."""
        return None if mask is None else _StepsMask(self.spec.name, self.values)(mask)

    def get_config(self) -> dict[str, Any]:
        """All parameters, so that a saved layer does not depend on a default."""
        return super().get_config() | self.values | {"axis": self.axis, "learn": list(self.learn)}


@keras.saving.register_keras_serializable("workbench")
class _StepsMask(keras.Operation):
    """From the mask of an op's samples to the mask of its steps; symbolic models hold it too."""

    def __init__(self, op_name: str, values: Mapping[str, Any], **options: Any):
        super().__init__(**options)
        self.op = registry()[op_name]
        self.values = dict(values)

    def call(self, mask: tf.Tensor) -> tf.Tensor:
        lengths = tf.reduce_sum(tf.cast(mask, tf.int64), axis=-1)
        made = tf.where(lengths > 0, self.op.length(lengths, self.values), 0)
        steps = self.op.length(tf.shape(mask, tf.int64)[-1], self.values)
        return tf.sequence_mask(made, steps)

    def compute_output_spec(self, mask: Any) -> keras.KerasTensor:
        return keras.KerasTensor((mask.shape[0], None), dtype="bool")

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"op_name": self.op.name, "values": self.values}


def _signature(made: Op) -> inspect.Signature:
    """The real arguments, for completion and help."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    listed = [
        inspect.Parameter(d.name, keyword, default=d.default, annotation=d.annotation)
        for d in made.parameters.values()
    ]
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


class Saturate(OpLayer):
    """Gain and soft limiting; a Keras layer."""

    function = staticmethod(core.levels.saturate)


class Resample(OpLayer):
    """Another sample rate; a Keras layer."""

    function = staticmethod(core.resampling.resample)


class STFT(OpLayer):
    """Short-time Fourier transform; a Keras layer."""

    function = staticmethod(core.spectral.stft)


class Spectrogram(OpLayer):
    """Power or magnitude over time and frequency; a Keras layer."""

    function = staticmethod(core.spectral.spectrogram)


class MelSpectrogram(OpLayer):
    """Spectrogram in mel bands; a Keras layer."""

    function = staticmethod(core.mel.mel_spectrogram)


class LogMelSpectrogram(OpLayer):
    """Level in mel bands; a Keras layer."""

    function = staticmethod(core.mel.log_mel_spectrogram)


class Decibels(OpLayer):
    """Level of a power; a Keras layer."""

    function = staticmethod(core.mel.decibels)
