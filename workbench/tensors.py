"""What ops take as a signal: its type, and where time is."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np
import tensorflow as tf

from workbench.errors import ParameterError, ParameterTypeError


def is_tensor(value: Any) -> bool:
    """Whether `value` is a TensorFlow (or Keras) tensor or variable, not a plain number."""
    if isinstance(value, (bool, int, float, str, tuple, list, type(None), np.generic)):
        return False
    return tf.is_tensor(value) or hasattr(value, "shape")


def as_tensor(value: Any, name: str) -> tf.Tensor:
    """Converts `value` to a tensor of the type that it has.

    Raises:
        ParameterTypeError: It holds no numbers, or rows of different lengths.
    """
    try:
        return tf.convert_to_tensor(value)
    except (TypeError, ValueError) as error:
        rule = "be a tensor, an array, or numbers in rows of one length"
        raise ParameterTypeError(name, rule, type(value).__name__) from error


def form_of(tensor: Any) -> tuple[tf.DType, tf.TensorShape]:
    """Type and shape of a tensor, variable or array."""
    return tf.as_dtype(tensor.dtype), tf.TensorShape(tensor.shape)


def as_signal(value: Any, *, rank: int = 1, of_complex: bool = False) -> tf.Tensor:
    """Converts `value` to a floating-point (or complex) tensor of at least `rank` dimensions.

    Python numbers become float32; NumPy and TensorFlow values keep their type.

    Raises:
        ParameterTypeError: It holds integers, or no numbers at all.
        ParameterError: It has too few dimensions.
    """
    tensor = as_tensor(value, "signal")
    if of_complex and not tensor.dtype.is_complex:
        raise ParameterTypeError("signal", "be complex", tensor.dtype.name)
    if not of_complex and not tensor.dtype.is_floating:
        raise ParameterTypeError(
            "signal", "be floating point", tensor.dtype.name, _remedy(tensor.dtype)
        )
    shape = tensor.shape
    if shape.rank is not None and shape.rank < rank:
        wanted = "[..., time]" if rank == 1 else "[..., frames, bins]"
        raise ParameterError("signal", f"have the shape {wanted}", list(shape))
    return tensor


def _remedy(dtype: tf.DType) -> str:
    """How numbers of this type become floating-point ones."""
    if dtype.is_integer:
        return f"Scale it to -1 .. 1, e.g. signal / {dtype.max + 1}."
    if dtype.is_complex:
        return "Take its magnitude, tf.abs(signal), or real and imaginary parts apart."
    return ""


def as_operand(value: Any, name: str, given: tf.Tensor, axis: int, taken: int) -> tf.Tensor:
    """A tensor beside the signal, in its own type: one that runs along time has time last too."""
    tensor = as_tensor(value, name)
    if not tensor.dtype.is_floating:
        raise ParameterTypeError(name, "be floating point", tensor.dtype.name)
    return time_last(tensor, axis, taken) if tensor.shape.rank == given.shape.rank else tensor


def as_lengths(value: Any, given: tf.Tensor, axis: int) -> tf.Tensor:
    """Where the rows of a batch end: integers, one for each index of the dimensions before time.

    Raises:
        ParameterTypeError: They are no integers.
        ParameterError: There are more dimensions than rows have, or a length lies outside time.
    """
    lengths = as_tensor(value, "lengths")
    if not lengths.dtype.is_integer:
        raise ParameterTypeError("lengths", "be integers", lengths.dtype.name)
    time = _first(given, axis, 1)
    leading = given.shape[:time]
    if not lengths.shape.is_compatible_with(leading):
        raise ParameterError("lengths", f"have the shape {leading} of the rows", lengths.shape)
    if (known := tf.get_static_value(lengths)) is not None and (
        np.any(known < 0) or (given.shape[time] is not None and np.any(known > given.shape[time]))
    ):
        raise ParameterError("lengths", f"lie in 0 .. {given.shape[time]}", known)
    return tf.cast(lengths, tf.int32)  # unsigned ones would wrap round below 0


def whole_lengths(given: tf.Tensor, axis: int) -> tf.Tensor:
    """The lengths of rows that are not padded."""
    time, shape = _first(given, axis, 1), tf.shape(given)
    return tf.fill(shape[:time], shape[time])


def as_rows(lengths: tf.Tensor, work: tf.Tensor, taken: int) -> tf.Tensor:
    """`lengths` in a shape that broadcasts to the rows of `work`, all but its last dimensions."""
    inner = work.shape.rank - taken - lengths.shape.rank
    if inner == 0:
        return lengths
    return tf.reshape(lengths, tf.concat([tf.shape(lengths), [1] * inner], 0))


def common_end(lengths: tf.Tensor) -> int | None:
    """Where all rows end, if that is known and the same for all of them.

    >>> common_end(tf.constant([3, 3])), common_end(tf.constant([3, 4]))
    (3, None)
    """
    known = tf.get_static_value(lengths)
    if known is None or known.size == 0 or np.any(known != known.flat[0]):
        return None
    return int(known.flat[0])


def silence_beyond(work: tf.Tensor, lengths: tf.Tensor, taken: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Sets what lies beyond the end of each row to 0.

    Args:
        work: `[rows ..., time]` or `[rows ..., frames, bins]`, as `taken` says.
        lengths: Integers, one for each index of the first dimensions of `work`.
        taken: How many dimensions follow those of the rows.

    Returns:
        The tensor, and `lengths` in a shape that broadcasts to its rows.
    """
    rows = as_rows(lengths, work, taken)
    valid = tf.sequence_mask(rows, tf.shape(work)[-taken])
    valid = valid[..., tf.newaxis] if taken == 2 else valid
    return tf.where(valid, work, tf.zeros([], work.dtype)), rows


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
    if not isinstance(axis, numbers.Integral) or isinstance(axis, bool):
        raise ParameterTypeError("axis", "be a whole number", repr(axis))
    first = int(axis) + rank if axis < 0 else int(axis)
    if not 0 <= first <= rank - taken:
        rule = f"name {taken} dimension(s) of a signal of shape {tensor.shape}"
        raise ParameterError("axis", rule, axis)
    return first
