"""What interpolation "auto" chooses for the weights of a layer, and when a layer warns."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

import workbench as wb
from tests.numbers import relative
from workbench import traces
from workbench.core.stability import choose_order
from workbench.layers import UnstableWarning

X = np.random.default_rng(0).standard_normal((3, 24, 2)).astype(np.float32)
DOWN = {"training_rate": 48000, "sample_rate": 44100}
HALF = {"training_rate": 48000, "sample_rate": 24000}
KERNEL = np.full((2, 3), 0.5)
STEADY = [KERNEL, 0.3 * np.eye(3), np.zeros(3)]  # stable in any order
SPINNING = [KERNEL, -0.99 * np.eye(3), np.zeros(3)]  # stable in none but by itself


def howling():
    return pytest.warns(UnstableWarning, match="predicted unstable")


def simple(rates=DOWN, weights=STEADY, interpolation="auto", **options):
    """A simple RNN, whose eigenvalues at rest one can see."""
    options = {"return_sequences": True, "recurrent_initializer": "zeros", **options}
    layer = wb.layers.RateIndependentSimpleRNN(3, **rates, interpolation=interpolation, **options)
    layer(X)
    layer.set_weights(weights)
    return layer


def as_chosen(layer):
    """What the chosen interpolation makes of X, said by name."""
    rates = {name: layer.values[name] for name in DOWN}
    options = {"order": layer.choice.order}
    weights = layer.cell.get_weights()
    return simple(rates, weights, layer.choice.interpolation, **options)(X)


def is_as_chosen(layer, name):
    assert layer.choice.interpolation == name, layer.choice.why
    return relative(layer(X), as_chosen(layer)) <= 1e-6


def test_auto_follows_the_weights_and_the_rates():
    layer = simple()
    assert is_as_chosen(layer, "lagrange")
    assert layer.choice.why.startswith(f"lagrange order {layer.choice.order}: largest pole 0.")
    layer.set_weights(SPINNING)
    assert is_as_chosen(layer, "naive")
    layer.set_weights(STEADY)
    layer.set(sample_rate=24000)
    assert layer.choice == choose_order(layer.eigenvalues, 0.5)
    assert relative(layer(X), as_chosen(layer)) <= 1e-6
    layer.set(sample_rate=48000)
    assert layer.choice.why == "naive: the rate is the model's own."
    assert relative(layer(X), layer.to_layer()(X)) <= 1e-6


def test_auto_follows_what_training_makes_when_asked_to():
    layer = simple()
    before = layer.choice
    layer.cell.set_weights(SPINNING)
    assert layer.choice is before
    assert layer.choose().interpolation == "naive"
    assert is_as_chosen(layer, "naive")


def test_a_stateful_layer_has_room_for_what_is_chosen():
    layer = simple(stateful=True)
    assert layer.states[0].shape == (3, 3 * (layer.choice.order + 1))
    for weights, slots in ((SPINNING, 1), (STEADY, layer.choice.order + 1)):
        layer.cell.set_weights(weights)
        layer.choose()
        assert layer.states[0].shape == (3, 3 * slots)
        expected = as_chosen(layer)
        assert relative(tf.concat([layer(X[:, :7]), layer(X[:, 7:])], 1), expected) <= 1e-6


@pytest.mark.parametrize("stateful", [False, True])
def test_auto_follows_a_file(tmp_path, stateful):
    layer = simple(weights=SPINNING, stateful=stateful)
    model = keras.Sequential([keras.Input(batch_shape=(3, None, 2)), layer])
    expected = model(X)
    model.save(tmp_path / "model.keras")
    model.save_weights(tmp_path / "model.weights.h5")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(X), expected)
    again = simple(stateful=stateful)
    assert again.choice.interpolation == "lagrange"
    kept = keras.Sequential([keras.Input(batch_shape=(3, None, 2)), again])
    kept.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(kept(X), expected)
    assert again.choice.interpolation == "naive"


@pytest.mark.parametrize("learn", [(), ("sample_rate",)])
@pytest.mark.parametrize("interpolation", ["auto", "cubic"])
def test_layers_may_be_built_in_a_graph(interpolation, learn):
    options = {"interpolation": interpolation, "learn": learn, "recurrent_initializer": "zeros"}
    layer = wb.layers.RateIndependentSimpleRNN(3, **DOWN, **options)
    found = tf.function(lambda x: layer(x), autograph=False)(X)
    assert relative(found, layer(X)) <= 1e-6


def test_a_compiled_chain_runs_what_is_chosen_now():
    layer = simple()
    chain = wb.Chain([wb.layers.Saturate(), layer], sample_rate=44100)
    x = tf.constant(X)
    for weights in (STEADY, SPINNING, STEADY):
        layer.set_weights(weights)
        for _ in range(3):  # eager, eager while tracing, compiled
            found = chain.gradients(x, "energy", parameters=True)
            traces.settle()
            assert relative(found.outputs[2], layer(found.outputs[1])) <= 1e-6
    assert not any(trace.exception() for trace in chain._stages[1]._traces._futures.values())


def test_a_layer_that_is_predicted_unstable_warns_when_it_is_built():
    given = {"order": 5, "recurrent_initializer": keras.initializers.Constant(-0.33)}
    layer = wb.layers.RateIndependentSimpleRNN(3, **HALF, interpolation="lagrange", **given)
    with pytest.warns(UnstableWarning) as caught:
        layer.build((None, None, 2))
    (warning,) = caught
    radius = layer.prediction().radius
    assert str(warning.message) == (
        "RateIndependentSimpleRNN: interpolation 'lagrange' of order 5 is predicted unstable at "
        f"24000 Hz: a pole of magnitude {radius:.4g} at the constant input 0. "
        "Take interpolation='auto'."
    )
    assert radius > 1 >= layer.prediction("naive").radius - 1e-6


def test_it_warns_whenever_it_comes_to_be_unstable():
    with howling():
        layer = simple(DOWN, SPINNING, "cubic")
    layer.set_weights(STEADY)
    layer.set(sample_rate=48000)
    layer.set_weights(SPINNING)  # at its own rate whatever it is
    with howling():
        layer.set(sample_rate=44100)
    layer.set(interpolation="naive")
    layer.set(interpolation="auto")


def test_a_model_that_is_itself_unstable_does_not_warn():
    layer = simple(DOWN, [KERNEL, -3 * np.eye(3), np.zeros(3)], "cubic")
    assert not layer.prediction("naive").stable
    assert not layer.prediction().stable


def test_a_file_warns_of_its_own_weights_alone(tmp_path):
    for weights, at_first in ((STEADY, SPINNING), (SPINNING, STEADY)):
        initial = keras.initializers.Constant(-0.33) if at_first is SPINNING else "zeros"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnstableWarning)
            layer = simple(DOWN, weights, "cubic", recurrent_initializer=initial)
            keras.Sequential([keras.Input((None, 2)), layer]).save(tmp_path / "model.keras")
        loaded = keras.models.load_model(tmp_path / "model.keras")
        if weights is SPINNING:
            with howling():
                loaded(X)
        loaded(X)


def amplitudes(layer, x, **values):
    layer.set(**values)
    return layer(x[..., np.newaxis]).numpy()


@pytest.mark.parametrize(("base", "target"), [(44100, 48000), (48000, 44100)])
def test_auto_is_never_worse_than_naive(base, target):
    """Two of the many models that the tests of the choice itself try, through the layer."""
    t = np.arange(2205) / base
    fade = np.hanning(2205) ** 2
    x = 0.3 * fade * (np.sin(2 * np.pi * 440 * t) + np.sin(2 * np.pi * 1870 * t))
    x = np.float64(x)[np.newaxis]
    rates = {"training_rate": base, "sample_rate": base, "return_sequences": True}
    layer = wb.layers.RateIndependentLSTM(4, **rates, interpolation="auto", dtype="float64")
    layer.build((None, None, 1))
    for seed in range(2):
        random = np.random.default_rng(seed)
        layer.set_weights([0.7 * random.standard_normal(w.shape) for w in layer.get_weights()])
        expected = amplitudes(layer, x, sample_rate=base)
        resampled = wb.resample(x, orig_rate=base, target_rate=target).numpy()
        expected = wb.resample(expected, orig_rate=base, target_rate=target, axis=1).numpy()
        errors = [
            np.sum((amplitudes(layer, resampled, sample_rate=target, interpolation=how)
                    - expected)[:, 200:-200] ** 2)
            for how in ("auto", "naive")
        ]  # fmt: skip
        layer.set(interpolation="auto")
        assert errors[0] <= errors[1], layer.choice.why
