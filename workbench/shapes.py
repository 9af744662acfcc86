"""Arithmetic of shapes, and parts of tensors along an axis."""

from __future__ import annotations

from typing import Any

import tensorflow as tf


def sizes(tensor: tf.Tensor) -> list[Any]:
    """The size of each dimension: a number where it is known, as it is outside of graphs.

    Arithmetic on numbers costs nothing; on tensors each step of it is an operation.
    """
    known = tensor.shape.as_list()
    if None not in known:
        return known
    dynamic = tf.unstack(tf.shape(tensor))
    return [d if k is None else k for k, d in zip(known, dynamic, strict=True)]


def smaller(one: Any, other: Any) -> Any:
    """The smaller of two sizes."""
    known = isinstance(one, int) and isinstance(other, int)
    return min(one, other) if known else tf.minimum(one, other)


def flat_rows(signal: tf.Tensor) -> tuple[tf.Tensor, list[Any]]:
    """A signal `[..., time]` as `[rows, time]`, and the sizes of the dimensions of the rows."""
    *leading, length = sizes(signal)
    return tf.reshape(signal, [-1, length]), leading


def unflat_rows(rows: tf.Tensor, leading: list[Any]) -> tf.Tensor:
    """Undoes `flat_rows`, whatever has become of the time."""
    return tf.reshape(rows, [*leading, sizes(rows)[-1]])


def part(tensor: tf.Tensor, axis: int, first: Any, count: Any) -> tf.Tensor:
    """`count` steps from `first` on along an axis; where there are fewer, an error, not fewer.

    `tf.slice` has a cheaper gradient than `tensor[..., first : first + count]`.
    """
    begin, size = [0] * tensor.shape.rank, [-1] * tensor.shape.rank
    begin[axis], size[axis] = first, count
    taken, known = tf.slice(tensor, begin, size), tensor.shape.as_list()
    known[axis] = None  # where a count is a tensor, the slice knows no other size either
    taken.set_shape(known)
    return taken


def fits(shape: tf.TensorShape, place: tf.TensorShape) -> bool:
    """Whether a tensor of one shape can be broadcast to another of as many dimensions."""
    same = shape.rank == place.rank
    return same and all(n in (1, None, m) or m is None for n, m in zip(shape, place, strict=True))


def gathered(tensor: tf.Tensor, places: tf.Tensor, axis: int) -> tf.Tensor:
    """What stands at `places` of an axis counted from the end: `[places]`, or for each row.

    Rows are the dimensions before the axis; those of `places` broadcast to them.
    """
    if places.shape.rank == 1:
        return tf.gather(tensor, places, axis=axis)
    shape = tf.concat([tf.shape(tensor)[:axis], tf.shape(places)[-1:]], 0)
    rows = tensor.shape.rank + axis
    return tf.gather(tensor, tf.broadcast_to(places, shape), axis=rows, batch_dims=rows)


def fit_samples(signal: tf.Tensor, first: int, size: Any) -> tf.Tensor:
    """`size` samples from sample `first` on; zeros where there are none."""
    length = sizes(signal)[-1]
    start = smaller(length, max(0, first))
    before = smaller(size, max(0, -first))
    kept = -smaller(0, -smaller(length - start, size - before))
    middle = part(signal, -1, start, kept)
    after = size - before - kept
    return tf.pad(middle, [[0, 0]] * (signal.shape.rank - 1) + [[before, after]])


def shifted(rows: tf.Tensor, by: tf.Tensor, count: Any) -> tf.Tensor:
    """`count` samples of `[..., time]`, which come `by` samples later; 0 outside.

    `by` holds integers, one for all rows or one for each. The adjoint moves the other way.
    """
    length = sizes(rows)[-1]

    @tf.custom_gradient
    def read(rows: tf.Tensor) -> Any:
        places = tf.range(count) - by[..., tf.newaxis]
        inside = (places >= 0) & (places < length)
        kept = tf.clip_by_value(places, 0, length - 1)
        found = tf.gather(rows, kept, axis=rows.shape.rank - 1, batch_dims=by.shape.rank)
        result = tf.where(inside, found, tf.zeros([], rows.dtype))
        return result, lambda upstream: shifted(upstream, -by, length)

    return read(rows)
