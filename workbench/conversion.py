"""Models with Keras' recurrent layers made independent of the sample rate, and back."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import keras
from keras.layers import Layer

from workbench.chain import Chain
from workbench.declared_layer import DeclaredLayer
from workbench.errors import ParameterError, ParameterTypeError, naming
from workbench.layers import RateIndependentGRU, RateIndependentLSTM, RateIndependentSimpleRNN
from workbench.recurrent import RateIndependent

_OURS: dict[type, type[RateIndependent]] = {
    ours.plain: ours for ours in (RateIndependentLSTM, RateIndependentGRU, RateIndependentSimpleRNN)
}


def rate_independent(model: Layer, **values: Any) -> Layer:
    """A trained model at any sample rate: each recurrent layer of Keras becomes one of ours.

    Args:
        model: A sequential or functional model, or one layer. It stays as it is; weights are
            copied. Wrappers such as `Bidirectional` run layers backwards in time and are refused.
        **values: `training_rate`, `sample_rate`, `interpolation`, `order`, as for
            `RateIndependentLSTM`.

    Raises:
        ParameterError: There is no recurrent layer in it, or one that can't be converted, such as
            one inside of a wrapper; or it is a model of a class of its own.

    >>> import keras
    >>> model = keras.Sequential([keras.Input((None, 1)), keras.layers.GRU(8), keras.layers.Dense(1)])
    >>> rate_independent(model, training_rate=44100, sample_rate=48000).layers[0].choose().order
    4
    """  # noqa: E501

    def convert(layer: Layer) -> Layer | None:
        ours = _OURS.get(type(layer))
        return None if ours is None else ours.from_layer(layer, **values)

    def is_left(layer: Layer) -> bool:
        return isinstance(layer, keras.layers.RNN) and not isinstance(layer, RateIndependent)

    with naming("rate_independent"):
        return _converted(model, convert, is_left, "LSTM, GRU and SimpleRNN layers of Keras")


def rate_dependent(model: Layer) -> Layer:
    """A model with Keras' own recurrent layers, for the rate at which it was trained.

    Args:
        model: What `rate_independent` has made, or any model with our recurrent layers.

    Raises:
        ParameterError: There is no recurrent layer of ours in it, or one inside of another layer.
    """

    def convert(layer: Layer) -> Layer | None:
        return layer.to_layer() if isinstance(layer, RateIndependent) else None

    def is_left(layer: Layer) -> bool:
        return isinstance(layer, RateIndependent)

    with naming("rate_dependent"):
        return _converted(model, convert, is_left, "recurrent layers of wb.layers")


def set_rate(model: Layer, sample_rate: float) -> None:
    """Runs a model at another sample rate: sets it in all our recurrent layers.

    Args:
        model: A model or layer of any class but `Chain`, which has a `sample_rate` to be set.
        sample_rate: Samples per second, in Hz.

    Raises:
        ParameterError: There is no such layer, or one can't run at this rate. Nothing is changed.
    """
    with naming("set_rate"):
        if any(isinstance(part, Chain) for part in _parts(model)):
            remedy = "Set its sample_rate, which flows through its layers."
            raise ParameterError("model", "hold no chain", _class(model), remedy)
        found = list(_with_rates(model))
        if not found:
            raise ParameterError("model", "hold recurrent layers of wb.layers", _class(model))
    with contextlib.ExitStack() as stack:
        for layer in found:
            stack.enter_context(layer.restoring())
        for layer in found:
            layer.set(sample_rate=sample_rate)
    for part in _parts(model):
        if isinstance(part, keras.Model):  # what it has traced runs at the old rate
            part.train_function = part.test_function = part.predict_function = None


def _converted(
    model: Layer,
    convert: Callable[[Layer], Layer | None],
    is_left: Callable[[Layer], bool],
    what: str,
) -> Layer:
    """The model with some of its layers converted, and all weights copied.

    Args:
        model: The model, or one layer.
        convert: Makes the other layer of one; None where it stays.
        is_left: Whether a layer of the result should have been converted.
        what: What `convert` converts.
    """
    for part in _parts(model):
        if isinstance(part, keras.Model) and not type(part).__module__.startswith("keras."):
            rule = "be one layer, or a sequential or functional model, and so those within"
            raise ParameterError("model", rule, _class(part))
    converted = []

    def clone(layer: Layer) -> Layer:
        made = convert(layer)
        if made is None:
            return type(layer).from_config(layer.get_config())
        converted.append(made)
        return made

    whole = isinstance(model, keras.Model)
    made = keras.models.clone_model(model, None, clone, recursive=True) if whole else clone(model)
    for leaf in _leaves(made):
        if any(map(is_left, _parts(leaf))):
            rule = f"hold {what}, and no recurrent layer of another kind or in another layer"
            raise ParameterError("model", rule, _class(leaf))
    if not converted:
        raise ParameterError("model", f"hold {what}", _class(model))
    for old, new in zip(_leaves(model), _leaves(made), strict=True):
        if type(old) is type(new):
            new.set_weights(old.get_weights())
    return made


def _parts(model: Layer) -> list[Layer]:
    """A model or layer and all that is in it, however deep."""
    if not isinstance(model, Layer):
        raise ParameterTypeError("model", "be a model or layer of Keras", _class(model))
    return list(model._flatten_layers())


def _leaves(model: Layer) -> Iterator[Layer]:
    """The layers of a model, and of the models within; a layer alone is its own."""
    if isinstance(model, keras.Model):
        for layer in model.layers:
            yield from _leaves(layer)
    else:
        yield model


def _with_rates(layer: Layer) -> Iterator[DeclaredLayer]:
    """The outermost layers with the two rates; they hand them on to those within."""
    if isinstance(layer, DeclaredLayer) and "training_rate" in layer.declared:
        yield layer
    else:
        for each in layer._flatten_layers(recursive=False, include_self=False):
            yield from _with_rates(each)


def _class(model: Any) -> str:
    return type(model).__name__
