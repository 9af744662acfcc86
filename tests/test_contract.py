"""What holds for every op: a new one is covered the moment that it is declared."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

import workbench as wb
from tests.numbers import relative
from tests.ops import (
    BINS,
    LAYERED,
    LEARNABLE,
    NEEDED,
    ON_SIGNALS,
    OPS,
    PARAMETERS,
    RATE,
    call,
    example,
    named,
    needed,
    numbers,
    shape_of,
)
from workbench import core, layers
from workbench.axes import waveform_space
from workbench.dashboards.controls.control import Control

INSTEAD = {"ratio": {"orig_rate": None, "target_rate": None}}  # what a parameter stands for
FINER = {"modulated_delay": 1e-8}  # steps: its slope by a delay bends at every whole sample
OF_PHASE = ("phase", "instantaneous_frequency")
ROOMS = [getattr(core, room) for room in core.__all__]
PUBLIC = {name: getattr(room, name) for room in ROOMS for name in OPS if hasattr(room, name)}
SOURCES = [op for op in OPS.values() if not op.takes]
LINEAR = [op for op in ON_SIGNALS if op.linear]
DRAWN = {"spec_augment"}  # each row by its place: what holds then, its own tests say


def through(layer, x, mask=None):
    """What a layer makes of a signal; one that draws does so in training, anew at each step."""
    if layer.spec.name in DRAWN:
        return type(layer).from_config(layer.get_config())(x, mask=mask, training=True)
    return layer(x, mask=mask)


def own_rows(op, x):
    """The rows that come out as if they were alone."""
    return [0] if op.name in DRAWN else range(len(x))


def steps_alone(op, length):
    """Steps of time that come out of a row of so many samples, and how many of them are valid."""
    values = op.check(needed(op))
    return op.length(length, values), int(op.valid(tf.constant([length]), values)[0])


def apart(op, found, expected):
    """Distances, of angles round the circle."""
    distance = np.abs(np.asarray(found) - np.asarray(expected))
    return np.minimum(distance, 2 * np.pi - distance) if op.name == "phase" else distance


def loud(op, x, out):
    """Where a result says something: the phase of nothing doesn't."""
    magnitude = wb.spectrogram(x, power=1.0) if op.name in OF_PHASE else np.abs(out)
    return np.asarray(magnitude > 1e-3 * np.max(magnitude))


on_signals = pytest.mark.parametrize("op", ON_SIGNALS, ids=named)
with_layer = pytest.mark.parametrize("op", LAYERED, ids=named)


@on_signals
def test_a_row_of_a_batch_equals_the_row_alone(op):
    x = example(op)
    batch = call(op, x)
    for row in own_rows(op, x):  # 1e-5: float32, sums of a thousand products in another order
        assert relative(batch[row], call(op, x[row])) < 1e-5


@on_signals
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_the_type_is_kept(op, dtype):
    half = dtype in ("float16", "bfloat16")
    x = example(op, np.float32 if half else dtype)
    x = x if op.of_complex else tf.cast(x, dtype)
    out = call(op, x)
    if out.dtype.is_complex or op.of_complex:  # there is no half-precision complex type
        assert out.dtype.real_dtype == ("float32" if half else dtype)
    else:
        assert out.dtype == dtype
    if half and not (out.dtype.is_complex or op.of_complex):
        expected = tf.cast(call(op, tf.cast(x, tf.float32)), dtype)
        np.testing.assert_array_equal(tf.cast(out, tf.float32), tf.cast(expected, tf.float32))


@with_layer
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float64"])
def test_the_policies_of_keras_run(op, policy):
    layer = layers.layer_of(op)(**needed(op), dtype=policy)
    out = through(layer, example(op))
    as_it_is = op.of_complex or out.dtype.is_complex  # Keras casts no complex numbers
    assert out.dtype == layer.compute_dtype or as_it_is
    assert np.all(np.isfinite(np.abs(tf.cast(tf.abs(out), tf.float64))))


@with_layer
def test_a_padded_row_equals_the_row_alone(op):
    lengths, full = ([700, 37, 2999], 3000) if op.takes == 1 else ([70, 37, 299], 300)
    x = example(op, np.float64, length=full)
    layer = layers.layer_of(op)(**needed(op), dtype="float64")
    x = np.where(
        (np.arange(full) < np.array(lengths)[:, None]).reshape(3, full, *[1] * (x.ndim - 2)), x, 7.0
    )
    batch, made = call(op, x, lengths=lengths)
    np.testing.assert_array_equal(through(layer, x, tf.sequence_mask(lengths, full)), batch)
    for row in own_rows(op, x):
        alone = call(op, x[row, : lengths[row]])
        assert (alone.shape[0], made[row]) == steps_alone(op, lengths[row])
        assert relative(batch[row, : made[row]], alone[: made[row]]) <= 1e-6


@pytest.mark.parametrize("op", LINEAR, ids=named)
@pytest.mark.parametrize(("dtype", "limit"), [("float32", 1e-5), ("float64", 1e-12)])
def test_the_gradient_of_a_linear_op_is_its_adjoint(op, dtype, limit):
    rng = np.random.default_rng(2)
    x = tf.constant(example(op, dtype, rows=1))
    other = tf.constant(example(op, dtype, rows=1, seed=3))
    with tf.GradientTape() as tape:
        tape.watch(other)
        out = call(op, other)
        v = rng.standard_normal(out.shape) + 0j
        v = v + 1j * rng.standard_normal(out.shape) if out.dtype.is_complex else v
        product = tf.math.real(tf.reduce_sum(out * tf.cast(tf.math.conj(v), out.dtype)))
    pulled = np.asarray(tape.gradient(product, other))
    forward = np.asarray(call(op, x))
    left = np.real(np.vdot(v, forward))
    right = np.real(np.vdot(pulled, np.asarray(x)))
    scale = np.linalg.norm(forward) * np.linalg.norm(v)
    assert abs(left - right) <= limit * scale


@on_signals
def test_single_precision_is_near_double(op):
    # a pulse in the pass band: the resampler has a steeper filter in double precision
    time = np.linspace(-4, 4, 3000 if op.takes == 1 else 6 * BINS)
    x = (1.5 + np.cos(300 * time)) * np.exp(-(time**2))
    x = x.reshape(shape_of(op, 1, -1))
    # levels of what is silent but for rounding differ by decibels
    values = {"floor_db": -20.0} if "floor_db" in op.parameters else {}
    kinds = (np.float64, np.float32)
    double, single = (np.asarray(call(op, numbers(op, x.astype(k)), **values)) for k in kinds)
    error = np.max(apart(op, single, double) * loud(op, x, double))
    assert error < 1e-4 * np.max(np.abs(double))


@with_layer
@pytest.mark.parametrize("length", [1, 2, 37, 999, 1024, 1025, 4000])
def test_declared_shape_is_the_actual_shape(op, length):
    out = call(op, numbers(op, np.zeros(shape_of(op, 2, length), np.float32)))
    values = op.check(needed(op))
    given = waveform_space(RATE)
    if op.takes == 2:
        given = OPS["spectrogram"].space(given, OPS["spectrogram"].check({}))
    assert out.shape[1] == op.length(length, values)
    assert out.shape[1] == int(op.length(tf.constant(length), values))
    assert len(out.shape) == 1 + len(op.space(given, values).axes)


@with_layer
def test_time_axis_fits_the_length_of_the_signal(op):
    if op.takes == 2 or "length" in needed(op):
        pytest.skip("its time axis is that of its input, or its length is given")
    seconds, values = 2.0, op.check(needed(op))
    steps = op.length(int(seconds * RATE), values)
    space = op.space(waveform_space(RATE), values)
    # a step more or less: a centred frame sits on both ends
    assert steps / space.time.rate == pytest.approx(seconds, abs=space.time.step * 1.01)


@on_signals
@pytest.mark.parametrize("how", ["eager", "graph", "xla"])
def test_silence_gives_finite_results_and_gradients(op, how):
    x = np.abs(example(op, rows=1, length=700 if op.takes == 1 else 5))
    early = np.arange(x.shape[1]).reshape(-1, *[1] * (op.takes - 1)) < x.shape[1] // 2
    quiet = {"half": x * early, **{level: x * level for level in (0, 1e-20, 1e-23, 1e-30)}}

    def both(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            out = call(op, x)
            total = tf.reduce_mean(tf.abs(out))
        return out, tape.gradient(total, x)

    compiled = {"graph": tf.function(both), "xla": tf.function(both, jit_compile=True)}
    run = compiled.get(how, both)
    for level, x in quiet.items():
        x = tf.constant(numbers(op, x.astype(np.float32)))
        out, gradient = run(x)
        assert np.all(np.isfinite(np.abs(out))), level
        assert np.all(np.isfinite(np.abs(gradient))), level
        assert np.max(np.abs(gradient)) <= 1e6, level
        if how == "xla":
            expected = both(x)[0]
            error = np.max(apart(op, out, expected))
            assert error <= 1e-4 * max(1.0, float(np.max(np.abs(expected)))), level


@on_signals
def test_one_trace_serves_signals_of_any_size(op):
    traces, kind = [], tf.complex64 if op.of_complex else tf.float32

    @tf.function(autograph=False, input_signature=[tf.TensorSpec(shape_of(op, None, None), kind)])
    def run(x):
        traces.append(x.shape)
        return call(op, x)

    for rows, length in ((1, 50), (2, 700), (3, 3001 if op.takes == 1 else 71)):
        x = example(op, rows=rows, length=length)
        out, expected = run(x), call(op, x)
        assert out.shape == expected.shape
        error = np.max(apart(op, out, expected))  # 1e-5: float32, sums in another order
        assert error <= 1e-5 * np.max(np.abs(expected))
    assert len(traces) == 1


@with_layer
def test_layer_equals_op_at_the_layers_axis(op):
    x = example(op)
    layer = layers.layer_of(op)(**needed(op))
    alone = through(layer, x)
    np.testing.assert_array_equal(alone, call(op, x, axis=1))
    for channels in (1, 2):
        out = through(layer, np.stack([x, 2 * x][:channels], axis=-1))
        assert out.shape == (*alone.shape, channels)
        for row in range(len(x)):
            assert relative(out[row, ..., 0], alone[row]) < 1e-5


@with_layer
def test_keras_file_round_trip(op, tmp_path):
    x = example(op)
    inputs = keras.Input(shape_of(op, None, None)[1:], dtype=x.dtype.name)
    model = keras.Sequential([inputs, layers.layer_of(op)(**needed(op))])
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(x), model(x))
    assert loaded.layers[0].values == model.layers[0].values


@with_layer
def test_mask_comes_out_as_long_as_the_valid_steps(op):
    layer = layers.layer_of(op)(**needed(op))
    lengths, full = ([0, 1, 700, 2100], 2100) if op.takes == 1 else ([0, 1, 20, 50], 50)
    mask = tf.sequence_mask(lengths, full)
    out = layer.compute_mask(None, mask)
    x = numbers(op, np.zeros(shape_of(op, len(lengths), full), np.float32))
    assert out.shape == layer(x).shape[:2]
    expected = [0, *(steps_alone(op, n)[1] for n in lengths[1:])]
    assert tf.reduce_sum(tf.cast(out, tf.int32), axis=1).numpy().tolist() == expected
    assert layer.compute_mask(None, None) is None


@with_layer
def test_completion_shows_the_real_arguments(op):
    layer = layers.layer_of(op)
    own = ["axis", "mask_padding"] if op.name == "fit_length" else ["axis"]
    shown = list(inspect.signature(layer).parameters)
    assert shown == [*op.parameters, *own, "learn", "options"]


@pytest.mark.parametrize(("op", "parameter"), PARAMETERS, ids=named)
def test_defaults_are_legal_and_sliders_lie_inside_the_legal_range(op, parameter):
    if not parameter.required:
        assert parameter.check(parameter.default) == parameter.default
    if parameter.param.slider:
        for end in parameter.param.slider:
            one = parameter.kind(end)
            parameter.check(one if parameter.count == 1 else (one,) * parameter.count)
    assert parameter.param.doc.endswith(".")
    if parameter.param.only:
        other, words = parameter.param.only
        assert set(words) < set(op.parameters[other].param.choices)
    assert f"{parameter.name}: " in PUBLIC[op.name].__doc__


@pytest.mark.parametrize(("op", "parameter"), PARAMETERS, ids=named)
def test_a_control_builds_and_gives_back_its_value(op, parameter):
    value = NEEDED[parameter.name] if parameter.required else parameter.default
    control = Control(parameter, value)
    if isinstance(value, float):
        assert control.value == pytest.approx(value, rel=1e-9)
    else:
        assert control.value == value
    parameter.check(control.value)


@pytest.mark.parametrize(("op", "parameter"), LEARNABLE, ids=named)
def test_gradients_of_parameters_equal_central_differences(op, parameter):
    low, high = parameter.param.slider
    at = parameter.default if parameter.default not in (None, 0.0) else low + 0.4 * (high - low)
    x = tf.constant(example(op, np.float64, rows=1)) if op.takes else None

    def total(value):
        values = {parameter.name: value} | INSTEAD.get(parameter.name, {})
        if only := parameter.param.only:
            values[only[0]] = only[1][0]
        if op.takes:
            out = call(op, x, **values)
            out = tf.abs(out) if out.dtype.is_complex else out
            out = tf.sin(out) if op.name == "phase" else out  # no jump from pi to -pi
        else:
            op.check(values | needed(op))
            short = {"seconds": 0.02}
            out = op.function(**op.check(values | needed(op) | short))
        weights = np.random.default_rng(1).standard_normal(out.shape)
        return tf.reduce_sum(tf.cast(out, tf.float64) * weights)

    variable = tf.constant(at, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(variable)
        value = total(variable)
    found = float(tape.gradient(value, variable))
    coarse = FINER.get(op.name, 1e-5 if op.takes else 1e-4)
    step = min(coarse * max(1.0, abs(at)), 0.01 * abs(at))  # not across 0
    near, far = (total(variable + n * step) - total(variable - n * step) for n in (1, 2))
    difference = float(8 * near - far) / (12 * step)
    # 1e-5 in float64; sources put out float32, whose rounding the difference sees
    tolerance = 1e-5 if op.takes else 2e-2
    assert found == pytest.approx(difference, rel=tolerance, abs=1e-6 if op.takes else 1e-2)


@pytest.mark.parametrize("op", SOURCES, ids=named)
def test_sources_give_finite_float32_of_the_right_length(op):
    out = op.function(**op.check(needed(op) | {"seconds": 0.5}))
    assert out.dtype == tf.float32
    assert out.shape == (RATE // 2,)
    assert np.all(np.isfinite(out))
    assert 0 < np.max(np.abs(out)) <= 1.2
    again = op.function(**op.check(needed(op) | {"seconds": 0.5}))
    np.testing.assert_array_equal(out, again)
