"""Products where a device rounds their operands: as precise as float32 all the same."""

import numpy as np
import pytest
import tensorflow as tf

from tests.numbers import relative, rounded_to_ten_bits
from workbench.core import products
from workbench.core.banks import apply_bank, design_bank
from workbench.core.products import multiply
from workbench.core.responses import Triangle

LIMIT = 2e-6  # of float32: what is lost of the product of the rests is 2^-20
RNG = np.random.default_rng(0)
ROWS, MATRIX = RNG.standard_normal((2, 30, 50)), RNG.standard_normal((50, 20))


def rounding(product):
    """A product of operands that are rounded, if they are float32."""

    def rounded(x, w, *given, **options):
        x, w = map(rounded_to_ten_bits, (x, w)) if x.dtype == tf.float32 else (x, w)
        return product(x, w, *given, **options)

    return rounded


@pytest.fixture(params=[True, False], ids=["split", "plain"])
def split(request, monkeypatch):
    """A device that rounds; whether that is known there."""
    known = request.param
    monkeypatch.setattr(products, "rounds_operands", lambda dtype: known and dtype == tf.float32)
    for place, name in ((tf.linalg, "matmul"), (tf.nn, "conv1d"), (tf.nn, "conv1d_transpose")):
        monkeypatch.setattr(place, name, rounding(getattr(place, name)))
    return known


def test_emulation_rounds_to_nearest():
    step = 2.0**-10
    given = np.float32([1 + 0.4 * step, 1 + 0.6 * step, -1 - 0.6 * step, 3.0])
    np.testing.assert_array_equal(rounded_to_ten_bits(given), [1, 1 + step, -1 - step, 3])


def both_ways(product, x):
    """A product, its gradient, and the gradient of that: the product again."""
    x = tf.constant(x, tf.float32)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            inner.watch(x)
            made = product(x)
        upstream = tf.constant(np.random.default_rng(1).standard_normal(made.shape), tf.float32)
        outer.watch(upstream)
        pulled = inner.gradient(made, x, output_gradients=upstream)
    again = outer.gradient(pulled, upstream, output_gradients=x)
    return made, upstream, pulled, again


def check(split, product, x, matrix):
    """A product and its gradients are those with the matrix; rounded, they are far off."""
    if not split:
        assert relative(product(tf.constant(x, tf.float32)), x @ matrix) > 100 * LIMIT
        return
    made, upstream, pulled, again = both_ways(product, x)
    assert relative(made, x @ matrix) <= LIMIT
    assert relative(pulled, np.asarray(upstream, np.float64) @ matrix.T) <= LIMIT
    assert relative(again, x @ matrix) <= LIMIT


def test_matrix_products_are_as_precise_as_float32(split):
    check(split, lambda x: multiply(x, MATRIX), ROWS, MATRIX)


def test_convolutions_are_as_precise_as_float32(split):
    single, double = (design_bank(3, 7, Triangle(), d) for d in (tf.float32, tf.float64))
    matrix = apply_bank(tf.eye(300, dtype=tf.float64), double, 5).numpy()
    x = RNG.standard_normal((2, 300))
    check(split, lambda x: apply_bank(x, single, 5), x, matrix)
