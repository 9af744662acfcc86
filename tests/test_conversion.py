"""Whole models of Keras made independent of the sample rate, and back."""

import keras
import numpy as np
import pytest
from keras import layers

import workbench as wb
from tests.models import torch_model, written
from workbench.errors import ParameterError, ParameterTypeError

TRAINED = {"training_rate": 44100, "sample_rate": 44100}
X = np.random.default_rng(1).normal(0, 0.5, (3, 30, 2)).astype(np.float32)
X[1, 20:] = 0  # what Masking masks


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(1)


def sequential():
    return keras.Sequential(
        [
            keras.Input((None, 2)),
            layers.BatchNormalization(),
            layers.GRU(4, return_sequences=True, name="first"),
            layers.LSTM(3, return_sequences=True, trainable=False),
            layers.SimpleRNN(3, return_sequences=True),
            layers.Dense(1),
        ],
        name="stack",
    )


def shared_and_nested():
    a, b, within = keras.Input((None, 2)), keras.Input((None, 2)), keras.Input((None, 4))
    inner = keras.Model(within, layers.Dense(2)(layers.LSTM(3, return_sequences=True)(within)))
    twice = layers.GRU(4, return_sequences=True, name="twice")
    row = keras.Sequential([layers.SimpleRNN(2, return_sequences=True), layers.Dense(2)])
    y = inner(twice(a) + twice(b))
    return keras.Model([a, b], [y, row(y)])


def encoder_and_decoder():
    a, b = keras.Input((None, 2)), keras.Input((None, 2))
    _, *state = layers.LSTM(4, return_state=True)(a)
    y = layers.LSTM(4, return_sequences=True)(b, initial_state=state)
    return keras.Model([a, b], layers.Dense(1)(y))


def masked():
    return keras.Sequential([keras.Input((None, 2)), layers.Masking(), layers.GRU(3)])


def stateful():
    given = keras.Input(batch_shape=(3, None, 2))
    return keras.Model(given, layers.GRU(3, return_sequences=True, stateful=True)(given))


def given_to(model):
    return [X, X[::-1]] if len(model.inputs) == 2 else X


def check_equal(found, wanted):
    """float32, with sums in another order."""
    for one, other in zip(*map(keras.tree.flatten, (found, wanted)), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=2e-6)


def names(model):
    """Inputs without a name have another in a clone."""
    return [each.name for each in model.layers if not isinstance(each, layers.InputLayer)]


def check_same_weights(one, other):
    for found, wanted in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(found, wanted, strict=True)


@pytest.mark.parametrize(
    "make", [sequential, shared_and_nested, encoder_and_decoder, masked, stateful]
)
def test_a_model_there_and_back(make):
    model = make()
    x, before = given_to(model), model.get_weights()
    wanted = model(x)
    made = wb.rate_independent(model, **TRAINED)
    check_equal(made(x), wanted)
    back = wb.rate_dependent(made)
    check_equal(back(x), wanted)
    check_same_weights(back, model)
    assert [type(layer) for layer in back.layers] == [type(layer) for layer in model.layers]
    for one in (made, back):
        assert one is not model
        assert names(one) == names(model)
        flags = [[layer.trainable for layer in each.layers] for each in (one, model)]
        assert flags[0] == flags[1]
    for kept, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(kept, now)
    kinds = {type(part) for part in made._flatten_layers() if isinstance(part, layers.RNN)}
    assert kinds <= set(wb.layers.RateIndependent.__subclasses__())


def test_a_layer_alone():
    layer = layers.LSTM(3, name="alone", trainable=False)
    wanted = layer(X)
    made = wb.rate_independent(layer, **TRAINED)
    check_equal(made(X), wanted)
    assert (made.name, made.trainable) == ("alone", False)
    check_same_weights(wb.rate_dependent(made), layer)


def test_embedded_words():
    words = keras.Input((None,), dtype="int32")
    y = layers.LSTM(3)(layers.Embedding(5, 2, mask_zero=True)(words))
    model = keras.Model(words, y)
    given = np.array([[1, 2, 3, 0, 0], [1, 2, 3, 4, 1]])
    check_equal(wb.rate_independent(model, **TRAINED)(given), model(given))


def test_a_converted_model_learns_and_leaves_the_other_as_it_was():
    model = sequential()
    model.compile("sgd", "mse")
    before = model.get_weights()
    made = wb.rate_independent(model, **TRAINED)
    made.compile("sgd", "mse")
    made.fit(X, X[..., :1], verbose=0)
    for kept, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(kept, now)
    for layer, learnt in zip(model.layers, made.layers, strict=True):
        same = all(map(np.array_equal, layer.get_weights(), learnt.get_weights()))
        assert same == (not layer.trainable)


def test_a_rate_is_set_in_all_layers_also_after_traces():
    inner = row(layers.SimpleRNN(3, return_sequences=True), layers.Dense(2))
    model, options = row(inner, layers.SimpleRNN(2)), TRAINED | {"interpolation": "linear"}
    wanted = wb.rate_independent(model, **(options | {"sample_rate": 66150}))(X)
    made = wb.rate_independent(model, **options)
    check_equal(made.predict(X, verbose=0), model(X))
    wb.set_rate(made, 66150)
    check_equal(made.predict(X, verbose=0), wanted)
    check_equal(made(X), wanted)
    assert np.max(np.abs(wanted - model(X))) > 1e-3
    check_equal(wb.rate_dependent(made)(X), model(X))


def test_a_rate_is_set_in_all_layers_or_in_none():
    def layer(rate):
        return wb.layers.RateIndependentGRU(
            2, training_rate=rate, sample_rate=44100, return_sequences=True
        )

    model = keras.Sequential([keras.Input((None, 2)), layer(44100), layer(4000)])
    before = model.predict(X, verbose=0)
    with pytest.raises(ParameterError, match="must have a ratio of"):
        wb.set_rate(model, 96000)
    assert [each.values["sample_rate"] for each in model.layers] == [44100, 44100]
    np.testing.assert_array_equal(model.predict(X, verbose=0), before)


def test_a_rate_is_set_through_a_model_from_a_file(tmp_path):
    path = written(torch_model("RNN"), tmp_path)
    made = wb.read_model(path, sample_rate=44100, interpolation="linear")
    model = keras.Sequential([keras.Input((None, 1)), made])
    wb.set_rate(model, 66150)
    rates = [each.values["sample_rate"] for each in (made, made.recurrent[0])]
    assert rates == [66150, 66150]
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(X[..., :1]), model(X[..., :1]))


@keras.saving.register_keras_serializable("tests")
class Own(keras.Model):
    """A model of a class of its own, which no one can take apart."""

    def __init__(self, inner=None, **options):
        super().__init__(**options)
        self.inner = inner or layers.LSTM(3)

    def build(self, shape):
        self.inner.build(shape)
        super().build(shape)

    def call(self, x):
        return self.inner(x)


class OwnLSTM(layers.LSTM):
    """Who knows what it does."""


def test_a_rate_is_set_in_a_model_of_any_class():
    made = Own(wb.layers.RateIndependentGRU(2, **TRAINED))
    made(X)
    wb.set_rate(made, 48000)
    assert made.inner.values["sample_rate"] == 48000


def row(*given, shape=(None, 2)):
    return keras.Sequential([keras.Input(shape), *given])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: row(layers.Bidirectional(layers.LSTM(3))), "in another layer; got Bidirectional"),
        (lambda: layers.Bidirectional(layers.LSTM(3)), "in another layer; got Bidirectional"),
        (
            lambda: row(layers.TimeDistributed(layers.GRU(3)), shape=(4, 5, 2)),
            "in another layer; got TimeDistributed",
        ),
        (lambda: row(layers.RNN(layers.LSTMCell(3))), "recurrent layer of another kind .* got RNN"),
        (lambda: row(layers.GRU(2, return_sequences=True), OwnLSTM(3)), "got OwnLSTM"),
        (lambda: row(layers.GRU(2, return_sequences=True), Own()), "and so those within; got Own"),
        (Own, "model must be one layer, or a sequential or functional model.* got Own"),
        (lambda: wb.Chain([layers.LSTM(3)], sample_rate=8000), "got Chain"),
        (lambda: row(layers.LSTM(3, go_backwards=True)), "go_backwards must be False; got True"),
        (lambda: row(layers.Dense(3)), "model must hold LSTM, GRU and SimpleRNN layers of Keras; "),
        (lambda: [layers.LSTM(3)], "model must be a model or layer of Keras; got list"),
    ],
)
def test_what_cannot_be_converted(make, message):
    with pytest.raises((ParameterError, ParameterTypeError), match=message):
        wb.rate_independent(make(), **TRAINED)


def test_what_cannot_be_converted_back(tmp_path):
    with pytest.raises(ParameterError, match=r"^rate_dependent: model must hold recurrent layers"):
        wb.rate_dependent(row(layers.LSTM(3)))
    made = wb.read_model(written(torch_model("GRU"), tmp_path), sample_rate=44100)
    with pytest.raises(ParameterError, match="in another layer; got RecurrentModel"):
        wb.rate_dependent(row(made, shape=(None, 1)))


def test_the_training_rate_is_needed():
    for model in (layers.LSTM(3), row(layers.LSTM(3))):
        with pytest.raises(ParameterTypeError, match="training_rate must be given"):
            wb.rate_independent(model, sample_rate=48000)


def test_where_no_rate_can_be_set():
    with pytest.raises(ParameterError, match=r"^set_rate: model must hold recurrent layers"):
        wb.set_rate(row(layers.LSTM(3)), 48000)
    layer = wb.layers.RateIndependentLSTM(3, training_rate=44100)
    chain = wb.Chain([layer], sample_rate=48000)
    with pytest.raises(
        ParameterError, match=r"^set_rate: model must hold no chain; got Chain\. Se"
    ):
        wb.set_rate(chain, 44100)
    assert layer.values["sample_rate"] == 48000
