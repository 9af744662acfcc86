"""Convolution of rows with short filters, as matrix products.

A matrix product of blocks runs several times as fast as `tf.nn.conv1d` with one channel, its
gradient most of all, and can hold other weights for each row.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from workbench.core.products import multiply_both
from workbench.shapes import part, sizes

_BLOCK = 64  # outputs of one matrix product: fewer leave it half empty


def convolve(span: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """Convolves rows with weights, `[taps]` for all or `[rows, taps]`; only what is complete."""
    taps = weights.shape[-1]
    frames, count = _frames(span, taps)
    matrix = _toeplitz(tf.reverse(weights, [-1]))
    product = multiply_both(frames, matrix)
    rows, blocks, block = sizes(product)
    return tf.slice(tf.reshape(product, [rows, blocks * block]), [0, 0], [rows, count])


def filter_all(span: tf.Tensor, table: tf.Tensor) -> tf.Tensor:
    """Convolves rows with each column of `[taps, columns]`: `[rows, time, columns]`."""
    taps, columns = table.shape
    frames, count = _frames(span, taps)
    bank = tf.transpose(_toeplitz(tf.transpose(table[::-1])), [1, 2, 0])
    product = multiply_both(frames, tf.reshape(bank, [bank.shape[0], -1]))
    rows, blocks, width = sizes(product)
    made = tf.reshape(product, [rows, blocks * (width // columns), columns])
    return tf.slice(made, [0, 0, 0], [rows, count, columns])


def _frames(span: tf.Tensor, taps: int) -> tuple[tf.Tensor, Any]:
    """What each block of outputs is computed from, `[rows, blocks, block + taps - 1]`; outputs."""
    block = max(_BLOCK, taps - 1)
    rows, length = sizes(span)
    count = length - taps + 1
    blocks = -(-count // block)
    padding = [[0, 0], [0, (blocks + 1) * block - length]]
    cut = tf.reshape(tf.pad(span, padding), [rows, blocks + 1, block])
    here = tf.slice(cut, [0, 0, 0], [rows, blocks, block])
    beyond = tf.slice(cut, [0, 1, 0], [rows, blocks, taps - 1])
    return tf.concat([here, beyond], axis=2), count


def _toeplitz(weights: tf.Tensor) -> tf.Tensor:
    """`[..., taps]` as matrices `[..., block + taps - 1, block]`: column i is shifted down by i."""
    taps = weights.shape[-1]
    block = max(_BLOCK, taps - 1)
    outer, height = weights.shape.rank - 1, block + taps - 1
    # rows of height + 1 in a line, read in rows of height: each begins one further to the right
    padded = tf.pad(weights, [[0, 0]] * outer + [[0, block]])
    # not `tf.tile`, for whose gradient oneDNN complains on processors without AVX-512
    copies = tf.expand_dims(padded, -2) * tf.ones([block, 1], weights.dtype)
    line = tf.reshape(copies, [-1] * outer + [block * (taps + block)])
    line = part(line, -1, 0, block * height)
    skewed = tf.reshape(line, [-1] * outer + [block, height])
    return tf.linalg.matrix_transpose(skewed)
