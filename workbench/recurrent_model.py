"""Recurrent models of amplifiers and effects: a layer from sound to sound, read from a file."""

from __future__ import annotations

import contextlib
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any, Self

import keras
import tensorflow as tf

from workbench.axes import Space
from workbench.core.recurrence import state_delay
from workbench.declared_layer import DeclaredLayer
from workbench.errors import ParameterError, ParameterTypeError, naming
from workbench.params import read_parameters
from workbench.recurrent import Memory, RateIndependent
from workbench.specification import Declaration
from workbench.tensors import as_signal


@keras.saving.register_keras_serializable("workbench")
class RecurrentModel(DeclaredLayer):
    """Recurrent layers and what follows them, as one layer from sound to sound, at any rate.

    With `x = in_gain * inputs` the result is `out_gain * (layers(x) + x[..., :skip])`. Inputs are
    `[batch, time, channels]`, or `[batch, time]` for one channel, and so are results. The rates and
    the interpolation are those of all recurrent layers within: see `RateIndependentLSTM`. What is
    computed in is what the layers compute in.

    Attributes:
        layers: The layers, one after the other.
    """

    spec = Declaration("RecurrentModel", read_parameters(state_delay))

    def __init__(
        self,
        layers: Sequence[keras.layers.Layer],
        *,
        skip: int = 0,
        in_gain_db: float = 0.0,
        out_gain_db: float = 0.0,
        file: str = "",
        **values: Any,
    ):
        policy = {"dtype": layers[0].dtype_policy} if layers else {}
        super().__init__(**policy | values)
        self.layers = list(layers)
        self.skip, self.in_gain_db, self.out_gain_db = skip, in_gain_db, out_gain_db
        self.file = file
        with naming(self.spec.name):
            self._check_layers()
        self._changed()

    def _check_layers(self) -> None:
        fit = [each.return_sequences and not each.return_state for each in self.recurrent]
        if not fit or not all(fit):
            rule = "hold recurrent layers of wb.layers that return sequences and no states"
            raise ParameterTypeError("layers", rule, [type(each).__name__ for each in self.layers])
        types = {each.compute_dtype for each in self.layers}
        if types != {self.compute_dtype}:
            rule = f"be that of the layers, {', '.join(sorted(types))}"
            raise ParameterError("dtype", rule, self.compute_dtype)
        if self.learn and any(each.stateful for each in self.recurrent):
            raise ParameterError("learn", "be empty where stateful is True", self.learn)

    @property
    def recurrent(self) -> list[RateIndependent]:
        """The recurrent layers among them."""
        return [each for each in self.layers if isinstance(each, RateIndependent)]

    @property
    def training_rate(self) -> float:
        """Samples per second at which it was trained, as they were given."""
        return self._given["training_rate"]

    @property
    def channels(self) -> int | None:
        """How many channels it takes; None while the first layer has no weights to say it."""
        first = self.layers[0]
        kernel = getattr(getattr(first, "cell", first), "kernel", None)
        return None if kernel is None else kernel.shape[0]

    @property
    def held(self) -> Hashable:
        """What "auto" has chosen for each of them."""
        return tuple(each.held for each in self.recurrent)

    def limits(self, name: str) -> tuple[float | None, float | None]:
        """The least and the most that a learnt parameter may be now."""
        return self.recurrent[0].limits(name)

    def _changed(self) -> None:
        own = self.training_rate
        as_trained = {"training_rate": own, "sample_rate": own}  # until a rate is known
        for each in self.recurrent:
            each.set(**(self._checked or as_trained))

    def set_weights(self, weights: Any) -> None:
        """Takes other weights; "auto" chooses anew."""
        super().set_weights(weights)
        self._changed()

    def reset_state(self) -> None:
        """Forgets what came before, in layers that are stateful."""
        for each in self.recurrent:
            each.reset_state()

    def build(self, input_shape: Any) -> None:
        """Makes the weights of layers that have none yet."""
        self._make_learnt()
        shape = (*input_shape[:2], input_shape[2] if len(input_shape) > 2 else 1)
        for each in self.layers:
            if not each.built:
                each.build(shape)
            shape = each.compute_output_shape(shape)
        self.built = True

    def call(self, inputs: Any, mask: Any = None) -> tf.Tensor:
        """Passes a sound through."""
        learnt = dict(self._weights_of)

        def run(layer: keras.layers.Layer, x: tf.Tensor) -> tf.Tensor:
            if not isinstance(layer, RateIndependent):
                return layer(x)
            return layer.apply_masked(x, learnt, mask) if learnt else layer(x, mask=mask)

        return self._through(inputs, run)

    def apply(
        self, inputs: Any, tensors: Mapping[str, Any], lengths: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Passes a sound through from a state of zeros, with `tensors` in place of parameters."""

        def run(layer: keras.layers.Layer, x: tf.Tensor) -> tf.Tensor:
            ours = isinstance(layer, RateIndependent)
            return layer.apply(x, tensors, lengths) if ours else layer(x)

        return self._through(inputs, run)

    def advance(
        self,
        inputs: Any,
        memory: list[Memory] | None = None,
        tensors: Mapping[str, Any] | None = None,
    ) -> tuple[tf.Tensor, list[Memory]]:
        """The next part of a sound passed through, and what is remembered then (at first None)."""
        nothing: list[Any] = [None] * len(self.recurrent)
        before, after = iter(memory or nothing), []

        def run(layer: keras.layers.Layer, x: tf.Tensor) -> tf.Tensor:
            if not isinstance(layer, RateIndependent):
                return layer(x)
            made, remembered = layer.advance(x, next(before), tensors)
            after.append(remembered)
            return made

        return self._through(inputs, run), after

    def _through(self, inputs: Any, run: Any) -> tf.Tensor:
        with naming(self.spec.name):
            given = tf.cast(as_signal(inputs), self.compute_dtype)
            self._check_shape(given.shape)
        x = given if given.shape.rank == 3 else given[..., tf.newaxis]
        x = made = x * _amplitude(self.in_gain_db)
        for layer in self.layers:
            made = run(layer, made)
        made += x[..., : self.skip] if self.skip else 0.0
        made *= _amplitude(self.out_gain_db)
        return made if given.shape.rank == 3 or made.shape[-1] > 1 else made[..., 0]

    def _check_shape(self, given: tf.TensorShape) -> None:
        if given.rank not in (2, 3):
            rule = "have the shape [batch, time] or [batch, time, channels]"
            raise ParameterError("signal", rule, list(given))
        channels = given[2] if given.rank == 3 else 1
        if self.channels is not None and channels not in (self.channels, None):
            one = self.channels == 1
            rule = "have one channel" if one else f"have {self.channels} channels"
            remedy = "Give each channel as a row of its own." if one else ""
            raise ParameterError("signal", rule, channels, remedy)

    def space(self, given: Space) -> Space:
        """A sound, as what goes in."""
        return given

    @contextlib.contextmanager
    def restoring(self) -> Iterator[None]:
        """Puts all parameters back to where they were if the block raises."""
        with contextlib.ExitStack() as stack:
            for each in self.recurrent:
                stack.enter_context(each.restoring())
            stack.enter_context(super().restoring())
            yield

    def code(self) -> str:
        """The Python that makes this layer, from the file that it was read from.

        As for all layers, weights that were trained since are not in it; without a file, none are.
        """
        if not self.file:
            return f"keras.layers.deserialize({keras.layers.serialize(self)!r})"
        _, _, arguments = super().code().partition("(")
        return f"wb.read_model({self.file!r}, {arguments}"

    def _said(self) -> dict[str, Any]:
        return {"stateful": True} if any(each.stateful for each in self.recurrent) else {}

    def at(self, **values: Any) -> Self:
        """The same model with weights of its own, and with other parameters; nothing is learnt.

        >>> import workbench as wb
        >>> model = wb.read_model("diode_clipper")
        >>> model.at(sample_rate=96000).values["sample_rate"]
        96000.0
        """
        made = self.from_config(self._made_of() | self.given | values)
        if self.channels:
            made.build((None, None, self.channels))
            for own, layer in zip(self.layers, made.layers, strict=True):
                layer.set_weights(own.get_weights())
        return made

    def get_config(self) -> dict[str, Any]:
        """All parameters, and the layers."""
        return super().get_config() | self._made_of()

    def _made_of(self) -> dict[str, Any]:
        own = {"skip": self.skip, "in_gain_db": self.in_gain_db, "out_gain_db": self.out_gain_db}
        layers = [keras.layers.serialize(each) for each in self.layers]
        return own | {"layers": layers, "file": self.file}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """A layer from its configuration."""
        layers = [keras.layers.deserialize(each) for each in config["layers"]]
        return cls(**(config | {"layers": layers}))


def _amplitude(gain_db: float) -> float:
    return 10.0 ** (gain_db / 20)
