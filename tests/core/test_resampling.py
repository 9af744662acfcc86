import numpy as np
import pytest
import tensorflow as tf

import workbench as wb
from workbench.axes import waveform_space
from workbench.core.resampling import design_bank, kaiser_sinc, resampled_length
from workbench.ops import spec

PAIRS = [(44100, 48000), (48000, 16000), (16000, 48000), (44100, 16000), (44100, 22050), (3, 2)]


def multisine(rate, seconds, highest, seed=0):
    """Cosines of random phase at whole hertz, exactly as they are at any rate."""
    rng = np.random.default_rng(seed)
    frequencies = np.unique(rng.integers(20, int(highest), 40))
    phases = rng.uniform(0, 2 * np.pi, len(frequencies))
    time = np.arange(round(rate * seconds)) / rate
    return np.cos(2 * np.pi * frequencies[:, None] * time + phases[:, None]).sum(0) / 40


@pytest.mark.parametrize(("orig", "target"), PAIRS[:-1])
@pytest.mark.parametrize(("dtype", "decibels"), [("float32", -125), ("float64", -170)])
def test_equals_the_signal_synthesised_at_the_other_rate(orig, target, dtype, decibels):
    highest = 0.9 * min(orig, target) / 2
    found = wb.resample(
        multisine(orig, 1.0, highest).astype(dtype), orig_rate=orig, target_rate=target
    ).numpy()
    expected = multisine(target, 1.0, highest)
    inside = slice(target // 4, -target // 4)  # away from the ends, beyond which there is silence
    error = np.sum((found[inside] - expected[inside]) ** 2) / np.sum(expected[inside] ** 2)
    assert 10 * np.log10(error) < decibels


@pytest.mark.parametrize(("orig", "target"), [(48000, 16000), (44100, 16000)])
def test_what_the_lower_rate_cannot_hold_is_gone(orig, target):
    time = np.arange(orig) / orig
    for frequency in (target / 2 + 10, 0.7 * target, orig / 2 - 10):
        x = 0.5 * np.cos(2 * np.pi * frequency * time).astype(np.float32)
        y = wb.resample(x, orig_rate=orig, target_rate=target).numpy()[target // 4 : -target // 4]
        assert 10 * np.log10(np.mean(y**2) / np.mean(x**2)) < -125


def test_transition_band():
    _, weights = 0, design_bank(3, 1, 180.0).weights
    response = np.abs(np.fft.rfft(weights[:, -1], 1 << 16))
    frequency = np.arange(len(response)) / (len(response) - 1) * 3  # in lower Nyquists
    gain = 20 * np.log10(np.interp([0.5, 0.9, 0.9525, 1.0], frequency, response))
    np.testing.assert_allclose(gain[:2], 0, atol=1e-4)
    assert gain[2] == pytest.approx(-3, abs=1.0)
    assert gain[3] < -170


@pytest.mark.parametrize(("orig", "target"), PAIRS)
@pytest.mark.parametrize("length", [1, 2, 146, 147, 148, 1000])
def test_length_is_the_ceiling(orig, target, length):
    x = np.zeros(length, np.float32)
    made = wb.resample(x, orig_rate=orig, target_rate=target).shape[0]
    assert made == -(-length * target // orig)


def test_length_of_a_long_recording_is_exact():
    values = {"orig_rate": 44100, "target_rate": 48000}
    for length in (2**40, 2**40 - 1, 147 * 2**32 + 1):
        expected = -(-length * 160 // 147)
        assert resampled_length(length, values) == expected
        assert int(resampled_length(tf.constant(length, tf.int64), values)) == expected


def test_equal_rates_change_nothing():
    x = np.random.default_rng(0).standard_normal(100)
    np.testing.assert_array_equal(wb.resample(x, orig_rate=7, target_rate=7), x)


def test_sample_zero_stays_at_time_zero():
    x = np.zeros(2000)
    x[0] = 1.0
    y = wb.resample(x, orig_rate=8000, target_rate=16000).numpy()
    assert np.argmax(y) == 0


@pytest.mark.parametrize(("orig", "target"), PAIRS)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("float64", 1e-12)])
def test_gradient_is_the_adjoint(orig, target, dtype, tolerance):
    rng = np.random.default_rng(1)
    x = tf.constant(rng.standard_normal((2, 3000)), dtype)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = wb.resample(x, orig_rate=orig, target_rate=target)
        v = tf.constant(rng.standard_normal(y.shape), dtype)
        product = tf.reduce_sum(y * v)
    adjoint = tape.gradient(product, x)
    error = abs(float(product) - float(tf.reduce_sum(adjoint * x)))
    assert error <= tolerance * float(tf.norm(y) * tf.norm(v))


def test_a_pair_without_a_common_factor_is_refused_before_it_fills_the_memory():
    with pytest.raises(ValueError, match="orig_rate and target_rate must have a larger common"):
        wb.resample(np.zeros(10), orig_rate=44100, target_rate=44101)


def test_axis_knows_the_new_rate():
    op = spec(wb.resample)
    space = op.space(waveform_space(44100), {"orig_rate": 44100, "target_rate": 16000})
    assert space.time.rate == 16000


def test_kernel_is_a_kaiser_windowed_sinc():
    from scipy.signal import firwin

    expected = firwin(101, 0.4, window=("kaiser", 8.0), scale=False)
    found = kaiser_sinc(np.arange(-50.0, 51.0), 0.2, 50.0, 8.0)
    np.testing.assert_allclose(found, expected, atol=1e-15)
