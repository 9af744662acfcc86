"""What ops take as a signal: its type, and where time is."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from workbench.errors import ParameterError, ParameterTypeError


def is_tensor(value: Any) -> bool:
    """Whether `value` is a TensorFlow (or Keras) tensor or variable, not a plain number."""
    if isinstance(value, (bool, int, float, str, tuple, list, type(None), np.generic)):
        return False
    return tf.is_tensor(value) or hasattr(value, "shape")


def as_signal(value: Any, *, rank: int = 1) -> tf.Tensor:
    """Converts `value` to a floating-point tensor of at least `rank` dimensions.

    Python numbers become float32; NumPy and TensorFlow values keep their type.

    Raises:
        ParameterTypeError: It holds integers, or no numbers at all.
        ParameterError: It has too few dimensions.
    """
    tensor = tf.convert_to_tensor(value)
    if not tensor.dtype.is_floating:
        scaled = tensor.dtype.is_integer
        remedy = f"Scale it to -1 .. 1, e.g. signal / {tensor.dtype.max + 1}." if scaled else ""
        raise ParameterTypeError("signal", "be floating point", tensor.dtype.name, remedy)
    shape = tensor.shape
    if shape.rank is not None and shape.rank < rank:
        wanted = "[..., time]" if rank == 1 else "[..., frames, bins]"
        raise ParameterError("signal", f"have the shape {wanted}", list(shape))
    return tensor


def as_type(value: Any, dtype: tf.DType) -> tf.Tensor:
    """A number or tensor in a type; `tf.cast` would take a Python number through float32."""
    return tf.cast(value, dtype) if is_tensor(value) else tf.constant(value, dtype)


def working_type(dtype: tf.DType) -> tf.DType:
    """The type in which `dtype` is computed: half precision in float32, the others as they are."""
    return tf.float32 if dtype in (tf.float16, tf.bfloat16) else dtype


def time_last(tensor: tf.Tensor, axis: int, taken: int) -> tf.Tensor:
    """Moves the `taken` axes that start at `axis`, none of them empty, to the end."""
    first = _first(tensor, axis, taken)
    if 0 in tensor.shape[first : first + taken].as_list():
        raise ParameterError("signal", "hold at least one sample", list(tensor.shape))
    if first == tensor.shape.rank - taken:
        return tensor
    moved = list(range(first, first + taken))
    kept = [i for i in range(tensor.shape.rank) if i not in moved]
    return tf.transpose(tensor, kept + moved)


def time_back(tensor: tf.Tensor, like: tf.Tensor, axis: int, taken: int) -> tf.Tensor:
    """Undoes `time_last`: puts the axes that an op made where `like` had the ones it took."""
    first = _first(like, axis, taken)
    made = tensor.shape.rank - (like.shape.rank - taken)
    if first == tensor.shape.rank - made:
        return tensor
    kept = list(range(tensor.shape.rank - made))
    made_axes = list(range(tensor.shape.rank - made, tensor.shape.rank))
    return tf.transpose(tensor, kept[:first] + made_axes + kept[first:])


def _first(tensor: tf.Tensor, axis: int, taken: int) -> int:
    rank = tensor.shape.rank
    if rank is None:
        raise ParameterError("signal", "have a known number of dimensions", "an unknown one")
    first = axis + rank if axis < 0 else axis
    if not 0 <= first <= rank - taken:
        rule = f"name {taken} dimension(s) of a signal of shape {tensor.shape}"
        raise ParameterError("axis", rule, axis)
    return first
