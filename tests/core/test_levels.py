import librosa
import numpy as np
import pytest
import tensorflow as tf

import workbench as wb

X = np.random.default_rng(0).standard_normal((3, 1000)) * [[1.0], [0.01], [30.0]] + 0.005
NOISE = np.random.default_rng(5).standard_normal((2, 16000)) * [[1.0], [1e-4]]
KINDS = ("peak", "rms", "zscore")


def measured(x, kind):
    """Closed forms in float64, and what the op scales."""
    centred = x - np.mean(x, axis=-1, keepdims=True)
    return {
        "peak": (np.max(np.abs(x), axis=-1, keepdims=True), x),
        "rms": (np.sqrt(np.mean(x**2, axis=-1, keepdims=True)), x),
        "zscore": (np.std(x, axis=-1, keepdims=True), centred),
    }[kind]


def test_saturate_is_tanh_behind_a_gain():
    x = np.linspace(-2, 2, 41)
    found = wb.saturate(x, drive_db=20.0)
    np.testing.assert_allclose(found, np.tanh(10 * x), rtol=1e-12)


def test_quiet_signals_are_amplified():
    assert float(wb.saturate([1e-4], drive_db=6.0)[0]) == np.float32(1e-4 * 10**0.3)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("level_db", [0.0, -26.0])
def test_each_row_is_brought_to_the_level(kind, level_db):
    level, scaled = measured(X, kind)
    found = wb.normalize(X, kind=kind, level_db=level_db)
    # 1e-12: float64, a thousand squares summed in another order
    np.testing.assert_allclose(found, scaled / level * 10 ** (level_db / 20), rtol=1e-11)
    np.testing.assert_allclose(measured(found.numpy(), kind)[0], 10 ** (level_db / 20), rtol=1e-12)


def test_channels_and_features_are_measured_along_time_only():
    features = np.stack([X, 5 * X - 1], axis=-1)  # [batch, time, features]
    found = wb.normalize(features, kind="zscore", axis=1).numpy()
    np.testing.assert_allclose(found.mean(axis=1), np.zeros((3, 2)), atol=1e-12)
    np.testing.assert_allclose(found.std(axis=1), np.ones((3, 2)), rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_padding_is_not_measured_and_stays_silent(kind):
    padded = np.where(np.arange(1000) < 400, X, 100.0)
    found, lengths = wb.normalize(padded, kind=kind, lengths=[400, 400, 0])
    assert lengths.numpy().tolist() == [400, 400, 0]
    np.testing.assert_allclose(found[:2, :400], wb.normalize(X[:2, :400], kind=kind), rtol=1e-12)
    assert np.all(found[:, 400:] == 0)
    assert np.all(found[2] == 0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_below_the_floor_the_gain_is_that_of_the_floor(kind, dtype):
    quiet = (1e-9 * X / np.max(np.abs(X))).astype(dtype)
    expected = measured(quiet.astype(np.float64), kind)[1] * 1e5 * 10 ** (-6 / 20)
    found = wb.normalize(quiet, kind=kind, level_db=-6.0, floor_db=-100.0)
    # float32 rounds the mean that is taken away, 1e-7 of a row's largest sample
    scale = np.max(np.abs(expected), axis=-1, keepdims=True)
    assert np.max(np.abs(found - expected) / scale) < (1e-5 if dtype == "float32" else 1e-12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("level", [0.0, 1e-20, 1e-23, 1e-30, 1e-6, 1e-5, 1.0])
def test_silence_stays_silent_and_its_gradient_is_at_most_what_the_floor_allows(kind, level):
    x = tf.constant(level * X[:1], tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        out = wb.normalize(x, kind=kind)
        total = tf.reduce_sum(out * np.random.default_rng(1).choice([-1.0, 1.0], (1, 1000)))
    assert np.all(np.isfinite(out))
    assert np.max(np.abs(out)) <= 1.001e5 * level * np.max(np.abs(X[:1])) + 1e-30
    gradient = tape.gradient(total, x)
    assert np.all(np.isfinite(gradient))
    assert np.max(np.abs(gradient)) <= 1e6


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scale", [1.0, 1e-7])
def test_gradients_equal_central_differences(kind, scale):
    x = scale * X[:1, :50]
    weights = np.random.default_rng(1).standard_normal(50)
    levels = {"level_db": tf.constant(-3.0, tf.float64), "floor_db": tf.constant(-90.0, tf.float64)}

    def total(x, levels):
        return tf.reduce_sum(wb.normalize(x, kind=kind, **levels) * weights)

    given = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch([given, *levels.values()])
        value = total(given, levels)
    found, *of_levels = tape.gradient(value, [given, *levels.values()])
    direction = np.random.default_rng(2).standard_normal(x.shape) * scale
    step = 1e-5
    difference = (total(x + step * direction, levels) - total(x - step * direction, levels)) / (
        2 * step
    )
    assert np.sum(found * direction) == pytest.approx(float(difference), rel=1e-6)
    for name, gradient in zip(levels, of_levels, strict=True):
        up, down = (levels | {name: levels[name] + s * step} for s in (1, -1))
        difference = float(total(x, up) - total(x, down)) / (2 * step)
        assert float(gradient) == pytest.approx(difference, rel=1e-6, abs=1e-9)
    assert (float(of_levels[1]) != 0.0) == (scale == 1e-7)  # the floor acts on what is below it


def test_decibels_equal_librosa_example_by_example():
    power = NOISE.reshape(2, 100, 160) ** 2
    found = wb.decibels(power, floor_db=-100.0, top_db=30.0)
    for row, expected in zip(found, power, strict=True):  # librosa would mix the two
        expected = librosa.power_to_db(expected, amin=1e-10, top_db=30.0)
        np.testing.assert_allclose(row, expected, rtol=0, atol=1e-9)


def test_a_loud_neighbour_does_not_raise_a_quiet_example():
    power = NOISE.reshape(2, 100, 160) ** 2
    alone = wb.decibels(power[1:], top_db=30.0)
    np.testing.assert_array_equal(wb.decibels(power, top_db=30.0)[1:], alone)


def test_reference_and_floor():
    found = wb.decibels([[4.0, 1e-9, 0.0]], reference=2.0, floor_db=-40.0)
    np.testing.assert_allclose(found, [[10 * np.log10(2), -40.0, -40.0]], rtol=1e-6)


def test_not_a_number_stays_visible():
    assert np.isnan(wb.decibels([[np.nan, 1.0]]).numpy()).tolist() == [[True, False]]


def test_the_lowest_floor_has_finite_gradients():
    x = tf.constant([[0.0, 1.0]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        level = wb.decibels(x, floor_db=-300.0)
    assert np.all(np.isfinite(tape.gradient(level, x)))
    with pytest.raises(ValueError, match=r"floor_db must be .* at least -300; got -301"):
        wb.decibels(x, floor_db=-301.0)
