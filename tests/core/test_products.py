import numpy as np
import pytest
import tensorflow as tf

import workbench as wb
from workbench.core import products
from workbench.core.products import multiply, multiply_both


def example(*shape, seed=0):
    return tf.constant(np.random.default_rng(seed).standard_normal(shape), tf.float32)


@pytest.fixture(params=[False, True], ids=["exact operands", "rounded operands"])
def rounds(request, monkeypatch):
    """A device that takes float32 operands as they are, and one that rounds them."""
    found = request.param
    monkeypatch.setattr(products, "rounds_operands", lambda dtype: found and dtype == tf.float32)
    return found


def gradients(product, rows, matrix):
    with tf.GradientTape() as tape:
        tape.watch([rows, matrix])
        made = tf.reduce_sum(product(rows, matrix) ** 2)
    return tape.gradient(made, [rows, matrix])


def test_a_constant_matrix_has_no_gradient_on_any_device(rounds):
    rows, matrix = example(3, 5, 7), example(7, 4, seed=1)
    of_rows, of_matrix = gradients(multiply, rows, matrix)
    assert of_matrix is None
    expected, _ = gradients(lambda x, m: tf.tensordot(x, m, 1), rows, matrix)
    np.testing.assert_allclose(of_rows, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("own", [False, True], ids=["one matrix", "one for each row"])
def test_gradients_reach_both_factors(rounds, own):
    rows, matrix = example(3, 5, 7), example(*(3, 7, 4) if own else (7, 4), seed=1)
    expected = gradients(
        lambda x, m: tf.einsum("rsi,rio->rso" if own else "rsi,io->rso", x, m), rows, matrix
    )
    for found, wanted in zip(gradients(multiply_both, rows, matrix), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)  # float32


def test_learnt_mel_edges_meet_no_rounded_product(monkeypatch):
    """A tensor for an edge takes another way than a number; both are as precise as float32."""
    signal = example(8000)
    plain = wb.mel_spectrogram(signal, sample_rate=16000, lower_edge_hertz=60.0)
    seen, product = [], tf.tensordot
    monkeypatch.setattr(products, "rounds_operands", lambda dtype: dtype == tf.float32)
    monkeypatch.setattr(
        tf, "tensordot", lambda a, b, axes: seen.append(a.dtype) or product(a, b, axes)
    )
    learnt = wb.mel_spectrogram(signal, sample_rate=16000, lower_edge_hertz=tf.constant(60.0))
    assert seen == [tf.float64]
    np.testing.assert_allclose(learnt, plain, rtol=1e-4)  # the edge itself is a float32
