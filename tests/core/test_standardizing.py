import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

import workbench as wb

# decibels of examples that lie at other levels, and spread differently
X = np.random.default_rng(0).standard_normal((3, 126, 80)) * [[[20.0]], [[1.0]], [[1e-3]]] - 60.0
AXES = {"example": None, "band": 0}


@pytest.mark.parametrize("over", AXES)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("float64", 1e-12)])
def test_each_example_is_what_scipy_makes_of_it(over, dtype, tolerance):
    x = X.astype(dtype)
    found = wb.standardize(x, over=over)
    assert found.dtype == dtype
    for row, one in zip(found, x.astype(np.float64), strict=True):
        # SciPy does not take 60 dB away beforehand, and rounds them beside a deviation of 1e-3.
        expected = scipy.stats.zscore(one + 60.0, axis=AXES[over])
        # relative to scores of about 4: sums of ten thousand numbers in another order
        assert np.max(np.abs(row - expected)) <= tolerance * np.max(np.abs(expected))


def test_an_example_is_what_tensorflow_makes_of_an_image():
    found = wb.standardize(X[:1].astype(np.float32))
    expected = tf.image.per_image_standardization(X[:1, ..., None].astype(np.float32))[..., 0]
    np.testing.assert_allclose(found, expected, atol=1e-4)  # theirs keeps no more digits


@pytest.mark.parametrize("over", AXES)
def test_padding_is_not_measured_and_stays_0(over):
    padded = np.where(np.arange(126)[:, None] < 40, X, 1e3)
    found, lengths = wb.standardize(padded, over=over, lengths=[40, 40, 0])
    assert lengths.numpy().tolist() == [40, 40, 0]
    for row, one in zip(found[:2], X, strict=False):
        expected = scipy.stats.zscore(one[:40], axis=AXES[over])
        np.testing.assert_allclose(row[:40], expected, rtol=1e-9, atol=1e-12)
    assert not np.any(found[:, 40:])
    assert not np.any(found[2])


@pytest.mark.parametrize("over", AXES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("value", [0.0, -100.0, -100.0001, 1e-20, 1e20])
@pytest.mark.parametrize("lengths", [None, [77]])
def test_constants_become_0_and_have_the_gradient_of_the_closed_form(over, dtype, value, lengths):
    x = tf.fill([1, 126, 80], tf.constant(value, dtype))
    weights = np.random.default_rng(1).standard_normal(x.shape)
    with tf.GradientTape() as tape:
        tape.watch(x)
        found = wb.standardize(x, over=over, floor=1e-3, lengths=lengths)
        found = found if lengths is None else found[0]
        total = tf.reduce_sum(found * tf.constant(weights, dtype))
    assert not np.any(found)
    end = 126 if lengths is None else lengths[0]
    axis = None if over == "example" else 0
    expected = np.zeros_like(weights[0])
    valid = weights[0, :end]
    expected[:end] = (valid - valid.mean(axis=axis, keepdims=True)) / 1e-3
    gradient = tape.gradient(total, x)[0]
    limit = 1e-5 if dtype == "float32" else 1e-12  # sums of ten thousand numbers
    assert np.max(np.abs(gradient - expected)) <= limit * np.max(np.abs(expected))


@pytest.mark.parametrize("over", AXES)
@pytest.mark.parametrize("scale", [1.0, 1e-7])
def test_gradients_equal_central_differences(over, scale):
    x = scale * X[0, :9, :5]
    weights = np.random.default_rng(1).standard_normal(x.shape)
    floor = tf.constant(1e-4, tf.float64)

    def total(x, floor):
        return tf.reduce_sum(wb.standardize(x, over=over, floor=floor) * weights)

    given = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch([given, floor])
        value = total(given, floor)
    found, of_floor = tape.gradient(value, [given, floor])
    direction = np.random.default_rng(2).standard_normal(x.shape) * scale
    step = 1e-5
    difference = (total(x + step * direction, floor) - total(x - step * direction, floor)) / (
        2 * step
    )
    assert np.sum(found * direction) == pytest.approx(float(difference), rel=1e-6)
    step = 1e-9
    difference = float(total(x, floor + step) - total(x, floor - step)) / (2 * step)
    assert float(of_floor) == pytest.approx(difference, rel=1e-5, abs=1e-9)
    assert (float(of_floor) != 0.0) == (scale == 1e-7)  # the floor acts on what is below it


@pytest.mark.parametrize("bins", [80, None])
def test_in_a_graph_of_any_shape(bins):
    run = tf.function(wb.standardize, input_signature=[tf.TensorSpec([None, None, bins])])
    x = X.astype(np.float32)
    np.testing.assert_allclose(run(x), wb.standardize(x), atol=1e-5)


def test_the_example_of_the_field_is_silent_where_the_recording_is():
    mel = wb.layers.LogMelSpectrogram(frame_length=512, frame_step=256, num_mel_bins=80)
    chain = wb.Chain([mel, wb.layers.Standardize()], sample_rate=16000)
    assert [axis.label for axis in chain.axes] == ["time (s)", "mel band (Hz)"]
    assert chain.spaces[-1].label == "standard score"
    x = tf.zeros([1, 32000])
    with tf.GradientTape() as tape:
        tape.watch(x)
        found = chain(x)
    assert found.shape == (1, 126, 80)
    assert not np.any(found)
    assert not np.any(tape.gradient(found, x))
