import numpy as np
import pytest
import scipy.signal
import tensorflow as tf

import workbench as wb
from benchmarks.resampler import Quality
from tests.numbers import rounded_to_ten_bits
from workbench.axes import waveform_space
from workbench.core import products
from workbench.core.rates import resampled_length
from workbench.ops import spec

PAIRS = [(44100, 48000), (48000, 16000), (16000, 48000), (44100, 16000), (44100, 22050), (3, 2)]
REFERENCE = [(44100, 48000), (48000, 16000), (44100, 16000)]
COPRIME = [(44100, 44101), (16001, 16000)]
# alias, spur, truth, round trip in dB
LIMITS = {"float32": (-135, -125, -125, -122), "float64": (-175, -150, -185, -180)}
NO_RATIO = {"ratio": None}
ONLY_RATIO = {"ratio": 1.5, "orig_rate": None, "target_rate": None}


def convert(signal, orig, target, **options):
    return wb.resample(signal, orig_rate=orig, target_rate=target, **options)


def check_quality(found, dtype):
    alias, spur, truth, round_trip = LIMITS[dtype]
    ripple, worst = found.pass_band()
    assert ripple < 1e-4
    assert worst <= spur
    assert abs(found.gain(0.9)) <= 1e-4
    assert found.three_decibels_down() == pytest.approx(0.9525, abs=0.005)
    assert found.truth() <= truth
    assert found.round_trip() <= round_trip
    if found.target < found.orig:
        assert found.alias() <= alias


@pytest.mark.parametrize(("orig", "target"), REFERENCE + COPRIME)
@pytest.mark.parametrize("dtype", LIMITS)
def test_quality_is_that_of_the_best_converters(orig, target, dtype):
    check_quality(Quality(convert, orig, target, dtype), dtype)


@pytest.mark.parametrize("split", [True, False])
def test_quality_survives_rounded_operands(split, monkeypatch):
    """As on a GPU that computes products from 10-bit operands: the op splits its own."""
    plain = tf.nn.conv1d

    def rounding(x, w, **options):
        return plain(rounded_to_ten_bits(x), rounded_to_ten_bits(w), **options)

    monkeypatch.setattr(products, "rounds_operands", lambda dtype: split)
    monkeypatch.setattr(tf.nn, "conv1d", rounding)
    found = Quality(convert, 44100, 16000)
    if split:
        check_quality(found, "float32")
    else:  # what would be without
        assert found.truth() > -90


def test_split_operands_have_the_same_gradient(monkeypatch):
    x = tf.constant(np.random.default_rng(0).standard_normal((2, 3000)), tf.float32)

    def pulled():
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_sum(convert(x, 44100, 16000) ** 3)
        return tape.gradient(y, x)

    expected = pulled()
    monkeypatch.setattr(products, "rounds_operands", lambda dtype: True)
    np.testing.assert_allclose(pulled(), expected, rtol=1e-4, atol=1e-5)


def test_lower_quality_can_be_asked_for():
    fast = Quality(lambda *a: convert(*a, quality="fast"), 44100, 16000)
    assert -110 < fast.alias() < -90
    rough = Quality(lambda *a: convert(*a, attenuation_db=40.0), 44100, 16000)
    assert -50 < rough.alias() < -35
    narrow = Quality(lambda *a: convert(*a, pass_band=0.6), 44100, 16000)
    assert narrow.gain(0.59) == pytest.approx(0, abs=1e-4)
    assert narrow.gain(0.9) < -10


@pytest.mark.parametrize(("orig", "target"), [(3, 2), (2, 3), (5, 1), (1, 4), (441, 160), (7, 7)])
@pytest.mark.parametrize("length", [1, 2, 15, 100, 301])
def test_the_transform_kind_equals_scipy(orig, target, length):
    x = np.random.default_rng(0).standard_normal((2, length))
    expected = scipy.signal.resample(x, -(-length * target // orig), axis=-1)
    np.testing.assert_allclose(convert(x, orig, target, kind="fft"), expected, atol=1e-12)


@pytest.mark.parametrize(("orig", "target"), [(3, 2), (2, 3), (44100, 44101), (4000, 16001)])
def test_the_linear_kind_draws_straight_lines(orig, target):
    x = np.random.default_rng(0).standard_normal(400)
    found = convert(x, orig, target, kind="linear").numpy()
    times = np.arange(len(found)) * orig / target
    expected = np.interp(times, np.arange(401), [*x, 0.0])
    np.testing.assert_allclose(found, expected, atol=1e-9)


@pytest.mark.parametrize("kind", ["sinc", "fft", "linear", "nearest", "average"])
@pytest.mark.parametrize(("orig", "target"), [(441, 160), (44100, 44101)])
def test_a_padded_row_equals_the_row_alone(kind, orig, target):
    x = np.random.default_rng(0).standard_normal((3, 900))
    lengths = [900, 1, 333]
    batch, made = convert(x, orig, target, kind=kind, lengths=lengths)
    for row, length, count in zip(range(3), lengths, made.numpy(), strict=True):
        alone = convert(x[row, :length], orig, target, kind=kind)
        np.testing.assert_allclose(batch[row, :count], alone, atol=1e-12)


@pytest.mark.parametrize(("orig", "target"), [*PAIRS, (44100, 44101), (96000, 4)])
@pytest.mark.parametrize("length", [1, 2, 146, 147, 148, 1000])
def test_length_is_the_ceiling(orig, target, length):
    made = convert(np.zeros(length, np.float32), orig, target).shape[0]
    assert made == -(-length * target // orig)


@pytest.mark.parametrize(("orig", "target"), [(44100, 48000), (44100, 2**31 - 1), (2**31 - 1, 7)])
def test_length_of_a_long_recording_is_exact(orig, target):
    values = {"orig_rate": orig, "target_rate": target} | NO_RATIO
    for length in (2**40, 2**40 - 1, 147 * 2**32 + 1, 1):
        expected = -(-length * target // orig)
        assert resampled_length(length, values) == expected
        if expected < 2**63:
            assert int(resampled_length(tf.constant(length, tf.int64), values)) == expected


def test_far_down_goes_in_steps_that_fit():
    x = np.cos(2 * np.pi * 100 * np.arange(96000 * 3) / 96000)
    found = convert(x, 96000, 300).numpy()[300:600]
    np.testing.assert_allclose(found, np.cos(2 * np.pi * np.arange(300) / 3), atol=1e-8)


def test_equal_rates_change_nothing():
    x = np.random.default_rng(0).standard_normal(100)
    np.testing.assert_array_equal(convert(x, 7, 7), x)


def test_sample_zero_stays_at_time_zero():
    x = np.zeros(2000)
    x[0] = 1.0
    assert np.argmax(convert(x, 8000, 16000)) == 0


@pytest.mark.parametrize(("orig", "target"), [*PAIRS, *COPRIME])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("float64", 1e-12)])
@pytest.mark.parametrize("kind", ["sinc", "fft", "linear", "nearest", "average"])
def test_gradient_is_the_adjoint(orig, target, dtype, tolerance, kind):
    rng = np.random.default_rng(1)
    x, other = (tf.constant(rng.standard_normal((2, 3000)), dtype) for _ in range(2))
    with tf.GradientTape() as tape:
        tape.watch(other)
        y = convert(other, orig, target, kind=kind)
        v = tf.constant(rng.standard_normal(y.shape), dtype)
        product = tf.reduce_sum(y * v)
    adjoint = tape.gradient(product, other)
    forward = convert(x, orig, target, kind=kind)
    error = abs(float(tf.reduce_sum(forward * v)) - float(tf.reduce_sum(adjoint * x)))
    assert error <= tolerance * float(tf.norm(forward) * tf.norm(v))


@pytest.mark.parametrize("ratio", [0.5, 0.73, 0.999, 1.0, 1.001, 2.5])
@pytest.mark.parametrize("how", ["eager", "graph"])
def test_a_ratio_equals_the_signal_synthesised_at_the_other_rate(ratio, how):
    frequency = 0.4 * min(1.0, ratio)  # cycles a sample, below 0.9 of the lower Nyquist frequency
    x = np.cos(2 * np.pi * frequency * np.arange(2000))
    run = tf.function(lambda x, r: wb.resample(x, ratio=r), autograph=False)
    made = wb.resample(x, ratio=ratio) if how == "eager" else run(x, tf.constant(ratio, tf.float64))
    assert made.shape[0] == int(np.ceil(2000 * ratio - 1e-6))
    time = np.arange(made.shape[0]) / ratio
    inside = (time > 500) & (time < 1500)
    expected = np.cos(2 * np.pi * frequency * time)
    assert np.max(np.abs(made - expected)[inside]) < 1e-8  # 180 dB


@pytest.mark.parametrize("ratio", [0.61, 1.37])
def test_the_ratio_is_differentiable_as_the_sinusoid_is(ratio):
    frequency = 0.3 * min(1.0, ratio)
    x = tf.constant(np.cos(2 * np.pi * frequency * np.arange(2000)))
    at = tf.constant(ratio, tf.float64)
    m = np.arange(int(600 * ratio), int(1400 * ratio))
    weights = np.random.default_rng(0).standard_normal(len(m))
    with tf.GradientTape() as tape:
        tape.watch(at)
        total = tf.reduce_sum(wb.resample(x, ratio=at)[m[0] : m[-1] + 1] * weights)
    slope = 2 * np.pi * frequency * m / ratio**2 * np.sin(2 * np.pi * frequency * m / ratio)
    scale = np.linalg.norm(slope) * np.linalg.norm(weights)
    assert abs(float(tape.gradient(total, at)) - np.sum(slope * weights)) <= 1e-8 * scale


@pytest.mark.parametrize(("dtype", "limit"), [("float32", -120), ("float64", -175)])
def test_reading_at_positions_equals_the_sinusoid(dtype, limit):
    rng = np.random.default_rng(0)
    positions = np.sort(rng.uniform(300, 1700, 5000))
    for frequency in (0.01, 0.2, 0.45):
        x = np.cos(2 * np.pi * frequency * np.arange(2000) + 0.3).astype(dtype)
        error = wb.resample_at(x, positions) - np.cos(2 * np.pi * frequency * positions + 0.3)
        assert 10 * np.log10(2 * np.mean(np.square(error))) < limit


@pytest.mark.parametrize("frequency", [0.02, 0.2, 0.44])
def test_positions_are_differentiable_as_the_sinusoid_is(frequency):
    positions = np.concatenate([np.linspace(400, 1500, 777), np.arange(500.0, 600.0)])
    x = np.cos(2 * np.pi * frequency * np.arange(2000) + 0.3)
    at = tf.constant(positions)
    with tf.GradientTape() as tape:
        tape.watch(at)
        y = tf.reduce_sum(wb.resample_at(x, at))
    slope = -2 * np.pi * frequency * np.sin(2 * np.pi * frequency * positions + 0.3)
    assert np.max(np.abs(tape.gradient(y, at) - slope)) <= 1e-8 * np.max(np.abs(slope))


def test_positions_outside_read_silence_with_finite_gradients():
    x = tf.ones([100], tf.float64)
    at = tf.constant([-1e12, -500.0, -1.0, 0.0, 50.0, 99.0, 120.5, 700.0, 1e300], tf.float64)
    with tf.GradientTape() as tape:
        tape.watch([x, at])
        y = wb.resample_at(x, at)
    assert y.numpy()[[0, 1, 7, 8]].tolist() == [0, 0, 0, 0]
    for gradient in tape.gradient(y, [x, at]):
        assert np.all(np.isfinite(gradient))


def test_each_row_has_positions_of_its_own_at_any_axis():
    rng = np.random.default_rng(0)
    x, positions = rng.standard_normal((2, 300, 3)), rng.uniform(0, 299, (2, 50, 3))
    found = wb.resample_at(x, positions, axis=1)
    assert found.shape == (2, 50, 3)
    for row in range(2):
        for channel in range(3):
            alone = wb.resample_at(x[row, :, channel], positions[row, :, channel])
            np.testing.assert_allclose(found[row, :, channel], alone, atol=1e-12)


def test_a_cutoff_keeps_fast_reading_from_aliasing():
    x = np.cos(2 * np.pi * 0.4 * np.arange(4000))
    positions = np.arange(1000, 3000, 2.0)
    assert np.max(np.abs(wb.resample_at(x, positions))) > 0.9
    assert np.max(np.abs(wb.resample_at(x, positions, cutoff=0.5))) < 1e-8
    low = np.cos(2 * np.pi * 0.2 * np.arange(4000))
    kept = wb.resample_at(low, positions, cutoff=0.5)
    np.testing.assert_allclose(kept, np.cos(2 * np.pi * 0.2 * positions), atol=1e-8)


def test_everything_compiles_with_xla():
    x = tf.constant(np.random.default_rng(0).standard_normal((2, 500)), tf.float32)
    at = tf.constant(np.linspace(0, 499, 300))
    for run in (
        lambda: convert(x, 441, 160),
        lambda: convert(x, 44100, 44101),
        lambda: convert(x, 441, 160, kind="fft"),
        lambda: convert(x, 441, 160, kind="nearest"),
        lambda: convert(x, 441, 160, kind="average"),
        lambda: wb.resample(x, ratio=1.7, kind="average"),
        lambda: wb.resample(x, ratio=0.7),
        lambda: wb.resample_at(x, at),
    ):
        found = tf.function(run, jit_compile=True)()
        np.testing.assert_allclose(found, run(), atol=1e-5)


def test_axis_knows_the_new_rate():
    op = spec(wb.resample)
    rates = {"orig_rate": 44100, "target_rate": 16000}
    assert op.space(waveform_space(44100), rates | NO_RATIO).time.rate == 16000
    assert op.space(waveform_space(16000), ONLY_RATIO).time.rate == 24000


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({}, TypeError, "orig_rate must be given, or ratio in place of both rates; got nothing"),
        ({"orig_rate": 8000}, TypeError, "target_rate must be given, or ratio"),
        ({"orig_rate": 8000, "target_rate": 4000, "ratio": 0.5}, ValueError,
         r"target_rate and ratio must not be given together; got 4000 and 0\.5"),
        ({"orig_rate": 0, "target_rate": 4000}, ValueError, "orig_rate must be a whole number"),
        ({"ratio": tf.constant(-1.0)}, ValueError, r"ratio must be a finite number, .*; got -1\.0"),
        ({"ratio": tf.constant(np.nan)}, ValueError, "ratio must be a finite number, .*; got nan"),
        ({"ratio": tf.constant(1.5), "kind": "fft"}, ValueError, "kind must not be 'fft' with a"),
        ({"ratio": tf.constant(1.5), "kind": "nearest"}, ValueError,
         "kind must not be 'nearest' with a tensor as ratio: its slope is 0 wherever"),
        ({"ratio": 0.0}, ValueError, "ratio must be a finite number, at least"),
        ({"orig_rate": 8000, "target_rate": 4000, "pass_band": 1.0}, ValueError, "pass_band must"),
    ],
)  # fmt: skip
def test_bad_input(options, kind, message):
    with pytest.raises(kind, match=f"^resample: {message}"):
        wb.resample(np.zeros(10), **options)


def test_a_layer_says_at_once_what_does_not_fit():
    with pytest.raises(ValueError, match="target_rate and ratio must not be given together"):
        wb.layers.Resample(orig_rate=16000, target_rate=8000, ratio=0.25).space(
            waveform_space(16000)
        )
    with pytest.raises(TypeError, match="target_rate must be given, or ratio"):
        wb.layers.Resample(orig_rate=16000).space(waveform_space(16000))


@pytest.mark.parametrize("ratio", [0.7, 1.0, 1.3])
def test_the_ratio_is_differentiable_under_xla(ratio):
    x = np.random.default_rng(0).standard_normal((2, 700))

    def slope(ratio):
        with tf.GradientTape() as tape:
            tape.watch(ratio)
            total = tf.reduce_sum(wb.resample(x, ratio=ratio) ** 2)
        return tape.gradient(total, ratio)

    at = tf.constant(ratio, tf.float64)
    found = tf.function(slope, jit_compile=True)(at)
    np.testing.assert_allclose(found, slope(at), rtol=1e-9)


def test_a_ratio_in_single_precision_makes_no_sample_more():
    x = np.zeros(3_000_000, np.float32)
    assert wb.resample(x, ratio=tf.constant(2 / 3)).shape == wb.resample(x, ratio=2 / 3).shape


@pytest.mark.parametrize("positions", [3.0, np.zeros((2, 5)), np.zeros((1, 1, 5))])
def test_positions_of_another_shape_are_refused(positions):
    with pytest.raises(ValueError, match=r"^resample_at: positions must have the shape"):
        wb.resample_at(np.zeros((4, 30)), positions)


def test_reading_takes_no_lengths():
    with pytest.raises(ValueError, match="resample_at: lengths must be left out"):
        wb.resample_at(np.zeros((1, 10)), [1.0], lengths=[5])
