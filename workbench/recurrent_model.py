"""Recurrent models of amplifiers and effects: a layer from sound to sound, read from a file."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import keras
import tensorflow as tf

from workbench.axes import Space
from workbench.clips import data_folder
from workbench.core.recurrence import state_delay
from workbench.declared_layer import DeclaredLayer
from workbench.errors import ParameterTypeError
from workbench.layers import RateIndependentGRU, RateIndependentLSTM, RateIndependentSimpleRNN
from workbench.masks import valid_steps
from workbench.model_files import LayerWeights, ModelFile, dump_model, parse_model
from workbench.params import read_parameters
from workbench.recurrent import RateIndependent
from workbench.specification import Declaration

_KINDS: dict[str, type[RateIndependent]] = {
    "lstm": RateIndependentLSTM,
    "gru": RateIndependentGRU,
    "simple_rnn": RateIndependentSimpleRNN,
}


@keras.saving.register_keras_serializable("workbench")
class RecurrentModel(DeclaredLayer):
    """Recurrent layers and what follows them, as one layer from sound to sound, at any rate.

    With `x = in_gain * inputs` the result is `out_gain * (layers(x) + x[..., :skip])`. Inputs are
    `[batch, time, channels]`, or `[batch, time]` for one channel, and so are results. The rates and
    the interpolation are those of all recurrent layers within: see `RateIndependentLSTM`.

    Attributes:
        layers: The layers, the recurrent ones first.
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
        super().__init__(**values)
        self.layers = list(layers)
        self.skip, self.in_gain_db, self.out_gain_db = skip, in_gain_db, out_gain_db
        self.file = file
        if not self.recurrent or not all(each.return_sequences for each in self.recurrent):
            rule = "hold recurrent layers of wb.layers that return sequences"
            got = [type(each).__name__ for each in self.layers]
            raise ParameterTypeError("layers", rule, got).named(self.spec.name)
        self._changed()

    @property
    def recurrent(self) -> list[RateIndependent]:
        """The recurrent layers among them."""
        return [each for each in self.layers if isinstance(each, RateIndependent)]

    def _changed(self) -> None:
        if self._checked is not None:
            for each in self.recurrent:
                each.set(**self._checked)

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
            shape = (*shape[:2], each.units)
        self.built = True

    def call(self, inputs: Any, mask: Any = None) -> tf.Tensor:
        """Passes a sound through."""
        learnt, lengths = dict(self._weights_of), valid_steps(mask)

        def run(layer: keras.layers.Layer, x: tf.Tensor) -> tf.Tensor:
            if not isinstance(layer, RateIndependent):
                return layer(x)
            return layer.apply(x, learnt, lengths) if learnt else layer(x, mask=mask)

        return self._through(inputs, run)

    def apply(
        self, inputs: Any, tensors: Mapping[str, Any], lengths: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Passes a sound through from a state of zeros, with `tensors` in place of parameters."""

        def run(layer: keras.layers.Layer, x: tf.Tensor) -> tf.Tensor:
            ours = isinstance(layer, RateIndependent)
            return layer.apply(x, tensors, lengths) if ours else layer(x)

        return self._through(inputs, run)

    def _through(self, inputs: Any, run: Any) -> tf.Tensor:
        given = tf.cast(tf.convert_to_tensor(inputs), self.compute_dtype)
        x = given if given.shape.rank == 3 else given[..., tf.newaxis]
        x = made = x * _amplitude(self.in_gain_db)
        for layer in self.layers:
            made = run(layer, made)
        made += x[..., : self.skip] if self.skip else 0.0
        made *= _amplitude(self.out_gain_db)
        return made if given.shape.rank == 3 or made.shape[-1] > 1 else made[..., 0]

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
        """The Python that makes this layer: the file that it was read from, or all of it."""
        if not self.file:
            return f"keras.layers.deserialize({keras.layers.serialize(self)!r})"
        said = {n: v for n, v in self.values.items() if n not in self._followed}
        said = {n: v for n, v in said.items() if v != self.declared[n].default}
        arguments = "".join(f", {n}={v!r}" for n, v in said.items())
        return f"wb.read_model({self.file!r}{arguments})"

    def get_config(self) -> dict[str, Any]:
        """All parameters, and the layers."""
        own = {"skip": self.skip, "in_gain_db": self.in_gain_db, "out_gain_db": self.out_gain_db}
        layers = [keras.layers.serialize(each) for each in self.layers]
        return super().get_config() | own | {"layers": layers, "file": self.file}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """A layer from its configuration."""
        layers = [keras.layers.deserialize(each) for each in config["layers"]]
        return cls(**(config | {"layers": layers}))


def read_model(
    path: str | Path,
    *,
    sample_rate: float | None = None,
    training_rate: int | None = None,
    stateful: bool = False,
    **values: Any,
) -> RecurrentModel:
    """Reads a recurrent model from a JSON file, in the two forms in common use.

    One has torch's names: `model_data`, `state_dict`. The other has Keras' order of gates and
    weights: `in_shape`, `layers`. `workbench.model_files` says which keys there are.

    Args:
        path: The file, or the name of a model that comes along ("diode_clipper").
        sample_rate: Samples per second of the sounds that it will be given. May be left out in a
            `Chain`, which knows it.
        training_rate: Samples per second that it was trained at; None: what the file says, or
            44100 Hz in the first form, which says nothing.
        stateful: The next sound continues the last one, until `reset_state`.
        **values: `interpolation`, `order`, `learn` and `name`, as for `RateIndependentLSTM`.

    Raises:
        ParameterError: The file isn't such a model; the key at fault is named.
        FileNotFoundError: There is no such file.

    >>> import workbench as wb
    >>> model = wb.read_model("diode_clipper", sample_rate=48000)
    >>> model(wb.tone(sample_rate=48000, seconds=0.1, frequency_hertz=220.0)[None]).shape
    TensorShape([1, 4800])
    """
    known = {file.stem: file for file in data_folder().glob("*.json")}
    read = parse_model(known.get(str(path), path), training_rate=training_rate)
    layers = [_layer(each, read.training_rate, stateful) for each in read.layers]
    values |= {} if sample_rate is None else {"sample_rate": sample_rate}
    return RecurrentModel(
        layers,
        training_rate=read.training_rate,
        skip=read.skip,
        in_gain_db=read.in_gain_db,
        out_gain_db=read.out_gain_db,
        file=str(path),
        **values,
    )


def write_model(model: RecurrentModel, path: str | Path) -> None:
    """Writes a model as JSON in Keras' order of gates and weights.

    Raises:
        ParameterError: It has layers or options that this form has no place for.
    """
    layers = tuple(map(_weights_of, model.layers))
    rate = int(model.values["training_rate"])
    made = ModelFile(layers, model.skip, model.in_gain_db, model.out_gain_db, rate)
    Path(path).write_text(json.dumps(dump_model(made)) + "\n", encoding="utf-8")


def _layer(read: LayerWeights, rate: int, stateful: bool) -> keras.layers.Layer:
    if read.kind == "dense":
        layer = keras.layers.Dense(read.units, activation=read.activation)
        layer.build((None, None, read.inputs))
        layer.set_weights(read.weights)
        return layer
    plain = _KINDS[read.kind].plain(read.units, return_sequences=True, stateful=stateful)
    plain.cell.build((None, read.inputs))
    plain.cell.set_weights(read.weights)
    return _KINDS[read.kind].from_layer(plain, training_rate=rate, sample_rate=rate)


def _weights_of(layer: keras.layers.Layer) -> LayerWeights:
    if isinstance(layer, keras.layers.Dense):
        return LayerWeights(
            "dense", layer.units, layer.activation.__name__, tuple(layer.get_weights())
        )
    kind = next(name for name, known in _KINDS.items() if isinstance(layer, known))
    return LayerWeights(kind, layer.units, "tanh", tuple(layer.cell.get_weights()))


def _amplitude(gain_db: float) -> float:
    return 10.0 ** (gain_db / 20)
