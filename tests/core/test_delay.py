import keras
import numpy as np
import pytest
import tensorflow as tf

import workbench as wb
from benchmarks.memory import extra_megabytes
from tests.core.delays import CHANGING, DELAYS, KINDS, LENGTH, STEP, example, matrix, ways
from workbench.core import delay as delays
from workbench.ops import spec

kinds = pytest.mark.parametrize(("kind", "order"), KINDS)
changing = pytest.mark.parametrize(("kind", "order"), CHANGING)
types = pytest.mark.parametrize(("dtype", "limit"), [("float32", 1e-6), ("float64", 1e-12)])


@kinds
@types
@pytest.mark.parametrize("delay", DELAYS)
def test_impulse_response_equals_the_closed_form(kind, order, dtype, limit, delay):
    expected = matrix(kind, order, delay).real.T
    impulses = np.eye(LENGTH).astype(dtype)
    for given in ways(delay, kind, LENGTH):
        found = wb.fractional_delay(impulses, delay=given, kind=kind, order=order)
        assert found.dtype == dtype
        assert np.max(np.abs(found - expected)) <= limit


@kinds
@types
@pytest.mark.parametrize("delay", [0, 1, LENGTH - 1, 1000])
def test_a_whole_delay_only_moves_the_samples(kind, order, dtype, limit, delay):
    x = example(2).astype(dtype)
    expected = np.zeros_like(x)
    expected[:, delay:] = x[:, : max(0, LENGTH - delay)]
    for given in ways(float(delay), kind, 2):
        found = wb.fractional_delay(x, delay=given, kind=kind, order=order)
        np.testing.assert_array_equal(found, expected)


@kinds
@pytest.mark.parametrize("delay", DELAYS)
def test_gradients_equal_the_closed_form(kind, order, delay):
    x, v = example(2), example(2, seed=1)
    response = matrix(kind, order, delay)
    slopes = v * (x @ response.imag.T / STEP)
    for given in list(ways(delay, kind, 2))[1:]:
        signal = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch([signal, given])
            y = wb.fractional_delay(signal, delay=given, kind=kind, order=order)
            product = tf.reduce_sum(v * y)
        by_signal, by_delay = tape.gradient(product, [signal, given])
        np.testing.assert_allclose(by_signal, v @ response.real, atol=1e-12)
        expected = [np.sum(slopes), np.sum(slopes, 1), slopes][given.shape.rank]
        assert np.max(np.abs(by_delay - expected)) <= 1e-8 * np.max(np.abs(expected))
        if delay < LENGTH:
            assert np.max(np.abs(by_delay)) > 1e-3  # never dead, at a whole delay neither


@kinds
def test_the_longest_delay_is_as_exact_as_any(kind, order):
    longest, shown = 2**20, 40
    x = np.zeros((1, longest + 3 * shown))
    x[:, : 2 * shown] = example(1, 2 * shown)
    v = example(1, shown, seed=1)[0]
    response = matrix(kind, order, 0.0, 3 * shown)[:shown] @ x[0, : 3 * shown]
    delay = tf.constant(float(longest), tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(delay)
        y = wb.fractional_delay(x, delay=delay, kind=kind, order=order)[0, longest:][:shown]
        total = tf.reduce_sum(y * v)
    np.testing.assert_array_equal(y, x[0, :shown])
    expected = np.sum(response.imag / STEP * v)
    assert float(tape.gradient(total, delay)) == pytest.approx(expected, rel=1e-8)


@changing
@types
def test_a_delay_for_each_sample_reads_each_at_its_own_time(kind, order, dtype, limit):
    x, v = example(2).astype(dtype), example(2, seed=1).astype(dtype)
    delay = tf.constant(np.random.default_rng(2).uniform(0, 70, (2, LENGTH)))
    expected, slope = np.zeros((2, 2, LENGTH))
    for row in range(2):
        for n in range(LENGTH):
            read = matrix(kind, order, float(delay[row, n]))[n] @ x[row]
            expected[row, n], slope[row, n] = read.real, read.imag / STEP
    with tf.GradientTape() as tape:
        tape.watch(delay)
        y = wb.fractional_delay(x, delay=delay, kind=kind, order=order)
        product = tf.reduce_sum(v * y)
    assert np.max(np.abs(y - expected)) <= limit * np.max(np.abs(x)) * 4  # a sum of many products
    if dtype == "float64":
        np.testing.assert_allclose(tape.gradient(product, delay), v * slope, atol=1e-8)


def test_delays_of_rows_and_samples_follow_the_axis():
    x = example(2, 3 * LENGTH).reshape(2, LENGTH, 3)
    delay = np.random.default_rng(3).uniform(0, 9, (2, LENGTH, 3))
    found = wb.fractional_delay(x, delay=delay, axis=1)
    for row, channel in np.ndindex(2, 3):
        each = wb.fractional_delay(x[row, :, channel], delay=delay[row, :, channel])
        np.testing.assert_allclose(found[row, :, channel], each, atol=1e-12)
    found = wb.fractional_delay(x, delay=delay[:, 0], axis=1)
    for row, channel in np.ndindex(2, 3):
        each = wb.fractional_delay(x[row, :, channel], delay=float(delay[row, 0, channel]))
        np.testing.assert_allclose(found[row, :, channel], each, atol=1e-12)
    spread = wb.fractional_delay(x, delay=delay[:, :1], axis=1)  # one for each row, again
    np.testing.assert_allclose(spread, found, atol=1e-12)


def error_of(kind, order, lobes=32):
    """The largest complex error over all fractions, at frequencies in parts of Nyquist."""
    frequency = np.arange(0, 1.0001, 0.0005)
    worst = np.zeros(len(frequency))
    length, centre = 300, 140
    impulse = np.zeros((41, length))
    impulse[:, centre] = 1
    delays = np.append(np.linspace(5, 6, 40), 5.5 - 1e-9)  # thiran is worst just below one half
    y = wb.fractional_delay(impulse, delay=tf.constant(delays), kind=kind, order=order, lobes=lobes)
    turn = np.exp(-1j * np.pi * np.outer(np.arange(length) - centre, frequency))
    ideal = np.exp(-1j * np.pi * np.outer(delays, frequency))
    worst = np.max(np.abs(y.numpy() @ turn - ideal), axis=0)
    return frequency, worst


@pytest.mark.parametrize(
    ("kind", "order", "band"),
    [
        ("linear", 3, 0.028), ("hermite", 3, 0.125), ("lagrange", 3, 0.145), ("lagrange", 5, 0.248),
        ("lagrange", 15, 0.499), ("thiran", 1, 0.059), ("thiran", 4, 0.297), ("sinc", 3, 0.889),
    ],
)  # fmt: skip
def test_band_in_which_the_error_is_below_60_db(kind, order, band):
    """As `measures.md` has it: up to the first frequency where any fraction misses."""
    frequency, worst = error_of(kind, order)
    found = frequency[np.argmax(worst > 1e-3)]
    assert found == pytest.approx(band, abs=1e-3)  # it is quoted to 0.001, the grid is 0.0005


def test_sinc_of_64_lobes_is_120_db_down_to_092_of_nyquist():
    frequency, worst = error_of("sinc", 3, lobes=64)
    assert 20 * np.log10(np.max(worst[frequency <= 0.92])) <= -120


@kinds
def test_a_padded_row_equals_the_row_alone(kind, order):
    lengths = [500, 37, 999]
    x = example(3, 1000) * [[1.0], [1e-3], [1e-6]]
    for given in ways(17.3, kind, 3, 1000):
        batch, made = wb.fractional_delay(x, delay=given, kind=kind, order=order, lengths=lengths)
        assert made.numpy().tolist() == lengths
        for row, length in enumerate(lengths):
            alone = wb.fractional_delay(x[row, :length], delay=17.3, kind=kind, order=order)
            error = np.max(np.abs(batch[row, :length] - alone))
            assert error <= 1e-12 * np.max(np.abs(x[row]))


@pytest.mark.parametrize(("kind", "order"), [("lagrange", 2), ("sinc", 3), ("fft", 3)])
def test_compiled_and_with_unknown_shapes_it_is_the_same(kind, order):
    x, v = tf.constant(example(2, 500)), example(2, 500, seed=1)
    for given in ways(7.3, kind, 2, 500):

        def both(x, given=given):
            tensors = [x, given] if tf.is_tensor(given) else [x]
            with tf.GradientTape() as tape:
                tape.watch(tensors)
                y = wb.fractional_delay(x, delay=given, kind=kind, order=order)
                product = tf.reduce_sum(v * y)
            return y, *tape.gradient(product, tensors)

        unknown = tf.function(both, input_signature=[tf.TensorSpec([None, None], x.dtype)])
        for run in (unknown, tf.function(both, jit_compile=True)):
            for found, expected in zip(run(x), both(x), strict=True):
                np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-12)


@kinds
@pytest.mark.parametrize("level", [0.0, 1e-30])
@pytest.mark.parametrize("delay", [3.0, 3.5])
def test_silence_gives_finite_results_and_gradients(kind, order, level, delay):
    x = tf.constant(level * example(2), tf.float32)
    for given in list(ways(delay, kind, 2))[1:]:
        with tf.GradientTape() as tape:
            tape.watch([x, given])
            y = wb.fractional_delay(x, delay=given, kind=kind, order=order)
        assert np.all(np.isfinite(y))
        for gradient in tape.gradient(y, [x, given]):
            assert np.all(np.isfinite(gradient))


@kinds
def test_a_learnt_delay_passes_whole_numbers(kind, order):
    time = np.arange(200.0)
    pulse = np.exp(-(((time - 80) / 12) ** 2))[None]
    wanted = np.exp(-(((time - 86.6) / 12) ** 2))[None]
    layer = wb.layers.FractionalDelay(
        delay=2.0, kind=kind, order=order, learn=("delay",), dtype="float64"
    )
    layer(pulse)
    optimizer = keras.optimizers.Adam(0.2)
    optimizer.build(layer.trainable_weights)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.square(layer(pulse) - wanted))
        optimizer.apply(tape.gradient(loss, layer.trainable_weights), layer.trainable_weights)

    for _ in range(150):
        step()
    assert layer.values["delay"] == pytest.approx(6.6, abs=0.02)


def test_a_number_is_split_in_double_precision():
    x = example(1, 48100)
    for kind in ("linear", "sinc", "fft"):
        far = wb.fractional_delay(x.astype(np.float32), delay=47999.3, kind=kind)
        near = wb.fractional_delay(x, delay=0.3, kind=kind)
        error = np.max(np.abs(far[:, 47999:].numpy() - near[:, :101]))
        assert error <= 3e-6  # in single precision the delay is off by 0.0008


def test_whole_samples_fit_their_type_whatever_the_delay():
    whole, _ = delays._split(tf.constant([3.5, 1e12, 1e300], tf.float64), 0.0, tf.float32)
    assert whole.numpy().tolist() == [3, 2**30, 2**30]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"delay": -0.1}, r"delay must be a finite number of samples, at least 0 .*; got -0\.1"),
        ({"delay": np.nan}, "delay must be a finite number"),
        ({"delay": np.inf}, "delay must be a finite number"),
        ({"delay": 2.0**20 + 1}, "delay must be .* at most 1048576"),
        ({"delay": tf.constant([-1.0, 0.0])}, r"delay must lie in 0 \.\. 1048576 samples; got -1"),
        ({"delay": tf.constant([np.nan, 0.0])}, "delay must lie in .*; got nan"),
        ({"delay": np.array([2e6, 0.0])}, "delay must lie in .*; got 2000000"),
        ({"delay": tf.zeros([3])}, r"delay must be a number, or have the shape \(2,\) or \(2, 9\)"),
        ({"delay": tf.zeros([2, 8])}, "delay must be a number, or have the shape"),
        ({"delay": tf.zeros([1, 2, 9])}, "delay must be a number, or have the shape"),
        ({"delay": tf.zeros([2, 9]), "kind": "fft"}, "one for each row, for kind 'fft'"),
        ({"delay": tf.zeros([2, 9]), "kind": "thiran"}, "one for each row, for kind 'thiran'"),
        ({"delay": tf.constant([1, 2])}, "delay must be floating point; got int32"),
        ({"delay": "long"}, "delay must be a finite number"),
        ({"kind": "cubic"}, "kind must be one of 'linear', 'hermite'"),
        ({"kind": "thiran", "order": 5}, "order must be at most 4 for kind 'thiran'; got 5"),
        ({"kind": "lagrange", "order": 16}, "order must be a whole number, at least 1 and at most"),
        ({"kind": "lagrange", "order": 0}, "order must be a whole number, at least 1 and at most"),
        ({"lobes": 0}, "lobes must be a whole number, at least 1"),
    ],
)
def test_bad_input_is_refused(values, message):
    with pytest.raises((ValueError, TypeError), match="fractional_delay: .*" + message):
        wb.fractional_delay(np.zeros((2, 9)), **values)


@pytest.mark.parametrize("delay", [0.0, 4.0, 4.6])
@pytest.mark.parametrize(("kind", "order"), KINDS[:-1])
def test_reach_holds_all_that_an_output_reads(kind, order, delay):
    op = spec(wb.fractional_delay)
    reach = op.reach(op.check({"delay": delay, "kind": kind, "order": order}))
    response = wb.fractional_delay(np.eye(301)[150], delay=delay, kind=kind, order=order)
    read = np.flatnonzero(np.abs(response) > 1e-17) - 150
    assert -reach.after <= read[0] <= read[-1] <= reach.before
    if kind != "thiran":
        assert (read[0], read[-1]) == (-reach.after, reach.before)


def test_what_needs_the_whole_signal_does_not_stream():
    op = spec(wb.fractional_delay)
    with pytest.raises(ValueError, match="kind must be another one for a signal in chunks"):
        op.reach(op.check({"kind": "fft"}))
    with pytest.raises(ValueError, match="delay must be one number for a signal in chunks"):
        op.reach(op.check({"delay": tf.zeros([3])}))


MEMORY = """
import numpy as np, tensorflow as tf, workbench as wb
def run(delay, length):
    x = tf.zeros([length], tf.float64)
    with tf.GradientTape() as tape:
        tape.watch([x, delay])
        y = wb.fractional_delay(x, delay=delay, kind={kind!r})
    return tape.gradient(y, [x, delay])
def delays(length, last):
    return tf.constant(np.linspace(0, 48000, length) if {varies} else last, tf.float64)
run(delays(100, 3.3), 100)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "varies"), [("sinc", True), ("lagrange", True), ("sinc", False), ("fft", False)]
)
def test_a_second_takes_little_memory(kind, varies):
    prepare = MEMORY.format(kind=kind, varies=varies)
    used = extra_megabytes(prepare, "run(delays(48000, 47999.3), 48000)")
    assert used <= 150  # megabytes beside what TensorFlow holds
