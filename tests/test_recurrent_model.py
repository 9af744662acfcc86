"""Models from files against their equations in NumPy: at any rate, in Keras, written again."""

import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import workbench as wb
from tests.core import recurrences as oracle
from tests.models import keras_model, torch_model, written
from workbench.errors import ParameterError, ParameterTypeError
from workbench.layers import RateIndependentLSTM
from workbench.model_files import parse_model
from workbench.recurrent_model import RecurrentModel

STEPS = {
    "lstm": oracle.lstm_step,
    "gru": lambda *weights: oracle.gru_step(*weights, reset_after=True),
    "simple_rnn": oracle.simple_step,
}
TREES = {
    "LSTM": torch_model("LSTM"),
    "two GRUs": torch_model("GRU", levels=2, skip=0),
    "RNN of two channels": torch_model("RNN", inputs=2, outputs=2, skip=2),
    "RNN": torch_model("RNN"),
    "spread skip": torch_model("RNN", outputs=3, skip=1),
    "all": keras_model("lstm", "gru", inputs=2, rate=44100, in_skip=1, in_gain=6.0, out_gain=-3),
}
# float32 rounds to 6e-8 of numbers around 1; the recurrences are contracting.
CLOSE = {"float32": 1e-6, "float64": 1e-12}

OPTIONS = {"training_rate": 1, "sample_rate": 1, "return_sequences": True}


def signal(channels=1, dtype="float32"):
    return np.random.default_rng(7).normal(0, 0.5, (3, 40, channels)).astype(dtype)


def expected(tree, x, ratio=1.0, method="naive"):
    """`x` is `[batch, time, channels]`, and so is the result, in float64."""
    read = parse_model(tree)
    gained = y = np.float64(x) * 10 ** (read.in_gain_db / 20)
    for layer in read.layers:
        if layer.kind == "dense":
            y = y @ layer.weights[0] + layer.weights[1]
        else:
            rest = np.zeros((len(x), layer.units * (1 + (layer.kind == "lstm"))))
            step = STEPS[layer.kind](*layer.weights)
            y = oracle.run(step, y, layer.units, ratio=ratio, method=method, initial=rest)
    skipped = gained[..., : read.skip] if read.skip else 0.0
    return (y + skipped) * 10 ** (read.out_gain_db / 20)


def close(found, wanted, dtype="float32"):
    np.testing.assert_allclose(found, wanted, rtol=0, atol=CLOSE[dtype])


@pytest.fixture
def path(tmp_path):
    return written(TREES["RNN"], tmp_path)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", TREES)
def test_a_model_from_a_file_equals_its_equations(tmp_path, name, dtype):
    path = written(TREES[name], tmp_path)
    made = wb.read_model(path, sample_rate=44100, dtype=dtype)
    x = signal(parse_model(path).inputs, dtype)
    assert made(x).dtype == dtype
    close(made(x), expected(TREES[name], x), dtype)


@pytest.mark.parametrize(
    ("name", "rate", "method"),
    [
        ("LSTM", 48000, "linear"),
        ("two GRUs", 32000, "lagrange 1"),
        ("RNN of two channels", 88200, "cubic"),
        ("all", 57330, "stn"),
        ("spread skip", 57330, "allpass"),
    ],
)
def test_at_other_rates_all_recurrent_layers_read_their_states_in_between(
    tmp_path, name, rate, method
):
    interpolation, _, order = method.partition(" ")
    options = {"interpolation": interpolation} | ({"order": int(order)} if order else {})
    path = written(TREES[name], tmp_path)
    made = wb.read_model(path, sample_rate=rate, dtype="float64", **options)
    x = signal(parse_model(path).inputs, "float64")
    close(made(x), expected(TREES[name], x, rate / 44100, method), "float64")


def test_one_channel_may_go_without_its_dimension(tmp_path, path):
    x, made = signal(), wb.read_model(path, sample_rate=44100)
    np.testing.assert_array_equal(made(x[..., 0]), made(x)[..., 0])
    spread = wb.read_model(written(TREES["spread skip"], tmp_path), sample_rate=44100)
    np.testing.assert_array_equal(spread(x[..., 0]), spread(x))


def test_the_training_rate_is_that_of_the_layers_also_before_another_is_known(path):
    layers = wb.read_model(path, sample_rate=48000).layers
    made = RecurrentModel(layers, training_rate=32000)
    rates = {"training_rate": 32000, "sample_rate": 32000}
    assert made.training_rate == 32000
    assert rates.items() <= made.recurrent[0].values.items()
    made.set(training_rate=22050)
    assert made.training_rate == made.recurrent[0].values["training_rate"] == 22050


def test_rows_and_masks(path):
    x = signal() * np.array([1e-3, 1.0, 10.0], np.float32)[:, None, None]
    made = wb.read_model(path, sample_rate=44100)
    np.testing.assert_array_equal(made(x)[:1], made(x[:1]))
    mask = np.arange(40) < np.array([[40], [23], [0]])
    masked = made(x, mask=mask)
    np.testing.assert_array_equal(masked[0], made(x)[0])
    np.testing.assert_array_equal(masked[1, :23], made(x)[1, :23])
    assert np.all(np.isfinite(masked))


@pytest.mark.parametrize(("policy", "within"), [("float64", 1e-12), ("mixed_float16", 4e-3)])
def test_policies(path, policy, within):
    keras.config.set_dtype_policy(policy)
    try:
        made = wb.read_model(path, sample_rate=44100)
    finally:
        keras.config.set_dtype_policy("float32")
    x = signal(dtype=made.compute_dtype)
    assert made(x).dtype == made.compute_dtype
    np.testing.assert_allclose(made(x), expected(TREES["RNN"], x), rtol=0, atol=within)


def test_chunks_of_a_stateful_model_are_one_sound(path):
    x, options = signal(), {"interpolation": "linear", "sample_rate": 48000}
    whole = wb.read_model(path, **options)
    made = wb.read_model(path, stateful=True, **options)
    for _ in range(2):
        parts = [made(part) for part in np.split(x, [1, 13], axis=1)]
        close(np.concatenate(parts, axis=1), whole(x))
        made.reset_state()
    made(x)
    made.set(sample_rate=88200)  # begins anew
    whole.set(sample_rate=88200)
    close(made(x), whole(x))
    assert np.max(np.abs(made(x) - whole(x))) > 0.01
    assert "stateful=True" in made.code()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"sample_rate": -1}, "RecurrentModel: sample_rate must be"),
        ({"sample_rate": 1e9}, "must have a ratio of 0.125 .. 16"),
        ({"sample_rate": 22050, "interpolation": "allpass"}, "allpass"),
        ({"interpolation": "best"}, "interpolation must be one of"),
    ],
)
def test_what_does_not_fit_changes_nothing(tmp_path, wrong, message):
    path = written(TREES["two GRUs"], tmp_path)
    made = wb.read_model(path, sample_rate=44100, stateful=True)
    made(signal())
    states = [[np.array(state) for state in each.states] for each in made.recurrent]
    parts = (made, *made.recurrent)
    before = [each.values for each in parts]
    with pytest.raises(ParameterError, match=message):
        made.set(**wrong)
    assert [each.values for each in parts] == before
    for each, kept in zip(made.recurrent, states, strict=True):
        np.testing.assert_array_equal(each.states, kept)


def test_auto_chooses_for_each_layer(tmp_path):
    path = written(keras_model("lstm", "simple_rnn", seed=3), tmp_path)
    made = wb.read_model(path, sample_rate=44100, interpolation="auto")
    orders = [each.choice.order for each in made.recurrent]
    assert orders == [each.choose().order for each in made.recurrent]
    assert made.held == tuple(each.choice for each in made.recurrent)
    assert len(set(made.held)) == 2
    before = made.held
    made.set_weights([0 * weight for weight in made.get_weights()])  # any order is stable now
    assert made.held != before


def test_a_chain_tells_the_rate(path, tmp_path):
    x = signal()[..., 0]
    chain = wb.Chain([wb.read_model(path, interpolation="linear")], sample_rate=48000)
    chain.sample_rate = 60000
    close(chain(x), expected(TREES["RNN"], x[..., None], 60 / 44.1, "linear")[..., 0])
    with pytest.raises(ParameterError, match="must have a ratio of"):
        chain.sample_rate = 4_000_000
    assert chain.layers[0].recurrent[0].values["sample_rate"] == chain.sample_rate == 60000
    names = {"wb": wb}
    exec(chain.code(), names)
    np.testing.assert_array_equal(names["chain"](x), chain(x))
    chain.save(tmp_path / "chain.keras")
    again = keras.models.load_model(tmp_path / "chain.keras")
    np.testing.assert_array_equal(again(x), chain(x))
    again.sample_rate = 48000  # still the chain's to say
    close(again(x), expected(TREES["RNN"], x[..., None], 48 / 44.1, "linear")[..., 0])


def test_gradients_of_a_chain_are_those_of_finite_differences(path):
    made = wb.read_model(path, interpolation="linear", dtype="float64")
    chain = wb.Chain([made], sample_rate=48000, dtype="float64")
    x = signal(dtype="float64")[..., 0]

    def energy(rate, scale=1.0):
        rates = {"sample_rate": tf.constant(rate, tf.float64)}
        return float(tf.reduce_mean(tf.square(made.apply(scale * x, rates))))

    found = chain.gradients(x, "energy", parameters=True)
    wanted = (energy(48001.0) - energy(47999.0)) / 2
    assert float(found.parameters[0]["sample_rate"]) == pytest.approx(wanted, rel=1e-5)
    wanted = (energy(48000.0, 1 + 1e-5) - energy(48000.0, 1 - 1e-5)) / 2e-5
    assert float(tf.reduce_sum(found.signal * x)) == pytest.approx(wanted, rel=1e-6)


def test_the_rate_can_be_learnt(path, tmp_path):
    options = {"interpolation": "linear", "sample_rate": 48000}
    x, mask = signal(), np.arange(40) < np.array([[40], [23], [1]])
    plain, made = (
        wb.read_model(path, **options),
        wb.read_model(path, learn="sample_rate", **options),
    )
    np.testing.assert_allclose(made(x, mask=mask), plain(x, mask=mask), rtol=0, atol=1e-6)
    model = keras.Sequential([keras.Input((None, 1)), made])
    for each in made.layers:
        each.trainable = False
    model.compile(keras.optimizers.SGD(1e9), "mse")
    model.fit(x, np.zeros_like(x), verbose=0)
    rate = made.values["sample_rate"]
    assert rate != 48000
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.layers[-1].values["sample_rate"] == rate
    assert "learn=('sample_rate',)" in made.code()
    assert made.limits("sample_rate") == (44100 / 8, 44100 * 16)
    with pytest.raises(ParameterError, match="learn must be empty where stateful is True"):
        wb.read_model(path, stateful=True, learn="sample_rate", **options)


def test_a_saved_model_does_not_need_the_file(tmp_path):
    path, x = written(TREES["RNN of two channels"], tmp_path), signal(2)
    made = wb.read_model(path, sample_rate=48000, interpolation="auto")
    inputs = keras.Input((None, 2))
    model = keras.Model(inputs, made(inputs))
    assert model.output_shape == (None, None, 2)
    np.testing.assert_array_equal(model.predict(x, verbose=0), made(x))
    cloned = keras.models.clone_model(model)
    cloned.layers[-1].set_weights(made.get_weights())
    np.testing.assert_array_equal(cloned(x), model(x))
    model.save(tmp_path / "model.keras")
    np.savez(tmp_path / "both.npz", x=x, y=model(x))
    path.unlink()
    code = (
        "import keras, numpy as np; model = keras.models.load_model('model.keras');"
        "both = np.load('both.npz'); np.testing.assert_array_equal(model(both['x']), both['y'])"
    )
    subprocess.run(
        [sys.executable, "-c", f"import workbench as wb; wb.layers; {code}"],
        cwd=tmp_path,
        check=True,
    )


def test_the_configuration_makes_the_layer_again(path):
    options = {"sample_rate": 48000, "interpolation": "linear"}
    made = wb.read_model(path, name="amp", dtype="float64", **options)
    again = RecurrentModel.from_config(made.get_config())
    assert again.get_config() == made.get_config()
    names = {"wb": wb}
    exec(f"again = {made.code()}", names)
    x = signal(dtype="float64")
    np.testing.assert_array_equal(names["again"](x), made(x))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (np.zeros(9, np.float32), "signal must have the shape"),
        (np.zeros((1, 9, 2), np.float32), "must have one channel; got 2. Give each channel as a"),
        (np.zeros((1, 9), np.int16), "signal must be floating point; got int16"),
    ],
)
def test_sounds_that_do_not_fit(path, given, message):
    with pytest.raises((ParameterError, ParameterTypeError), match=message):
        wb.read_model(path, sample_rate=44100)(given)


@pytest.mark.parametrize(
    ("layers", "options", "message"),
    [
        ([], {}, "layers must hold recurrent layers"),
        ([RateIndependentLSTM(3, training_rate=1, sample_rate=1)], {}, "that return sequences"),
        (
            [RateIndependentLSTM(3, **OPTIONS)],
            {"dtype": "float64"},
            "dtype must be that of the layers, float32; got float64",
        ),
    ],
)
def test_layers_that_do_not_fit(layers, options, message):
    with pytest.raises((ParameterError, ParameterTypeError), match=f"^RecurrentModel: .*{message}"):
        RecurrentModel(layers, training_rate=44100, **options)
