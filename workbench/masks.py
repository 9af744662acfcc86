"""Keras masks: which steps of a padded batch are valid, and what becomes of them in an op.

Here as in Keras a tensor carries its mask along, from the layer that made it to the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from workbench.ops import registry
from workbench.tensors import is_tensor


def valid_steps(mask: Any) -> tf.Tensor | None:
    """How many steps of each row are valid, int64; None where there is no mask."""
    return None if mask is None else tf.reduce_sum(tf.cast(mask, tf.int64), axis=-1)


def mask_of(tensor: Any) -> Any:
    """The mask that a tensor carries, or None; arrays carry none."""
    return getattr(tensor, "__dict__", {}).get("_keras_mask")  # a tensor says no slowly


def carry(tensor: tf.Tensor, mask: Any) -> tf.Tensor:
    """The tensor, from now on with this mask; None changes nothing.

    >>> x = carry(tf.zeros([2, 3]), tf.sequence_mask([2, 3], 3))
    >>> valid_steps(mask_of(x)).numpy().tolist()
    [2, 3]
    """
    if mask is not None:
        tensor._keras_mask = mask
    return tensor


Masks = dict[int, Any]


def masks_among(tensors: Any) -> Masks:
    """The masks that some of several tensors carry, by their place in whatever holds them."""
    masks = enumerate(map(mask_of, tf.nest.flatten(tensors)))
    return {place: mask for place, mask in masks if mask is not None}


def carrying(masks: Masks, tensors: Any) -> Any:
    """Several tensors, in whatever holds them, from now on with these masks by place."""
    if masks:
        flat = tf.nest.flatten(tensors)
        for place, mask in masks.items():
            carry(flat[place], mask)
    return tensors


def whole_mask(inputs: Any, axis: int) -> Any:
    """The mask of inputs that are not padded, `[batch, ..., time]` with time at `axis`."""
    ones = keras.ops.ones_like(inputs, dtype="bool")
    for _ in range(axis + 1, len(inputs.shape)):
        ones = ones[..., 0]
    return ones


@keras.saving.register_keras_serializable("workbench")
class StepsMask(keras.Operation):
    """From the mask of an op's samples to the mask of its steps; symbolic models hold it too."""

    def __init__(self, op_name: str, values: Mapping[str, Any], **options: Any):
        super().__init__(**options)
        self.op = registry()[op_name]
        self.values = dict(values)

    def call(self, mask: tf.Tensor) -> tf.Tensor:
        """The mask of the steps."""
        made = self.op.valid(valid_steps(mask), self.values)
        steps = self.op.length(tf.shape(mask, tf.int64)[-1], self.values)
        return tf.sequence_mask(made, steps)

    def compute_output_spec(self, mask: Any) -> keras.KerasTensor:
        """As many rows, of some length."""
        return keras.KerasTensor((mask.shape[0], None), dtype="bool")

    def get_config(self) -> dict[str, Any]:
        """The op's name, and its parameters as they are now."""
        values = {n: float(v) if is_tensor(v) else v for n, v in self.values.items()}
        return super().get_config() | {"op_name": self.op.name, "values": values}
