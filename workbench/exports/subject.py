"""What is exported: a copy of a layer, the signals that it takes, and its layers one by one."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from workbench.declared_layer import DeclaredLayer
from workbench.errors import ExportError, ParameterError, ParameterTypeError
from workbench.op_layer import OpLayer
from workbench.recurrent import RateIndependent
from workbench.recurrent_model import RecurrentModel


@dataclass(eq=False)
class Subject:
    """A layer to export.

    Attributes:
        model: The layer, a model or a chain.
        shape: Of what it takes; None where any size will do.
        dtype: Of what it takes.
        time: The dimension of time.
        rate: Samples per second of what it takes, where it is known.
        switched: What was changed in a copy for a target, in words.
    """

    model: keras.layers.Layer
    shape: tuple[int | None, ...]
    dtype: str
    time: int
    rate: float | None
    switched: list[str] = field(default_factory=list)

    def __call__(self, x: Any) -> Any:
        """What the layer makes of a signal, outside of training."""
        if "training" in inspect.signature(self.model.call).parameters:
            return self.model(x, training=False)
        return self.model(x)

    @property
    def layers(self) -> list[keras.layers.Layer]:
        """All layers in it but models, which are made of them."""
        return layers_of(self.model)

    @property
    def sequence(self) -> list[keras.layers.Layer]:
        """The layers one after the other, where that is what it is; else itself alone."""
        return list(sequence_of(self.model))

    @property
    def has_batch(self) -> bool:
        """Whether rows come first."""
        return self.time != 0

    def spec(self, batch: int | None = None, length: int | None = None) -> tf.TensorSpec:
        """The form of what it takes, with fixed rows or time where they are given."""
        shape = list(self.shape)
        if batch is not None and self.has_batch:
            shape[0] = batch
        if length is not None:
            shape[self.time] = length
        return tf.TensorSpec(shape, self.dtype, name="signal")

    def copy(self) -> Subject:
        """The same with a layer of its own, whose parameters can be changed.

        Raises:
            ExportError: The layer can't be made again from its configuration.
        """
        return Subject(copied(self.model), self.shape, self.dtype, self.time, self.rate)


def copied(model: keras.layers.Layer) -> keras.layers.Layer:
    """The same layer again, with parameters and weights of its own.

    Raises:
        ExportError: The layer can't be made again from its configuration.
    """
    try:
        made = type(model).from_config(model.get_config())
        if not made.built and model.built:
            made.build_from_config(model.get_build_config())
        if weights := model.get_weights():
            made.set_weights(weights)
    except (NotImplementedError, TypeError, ValueError) as error:
        rule = "be one that its configuration makes again, as Keras saves it"
        raise ExportError("model", rule, f"{type(model).__name__}: {error}") from error
    return made


def layers_of(model: keras.layers.Layer) -> list[keras.layers.Layer]:
    """All layers in a layer, itself among them, but models, which are made of them."""
    return [layer for layer in model._flatten_layers() if not isinstance(layer, keras.Model)]


def sequence_of(model: keras.layers.Layer) -> Iterator[keras.layers.Layer]:
    """The layers of sequences in sequences, one after the other."""
    if not isinstance(model, keras.Sequential):
        yield model
        return
    for layer in model.layers:
        yield from sequence_of(layer)


def subject_of(model: Any, check: Any) -> Subject:
    """A layer, a model or a chain to export, with the form of what it takes.

    Raises:
        ParameterTypeError: It is no Keras layer, or nothing says what it takes.
    """
    if not isinstance(model, keras.layers.Layer):
        rule = "be a chain, a Keras model or a layer"
        raise ParameterTypeError("model", rule, type(model).__name__)
    first = next(sequence_of(model), None)
    if first is None:
        raise ParameterError("model", "hold at least one layer", "none")
    shape = _shape_of(model, first) if check is None else check.shape
    time = _time_of(first, len(shape))
    stateful = any(getattr(layer, "stateful", False) for layer in model._flatten_layers())
    fixed = {0} if stateful else set()
    if check is None and isinstance(model, keras.Model) and shape[time] is not None:
        fixed.add(time)  # the model itself says how long
    loose = tuple(None if i in {0, time} - fixed else n for i, n in enumerate(shape))
    kind = _kind_of(model, first) if check is None else check.dtype.name
    return Subject(model, loose, kind, time, _rate_of(model, first))


def checked_signal(check: Any) -> np.ndarray | None:
    """A signal to check with, as an array; that of a clip with a row for each channel.

    Raises:
        ParameterTypeError, ParameterError: It holds no numbers, or too few dimensions.
    """
    if check is None:
        return None
    array = np.asarray(getattr(check, "signal", check))
    if array.dtype.kind not in "fc":
        raise ParameterTypeError("check", "be floating-point numbers", array.dtype.name)
    if array.ndim < 2 or 0 in array.shape:
        rule = "be [batch, time] or [batch, time, channels], with at least one sample"
        raise ParameterError("check", rule, f"the shape {list(array.shape)}")
    return array


def _shape_of(model: keras.layers.Layer, first: keras.layers.Layer) -> tuple[int | None, ...]:
    if isinstance(model, keras.Model) and model.built and getattr(model, "inputs", None):
        if len(model.inputs) != 1:
            raise ParameterError("model", "take one signal", f"{len(model.inputs)} inputs")
        return tuple(model.inputs[0].shape)
    built = (first.get_build_config() or {}).get("input_shape") if first.built else None
    if built:
        return tuple(built)
    if isinstance(first, RecurrentModel) and first.channels:
        return (None, None) if first.channels == 1 else (None, None, first.channels)
    if isinstance(first, RateIndependent) and first.cell.built:
        return (None, None, first.cell.kernel.shape[0])
    if isinstance(first, OpLayer):
        if first.spec.takes == 1:
            return (None, None)
        if "fft_length" in first.values or "frame_length" in first.values:
            length = first.values["fft_length"] or first.values["frame_length"]
            return (None, None, length // 2 + 1)
    rule = "be given: nothing says what sizes the layer takes"
    remedy = "Give a signal as it will come, or call the layer once."
    raise ParameterTypeError("check", rule, "None", remedy)


def _time_of(first: keras.layers.Layer, rank: int) -> int:
    axis = getattr(first, "axis", 1) if isinstance(first, OpLayer) else 1
    if not -rank <= axis < rank:
        rule = f"have a dimension {axis}, where the layer has time"
        raise ParameterError("check", rule, f"{rank} dimensions")
    return int(axis) % rank


def _kind_of(model: keras.layers.Layer, first: keras.layers.Layer) -> str:
    double = first.compute_dtype == "float64"
    if isinstance(first, OpLayer) and first.spec.of_complex:
        return "complex128" if double else "complex64"
    return "float64" if double else "float32"


def _rate_of(model: keras.layers.Layer, first: keras.layers.Layer) -> float | None:
    if rate := getattr(model, "sample_rate", None):
        return float(rate)
    if not isinstance(first, DeclaredLayer):
        return None
    if isinstance(first, OpLayer) and first.spec.takes != 1:
        return None
    rates = [first.values.get(name) for name in ("orig_rate", "sample_rate")]
    return next((float(rate) for rate in rates if rate), None)
