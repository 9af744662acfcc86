"""Padding through a chain: the masks of Keras, stage by stage."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import workbench as wb
from workbench import traces
from workbench.masks import carry, mask_of, valid_steps

RATE, TIME, LONG = 8000, 4000, 6000
FRAMES = 41  # that hold 4000 samples, a step of 100 apart, the first at the first sample
SIGNAL = np.random.default_rng(0).standard_normal((2, TIME)).astype(np.float32)
BANDS = {"num_mel_bins": 20, "frame_length": 256, "frame_step": 100}
DRAWN = {"seed": (3, 4), "time_mask_width": 40, "num_time_masks": 5, "mask_value": None}


def padding(**values):
    made = [
        wb.layers.FitLength(length=LONG, mask_padding=True),
        wb.layers.Normalize(kind="rms"),
        wb.layers.LogMelSpectrogram(**BANDS),
        wb.layers.SpecAugment(**DRAWN),
    ]
    return wb.Chain(made, sample_rate=RATE, **values)


def valid(outputs):
    """How many steps of the first row are valid in each result."""
    masks = [mask_of(output) for output in outputs]
    return [None if mask is None else int(valid_steps(mask)[0]) for mask in masks]


def by_hand(x):
    """The ops one after the other, each told where the rows end."""
    y, ends = wb.fit_length(x, length=LONG)
    y, ends = wb.normalize(y, kind="rms", lengths=ends)
    y, ends = wb.log_mel_spectrogram(y, sample_rate=RATE, lengths=ends, **BANDS)
    return y, *wb.spec_augment(y, lengths=ends, **DRAWN)


@pytest.mark.parametrize("calls", [1, 3])
def test_results_are_those_of_the_ops_with_lengths(calls):
    chain, (before, after, ends) = padding(), by_hand(SIGNAL)
    for _ in range(calls):  # later ones are compiled
        outputs = chain.run(tf.constant(SIGNAL))
        traces.settle()
    # float32, compiled in another order: 1e-5 of levels down to -100 dB
    np.testing.assert_allclose(outputs[3], before, atol=1e-3)
    np.testing.assert_allclose(outputs[4], after, atol=1e-3)
    assert valid(outputs) == [None, TIME, TIME, FRAMES, FRAMES]
    assert ends.numpy().tolist() == [FRAMES, FRAMES]
    hidden = (outputs[3] != outputs[4]).numpy().all(axis=2)
    assert hidden[0, :FRAMES].any()
    assert not hidden[:, FRAMES:].any()


@pytest.mark.parametrize("calls", [1, 3])
def test_results_are_those_of_a_call_in_keras(calls):
    chain, x = padding(), tf.constant(SIGNAL)
    expected = chain(x, training=True)  # masks are drawn in training alone, first by the seed
    for _ in range(calls):
        outputs = chain.run(tf.identity(x))
        traces.settle()
    np.testing.assert_allclose(outputs[-1], expected, atol=1e-3)
    np.testing.assert_array_equal(mask_of(outputs[-1]), mask_of(expected))
    assert mask_of(x) is None


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_mask_that_a_signal_carries_is_respected(dtype):
    made = [
        wb.layers.Resample(target_rate=4000, dtype=dtype),
        wb.layers.LogMelSpectrogram(num_mel_bins=20, frame_length=256, dtype=dtype),
        keras.layers.GlobalAveragePooling1D(dtype=dtype),
    ]
    chain = wb.Chain(made, sample_rate=RATE, dtype=dtype)
    mask = tf.sequence_mask([3000, 700], TIME)
    expected = chain(SIGNAL, mask=mask)
    for _ in range(3):
        outputs = chain.run(carry(tf.constant(SIGNAL), mask))
        traces.settle()
        np.testing.assert_allclose(outputs[-1], expected, rtol=1e-5)
    assert valid(outputs) == [3000, 1500, 6, None]
    assert np.max(np.abs(chain.run(SIGNAL)[-1] - expected)) > 1


def test_gradients_end_where_the_valid_part_ends():
    mask = tf.sequence_mask([3000, 700], TIME)
    chain = wb.Chain([wb.layers.Saturate(drive_db=3.0), wb.layers.Spectrogram()], sample_rate=RATE)
    for _ in range(3):
        x = carry(tf.constant(SIGNAL), mask)
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = tf.reduce_mean(tf.square(chain(x, mask=mask)))
        expected = tape.gradient(value, x)
        found = chain.gradients(x, "energy")
        traces.settle()
        # 1e-5: float32, sums of a thousand products
        error = np.linalg.norm(found.signal - expected) / np.linalg.norm(expected)
        assert error < 1e-5
        assert np.all(found.signal[1, 700:] == 0)
        assert valid(found.outputs)[-1] == valid_steps(mask_of(chain(x, mask=mask)))[0]


def test_other_values_of_a_parameter_move_the_end():
    made = [wb.layers.Resample(ratio=1.0), wb.layers.Normalize(kind="rms")]
    chain = wb.Chain(made, sample_rate=RATE)
    x = carry(tf.constant(SIGNAL), tf.sequence_mask([3000, 700], TIME))
    found = chain.run_with(x, (0, "ratio"), 0.5)
    assert valid([found]) == [1500]
    # without its padding the row is 0 dB: with it, it would be quieter
    np.testing.assert_allclose(np.std(found[1, :350]), 1.0, rtol=0.01)


def test_a_change_behind_keeps_the_mask_of_what_lies_before():
    chain, x = padding(), tf.constant(SIGNAL)
    before = chain.run(x)
    chain.set(3, seed=(5, 6))
    after = chain.run(x)
    assert [a is b for a, b in zip(before, after, strict=True)] == [True] * 4 + [False]
    assert valid(after) == valid(before)
    chain.set(0, length=5000)
    assert valid(chain.run(x)) == [None, TIME, TIME, FRAMES, FRAMES]
    chain.set(0, length=3000)
    assert valid(chain.run(x)) == [None, 3000, 3000, 31, 31]


def test_a_layer_that_masks_its_padding_says_so_in_code_and_file(tmp_path):
    chain = padding()
    assert "FitLength(length=6000, mask_padding=True)" in chain.code()
    chain.save(tmp_path / "chain.keras")
    loaded = keras.models.load_model(tmp_path / "chain.keras")
    np.testing.assert_array_equal(loaded(SIGNAL, training=True), chain(SIGNAL, training=True))
    assert valid([loaded(SIGNAL)]) == [FRAMES]
    plain = wb.layers.FitLength(length=LONG)
    assert mask_of(plain(SIGNAL)) is None
    assert "mask_padding" not in plain.code()


@pytest.mark.parametrize("shape", [(2, 30), (2, 30, 3)])
def test_a_mask_that_begins_in_a_layer_has_its_rows(shape):
    layer = wb.layers.FitLength(length=50, mask_padding=True)
    made = layer(np.ones(shape, np.float32))
    np.testing.assert_array_equal(mask_of(made), tf.sequence_mask([30, 30], 50))
    channels = wb.layers.FitLength(length=50, mask_padding=True, axis=2)
    made = channels(np.ones((2, 3, 30), np.float32))
    np.testing.assert_array_equal(mask_of(made), tf.sequence_mask([[30] * 3] * 2, 50))
    pooled = keras.layers.GlobalAveragePooling1D()
    inputs = keras.Input((None, 1))
    model = keras.Model(inputs, pooled(layer(inputs)))
    np.testing.assert_allclose(model(np.ones((2, 30, 1), np.float32)), 1.0)  # of the valid part
