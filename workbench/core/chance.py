"""Numbers drawn by a seed: the same ones eagerly, in a graph, under XLA and in a pipeline."""

from __future__ import annotations

from typing import Annotated, Any

import tensorflow as tf

from workbench.params import Param

Seed = Annotated[
    tuple[int, int],
    Param(
        "The same seed draws the same places; each row has its own.",
        low=0,
        high=2**31 - 1,
        slider=(0, 100),
    ),
]

_BITS = 32  # of a raw number
_ALGORITHM = "philox"  # TensorFlow's default is another one under XLA; this is one everywhere


def draw(seed: Any, shape: tf.Tensor, count: int) -> tf.Tensor:
    """`count` raw numbers for each row, whole and uniform in 0 .. 2^32 - 1.

    Those of a row depend on the seed and on how many rows are before it, not on those behind.

    Args:
        seed: Two whole numbers.
        shape: The shape of the rows.
        count: Numbers for each of them.

    Returns:
        int64 `[*shape, count]`.

    Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011.
    """
    drawn = tf.random.stateless_uniform(
        tf.concat([shape, [count]], 0),
        tf.cast(seed, tf.int64),
        minval=None,
        maxval=None,
        dtype=tf.uint32,
        alg=_ALGORITHM,
    )
    return tf.cast(drawn, tf.int64)


def uniform(seed: Any, shape: Any, dtype: tf.DType = tf.float32) -> tf.Tensor:
    """Numbers evenly spread over 0 .. 1, without 1.

    >>> float(uniform([1, 2], [])) == float(tf.function(uniform, jit_compile=True)([1, 2], []))
    True
    """
    return tf.random.stateless_uniform(shape, seed, dtype=dtype, alg=_ALGORITHM)


def normal(seed: Any, shape: Any, dtype: tf.DType = tf.float32) -> tf.Tensor:
    """Numbers of the standard normal distribution: mean 0, variance 1.

    >>> float(normal([1, 2], [])) == float(tf.function(normal, jit_compile=True)([1, 2], []))
    True
    """
    return tf.random.stateless_normal(shape, seed, dtype=dtype, alg=_ALGORITHM)


def below(raw: tf.Tensor, limit: Any) -> tf.Tensor:
    """Raw numbers spread evenly over 0 .. limit - 1, in whole numbers throughout.

    >>> below(tf.constant([0, 2**31, 2**32 - 1], tf.int64), 10).numpy().tolist()
    [0, 5, 9]
    """
    return tf.bitwise.right_shift(raw * tf.cast(limit, tf.int64), tf.constant(_BITS, tf.int64))


def seed_of_step(seed: Any, step: Any) -> tf.Tensor:
    """The seed of a later step: that of step 0 is the seed, and no two steps or seeds meet."""
    return tf.cast(seed, tf.int64) + [0, 2**_BITS] * tf.cast(step, tf.int64)
