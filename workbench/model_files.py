"""Recurrent models as JSON files, in two forms: read and checked key by key, and written.

Nothing in a file is run, and nothing in it is guessed: what is missing, unknown or of the wrong
shape is an error that names its key.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from workbench import checked_json as checked
from workbench.checked_json import Fields
from workbench.errors import ParameterError, ParameterTypeError, naming

CONVENTIONAL_RATE = 44100  # what the form with a state_dict was trained at, where it doesn't say
RATE_KEYS = ("samplerate", "sample_rate")
UNIT_TYPES = {"LSTM": "lstm", "GRU": "gru", "RNN": "simple_rnn"}
GATES = {"lstm": 4, "gru": 3, "simple_rnn": 1}
LAYER_TYPES = {kind: kind for kind in (*GATES, "dense")} | {"time-distributed-dense": "dense"}
ACTIVATIONS = ("", "linear", "tanh", "relu", "sigmoid", "softmax", "elu")


@dataclass(frozen=True, eq=False)
class LayerWeights:
    """One layer with its weights, in the order and the shapes of Keras.

    Attributes:
        kind: "lstm", "gru" (with `reset_after=True`), "simple_rnn" or "dense".
        units: How many channels come out.
        activation: "tanh" of a recurrent layer; of a dense one any that Keras calls so.
        weights: Kernel, recurrent kernel (not of a dense layer) and bias: float64, read-only.
    """

    kind: str
    units: int
    activation: str
    weights: tuple[np.ndarray, ...]

    def __post_init__(self) -> None:
        own = tuple(np.array(each, np.float64) for each in self.weights)
        for each in own:
            each.flags.writeable = False
        object.__setattr__(self, "weights", own)

    @property
    def inputs(self) -> int:
        """How many channels go in."""
        return self.weights[0].shape[0]


@dataclass(frozen=True, eq=False)
class ModelFile:
    """What a model file holds.

    With `x` the input times the input gain, the output is the output gain times
    `layers(x) + x[..., :skip]`.

    Attributes:
        layers: First to last.
        skip: How many channels of the input are added to the output.
        in_gain_db: Gain of the input in dB.
        out_gain_db: Gain of the output in dB.
        training_rate: Sample rate in Hz that the model was trained at.
        form: "torch" (`model_data` and `state_dict`) or "keras" (`in_shape` and `layers`).
        metadata: What else the file says about itself, unchecked.
    """

    layers: tuple[LayerWeights, ...]
    skip: int
    in_gain_db: float
    out_gain_db: float
    training_rate: int
    form: str = "keras"
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def inputs(self) -> int:
        """How many channels go in."""
        return self.layers[0].inputs

    @property
    def outputs(self) -> int:
        """How many channels come out."""
        return self.layers[-1].units


def parse_model(
    source: str | os.PathLike[str] | Mapping[str, Any], *, training_rate: int | None = None
) -> ModelFile:
    """Read a model from a JSON file, or from what such a file was loaded to.

    Two forms are known. One has torch's names and order: `model_data` with `unit_type` ("LSTM",
    "GRU", "RNN"), `input_size`, `hidden_size`, `num_layers`, `skip`, and a `state_dict` with
    `rec.weight_ih_l0`, `rec.weight_hh_l0`, `rec.bias_ih_l0`, `rec.bias_hh_l0` (then `_l1`, …),
    `lin.weight`, `lin.bias`. The other has Keras': `in_shape`, `layers` with `type`, `shape`,
    `weights` and `activation`, and optionally `in_skip`, `in_gain`, `out_gain` in dB, `metadata`;
    the pair of test signals `input_batch` and `output_batch` may be there and is not read.

    `training_rate` goes before what the file says, which is `metadata["samplerate"]` in the second
    form; the first stores none and means 44100 Hz.

    >>> ones = {"type": "simple_rnn", "shape": [None, None, 1], "weights": [[[1]], [[1]], [0]]}
    >>> model = parse_model({"in_shape": [None, None, 1], "layers": [ones]}, training_rate=48000)
    >>> model.layers[0].kind, model.training_rate
    ('simple_rnn', 48000)

    Raises:
        ParameterError: the file is not JSON or too large; a key is missing, unknown or there twice;
            a value has the wrong type, shape or size, or isn't finite in float32.
        FileNotFoundError: there is no such file.
    """
    with naming("read_model"):
        rate = None if training_rate is None else checked.rate("training_rate", training_rate)
        if isinstance(source, Mapping):
            return _parsed(dict(source), rate)
        if not isinstance(source, str | os.PathLike):
            raise ParameterTypeError("path", "be a path or a dict", checked.brief(source))
        try:
            return _parsed(checked.load(source), rate)
        except ParameterError as error:
            error.args = (f"{error} File: {os.fspath(source)}.",)
            raise


def dump_model(model: ModelFile) -> dict[str, Any]:
    """Return the model in the form with Keras' order, ready for `json.dump`.

    Raises:
        ParameterError: the model is none that `parse_model` would read.
    """
    tree: dict[str, Any] = {"in_shape": [None, None, model.inputs]}
    optional = {
        "in_skip": model.skip,
        "in_gain": model.in_gain_db,
        "out_gain": model.out_gain_db,
    }
    tree |= {key: value for key, value in optional.items() if value}
    tree["layers"] = [
        {
            "type": layer.kind,
            "activation": "" if layer.activation == "linear" else layer.activation,
            "shape": [None, None, layer.units],
            "weights": [each.tolist() for each in layer.weights],
        }
        for layer in model.layers
    ]
    about = {key: value for key, value in model.metadata.items() if key not in RATE_KEYS}
    tree["metadata"] = about | {"samplerate": str(model.training_rate)}
    with naming("write_model"):
        _parsed(tree, None)
    return tree


def _parsed(tree: Any, rate: int | None) -> ModelFile:
    top = Fields("", tree)
    if {"model_data", "state_dict"} & set(top.values):
        return _from_state_dict(top, rate)
    if {"in_shape", "layers"} & set(top.values):
        return _from_layers(top, rate)
    forms = "have the keys 'model_data' and 'state_dict', or 'in_shape' and 'layers'"
    raise ParameterError("the file", forms, checked.brief(list(top.values)))


def _from_state_dict(top: Fields, rate: int | None) -> ModelFile:
    model, state = top.take("model_data", Fields), top.take("state_dict", Fields)
    model.take("model", checked.one_of(["SimpleRNN"]), None)
    kind = UNIT_TYPES[model.take("unit_type", checked.one_of([*UNIT_TYPES]))]
    inputs = model.take("input_size", checked.count)
    units = model.take("hidden_size", checked.count)
    outputs = model.take("output_size", checked.count, 1)
    levels = model.take("num_layers", checked.count)
    skip = model.take("skip", _skip(inputs, outputs))
    biased = model.take("bias_fl", checked.switch, True)
    stored = model.take("sample_rate", _unless(rate), CONVENTIONAL_RATE)
    layers = []
    for level in range(levels):
        into = units if level else inputs
        weights = _recurrent_of_torch(state, kind, level, into, units, biased)
        layers.append(LayerWeights(kind, units, "tanh", weights))
    kernel = state.take("lin.weight", checked.array(outputs, units)).T
    bias = _bias_of_torch(state, "lin.bias", outputs, biased)
    layers.append(LayerWeights("dense", outputs, "linear", (kernel, bias)))
    for fields in (top, model, state):
        fields.close()
    return ModelFile(tuple(layers), skip, 0.0, 0.0, rate or stored, "torch")


def _recurrent_of_torch(
    state: Fields, kind: str, level: int, inputs: int, units: int, biased: bool
) -> tuple[np.ndarray, ...]:
    """Torch stacks `[gate * unit, input]`; its LSTM's i, f, g, o are Keras' i, f, c, o."""
    wide = GATES[kind] * units
    kernel = state.take(f"rec.weight_ih_l{level}", checked.array(wide, inputs))
    recurrent = state.take(f"rec.weight_hh_l{level}", checked.array(wide, units))
    of_input = _bias_of_torch(state, f"rec.bias_ih_l{level}", wide, biased)
    of_state = _bias_of_torch(state, f"rec.bias_hh_l{level}", wide, biased)
    if kind != "gru":
        return kernel.T, recurrent.T, of_input + of_state
    bias = np.stack([_update_first(of_input), _update_first(of_state)])
    return _update_first(kernel).T, _update_first(recurrent).T, bias


def _bias_of_torch(state: Fields, key: str, size: int, biased: bool) -> np.ndarray:
    """A model without biases may leave them out."""
    return state.take(key, checked.array(size), checked.REQUIRED if biased else np.zeros(size))


def _update_first(gates: np.ndarray) -> np.ndarray:
    """Torch's GRU has reset, update, new; Keras' has update, reset, new."""
    reset, update, new = np.split(gates, 3)
    return np.concatenate([update, reset, new])


def _from_layers(top: Fields, rate: int | None) -> ModelFile:
    inputs = channels = top.take("in_shape", _last_size)
    layers = []
    for position, each in enumerate(top.take("layers", checked.filled)):
        layers.append(_layer(Fields(f"layers[{position}]", each), channels))
        channels = layers[-1].units
    kinds = [layer.kind for layer in layers]
    if not set(kinds) & set(GATES):
        raise ParameterError("layers", f"have one of {', '.join(GATES)}", checked.brief(kinds))
    skip = top.take("in_skip", _skip(inputs, channels), 0)
    in_gain_db = top.take("in_gain", checked.gain, 0.0)
    out_gain_db = top.take("out_gain", checked.gain, 0.0)
    for unread in ("input_batch", "output_batch"):
        top.take(unread, checked.anything, None)
    metadata = top.take("metadata", Fields, Fields("metadata", {}))
    top.close()
    rate = rate or _stored_rate(metadata)
    about = dict(metadata.values)
    return ModelFile(tuple(layers), skip, in_gain_db, out_gain_db, rate, "keras", about)


def _layer(fields: Fields, inputs: int) -> LayerWeights:
    kind = LAYER_TYPES[fields.take("type", checked.one_of([*LAYER_TYPES]))]
    units = fields.take("shape", _last_size)
    known = ("", "tanh") if kind in GATES else ACTIVATIONS
    written = fields.take("activation", checked.one_of(known), "")
    weights = fields.take("weights", _weights(kind, inputs, units))
    fields.close()
    return LayerWeights(kind, units, "tanh" if kind in GATES else written or "linear", weights)


def _weights(kind: str, inputs: int, units: int) -> checked.Check:
    wide = GATES.get(kind, 1) * units
    shapes = [(inputs, wide), (units, wide), (2, wide) if kind == "gru" else (wide,)]
    if kind == "dense":
        del shapes[1]

    def check(name: str, value: Any) -> list[np.ndarray]:
        given = checked.filled(name, value)
        if len(given) != len(shapes) and (kind, len(given)) != ("dense", 1):
            raise ParameterError(name, f"have {len(shapes)} arrays", len(given))
        found = [
            checked.array(*shape)(f"{name}[{position}]", one)
            for position, (one, shape) in enumerate(zip(given, shapes, strict=False))
        ]
        return found if len(found) == len(shapes) else [*found, np.zeros(units)]

    return check


def _last_size(name: str, value: Any) -> int:
    """How many channels, of `[None, None, channels]`: batch and time are whatever they are."""
    *others, channels = checked.filled(name, value)
    if len(others) > 2:
        raise ParameterError(name, "be [null, null, channels]", checked.brief(value))
    for each in others:
        if each is not None:
            checked.count(name, each)
    return checked.count(f"{name}[{len(others)}]", channels)


def _skip(inputs: int, outputs: int) -> checked.Check:
    """Torch adds `x[..., :skip]` to the output: as wide as that, or one that is spread over it."""

    def check(name: str, value: Any) -> int:
        skip = checked.index(name, value)
        if skip > inputs or skip not in (0, 1, outputs):
            rule = f"be 0, 1 or all {outputs} outputs, and at most the {inputs} inputs"
            raise ParameterError(name, rule, skip)
        return skip

    return check


def _stored_rate(metadata: Fields) -> int:
    rates = [metadata.take(key, checked.rate) for key in RATE_KEYS if key in metadata.values]
    if not rates:
        keys = checked.brief(list(metadata.values))
        remedy = "Or give training_rate=."
        raise ParameterError("metadata", f"have the key {RATE_KEYS[0]!r}", keys, remedy)
    if min(rates) < max(rates):
        raise ParameterError("metadata", f"give one rate as {' and '.join(RATE_KEYS)}", rates)
    return rates[0]


def _unless(rate: int | None) -> checked.Check:
    """A stored rate is checked where it counts, so that a caller can correct a wrong one."""
    return checked.rate if rate is None else checked.anything
