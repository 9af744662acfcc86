"""A Keras Sequential of layers, with the axes that flow through it and gradients at every stage."""

from __future__ import annotations

import contextlib
import numbers
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from workbench.axes import Axis, Space, waveform_space
from workbench.backpropagation import Gradients, backpropagate, wanted_of
from workbench.declared_layer import DeclaredLayer
from workbench.errors import ParameterError, naming
from workbench.masks import carry, mask_of
from workbench.objectives import Loss, Objective, scalar_of
from workbench.stages import Stage
from workbench.tensors import as_signal


@keras.saving.register_keras_serializable("workbench")
class Chain(keras.Sequential):
    """Layers in a row, from a waveform on.

    It is a `keras.Sequential`: calling, saving, loading, `summary` and `fit` are Keras' own, and
    any Keras layer may follow ours. A chain also knows the sample rate, so that layers need not be
    told; says what its results' axes are; and computes again only from the changed stage on.

    Args:
        layers: The layers; signals are `[batch, time]` or `[batch, time, channels]`.
        sample_rate: Samples per second of the signal, in Hz, a whole number.

    Raises:
        ParameterError: A layer was given another sample rate than the one that reaches it.

    >>> import workbench as wb
    >>> chain = wb.Chain([wb.layers.Resample(target_rate=8000), wb.layers.STFT()], sample_rate=16000)
    >>> [axis.label for axis in chain.axes]
    ['time (s)', 'frequency (Hz)']
    """  # noqa: E501

    def __init__(
        self,
        layers: Sequence[keras.layers.Layer],
        *,
        sample_rate: int,
        trainable: bool = True,
        name: str | None = None,
        dtype: Any = None,
    ):
        super().__init__(trainable=trainable, name=name)
        if dtype is not None:
            self.dtype_policy = keras.dtype_policies.get(dtype)
        self._stages: list[Stage] = []
        self._channels: tuple[int, ...] = ()
        self._sample_rate = _checked_rate(sample_rate)
        for layer in layers:
            self.add(layer, rebuild=False)

    @property
    def sample_rate(self) -> int:
        """Samples per second of the signal, in Hz; a new one flows through the layers."""
        return self._sample_rate

    @sample_rate.setter
    def sample_rate(self, sample_rate: int) -> None:
        if _checked_rate(sample_rate) != self._sample_rate:
            self.change({}, sample_rate=sample_rate)

    @contextlib.contextmanager
    def restoring(self) -> Iterator[None]:
        """A change of parameters or of the sample rate: all of it, or nothing if it raises."""
        before = self._sample_rate
        try:
            with contextlib.ExitStack() as stack:
                for layer in self.layers:
                    if isinstance(layer, DeclaredLayer):
                        stack.enter_context(layer.restoring())
                yield
        except BaseException:  # also an interrupt
            self._sample_rate = before
            raise
        finally:
            self._forget_traces()

    @property
    def spaces(self) -> tuple[Space, ...]:
        """What the signal and the result of each stage are."""
        found = [self._given]
        for layer in self.layers:
            found.append(_space_after(layer, found[-1]))
        return tuple(found)

    @property
    def _given(self) -> Space:
        """What the signal is."""
        return waveform_space(self.sample_rate)

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The axes of the result, from time on."""
        return self.spaces[-1].axes

    def set(self, stage: int, **values: Any) -> None:
        """Changes parameters of a layer; as `change` does it."""
        self.change({stage: values})

    def change(self, stages: Mapping[int, Mapping[str, Any]], *, sample_rate: Any = None) -> None:
        """Changes parameters of several layers and the sample rate at once; all of it or nothing.

        Raises:
            ParameterError, ParameterTypeError: A value is illegal, here or for a later layer.
        """
        with self.restoring():
            if sample_rate is not None:
                self._sample_rate = _checked_rate(sample_rate)
            for stage, values in stages.items():
                self.layers[stage].set(**values)
            self._flow()

    def run(self, x: Any) -> tuple[tf.Tensor, ...]:
        """The signal and the result of each stage, computed from the changed stage on.

        Args:
            x: `[batch, time]` or `[batch, time, channels]`. Give the same tensor object again to
                have the stages before the changed one taken from the last call.
        """
        outputs = [self._signal(x)]
        for stage in self._staged():
            outputs.append(stage.forward(outputs[-1]))
        return tuple(outputs)

    def run_with(self, x: Any, parameter: tuple[int, str], value: float) -> tf.Tensor:
        """The result with another value of a differentiable parameter; nothing of it is kept."""
        at, name = parameter
        y = self._signal(x)
        for i, stage in enumerate(self._staged()):
            y = stage.forward(y) if i < at else stage.at(y, {name: value} if i == at else {})
        return y

    def gradients(
        self,
        x: Any,
        loss: str | Loss | Objective = "mean",
        *,
        parameters: bool | Sequence[tuple[int, str]] = False,
    ) -> Gradients:
        """Gradients of a scalar with respect to the waveform and to every stage's result.

        Args:
            x: As for `run`.
            loss: "mean" or "energy" of the result, a declared objective (`RectangleEnergy`, `Cell`,
                `Distance`), or a function from the result to a scalar.
            parameters: Also with respect to every differentiable parameter, or to some of them:
                pairs of a stage and a name.

        Raises:
            ParameterError: `loss` is an unknown word, or does not fit the result.
        """
        scalar, stages = scalar_of(loss, self.spaces[-1]), self._staged()
        if not stages:
            raise ParameterError("layers", "hold at least one", "none")
        found = backpropagate(stages, self._signal(x), scalar, wanted_of(stages, parameters))
        if isinstance(loss, Objective):
            loss.check(self.spaces[-1], found.outputs[-1].shape)
        return found

    @property
    def costs(self) -> tuple[float, ...]:
        """Seconds that the last result of each stage took; that of the last one with gradients."""
        return tuple(stage.seconds for stage in self._staged())

    def time_again(self, stage: int, x: tf.Tensor) -> None:
        """Has `costs` say what a second call of a stage takes, given what goes into it."""
        self._staged()[stage].time_again(x)

    def code(self) -> str:
        """The lines of Python that make this chain."""
        lines = [f"    {_code_of(layer)}," for layer in self.layers]
        return "\n".join(["chain = wb.Chain([", *lines, f"], sample_rate={self.sample_rate})"])

    def add(self, layer: keras.layers.Layer, rebuild: bool = True) -> None:
        """Appends a layer, which then takes the sample rate that reaches it.

        Raises:
            ParameterError: It was given another rate; it is not appended.
        """
        super().add(layer, rebuild=False)
        try:
            self._flow()
        except (TypeError, ValueError):
            self.pop(rebuild=False)
            raise
        if rebuild:
            self._maybe_rebuild()

    def arrange(self, layers: Sequence[keras.layers.Layer]) -> None:
        """Takes these layers in place of its own: some more, some less, or in another order.

        Raises:
            ParameterError, ParameterTypeError: They do not fit together; nothing is changed.
        """
        if len({layer.name for layer in layers}) < len(layers):
            names = [layer.name for layer in layers]
            raise ParameterError("layers", "have different names", names).named("arrange")
        before = self.layers
        try:
            self._layers = list(layers)
            self._flow()
        except (TypeError, ValueError):
            self._layers = before
            self._flow()
            raise
        finally:
            self._forget_traces()

    def call(self, inputs: Any, training: Any = None, mask: Any = None, **options: Any) -> Any:
        """Applies the layers one after the other; masks and training travel as in Keras."""
        self._flow()  # a layer may have been in another chain in the meantime
        self._channels = tuple(inputs.shape[2:])
        if mask is not None and self.layers:
            first, *rest = self.layers
            inputs = first(inputs, mask=mask)
        else:
            rest = self.layers
        for layer in rest:
            inputs = layer(inputs)
        return inputs

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        """None: what comes out carries the mask that its last layer has put on it."""

    def build(self, input_shape: Any = None) -> None:
        """Builds for signals of any number and length, with channels as they are."""
        if input_shape is not None:
            input_shape = (None, None, *input_shape[2:])
        super().build(input_shape)

    def save(self, filepath: Any, **options: Any) -> None:
        """Saves as Keras does, also before the first call."""
        if not self.built:
            self.build((None, None, *self._channels))
        super().save(filepath, **options)

    def get_config(self) -> dict[str, Any]:
        """The configuration, with the sample rate."""
        own = {"sample_rate": self.sample_rate, "trainable": self.trainable}
        return super().get_config() | own

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Chain:
        """A chain from its configuration."""
        layers = [
            keras.layers.deserialize(layer, custom_objects=custom_objects)
            for layer in config["layers"]
            if layer["class_name"] != "InputLayer"
        ]
        kept = {key: config[key] for key in ("name", "trainable", "dtype") if key in config}
        chain = cls(layers, sample_rate=config["sample_rate"], **kept)
        if config.get("build_input_shape"):
            chain.build(config["build_input_shape"])
        return chain

    def _signal(self, x: Any) -> tf.Tensor:
        """`x` in the type of the chain; a tensor of that type stays the same object."""
        self._flow()
        with naming("Chain"):
            tensor = as_signal(x, rank=2)
        if tensor.dtype == self.compute_dtype:
            return tensor
        return carry(tf.cast(tensor, self.compute_dtype), mask_of(x))

    def _staged(self) -> list[Stage]:
        if [stage.layer for stage in self._stages] != self.layers:
            known = {id(stage.layer): stage for stage in self._stages}
            self._stages = [known.get(id(layer)) or Stage(layer) for layer in self.layers]
        return self._stages

    def _flow(self) -> None:
        """Lets the sample rate flow through the layers."""
        space = self._given
        for layer in self.layers:
            if isinstance(layer, DeclaredLayer):
                layer.follow(space)
            space = _space_after(layer, space)

    def _forget_traces(self) -> None:
        """Makes Keras infer shapes and trace its functions again: parameters have changed."""
        self.train_function = self.test_function = self.predict_function = None
        self._layers = list(self.layers)
        self._functional = None
        self.built = False


def _checked_rate(sample_rate: int) -> int:
    whole = isinstance(sample_rate, numbers.Real) and not isinstance(sample_rate, bool)
    if not whole or not (sample_rate > 0 and sample_rate % 1 == 0):
        rule = "be a whole number of hertz above 0"
        raise ParameterError("sample_rate", rule, sample_rate).named("Chain")
    return int(sample_rate)


def _space_after(layer: keras.layers.Layer, given: Space) -> Space:
    """What a layer puts out; a layer that is not ours gives axes without a meaning."""
    if isinstance(layer, DeclaredLayer):
        return layer.space(given)
    return Space((Axis("index"),), layer.name)


def _code_of(layer: keras.layers.Layer) -> str:
    if not isinstance(layer, DeclaredLayer):
        return f"keras.layers.deserialize({keras.layers.serialize(layer)!r})"
    return layer.code()
