"""A moving delay by closed forms in NumPy; that of a passing source by root finding."""

import numpy as np
import pytest
import scipy.optimize
import tensorflow as tf

import workbench as wb
from tests.core.delays import matrix
from tests.numbers import relative
from tests.streams import cut, signal, together

RATE = 8000
SOUND = 343.0
KINDS = [("linear", 3), ("hermite", 3), ("lagrange", 3), ("lagrange", 6), ("sinc", 3)]
SWING = {"delay_seconds": 0.00113, "depth_seconds": 0.0021, "rate_hertz": 23.0}
PASS = {"speed_meters_per_second": 37.0, "distance_meters": 3.1, "time_seconds": 0.21}
GIVEN = {"still": {"delay_seconds": 0.00113}, "sine": SWING, "triangle": SWING, "pass_by": PASS}
BY_PARAMETER = [(motion, name) for motion, values in GIVEN.items() for name in values]


def age(time, speed_meters_per_second, distance_meters, time_seconds):
    """How long ago a sound that is heard at a time was given off: by the path that it went."""

    def misses(given_off):
        along = speed_meters_per_second * (given_off - time_seconds)
        return SOUND * (time - given_off) - np.hypot(along, distance_meters)

    return time - scipy.optimize.brentq(misses, time - 100, time, xtol=1e-15, rtol=1e-15)


def delay(motion, time, **values):
    """In seconds, for each time."""
    if motion == "pass_by":
        return np.array([age(t, **values) for t in time])
    if motion == "still":
        return np.full_like(time, values["delay_seconds"])
    turns = time * values["rate_hertz"]
    inside = turns % 1
    swing = {"sine": np.sin(np.pi * turns) ** 2, "triangle": 2 * np.minimum(inside, 1 - inside)}
    return values["delay_seconds"] + values["depth_seconds"] * swing[motion]


def times(length):
    return np.arange(length) / RATE


def example(rows=2, length=150, seed=0):
    return np.random.default_rng(seed).standard_normal((rows, length)) * [[1.0], [1e-3]][:rows]


def moved(x, motion, **values):
    return wb.modulated_delay(x, sample_rate=RATE, motion=motion, **(GIVEN[motion] | values))


@pytest.mark.parametrize("motion", GIVEN)
@pytest.mark.parametrize(("kind", "order"), KINDS)
@pytest.mark.parametrize(("dtype", "limit"), [("float32", 2e-6), ("float64", 1e-11)])
def test_each_sample_is_read_at_its_own_time(motion, kind, order, dtype, limit):
    # 1e-11: a delay of float64, itself good to 1e-15 s, is read from noise
    x = example().astype(dtype)
    found = moved(x, motion, kind=kind, order=order, wet=-0.7, dry=0.3, spreading=False)
    assert found.dtype == dtype
    samples = RATE * delay(motion, times(150), **GIVEN[motion])
    reads = np.array([matrix(kind, order, d, 150)[n].real for n, d in enumerate(samples)])
    for row, made in zip(x.astype(float), found, strict=True):
        assert relative(made, 0.3 * row - 0.7 * reads @ row) <= limit


def test_a_comb_has_its_notches_where_half_waves_fit():
    impulse = np.eye(1, 8000)
    frequency = np.fft.rfftfreq(8000, 1 / RATE)  # every hertz
    for wet, notches in ((0.5, 125 + 250 * np.arange(16)), (-0.5, 250 * np.arange(17))):
        y = moved(impulse, "still", delay_seconds=0.004, wet=wet)
        gain = np.abs(np.fft.rfft(y[0]))
        shape = np.cos if wet > 0 else np.sin
        np.testing.assert_allclose(gain, np.abs(shape(np.pi * frequency * 0.004)), atol=1e-14)
        np.testing.assert_array_equal(frequency[gain < 1e-12], notches)


def test_a_comb_between_samples_has_its_notches_there_too():
    seconds = 0.0043217
    y = moved(np.eye(1, 8000, 1000), "still", delay_seconds=seconds, kind="sinc", lobes=64)
    notches = (2 * np.arange(16) + 1) / (2 * seconds)
    notches = notches[notches < 0.9 * RATE / 2]
    turns = np.exp(-2j * np.pi * np.outer(notches, times(8000)))
    assert np.max(np.abs(turns @ y[0].numpy())) < 1e-6  # 120 dB, as the kind promises there


def test_a_flanger_equals_sinusoids_at_the_times_that_it_reads():
    time, values = times(4000), {"delay_seconds": 0.001, "depth_seconds": 0.009, "rate_hertz": 2.0}
    frequencies = np.array([97.0, 1103.0, 3301.0])[:, None]

    def sound(time):
        return np.sum(np.sin(2 * np.pi * frequencies * time + frequencies), axis=0)

    y = moved(sound(time)[None], "sine", kind="sinc", lobes=64, **values)[0]
    expected = (sound(time) + sound(time - delay("sine", time, **values))) / 2
    inside = slice(200, -200)
    assert np.max(np.abs(y[inside] - expected[inside])) < 3e-6  # 3 tones, each to -120 dB


def tone_that_passes(**values):
    """A complex tone of 500 Hz that passes, and when each sample was given off."""
    time = times(8000)
    turns = 2 * np.pi * 500 * time
    values = {"time_seconds": 0.5, "distance_meters": 2.0, "kind": "sinc"} | values
    x = np.stack([np.cos(turns), np.sin(turns)])
    y = moved(x, "pass_by", wet=1.0, dry=0.0, **values).numpy()
    course = {name: values.get(name, PASS[name]) for name in PASS}
    return y[0] + 1j * y[1], time - delay("pass_by", time, **course)


@pytest.mark.parametrize("speed", [0.0, 10.0, 60.0, 300.0])
def test_a_passing_source_is_heard_at_the_frequency_of_doppler(speed):
    y, given_off = tone_that_passes(speed_meters_per_second=speed, spreading=False)
    heard = slice(np.searchsorted(given_off, 0.02), 7900)
    middle = (given_off[heard][1:] + given_off[heard][:-1]) / 2
    frequency = np.diff(np.unwrap(np.angle(y[heard]))) * RATE / (2 * np.pi)
    along = speed * (middle - 0.5)
    receding = speed * along / np.hypot(along, 2.0)  # the speed away from the listener, then
    expected = 500 / (1 + receding / SOUND)
    # 1e-3 where the fastest source passes within a few samples: a difference is a mean over one
    assert relative(frequency, expected) <= (1e-3 if speed == 300 else 2e-5)
    if speed == 10.0:  # far away the two pitches of a siren that passes
        assert frequency[0] == pytest.approx(500 / (1 - speed / SOUND), rel=3e-3)
        assert frequency[-1] == pytest.approx(500 / (1 + speed / SOUND), rel=3e-3)


def test_a_passing_source_is_heard_as_late_and_as_loud_as_it_is_far():
    y, given_off = tone_that_passes(speed_meters_per_second=60.0)
    distance = SOUND * (times(8000) - given_off)
    expected = np.exp(2j * np.pi * 500 * given_off) * 2.0 / distance
    inside = (given_off > 0.02) & (np.arange(8000) < 7900)
    assert np.max(np.abs(y - expected)[inside]) < 1e-6
    assert np.max(np.abs(y[given_off < -0.02])) == 0  # nothing was given off yet
    assert np.max(np.abs(y)) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize(("motion", "parameter"), BY_PARAMETER)
def test_slopes_by_the_parameters_equal_those_of_sinusoids(motion, parameter):
    time, turns = times(2000), 2 * np.pi * 700.0
    values = GIVEN[motion]
    # roots are found to 1e-15; the corners of a triangle must not come between two steps
    step = (1e-4 if motion == "pass_by" else 1e-7) * values[parameter]
    near = [
        delay(motion, time, **(values | {parameter: values[parameter] + s}))
        for s in (-2 * step, -step, step, 2 * step)
    ]
    by_delay = (near[0] - 8 * near[1] + 8 * near[2] - near[3]) / (12 * step)
    heard = delay(motion, time, **values)
    weights = np.random.default_rng(0).standard_normal(2000)
    weights *= (time - heard > 0.01) & (time < 0.24)
    slopes = -0.5 * turns * np.cos(turns * (time - heard)) * by_delay
    variable = tf.constant(values[parameter], tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(variable)
        given = {parameter: variable, "kind": "sinc", "spreading": False}
        y = moved(np.sin(turns * time), motion, **given)
        total = tf.reduce_sum(y * weights)
    scale = np.linalg.norm(slopes) * np.linalg.norm(weights)
    # 1e-6: the kind is good to -120 dB
    assert abs(float(tape.gradient(total, variable)) - slopes @ weights) <= 1e-6 * scale


@pytest.mark.parametrize("parameter", PASS)
def test_slopes_of_a_source_that_gets_fainter_equal_central_differences(parameter):
    x = example(1, 3000)
    weights = np.random.default_rng(1).standard_normal(3000)

    def total(value):
        return tf.reduce_sum(moved(x, "pass_by", **{parameter: value}) * weights)

    variable = tf.constant(PASS[parameter], tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(variable)
        value = total(variable)
    step = 1e-8 * PASS[parameter]  # finer than the whole samples at which the cubic bends
    difference = float(total(variable + step) - total(variable - step)) / (2 * step)
    assert float(tape.gradient(value, variable)) == pytest.approx(difference, rel=1e-5)


def test_motions_that_do_not_move_are_still():
    x = example()
    still = moved(x, "still")
    for motion in ("sine", "triangle"):
        assert relative(moved(x, motion, depth_seconds=0.0), still) <= 1e-12
        assert relative(moved(x, motion, rate_hertz=0.0), still) <= 1e-12
    resting = {"speed_meters_per_second": 0.0, "distance_meters": 0.00113 * SOUND}
    assert relative(moved(x, "pass_by", **resting), still) <= 1e-12
    assert (
        relative(moved(x, "still", delay_seconds=tf.constant(0.00113, tf.float64)), still) <= 1e-12
    )


def test_a_source_that_is_almost_as_fast_as_sound_is_silent_while_it_is_far():
    far = {"speed_meters_per_second": 340.0, "time_seconds": 1e6, "distance_meters": 1e-3}
    speed = tf.constant(340.0, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(speed)
        y = moved(example(), "pass_by", **(far | {"speed_meters_per_second": speed}), dry=0.0)
    assert np.max(np.abs(y)) == 0
    assert float(tape.gradient(y, speed)) == 0


@pytest.mark.parametrize("motion", GIVEN)
def test_compiled_and_with_unknown_shapes_it_is_the_same(motion):
    x = tf.constant(example(2, 300))
    at = tf.constant(list(GIVEN[motion].values()), tf.float64)

    def both(x, at):
        with tf.GradientTape() as tape:
            tape.watch([x, at])
            values = dict(zip(GIVEN[motion], tf.unstack(at), strict=True))
            y = moved(x, motion, **values)
            total = tf.reduce_sum(y**2)
        return y, *tape.gradient(total, [x, at])

    specs = [tf.TensorSpec([None, None], x.dtype), tf.TensorSpec(at.shape, at.dtype)]
    unknown = tf.function(both, input_signature=specs)
    for run in (unknown, tf.function(both, jit_compile=True)):
        for found, expected in zip(run(x, at), both(x, at), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("motion", GIVEN)
def test_silence_gives_finite_slopes_by_everything(motion):
    x = tf.zeros([2, 300])
    given = {name: tf.constant(value) for name, value in GIVEN[motion].items()}
    given |= {"wet": tf.constant(0.0), "dry": tf.constant(0.0)}
    with tf.GradientTape() as tape:
        tape.watch([x, given])
        y = moved(x, motion, **given)
    by_signal, by_parameter = tape.gradient(y, [x, given])
    assert np.all(np.isfinite([*np.ravel(by_signal), *map(float, by_parameter.values())]))


@pytest.mark.parametrize(("kind", "order"), KINDS)
@pytest.mark.parametrize("seconds", [0.0, 0.0001, 0.01234])
def test_a_still_delay_streams(kind, order, seconds):
    options = {"sample_rate": RATE, "motion": "still", "delay_seconds": seconds, "kind": kind}
    layer = wb.layers.ModulatedDelay(order=order, dtype="float64", **options)
    x = signal(layer.spec, 300)
    for size in (7, 60, "random"):
        stream = wb.Stream(layer)
        assert stream.latency == layer.spec.reach(layer.values).after
        out = together(stream, cut(x, size))
        for row, whole in zip(out, layer(x), strict=True):
            assert relative(row, whole) <= 1e-12


def test_a_motion_does_not_stream_and_says_why():
    for motion in ("sine", "triangle", "pass_by"):
        layer = wb.layers.ModulatedDelay(sample_rate=RATE, motion=motion)
        message = "motion must be 'still' in a stream: a chunk does not say at which time it begins"
        with pytest.raises(ValueError, match=f"modulated_delay: {message}; got '{motion}'"):
            wb.Stream(layer)


def test_a_chain_tells_the_rate():
    chain = wb.Chain(
        [wb.layers.Resample(target_rate=RATE), wb.layers.ModulatedDelay(motion="still")],
        sample_rate=2 * RATE,
    )
    x = example(2, 600).astype(np.float32)
    lower = wb.resample(x, orig_rate=2 * RATE, target_rate=RATE)
    expected = moved(lower, "still", delay_seconds=0.001)
    np.testing.assert_allclose(chain(x), expected, atol=1e-6)
    assert chain.layers[1].values["sample_rate"] == RATE


@pytest.mark.parametrize(
    ("values", "kind", "message"),
    [
        ({"delay_seconds": -0.1}, ValueError, "delay_seconds must be a finite number of seconds"),
        ({"delay_seconds": np.nan}, ValueError, "delay_seconds must be a finite number of seconds"),
        ({"delay_seconds": 11.0, "depth_seconds": 11.0, "sample_rate": 48000}, ValueError,
         "delay_seconds and depth_seconds must come to at most 1048576 samples at 48000 Hz; "
         "got 11 and 11"),
        ({"delay_seconds": 20.0, "motion": "still", "sample_rate": 96000}, ValueError,
         "delay_seconds must come to at most 1048576 samples at 96000 Hz; got 20"),
        ({"depth_seconds": tf.zeros([2])}, ValueError, "depth_seconds must be .* one number"),
        ({"rate_hertz": -1.0}, ValueError, "rate_hertz must be a finite number of hertz"),
        ({"speed_meters_per_second": 343.0}, ValueError, "speed_meters_per_second must .* 340"),
        ({"distance_meters": 0.0}, ValueError, "distance_meters must be .* above 0; got 0"),
        ({"time_seconds": np.inf}, ValueError, "time_seconds must be a finite number of seconds"),
        ({"spreading": 1}, TypeError, "spreading must be True or False; got 1"),
        ({"motion": "swing"}, ValueError, "motion must be one of 'still', 'sine', 'triangle'"),
        ({"kind": "thiran"}, ValueError, "kind must be one of 'linear', 'hermite', 'lagrange'"),
        ({"wet": "loud"}, TypeError, "wet must be a finite number; got 'loud'"),
        ({"sample_rate": None}, TypeError, "sample_rate must be a whole number of hertz"),
    ],
)  # fmt: skip
def test_bad_input_is_refused(values, kind, message):
    with pytest.raises(kind, match="^modulated_delay: .*" + message):
        wb.modulated_delay(np.zeros((2, 9)), **({"sample_rate": RATE} | values))
