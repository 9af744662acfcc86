import numpy as np
import pytest
import tensorflow as tf

from workbench.core import products
from workbench.core.convolution import convolve, filter_all

ROWS, TIME = 3, 211


def example(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


@pytest.mark.parametrize("taps", [1, 2, 5, 64, 65, 66, 128, 211])
def test_equals_numpy(taps):
    x, weights = example(ROWS, TIME), example(ROWS, taps, seed=1)
    own = [np.convolve(row, w, "valid") for row, w in zip(x, weights, strict=True)]
    np.testing.assert_allclose(convolve(tf.constant(x), tf.constant(weights)), own, atol=1e-12)
    shared = [np.convolve(row, weights[0], "valid") for row in x]
    np.testing.assert_allclose(
        convolve(tf.constant(x), tf.constant(weights[0])), shared, atol=1e-12
    )
    every = [np.stack([np.convolve(row, w, "valid") for w in weights], -1) for row in x]
    np.testing.assert_allclose(
        filter_all(tf.constant(x), tf.constant(weights.T)), every, atol=1e-12
    )


def test_where_a_gpu_rounds_factors_the_product_is_a_double_one(monkeypatch):
    x, weights = (tf.constant(example(*n), tf.float32) for n in ((ROWS, TIME), (40,)))
    exact = tf.cast(convolve(tf.cast(x, tf.float64), tf.cast(weights, tf.float64)), tf.float32)
    assert np.any(convolve(x, weights) != exact)
    monkeypatch.setattr(products, "rounds_operands", lambda dtype: dtype == tf.float32)
    np.testing.assert_array_equal(convolve(x, weights), exact)
