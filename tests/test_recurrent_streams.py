"""Streams of recurrent layers and models."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import workbench as wb
from tests.numbers import relative


def recurrent(kind, interpolation, **options):
    keras.utils.set_random_seed(1)
    start = keras.initializers.Orthogonal(gain=0.7)  # Keras' own leaves a SimpleRNN on the brink
    rates = {"training_rate": 44100, "sample_rate": 48000, "interpolation": interpolation}
    given = {"return_sequences": True, "recurrent_initializer": start}
    return getattr(wb.layers, f"RateIndependent{kind}")(6, **given, **rates, **options)


def in_blocks(stream, x, seed=0):
    """All that comes of a signal in blocks of random sizes, of which some are empty."""
    cuts = np.sort(np.random.default_rng(seed).integers(0, x.shape[1], 9))
    made = [stream.push(block) for block in np.split(x, cuts, axis=1)]
    return np.concatenate([*made, stream.finish()], axis=1)


@pytest.mark.parametrize("interpolation", ["cubic", "allpass", "stn", "auto"])
@pytest.mark.parametrize("kind", ["LSTM", "GRU", "SimpleRNN"])
def test_a_recurrent_layer_goes_on_where_it_was(kind, interpolation):
    layer = recurrent(kind, interpolation, dtype="float64")
    x = np.random.default_rng(1).standard_normal((2, 200, 3))
    stream, expected = wb.Stream(layer), layer(x)
    np.testing.assert_allclose(in_blocks(stream, x), expected, rtol=0, atol=1e-12)
    assert stream.latency == stream.held == 0
    stream.reset()
    np.testing.assert_allclose(in_blocks(stream, x, 2), expected, rtol=0, atol=1e-12)


def test_a_recurrent_model_in_a_chain_goes_on_where_it_was():
    model = wb.read_model("diode_clipper", interpolation="auto")
    chain = wb.Chain([wb.layers.Resample(target_rate=48000), model], sample_rate=44100)
    x = wb.plucked_string(sample_rate=44100, seconds=0.1, frequency_hertz=110.0)[None].numpy()
    assert relative(in_blocks(wb.Stream(chain), x), chain(x)) <= 1e-6


def test_a_later_rate_changes_nothing_in_a_stream():
    layer, x = recurrent("GRU", "cubic"), np.ones((1, 60, 1), np.float32)
    expected = layer(x)
    stream = wb.Stream(layer)
    layer.set(sample_rate=66150)
    first = stream.push(x[:, :30])
    layer.set(sample_rate=96000)
    np.testing.assert_array_equal(np.concatenate([first, stream.push(x[:, 30:])], 1), expected)


def test_a_chunk_of_another_shape_is_refused_by_a_recurrent_layer():
    stream = wb.Stream(recurrent("GRU", "cubic"))
    stream.push(np.ones((1, 5, 2), np.float32))
    for shape in ((2, 5, 2), (1, 5, 3)):
        with pytest.raises(ValueError, match=r"chunk must have the shape \[1, time, 2\]"):
            stream.push(np.ones(shape, np.float32))


def test_a_stream_of_half_precision_gives_what_the_layer_gives():
    layer = recurrent("GRU", "cubic", dtype="mixed_float16")
    x = np.ones((1, 20, 1), np.float32)
    assert (
        wb.Stream(layer).push(x).dtype == layer(x).dtype == layer.apply(x, {}).dtype == tf.float16
    )


def test_a_recurrent_layer_that_keeps_its_steps_to_itself_does_not_stream():
    layer = wb.layers.RateIndependentGRU(4, training_rate=44100, sample_rate=48000)
    with pytest.raises(ValueError, match="Stream: return_sequences must be True in a stream"):
        wb.Stream(layer)
