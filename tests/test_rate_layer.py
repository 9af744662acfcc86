"""At which rate a recurrent layer runs: set, followed, learnt, saved; "auto" and its warnings."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

import workbench as wb
from tests.numbers import relative
from workbench import traces
from workbench.layers import UnstableWarning

X = np.random.default_rng(0).standard_normal((3, 24, 2)).astype(np.float32)
RATES = {"training_rate": 44100.0, "sample_rate": 48000.0}
STEADY = [np.full((2, 3), 0.5), 0.3 * np.eye(3), np.zeros(3)]  # stable in any order
SPINNING = [np.full((2, 3), 0.5), -0.99 * np.eye(3), np.zeros(3)]  # stable by itself alone


def simple(weights=STEADY, **options):
    """A simple RNN, whose eigenvalues at rest one can see."""
    given = {**RATES, "return_sequences": True, "interpolation": "auto", **options}
    layer = wb.layers.RateIndependentSimpleRNN(3, **given)
    layer(X)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnstableWarning)
        layer.cell.set_weights(weights)
        layer.choose()
    return layer


@pytest.fixture
def saved(tmp_path):
    """A model, written to a file and read back."""

    def again(model):
        model.save(tmp_path / "model.keras")
        return keras.models.load_model(tmp_path / "model.keras")

    return again


# parameters


def test_set_changes_the_next_call_and_refuses_as_a_whole():
    layer = simple()
    before, choice = layer(X), layer.choice
    for wrong in ({"sample_rate": 1e6, "interpolation": "stn"}, {"order": 9}, {"frequency": 1}):
        with pytest.raises((TypeError, ValueError), match="RateIndependentSimpleRNN: "):
            layer.set(**wrong)
    assert layer.choice is choice
    np.testing.assert_array_equal(layer(X), before)
    layer.set(sample_rate=44100)
    assert relative(layer(X), layer.to_layer()(X)) <= 1e-6
    layer.set(sample_rate=np.float32(50000), interpolation="lagrange", order=2)
    assert layer.values == {
        "training_rate": 44100.0, "sample_rate": 50000.0, "interpolation": "lagrange", "order": 2
    }  # fmt: skip


HERTZ = "must be a finite number of hertz, above 0; got"
BAD = [
    ({"units": 0}, "units must be a whole number, at least 1; got 0"),
    ({"units": 2.5}, "units must be a whole number, at least 1; got 2.5"),
    ({"units": "3"}, "units must be a whole number, at least 1; got '3'"),
    ({"sample_rate": 0}, f"sample_rate {HERTZ} 0"),
    ({"sample_rate": -1}, f"sample_rate {HERTZ} -1"),
    ({"sample_rate": float("nan")}, f"sample_rate {HERTZ} nan"),
    ({"sample_rate": float("inf")}, f"sample_rate {HERTZ} inf"),
    ({"sample_rate": "fast"}, f"sample_rate {HERTZ} 'fast'"),
    ({"sample_rate": None}, f"sample_rate {HERTZ} None"),
    ({"sample_rate": np.ones(2)}, r"sample_rate must be one number; got an array of shape \(2,\)"),
    ({"training_rate": 0}, f"training_rate {HERTZ} 0"),
    ({"training_rate": None}, f"training_rate {HERTZ} None"),
    ({"sample_rate": 5000}, r"must have a ratio of 0.125 \.\. 16; got 5000 and 44100"),
    ({"sample_rate": 1e6}, r"must have a ratio of 0.125 \.\. 16; got 1000000 and 44100"),
    (
        {"sample_rate": 4e4, "interpolation": "allpass"},
        "must be at least training_rate, .* take 'lagrange'",
    ),
    ({"interpolation": "sinc"}, "interpolation must be one of 'naive', .* 'auto'; got 'sinc'"),
    ({"order": 0}, "order must be a whole number, at least 1 and at most 5; got 0"),
    ({"order": 6}, "order must be a whole number, at least 1 and at most 5; got 6"),
    ({"go_backwards": True}, "go_backwards must be False; got True"),
    ({"unroll": True}, "unroll must be False; got True"),
    ({"recurrent_dropout": 0.1}, r"recurrent_dropout must be 0\.0; got 0\.1"),
    ({"learn": "order"}, r"learn must name some of \['sample_rate'\]; got 'order'"),
]


@pytest.mark.parametrize(("options", "message"), BAD, ids=lambda case: str(case)[:40])
def test_bad_parameters_are_named(options, message):
    with pytest.raises((TypeError, ValueError), match=f"RateIndependentGRU: .*{message}"):
        wb.layers.RateIndependentGRU(**{"units": 3, **RATES, **options})


def test_bad_inputs_are_named():
    layer = wb.layers.RateIndependentLSTM(3, training_rate=44100, sample_rate=44100)
    with pytest.raises(ValueError, match=r"LSTM: inputs must have the shape .*; got \[3, 24\]"):
        layer.apply(X[..., 0], {})
    with pytest.raises(ValueError, match="LSTM: initial_state must be 2 tensors; got 1"):
        layer(X, initial_state=[np.zeros((3, 3), np.float32)])
    with pytest.raises(ValueError, match="LSTM: initial_state must have 3 numbers a row; got 4"):
        layer(X, initial_state=[np.zeros((3, 4), np.float32)] * 2)
    layer.set(sample_rate=88200)
    with pytest.raises(ValueError, match="initial_state must have 3 or 6 numbers a row; got 4"):
        layer(X, initial_state=[np.zeros((3, 4), np.float32)] * 2)
    with pytest.raises(ValueError, match="LSTM: inputs must have 2 features; got 1"):
        layer(X[..., :1])
    with pytest.raises(TypeError, match="RateIndependentGRU: training_rate must be given"):
        wb.layers.RateIndependentGRU(3, sample_rate=44100)
    with pytest.raises(TypeError, match="RateIndependentGRU: sample_rate must be given"):
        wb.layers.RateIndependentGRU(3, training_rate=44100)(X)
    with pytest.raises(TypeError, match=r"layer must be a keras\.layers\.GRU; got LSTM"):
        wb.layers.RateIndependentGRU.from_layer(keras.layers.LSTM(3), training_rate=1.0)
    with pytest.raises(ValueError, match="SimpleRNN: weights must be there; got none"):
        wb.layers.RateIndependentSimpleRNN(3, **RATES).choice.why  # noqa: B018


@pytest.mark.parametrize("interpolation", ["cubic", "stn", "allpass"])
@pytest.mark.parametrize("training_rate", [44100.0, 0.3])  # float32(16 * 0.3) lies beyond
def test_what_is_learnt_stays_legal(interpolation, training_rate):
    given = {"training_rate": training_rate, "sample_rate": training_rate, "learn": "sample_rate"}
    layer = wb.layers.RateIndependentGRU(3, **given, interpolation=interpolation)
    layer.build((None, None, 2))
    weight = layer.weights[0]
    for value, ratio in ((1e9, 16), (-1e9, 1 if interpolation == "allpass" else 1 / 8)):
        weight.assign(value)
        weight.assign(weight.constraint(weight))
        assert layer.values["sample_rate"] == pytest.approx(ratio * training_rate, 1e-6)
        assert np.all(np.isfinite(layer(X)))
        type(layer).from_config(layer.get_config())


@pytest.mark.parametrize(
    "options",
    [
        {"return_sequences": True, "interpolation": "lagrange", "order": 2},
        {"dtype": "float64", "activation": "relu", "return_state": True},
        {"learn": ("sample_rate",), "kernel_regularizer": "l2", "seed": 3, "stateful": True},
    ],
    ids=lambda options: next(iter(options)),
)
def test_code_makes_the_layer_again(options):
    layer = wb.layers.RateIndependentLSTM(4, **RATES, **options)
    assert layer.code().startswith("wb.layers.RateIndependentLSTM(4, training_rate=44100.0, ")
    again = eval(layer.code()).get_config()
    assert again | {"name": layer.name} == layer.get_config()


@pytest.mark.parametrize(
    "options",
    [
        {"interpolation": "allpass"},
        {"learn": "sample_rate", "dtype": "float64"},
        {"stateful": True, "interpolation": "lagrange", "order": 1},
    ],
    ids=lambda options: next(iter(options)),
)
def test_a_file_keeps_it(saved, options):
    layer = wb.layers.RateIndependentGRU(3, **RATES, **options)
    model = keras.Sequential([keras.Input(batch_shape=(3, None, 2)), layer])
    layer.set(sample_rate=50000.0)
    loaded = saved(model)
    np.testing.assert_array_equal(loaded(X), model(X))
    assert loaded.layers[0].get_config() == layer.get_config()
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    assert clone.layers[0].values["sample_rate"] == 50000.0
    layer.stateful and layer.reset_state()
    np.testing.assert_array_equal(clone(X), model(X))


# in a chain


def test_in_a_chain_it_runs_at_the_rate_that_reaches_it(saved):
    layer = wb.layers.RateIndependentLSTM(3, training_rate=44100, return_sequences=True)
    last = wb.layers.RateIndependentGRU(4, training_rate=44100)
    chain = wb.Chain([wb.layers.Resample(target_rate=48000), layer, last], sample_rate=44100)
    assert chain(X).shape == (3, 4)
    assert [each.values["sample_rate"] for each in (layer, last)] == [48000, 48000]
    assert [axis.name for axis in chain.spaces[2].axes] == ["time", "unit"]
    assert "sample_rate" not in chain.code().split("],")[0]
    np.testing.assert_array_equal(eval(chain.code().removeprefix("chain = "))(X).shape, (3, 4))
    np.testing.assert_array_equal(saved(chain)(X), chain(X))
    chain.set(0, target_rate=50000)
    assert layer.values["sample_rate"] == 50000
    np.testing.assert_array_equal(chain.run(X)[-1], chain(X))
    before = chain(X)
    layer.set_weights([2 * weight for weight in layer.get_weights()])
    np.testing.assert_array_equal(chain.run(X)[-1], chain(X))
    assert relative(chain(X), before) > 1e-3
    with pytest.raises(ValueError, match="RateIndependentLSTM: sample_rate and training_rate"):
        chain.set(0, target_rate=44100 * 17)
    assert layer.values["sample_rate"] == 50000


def test_frames_come_at_their_own_rate():
    layer = wb.layers.RateIndependentGRU(3, training_rate=100, return_sequences=True)
    chain = wb.Chain([wb.layers.LogMelSpectrogram(frame_step=160), layer], sample_rate=16000)
    assert chain(X[..., 0].repeat(100, axis=1)).shape == (3, 16, 3)
    assert layer.values["sample_rate"] == 100


def test_behind_a_layer_that_is_not_ours_the_rate_is_as_given():
    layers = [wb.layers.RateIndependentGRU(3, **RATES), keras.layers.Dense(2)]
    layers[0].return_sequences = True
    last = wb.layers.RateIndependentGRU(3, training_rate=44100, sample_rate=48000)
    assert wb.Chain([*layers, last], sample_rate=48000)(X).shape == (3, 3)


def test_a_signal_without_features_is_refused_by_name():
    chain = wb.Chain([wb.layers.RateIndependentGRU(3, training_rate=44100)], sample_rate=44100)
    with pytest.raises(ValueError, match=r"RateIndependentGRU: inputs must have .* got \[3, 24\]"):
        chain.run(X[..., 0])


def test_a_learnt_rate_begins_anew_where_the_chain_has_another():
    given = {"training_rate": 44100, "interpolation": "stn", "learn": "sample_rate"}
    layer = wb.layers.RateIndependentGRU(3, **given)
    chain = wb.Chain([layer], sample_rate=48000)
    chain(X)
    layer.weights[0].assign(49000.0)
    chain(X)
    assert layer.values["sample_rate"] == 49000  # learnt, at the same rate
    chain.sample_rate = 50000
    assert layer.values["sample_rate"] == 50000


@pytest.mark.parametrize("interpolation", ["cubic", "auto"])
def test_a_chain_has_its_gradients_by_the_rate(interpolation):
    layer = simple(interpolation=interpolation)
    chain = wb.Chain([layer, wb.layers.Saturate()], sample_rate=48000)
    x = tf.constant(X)

    def energy(rate):
        return tf.reduce_mean(tf.tanh(layer.apply(x, {"sample_rate": rate})) ** 2)

    for weights in (STEADY, SPINNING):
        layer.cell.set_weights(weights)
        layer.choose()
        for _ in range(3):  # eager, eager while tracing, compiled
            found = chain.gradients(x, "energy", parameters=True)
            traces.settle()
            rate = tf.constant(48000.0, tf.float64)
            with tf.GradientTape() as tape:
                tape.watch(rate)
                value = energy(rate)
            expected = tape.gradient(value, rate)
            expected = 0.0 if expected is None else expected
            assert relative(found.outputs[1], layer(x)) <= 1e-6
            assert relative(found.parameters[0]["sample_rate"], expected) <= 1e-5


def test_a_rate_that_a_layer_cannot_follow_is_refused_each_time():
    layer = wb.layers.RateIndependentGRU(4, training_rate=44100, interpolation="allpass")
    for _ in range(2):
        with pytest.raises(ValueError, match="sample_rate must be at least training_rate"):
            wb.Chain([layer], sample_rate=22050)
    with pytest.raises(TypeError, match="sample_rate must be given"):
        layer(np.ones((1, 5, 1)))
