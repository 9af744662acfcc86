"""Model files against torch's documented equations, Keras' layers and one another."""

import copy
import json

import keras
import numpy as np
import pytest

from tests.models import keras_model, torch_model, written
from workbench.errors import ParameterError
from workbench.model_files import LayerWeights, ModelFile, dump_model, parse_model

KERAS_LAYERS = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}
KERAS_LAYERS |= {"simple_rnn": keras.layers.SimpleRNN, "dense": keras.layers.Dense}
# Two orders of summation in float64 over 60 steps of a stable network: some hundred epsilons.
EXACT = 1e-12


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def torch_step(unit_type, x, h, c, w_ih, w_hh, b_ih, b_hh):
    """The equations in the documentation of torch.nn.LSTM, GRU and RNN, for one time step."""
    of_input, of_state = x @ w_ih.T + b_ih, h @ w_hh.T + b_hh
    if unit_type == "LSTM":
        i, f, g, o = np.split(of_input + of_state, 4, axis=-1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        return sigmoid(o) * np.tanh(c), c
    if unit_type == "GRU":
        (r, z, n), (rh, zh, nh) = np.split(of_input, 3, axis=-1), np.split(of_state, 3, axis=-1)
        r, z = sigmoid(r + rh), sigmoid(z + zh)
        return (1 - z) * np.tanh(n + r * nh) + z * h, c
    return np.tanh(of_input + of_state), c


def torch_output(tree, x):
    """What torch computes for `[batch, time, channels]`, with the skip of the trainer."""
    model = tree["model_data"]
    state = {key: np.array(value) for key, value in tree["state_dict"].items()}
    y = x
    for level in range(model["num_layers"]):
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        weights = [state[f"rec.{name}_l{level}"] for name in names]
        h = c = np.zeros((len(x), model["hidden_size"]))
        steps = []
        for time in range(x.shape[1]):
            h, c = torch_step(model["unit_type"], y[:, time], h, c, *weights)
            steps.append(h)
        y = np.stack(steps, axis=1)
    y = y @ state["lin.weight"].T + state["lin.bias"]
    return y + x[..., : model["skip"]] if model["skip"] else y


def keras_layer(layer):
    options = {} if layer.kind == "dense" else {"return_sequences": True}
    built = KERAS_LAYERS[layer.kind](
        layer.units, activation=layer.activation, dtype="float64", **options
    )
    built.build((None, None, layer.inputs))
    built.set_weights(layer.weights)
    return built


def keras_output(model, x):
    """What Keras' own layers compute in float64."""
    gained = x * 10 ** (model.in_gain_db / 20)
    y = gained
    for layer in model.layers:
        y = np.asarray(keras_layer(layer)(y))
    y = y + gained[..., : model.skip] if model.skip else y
    return y * 10 ** (model.out_gain_db / 20)


def signal(channels, batch=3, time=60):
    return np.random.default_rng(7).normal(0, 1, (batch, time, channels))


@pytest.mark.parametrize("unit_type", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize(
    "sizes",
    [
        {},
        {"skip": 0, "levels": 2},
        {"inputs": 3, "levels": 3, "units": 4},
        {"inputs": 2, "outputs": 2, "skip": 2},
        {"inputs": 2, "outputs": 3, "skip": 1, "units": 1},
    ],
    ids=str,
)
def test_a_torch_model_equals_the_equations_of_torch(tmp_path, unit_type, sizes):
    tree = torch_model(unit_type, **sizes)
    model = parse_model(written(tree, tmp_path))
    x = signal(model.inputs)
    np.testing.assert_allclose(keras_output(model, x), torch_output(tree, x), rtol=0, atol=EXACT)
    assert (model.form, model.training_rate, model.metadata) == ("torch", 44100, {})
    assert (model.inputs, model.outputs) == (x.shape[-1], sizes.get("outputs", 1))


@pytest.mark.parametrize("gone", ["rec.bias_ih_l0", "rec.bias_hh_l0", "lin.bias"])
def test_a_model_without_biases_has_zeros(gone):
    tree = torch_model("GRU")
    del tree["state_dict"][gone]
    tree["model_data"]["bias_fl"] = False
    model = parse_model(tree)
    tree["state_dict"][gone] = np.zeros(1 if gone == "lin.bias" else 15)
    x = signal(1)
    np.testing.assert_allclose(keras_output(model, x), torch_output(tree, x), rtol=0, atol=EXACT)


@pytest.mark.parametrize("kinds", [["lstm"], ["gru"], ["simple_rnn"], ["gru", "lstm"]], ids=str)
def test_a_keras_model_keeps_its_order(tmp_path, kinds):
    tree = keras_model(*kinds, inputs=2, in_skip=1, in_gain=6.0, out_gain=-3)
    model = parse_model(written(tree, tmp_path))
    assert [layer.kind for layer in model.layers] == [*kinds, "dense"]
    assert [layer.activation for layer in model.layers] == ["tanh"] * len(kinds) + ["linear"]
    for layer, source in zip(model.layers, tree["layers"], strict=True):
        for found, expected in zip(layer.weights, source["weights"], strict=True):
            np.testing.assert_array_equal(found, expected)
        assert all(each.dtype == np.float64 for each in layer.weights)
    found = (model.skip, model.in_gain_db, model.out_gain_db, model.training_rate, model.form)
    assert found == (1, 6.0, -3.0, 48000, "keras")
    assert model.metadata == tree["metadata"]
    assert keras_output(model, signal(2)).shape == (3, 60, 1)


@pytest.mark.parametrize("kind", ["lstm", "gru", "simple_rnn"])
def test_both_forms_of_one_network_are_one(kind):
    """Row by row, what torch calls gate `from` stands at Keras' place."""
    order = {"lstm": [0, 1, 2, 3], "gru": [1, 0, 2], "simple_rnn": [0]}[kind]
    unit_type = {"lstm": "LSTM", "gru": "GRU", "simple_rnn": "RNN"}[kind]
    torch = torch_model(unit_type, units=2)
    rows = [2 * gate + unit for gate in order for unit in range(2)]
    state = {key: np.array(value) for key, value in torch["state_dict"].items()}
    biases = [state["rec.bias_ih_l0"][rows], state["rec.bias_hh_l0"][rows]]
    tree = keras_model(kind, units=2, rate=44100, in_skip=1)
    tree["layers"][0]["weights"] = [
        state["rec.weight_ih_l0"][rows].T.tolist(),
        state["rec.weight_hh_l0"][rows].T.tolist(),
        (np.stack(biases) if kind == "gru" else sum(biases)).tolist(),
    ]
    tree["layers"][1]["weights"] = [state["lin.weight"].T.tolist(), state["lin.bias"].tolist()]
    one, other = parse_model(torch), parse_model(tree)
    for a, b in zip(one.layers, other.layers, strict=True):
        assert (a.kind, a.units, a.activation) == (b.kind, b.units, b.activation)
        for found, expected in zip(a.weights, b.weights, strict=True):
            np.testing.assert_array_equal(found, expected)
    assert (one.skip, one.training_rate) == (other.skip, other.training_rate)


@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid", "softmax", "elu"])
def test_dense_layers_have_their_activation_and_may_lack_a_bias(activation):
    tree = keras_model("lstm", inputs=2)
    first = {"type": "time-distributed-dense", "activation": activation, "shape": [None, None, 2]}
    tree["layers"].insert(0, first | {"weights": [[[0.5, -1.5]]]})
    tree["in_shape"] = [None, None, 1]
    layer = parse_model(tree).layers[0]
    assert (layer.kind, layer.activation) == ("dense", activation)
    np.testing.assert_array_equal(layer.weights[1], [0.0, 0.0])
    expected = keras.activations.get(activation)(signal(1) * [0.5, -1.5])
    np.testing.assert_allclose(keras_layer(layer)(signal(1)), expected, rtol=0, atol=EXACT)


@pytest.mark.parametrize(
    "tree",
    [
        torch_model("LSTM", levels=2),
        torch_model("GRU", inputs=2),
        torch_model("RNN", skip=0),
        keras_model("gru", "simple_rnn", in_skip=1, in_gain=1.5, out_gain=-2.25, inputs=2),
    ],
    ids=["LSTM", "GRU", "RNN", "keras"],
)
def test_a_model_written_and_read_again_is_the_same(tmp_path, tree):
    model = parse_model(tree, training_rate=96000)
    again = parse_model(written(dump_model(model), tmp_path))
    for one, other in zip(model.layers, again.layers, strict=True):
        assert (one.kind, one.units, one.activation) == (other.kind, other.units, other.activation)
        for found, expected in zip(other.weights, one.weights, strict=True):
            np.testing.assert_array_equal(found, expected)
    for name in ("skip", "in_gain_db", "out_gain_db", "training_rate"):
        assert getattr(again, name) == getattr(model, name)
    assert again.metadata == model.metadata | {"samplerate": "96000"}


def test_weights_that_leave_keras_come_back_bit_for_bit(tmp_path):
    layer = keras.layers.GRU(4)
    layer.build((None, None, 2))
    weights = layer.get_weights()
    model = ModelFile((LayerWeights("gru", 4, "tanh", tuple(weights)),), 0, 0.0, 0.0, 48000)
    again = parse_model(written(dump_model(model), tmp_path)).layers[0].weights
    for found, expected in zip(again, weights, strict=True):
        np.testing.assert_array_equal(found.astype(np.float32), expected, strict=True)
    with pytest.raises(ValueError, match="read-only"):
        again[0][0, 0] = 1
    assert all(each.flags.writeable for each in weights)


def test_what_cannot_be_read_again_is_not_written():
    weights = (np.full((1, 4), np.nan), np.zeros((1, 4)), np.zeros(4))
    model = ModelFile((LayerWeights("lstm", 1, "tanh", weights),), 0, 0.0, 0.0, 48000)
    with pytest.raises(ParameterError, match=r"^write_model: layers\[0\]\['weights'\]\[0\] must"):
        dump_model(model)


@pytest.mark.parametrize("rate", [48000, 48000.0, "48000", " 48000.0 "])
@pytest.mark.parametrize("key", ["samplerate", "sample_rate"])
def test_a_stored_rate_is_text_or_a_number(key, rate):
    tree = keras_model("lstm") | {"metadata": {key: rate}}
    assert parse_model(tree).training_rate == 48000
    assert isinstance(parse_model(tree).training_rate, int)


def test_the_rate_of_the_caller_goes_first():
    assert parse_model(torch_model(), training_rate=48000).training_rate == 48000
    stored = torch_model()
    stored["model_data"]["sample_rate"] = 96000.0
    assert parse_model(stored).training_rate == 96000
    assert parse_model(stored, training_rate=48000).training_rate == 48000
    for rate in ("44100", "unknown", None):
        assert parse_model(keras_model("gru", rate=rate), training_rate=8000).training_rate == 8000
    with pytest.raises(ParameterError, match="read_model: training_rate must be a positive whole"):
        parse_model(torch_model(), training_rate=44100.5)


def test_test_signals_and_free_metadata_are_no_fault():
    metadata = {"samplerate": 44100, "esr": 0.1, "tags": ["clean", {"x": None}]}
    tree = keras_model("lstm", input_batch=[0.0] * 9, output_batch=[0.1] * 9, metadata=metadata)
    assert parse_model(tree).metadata == metadata


def test_a_byte_order_mark_is_no_fault(tmp_path):
    path = tmp_path / "model.json"
    path.write_text(json.dumps(torch_model()), encoding="utf-8-sig")
    assert parse_model(str(path)).layers[0].kind == "lstm"


def test_the_source_is_left_as_it_was():
    for tree in (torch_model(), keras_model("gru")):
        before = copy.deepcopy(tree)
        parse_model(tree)
        assert tree == before
