"""Models with Keras' recurrent layers made independent of the sample rate, and back."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import keras
from keras.layers import Layer

from workbench.errors import ParameterError
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
        ParameterError: There is no recurrent layer in it, or one inside of a wrapper.

    >>> import keras
    >>> model = keras.Sequential([keras.Input((None, 1)), keras.layers.GRU(8), keras.layers.Dense(1)])
    >>> rate_independent(model, training_rate=44100, sample_rate=48000).layers[0].choose().order
    4
    """  # noqa: E501

    def convert(layer: Layer) -> Layer | None:
        ours = _OURS.get(type(layer))
        return None if ours is None else ours.from_layer(layer, **values)

    return _converted("rate_independent", model, convert)


def rate_dependent(model: Layer) -> Layer:
    """A model with Keras' own recurrent layers, for the rate at which it was trained.

    Args:
        model: What `rate_independent` has made, or any model with our recurrent layers.

    Raises:
        ParameterError: There is no recurrent layer of ours in it.
    """

    def convert(layer: Layer) -> Layer | None:
        return layer.to_layer() if isinstance(layer, RateIndependent) else None

    return _converted("rate_dependent", model, convert)


def set_rate(model: Layer, sample_rate: float) -> None:
    """Runs a model at another sample rate: sets it in all our recurrent layers.

    Raises:
        ParameterError: There is none, or it can't run at this rate; then nothing is changed.
    """
    found = [layer for layer in _all_layers(model) if isinstance(layer, RateIndependent)]
    if not found:
        raise _nothing("set_rate", "one of our recurrent layers", model)
    with contextlib.ExitStack() as stack:
        for layer in found:
            stack.enter_context(layer.restoring())
        for layer in found:
            layer.set(sample_rate=sample_rate)
    for part in (model, *_all_layers(model)):
        if isinstance(part, keras.Model):  # what it has traced runs at the old rate
            part.train_function = part.test_function = part.predict_function = None


def _converted(name: str, model: Layer, convert: Callable[[Layer], Layer | None]) -> Layer:
    """The model with some of its layers converted, and all weights copied."""
    if not isinstance(model, keras.Model):
        made = convert(model)
        if made is None:
            raise _nothing(name, "a recurrent layer", model)
        return made
    converted = 0

    def clone(layer: Layer) -> Layer:
        nonlocal converted
        inner = getattr(layer, "layer", getattr(layer, "forward_layer", None))
        if type(layer) is keras.layers.RNN or isinstance(inner, keras.layers.RNN):
            rule = "hold LSTM, GRU and SimpleRNN layers themselves, not in a wrapper"
            raise ParameterError("model", rule, type(layer).__name__).named(name)
        made = convert(layer)
        if made is None:
            return type(layer).from_config(layer.get_config())
        converted += 1
        return made

    made = keras.models.clone_model(model, clone_function=clone, recursive=True)
    if not converted:
        raise _nothing(name, "a recurrent layer", model)
    for old, new in zip(_all_layers(model), _all_layers(made), strict=True):
        if type(old) is type(new):
            new.set_weights(old.get_weights())
    return made


def _all_layers(model: Layer) -> Iterator[Layer]:
    """The layers of a model, and of the models within; a layer alone is its own."""
    for layer in getattr(model, "layers", None) or ():
        if isinstance(layer, keras.Model) or hasattr(layer, "layers"):
            yield from _all_layers(layer)
        else:
            yield layer
    if not hasattr(model, "layers"):
        yield model


def _nothing(name: str, what: str, model: Layer) -> ParameterError:
    return ParameterError("model", f"hold {what}", type(model).__name__).named(name)
