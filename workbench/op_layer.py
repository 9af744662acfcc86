"""What every layer of an op has: its parameters, its computation, masks, a file form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import keras
import tensorflow as tf

from workbench.axes import Space
from workbench.declared_layer import DeclaredLayer, SignatureOf
from workbench.masks import StepsMask, valid_steps
from workbench.ops import Op, spec


class OpLayer(DeclaredLayer):
    """A Keras layer whose parameters are those of its op.

    Inputs have time at `axis`: `[batch, time]` or `[batch, time, channels]` with the default of 1.
    A Keras mask `[batch, time]` of rows that are padded at their end goes in, and comes out with
    the steps that the op makes of it.

    Args:
        axis: Dimension of time.
        learn: Names of differentiable parameters that become trainable weights.
        **values: The parameters of the op, and `name`, `dtype`, `trainable` as Keras has them.

    Raises:
        ParameterError, ParameterTypeError: As the op raises them.
    """

    function: ClassVar[Callable[..., tf.Tensor]]
    spec: ClassVar[Op]
    pure = True
    options: ClassVar[Mapping[str, Any]] = {"axis": 1}  # beside the parameters, with defaults

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.spec = spec(cls.function)
        cls.__signature__ = SignatureOf([], cls.spec, dict(cls.options))  # type: ignore[attr-defined]
        cls.__doc__ = f"{cls.__doc__}\n\n{_prose(cls.function)}"
        keras.saving.register_keras_serializable("workbench")(cls)

    def __init__(self, *, axis: int = 1, **values: Any):
        super().__init__(**values)
        self.axis = axis

    def space(self, given: Space) -> Space:
        """What comes out, given what goes in; in a graph, whatever has been learnt."""
        return self.spec.space(given, self._known)

    def build(self, input_shape: Any) -> None:
        """Makes the weights of learnt parameters."""
        self._make_learnt()
        self.built = True

    def call(self, inputs: Any, mask: Any = None) -> tf.Tensor:
        """Applies the op; each row of a masked batch as if it were alone."""
        return self.apply(inputs, self._weights_of, valid_steps(mask))

    def apply(
        self, inputs: Any, tensors: Mapping[str, Any], lengths: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Applies the op with `tensors` in place of the parameters of their names.

        As in a call of the layer, a floating-point signal is taken in the type of its policy.
        """
        inputs = tf.convert_to_tensor(inputs)
        if inputs.dtype.is_floating:
            inputs = tf.cast(inputs, self.compute_dtype)
        values = self._at_hand | dict(tensors)
        made = type(self).function(inputs, axis=self.axis, lengths=lengths, **values)
        return made[0] if isinstance(made, tuple) else made

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The mask of what comes out: as many steps as the valid ones make."""
        return self.mask_after(inputs, mask, self._weights_of)

    def mask_after(self, inputs: Any, mask: Any, tensors: Mapping[str, Any]) -> Any:
        """The mask of what `apply` makes of inputs with a mask, or None."""
        return (
            None if mask is None else StepsMask(self.spec.name, {**self._at_hand, **tensors})(mask)
        )

    def get_config(self) -> dict[str, Any]:
        """All parameters, and where time is."""
        return super().get_config() | {"axis": self.axis}

    def _said(self) -> dict[str, Any]:
        return {"axis": self.axis} if self.axis != 1 else {}


def _prose(function: Any) -> str:
    """An op's documentation without its example."""
    return (function.__doc__ or "").partition("\n>>> ")[0].rstrip()


def layer_of(op: Op) -> type[OpLayer]:
    """The layer class of an op.

    Raises:
        TypeError: It has none.
    """
    for layer in OpLayer.__subclasses__():
        if layer.spec is op:
            return layer
    raise TypeError(f"{op.name} has no layer.")
