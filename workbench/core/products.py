"""Products that keep single precision on every device.

Recent GPUs round the operands of float32 matrix products and convolutions to 10 bits (TF32) unless
the user forbids it for the whole program. Where that may happen a product with constants splits
the operands in a high part, which 10 bits hold, and the rest; the sum of three products then has
the precision of float32. One with two tensors that gradients reach is computed in double precision.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from workbench.shapes import sizes
from workbench.tensors import as_type

_FEW = 8
_Product = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


def rounds_operands(dtype: tf.DType) -> bool:
    """Whether products of this type may be computed from rounded operands."""
    allowed = tf.config.experimental.tensor_float_32_execution_enabled()
    return dtype == tf.float32 and allowed and bool(tf.config.list_logical_devices("GPU"))


def multiply(rows: tf.Tensor, matrix: np.ndarray | tf.Tensor) -> tf.Tensor:
    """`rows @ matrix` for `[..., in]` and a constant `[in, out]`, as one product in two dimensions.

    Gradients reach the rows, not the matrix: `multiply_both` is for one that is learnt.

    A batched product with a broadcast matrix is slower, and TensorFlow 2.21 on the CPU returns
    memory that was never written for the shape [2, 1, frames, bins].
    """
    weights = tf.stop_gradient(as_type(matrix, rows.dtype))
    flat = tf.reshape(rows, [-1, matrix.shape[0]])
    made = _linear(
        lambda x, w: tf.linalg.matmul(x, w),
        lambda g, w: tf.linalg.matmul(g, w, transpose_b=True),
        flat,
        weights,
    )
    return tf.reshape(made, [*sizes(rows)[:-1], matrix.shape[1]])


def multiply_both(frames: tf.Tensor, matrix: tf.Tensor) -> tf.Tensor:
    """`frames @ matrix` for one `[in, out]`, or one for each row; gradients reach both.

    Where a GPU would round the factors it is computed in double precision: a weight of 1 then
    leaves every bit as it is.
    """
    if rounds_operands(frames.dtype):
        wide = multiply_both(tf.cast(frames, tf.float64), tf.cast(matrix, tf.float64))
        return tf.cast(wide, tf.float32)
    return tf.tensordot(frames, matrix, 1) if matrix.shape.rank == 2 else tf.matmul(frames, matrix)


def multiply_few(rows: tf.Tensor, matrix: tf.Tensor) -> tf.Tensor:
    """`multiply_both` of `[rows, in]` in a compiled loop: a few rows one by one.

    On the CPU XLA calls a library for a product of two matrices, which costs more than the product
    of as many vectors with the matrix, up to eight or so.
    """
    count = rows.shape[0]
    if count is None or not 1 < count <= _FEW:
        return multiply_both(rows, matrix)
    return tf.concat([multiply_both(row, matrix) for row in tf.split(rows, count)], 0)


def strided(steps: tf.Tensor, kernel: np.ndarray, stride: int) -> tf.Tensor:
    """`tf.nn.conv1d` of `[rows, steps, in]` with a constant `[taps, in, out]`, no padding."""
    weights = tf.constant(kernel, steps.dtype)
    shape = tf.shape(steps)
    return _linear(
        lambda x, w: tf.nn.conv1d(x, w, stride=stride, padding="VALID"),
        lambda g, w: tf.nn.conv1d_transpose(g, w, shape, strides=stride, padding="VALID"),
        steps,
        weights,
    )


def _linear(product: _Product, adjoint: _Product, x: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """`product(x, weights)`, whose gradient is `adjoint`, each as precise as its type."""
    if not rounds_operands(x.dtype):
        return product(x, weights)
    high_weights, low_weights = _split(weights)

    @tf.custom_gradient
    def precise(x: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        high, low = _split(x)
        small = product(high, low_weights) + product(low, high_weights)
        made = product(high, high_weights) + small
        return made, lambda upstream: _linear(adjoint, product, upstream, weights)

    return precise(x)


def _split(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """A float32 tensor as the sum of a part with 10 bits behind the point, and the rest."""
    bits = tf.bitwise.bitwise_and(tf.bitcast(x, tf.int32), tf.constant(-(1 << 13), tf.int32))
    high = tf.bitcast(bits, tf.float32)
    return high, x - high
