"""Recurrent models from files, and into files: `workbench.model_files` with layers."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from workbench.clips import data_folder
from workbench.errors import ParameterError, ParameterTypeError, naming
from workbench.layers import RateIndependentGRU, RateIndependentLSTM, RateIndependentSimpleRNN
from workbench.model_files import LayerWeights, ModelFile, dump_model, parse_model
from workbench.recurrent import RateIndependent
from workbench.recurrent_model import RecurrentModel
from workbench.whole_files import whole_file

_KINDS: dict[str, type[RateIndependent]] = {
    "lstm": RateIndependentLSTM,
    "gru": RateIndependentGRU,
    "simple_rnn": RateIndependentSimpleRNN,
}


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
        path: The file, or the name of a model that comes along ("diode_clipper"); a file that is
            called so is "./diode_clipper".
        sample_rate: Samples per second of the sounds that it will be given. May be left out in a
            `Chain`, which knows it.
        training_rate: Samples per second that it was trained at; None: what the file says, or
            44100 Hz in the first form, which says nothing.
        stateful: The next sound continues the last one, until `reset_state`.
        **values: `interpolation`, `order`, `learn`, `name` and `dtype`, as for
            `RateIndependentLSTM`.

    Raises:
        ParameterError: The file isn't such a model; the key at fault is named. Or it is a word, and
            neither a model of this name comes along nor is there such a file.
        FileNotFoundError: There is no such file.

    >>> import workbench as wb
    >>> model = wb.read_model("diode_clipper", sample_rate=48000)
    >>> model(wb.tone(sample_rate=48000, seconds=0.1, frequency_hertz=220.0)[None]).shape
    TensorShape([1, 4800])
    """
    with naming("read_model"):
        source = _source(path)
    read = parse_model(source, training_rate=training_rate)
    options = {"dtype": values.get("dtype")}
    layers = [_layer(each, read.training_rate, stateful, options) for each in read.layers]
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

    The training rate is in it; the rate at which it runs and the interpolation are not.

    Raises:
        ParameterError: It has layers or options that this form has no place for; nothing is
            written, and a file that was there stays.
        FileNotFoundError: There is no such folder.
    """
    with naming("write_model"):
        text = json.dumps(dump_model(_model_file(model))) + "\n"
    target = Path(os.path.realpath(path))  # through a link: the link stays
    if not target.parent.is_dir():
        raise FileNotFoundError(f"write_model: the folder {target.parent} must exist. Make it.")
    with whole_file(target) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _source(path: str | Path) -> str | Path:
    """The file that a path or the name of a model means."""
    if not isinstance(path, str | os.PathLike):
        raise ParameterTypeError("path", "be a path or a name", type(path).__name__)
    known = {file.stem: file for file in data_folder().glob("*.json") if file.stem != "manifest"}
    if path in known:
        return known[path]
    is_word = isinstance(path, str) and not Path(path).suffix and Path(path).name == path
    if is_word and not os.path.exists(path):
        raise ParameterError("path", f"be a file or one of {', '.join(known)}", repr(path))
    return path


def _layer(
    read: LayerWeights, rate: int, stateful: bool, options: Mapping[str, Any]
) -> keras.layers.Layer:
    if read.kind == "dense":
        layer = keras.layers.Dense(read.units, activation=read.activation, **options)
        layer.build((None, None, read.inputs))
        layer.set_weights(read.weights)
        return layer
    kind = _KINDS[read.kind]
    plain = kind.plain(read.units, return_sequences=True, stateful=stateful, **options)
    plain.cell.build((None, read.inputs))
    plain.cell.set_weights(read.weights)
    return kind.from_layer(plain, training_rate=rate, sample_rate=rate)


def _model_file(model: RecurrentModel) -> ModelFile:
    if not isinstance(model, RecurrentModel):
        remedy = "Others are written by their save()."
        raise ParameterTypeError("model", "come from read_model", type(model).__name__, remedy)
    rate = model.training_rate
    if rate != int(rate):
        raise ParameterError("training_rate", "be a whole number of hertz in a file", rate)
    layers = [_weights_of(f"layers[{i}]", each) for i, each in enumerate(model.layers)]
    return ModelFile(tuple(layers), model.skip, model.in_gain_db, model.out_gain_db, int(rate))


def _weights_of(name: str, layer: keras.layers.Layer) -> LayerWeights:
    kinds = {"dense": keras.layers.Dense} | _KINDS
    kind = next((known for known, one in kinds.items() if type(layer) is one), None)
    if kind is None:
        raise ParameterTypeError(name, f"be one of {', '.join(kinds)}", type(layer).__name__)
    if not layer.built:
        raise ParameterError(name, "have weights", "none", "Call the model once.")
    if not isinstance(layer, RateIndependent):
        own = [layer.kernel, layer.bias] if layer.use_bias else [layer.kernel]
        made = getattr(layer.activation, "__name__", repr(layer.activation))
        return LayerWeights(kind, layer.units, made, tuple(map(np.asarray, own)))
    usual = {"activation": "tanh", "recurrent_activation": "sigmoid", "reset_after": True}
    config = layer.get_config()
    for option, only in usual.items():
        if config.get(option, only) != only:
            rule = f"be {only!r} in a file"
            raise ParameterError(f"{name}.{option}", rule, repr(config[option]))
    weights = tuple(np.asarray(weight) for weight in layer._cell_weights())
    return LayerWeights(kind, layer.units, "tanh", weights)
