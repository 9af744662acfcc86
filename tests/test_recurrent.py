"""The recurrent layers: equal to Keras' own at the training rate, to the oracle at any other."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import workbench as wb
from tests.core.recurrences import METHODS, gru_step, lstm_step, run, simple_step
from tests.numbers import relative
from workbench.rate_layer import RateLayer

UNITS = FEATURES = 3  # alike, so that stacked layers share what XLA compiles
UP, DOWN = 48000.0, 44100.0**2 / 48000.0  # as 44.1 kHz is to 48 kHz, and the other way round
KINDS = {
    "lstm": (wb.layers.RateIndependentLSTM, keras.layers.LSTM, lstm_step, {}),
    "gru": (wb.layers.RateIndependentGRU, keras.layers.GRU, gru_step, {"reset_after": True}),
    "gru, reset before": (
        wb.layers.RateIndependentGRU,
        keras.layers.GRU,
        gru_step,
        {"reset_after": False},
    ),
    "simple": (wb.layers.RateIndependentSimpleRNN, keras.layers.SimpleRNN, simple_step, {}),
}
kinds = pytest.mark.parametrize("kind", KINDS)
main_kinds = pytest.mark.parametrize("kind", ["lstm", "gru", "simple"])
SMALL = {"float32": 1e-6, "float64": 1e-12, "mixed_float16": 4e-3}  # a few roundings of each


@pytest.fixture(autouse=True)
def without_warnings(monkeypatch):
    """Whether random weights are stable at these rates is another matter, and takes long."""
    monkeypatch.setattr(RateLayer, "_warn_if_unstable", lambda self: None)


def trained(kind, draw=0, **options):
    """Keras' layer with random weights."""
    random = np.random.default_rng(draw)
    layer = KINDS[kind][1](UNITS, **{"return_sequences": True, **KINDS[kind][3], **options})
    layer.build((3, None, FEATURES))
    layer.set_weights([0.5 * random.standard_normal(w.shape) for w in layer.get_weights()])
    return layer


def ours(layer, kind, sample_rate=44100.0, **options):
    return KINDS[kind][0].from_layer(
        layer, training_rate=44100.0, sample_rate=sample_rate, **options
    )


def signal(dtype="float32", rows=3, steps=24):
    """Rows of levels that differ by decades."""
    x = np.random.default_rng(1).standard_normal((rows, steps, FEATURES))
    levels = 10.0 ** (np.arange(rows) - 1)
    return (x * levels[:, None, None]).astype("float64" if dtype == "float64" else "float32")


def initial(kind, dtype="float32", rows=3):
    random, parts = np.random.default_rng(2), 2 if kind == "lstm" else 1
    return [(0.3 * random.standard_normal((rows, UNITS))).astype(dtype) for _ in range(parts)]


def farthest(found, expected):
    pairs = zip(tf.nest.flatten(found), tf.nest.flatten(expected), strict=True)
    return max(relative(one, other) for one, other in pairs)


@kinds
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_at_the_training_rate_it_is_the_keras_layer(kind, dtype):
    layer, x = trained(kind, dtype=dtype, return_state=True), signal(dtype)
    made = ours(layer, kind)
    for given in (None, initial(kind, dtype)):
        found, expected = made(x, initial_state=given), layer(x, initial_state=given)
        assert farthest(found, expected) <= SMALL[dtype]
        error = np.sum((found[0] - expected[0]) ** 2, axis=(1, 2), dtype=np.float64)
        power = np.sum(expected[0] ** 2, axis=(1, 2), dtype=np.float64)
        assert np.all(error <= 1e-12 * power)  # 120 dB, in each row


@pytest.mark.parametrize(
    "options",
    [
        {"return_sequences": False},
        {"use_bias": False},
        {"activation": "relu"},
        {"recurrent_activation": "hard_sigmoid"},
        {"dtype": "mixed_float16"},
        {"dropout": 0.5, "seed": 7},
    ],
    ids=lambda options: next(iter(options)),
)
@main_kinds
def test_it_has_the_arguments_of_the_keras_layer(kind, options):
    if kind == "simple" and "recurrent_activation" in options:
        options = {"activation": "sigmoid"}
    layer, x = trained(kind, **options), signal()
    made = ours(layer, kind)
    for training in (True, True, False):  # dropout of each call is drawn anew
        found, expected = made(x, training=training), layer(x, training=training)
        assert found.dtype == expected.dtype
        assert relative(found, expected) <= SMALL[options.get("dtype", "float32")]


@pytest.mark.parametrize("zero", [False, True])
@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize("kind", ["lstm", "simple"])
def test_masked_steps_are_as_in_keras(kind, sequences, zero):
    options = {"return_sequences": sequences, "zero_output_for_mask": zero, "return_state": True}
    layer, x = trained(kind, **options), signal()
    made, steps = ours(layer, kind), np.arange(24)
    for rows in ([steps < 15, steps > 6, steps % 3 > 0], [steps < 0, steps >= 0, steps == 5]):
        for given in (None, initial(kind)):
            expected = layer(x, mask=np.array(rows), initial_state=given)
            for dtype in (bool, np.int32):
                found = made(x, mask=np.array(rows, dtype), initial_state=given)
                assert farthest(found, expected) <= SMALL["float32"]


def test_masked_rows_are_as_if_they_were_alone_at_another_rate_too():
    made, x = ours(trained("gru"), "gru", UP), signal()
    steps = np.arange(24)
    mask = np.array([steps < 15, steps > 6, steps % 3 > 0])
    found = made(x, mask=mask).numpy()
    for row, kept in enumerate(mask):
        alone = made(x[row : row + 1, kept])
        assert relative(found[row, kept], alone[0]) <= SMALL["float32"]


@pytest.mark.parametrize(
    ("ratio", "dtype"), [(2, "float32"), (3, "float32"), (4, "float32"), (3, "float64")]
)
@main_kinds
def test_held_inputs_at_a_whole_ratio_are_the_base_at_every_phase(kind, ratio, dtype):
    layers = [trained(kind, draw, dtype=dtype) for draw in (0, 1)]
    x = signal(dtype)
    expected = np.repeat(layers[1](layers[0](x)), ratio, axis=1)
    made = [ours(layer, kind, 44100.0 * ratio) for layer in layers]
    inputs = keras.Input((None, FEATURES), dtype=x.dtype)
    model = keras.Model(inputs, made[1](made[0](inputs)))
    for interpolation in ("linear", "allpass", "cubic", "lagrange", "minimax", "auto"):
        for layer in made:
            layer.set(interpolation=interpolation, order=5)
        found = model(np.repeat(x, ratio, axis=1))
        assert relative(found, expected) <= SMALL[dtype], interpolation


@pytest.mark.parametrize("rate", [UP, DOWN])
@pytest.mark.parametrize("method", METHODS)
def test_every_interpolation_is_that_of_the_definition(method, rate):
    interpolation, _, order = method.partition(" ")
    if interpolation == "allpass" and rate < 44100:
        return  # which test_rate_layer sees refused
    few = ("gru", "gru, reset before", "simple") if method in ("allpass", "cubic") else ()
    for kind in ("lstm", *few):
        layer, x, given = (
            trained(kind, dtype="float64"),
            signal("float64"),
            initial(kind, "float64"),
        )
        made = ours(layer, kind, rate, interpolation=interpolation, order=int(order or 3))
        step = KINDS[kind][2](*layer.get_weights(), **KINDS[kind][3])
        expected = run(
            step, x, UNITS, ratio=rate / 44100, method=method, initial=np.hstack(given)
        )  # whose state at every time before the first is that given: Keras' form, held
        assert relative(made(x, initial_state=given), expected) <= SMALL["float64"]


BLOCKS = np.split(np.arange(24), [1, 2, 9, 10, 15])
FORMS = [("naive", 1), ("stn", 1), ("linear", 1), ("allpass", 1), ("lagrange", 5), ("minimax", 2)]


@pytest.mark.parametrize("rate", [UP, DOWN, 88200.0])
@pytest.mark.parametrize("form", FORMS, ids=lambda form: form[0])
def test_blocks_of_any_size_are_one_shot(form, rate):
    if form[0] == "allpass" and rate < 44100:
        return
    options = dict(zip(("interpolation", "order"), form, strict=True))
    layer, x = trained("lstm", return_state=True), signal()
    whole = ours(layer, "lstm", rate, **options)
    kept = ours(layer, "lstm", rate, **options, stateful=True, return_state=False)
    expected, *last = whole(x)
    for _ in range(2):
        found = np.concatenate([kept(x[:, block]) for block in BLOCKS], axis=1)
        assert relative(found, expected) <= SMALL["float32"]
        kept.reset_state()
    state, pieces = None, []
    for block in BLOCKS:
        piece, *state = whole(x[:, block], initial_state=state)
        pieces.append(piece)
    assert relative(np.concatenate(pieces, axis=1), expected) <= SMALL["float32"]
    assert farthest(state, last) <= SMALL["float32"]
    assert [each.shape[1] for each in last] == whole.state_size


@main_kinds
def test_its_gradients_are_those_of_keras(kind):
    layer, x = trained(kind, dtype="float64"), tf.constant(signal("float64"))
    made, weights = ours(layer, kind), np.random.default_rng(3).standard_normal((3, 24, UNITS))
    found = []
    for each in (layer, made):
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(each(x) * weights)
        found.append(tape.gradient(loss, [x, *(w.value for w in each.trainable_weights)]))
    assert farthest(found[1], found[0]) <= 1e-11


@pytest.mark.parametrize(
    "form", [("stn", 1), ("allpass", 1), ("cubic", 3), ("minimax", 4)], ids=lambda form: form[0]
)
def test_the_gradient_by_the_rate_is_a_finite_difference(form):
    options = dict(zip(("interpolation", "order"), form, strict=True))
    made = ours(trained("lstm", dtype="float64"), "lstm", 44100.0, **options)
    x, weights = signal("float64"), np.random.default_rng(3).standard_normal((3, 24, UNITS))

    @tf.function(autograph=False)
    def loss_and_gradient(rate):
        with tf.GradientTape() as tape:
            tape.watch(rate)
            loss = tf.reduce_sum(made.apply(x, {"sample_rate": rate}) * weights)
        return loss, tape.gradient(loss, rate)

    for ratio in (0.77, 48 / 44.1, 2.3, 3.7):  # between the points at which other states are read
        if form[0] == "allpass" and ratio < 1:
            continue
        rate, step = tf.constant(44100.0 * ratio, tf.float64), 1.0
        above, below = (loss_and_gradient(rate + d)[0] for d in (step, -step))
        expected = (above - below) / (2 * step)
        assert relative(loss_and_gradient(rate)[1], expected) <= 1e-6  # step**2, and its rounding


def test_a_learnt_rate_has_the_same_gradient():
    layer, x = trained("lstm", dtype="float64"), signal("float64")
    made, fixed = ours(layer, "lstm", UP, learn="sample_rate"), ours(layer, "lstm", UP)
    rate = tf.constant(UP, tf.float64)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(rate)
        found = tf.reduce_sum(made(x) ** 2)
        expected = tf.reduce_sum(fixed.apply(x, {"sample_rate": rate}) ** 2)
    (weight,) = [w for w in made.trainable_weights if w.name == "sample_rate"]
    assert relative(tape.gradient(found, weight.value), tape.gradient(expected, rate)) <= 1e-12
    assert relative(made(x), fixed(x)) <= SMALL["float64"]


def test_training_is_the_same_however_it_is_compiled():
    x, found = signal(), []
    target = ours(trained("gru"), "gru", 50000.0)(x)
    for options in ({"run_eagerly": True}, {"jit_compile": False}, {"jit_compile": True}):
        made = ours(trained("gru"), "gru", UP, learn=("sample_rate",))
        model = keras.Sequential([keras.Input((None, FEATURES)), made])
        model.compile(keras.optimizers.SGD(1e8), "mse", **options)
        made.cell.trainable = False
        model.fit(x, target, epochs=2, verbose=0)
        found.append(made.values["sample_rate"])
    assert np.ptp(found) <= 1e-5 * np.abs(found[0] - UP) + 0.01  # of float32 at 48000
    assert UP + 1 < found[0] < 50000  # towards the rate that the target has


@pytest.mark.parametrize("options", [{}, {"sample_rate": 88200.0}, {"learn": "sample_rate"}])
def test_graphs_take_any_shape(options):
    made = ours(trained("gru", return_state=True), "gru", **({"sample_rate": UP} | options))
    x, any_shape = signal(), {"input_signature": [tf.TensorSpec([None, None, FEATURES])]}
    graphs = [
        tf.function(lambda x: made(x), autograph=False, **form)
        for form in ({**any_shape}, {**any_shape, "jit_compile": True}, {"jit_compile": True})
    ]
    for part in (x, x[:, :1], x[:0]):
        expected = made(part)
        for graph in graphs:
            found = graph(part)
            assert [one.shape for one in found] == [one.shape for one in expected]
            assert not len(part) or farthest(found, expected) <= SMALL["float32"]
    outputs, state = graphs[0](x[:, :0])
    assert outputs.shape == (3, 0, UNITS)
    assert not np.any(state)


def test_it_runs_in_a_pipeline():
    made, x = ours(trained("gru"), "gru", UP), signal()
    batches = tf.data.Dataset.from_tensor_slices(x).batch(2).map(made)
    found = np.concatenate(list(batches), axis=0)
    assert relative(found, made(x)) <= SMALL["float32"]


@pytest.mark.parametrize("stateful", [False, True])
@kinds
def test_keras_layers_come_and_go(kind, stateful):
    options = {
        "kernel_regularizer": "l2",
        "recurrent_initializer": "zeros",
        "dropout": 0.1,
        "seed": 7,
    }
    layer = trained(kind, stateful=stateful, dtype="float64", **options)
    made = ours(layer, kind, UP)
    back = made.to_layer()
    assert type(back) is type(layer)
    assert back.get_config() == layer.get_config()
    x = signal("float64")
    np.testing.assert_array_equal(back(x), layer(x))
    made(x)
    for found in (made, back):
        for one, other in zip(found.get_weights(), layer.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_layer_without_weights_stays_without():
    made = wb.layers.RateIndependentGRU.from_layer(keras.layers.GRU(4), training_rate=8000.0)
    assert not made.built
    assert not made.to_layer().built


def test_a_rate_that_is_refused_later_leaves_the_state():
    layer = wb.layers.RateIndependentGRU(
        3, training_rate=44100, sample_rate=48000, stateful=True, return_sequences=True
    )
    x = np.random.default_rng(0).standard_normal((1, 40, 2)).astype(np.float32)
    whole = layer(x).numpy()
    layer.reset_state()
    first = layer(x[:, :20])

    def refused():
        with layer.restoring():
            layer.set(sample_rate=192000)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        refused()
    np.testing.assert_allclose(np.concatenate([first, layer(x[:, 20:])], 1), whole, atol=1e-6)
