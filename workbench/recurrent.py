"""Keras' recurrent layers, at any sample rate: their state is delayed by the right time."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, NamedTuple, Self

import keras
import tensorflow as tf

from workbench.axes import Axis, Space
from workbench.core.recurrence import (
    Past,
    interleave,
    recur,
    state_delay,
    uninterleave,
    whole_delay,
)
from workbench.core.state_delays import StateDelay
from workbench.declared_layer import SignatureOf
from workbench.errors import ParameterError, ParameterTypeError, naming
from workbench.params import REQUIRED, Declared, Param, describe, read_parameters
from workbench.rate_layer import RateLayer
from workbench.shapes import sizes
from workbench.specification import Declaration
from workbench.tensors import is_tensor, working_type

_REFUSED = {"go_backwards": False, "unroll": False, "recurrent_dropout": 0.0, "implementation": 2}
_UNITS = Declared("units", Param("Size of the state.", low=1), int, False, REQUIRED)


class Memory(NamedTuple):
    """How a layer reads its past, and the past, as Keras has a state."""

    delay: StateDelay
    state: list[tf.Tensor]


class RateIndependent(RateLayer):
    """What the three layers share: the state is that of one sample of the training rate ago.

    Inputs are `[batch, time, features]`; weights, arguments and results are those of the Keras
    layer, so that trained ones come and go (`from_layer`, `to_layer`). A state that is returned, or
    given as `initial_state`, holds what is remembered, the latest first: `[batch, past * units]`,
    which is Keras' own state at the training rate; Keras' form is taken at any rate, as a state
    that was held. `go_backwards`, `unroll` and `recurrent_dropout` are refused.
    """

    plain: ClassVar[type[keras.layers.RNN]]
    compiled = True  # whether XLA compiles the loop over time, which few files can hold

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.spec = Declaration(cls.__name__, read_parameters(state_delay))
        units = inspect.Parameter("units", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=int)
        cls.__signature__ = SignatureOf([units], cls.spec, {})  # type: ignore[attr-defined]
        listed = "\n".join(map(describe, (_UNITS, *cls.spec.parameters.values())))
        shared = inspect.getdoc(RateIndependent).partition("\n\n")[2]  # type: ignore[union-attr]
        cls.__doc__ = f"{cls.__doc__}\n\n{shared}\n\nArgs:\n{listed}"
        keras.saving.register_keras_serializable("workbench")(cls)

    def __init__(self, units: int, **values: Any):
        for name, wanted in _REFUSED.items():
            got = values.pop(name, wanted)
            if got != wanted:
                raise ParameterError(name, f"be {wanted!r}", repr(got)).named(self.spec.name)
        with naming(self.spec.name):
            units = _UNITS.check(units)
        super().__init__(units, **values)

    # what Keras asks of a recurrent layer

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        """Makes the weights."""
        with tf.init_scope():  # their values are looked at, also while a graph is traced
            if not self.cell.built:
                self.cell.build((sequences_shape[0], *sequences_shape[2:]))
            self._make_learnt()
            self.built = True
            super().build(sequences_shape, initial_state_shape)
        self._warn_if_unstable()

    @property
    def _has_weights(self) -> bool:
        return self.cell.built

    def _changed(self) -> None:
        super()._changed()
        if self.stateful and self.states is not None:
            with tf.init_scope():
                self._create_state_variables(self._expected_batch_size)

    @contextlib.contextmanager
    def restoring(self) -> Iterator[None]:
        """Puts all parameters, and the state, back to where they were if the block raises."""
        states, choice = self.states, self._choice
        try:
            with super().restoring():
                yield
        except BaseException:  # also an interrupt
            self._choice = choice
            object.__setattr__(self, "states", states)  # Keras does not track states either
            raise

    @property
    def state_size(self) -> list[int]:
        """How many numbers each part of the state has."""
        return [self._slots(self._delay(self._current)) * self.cell.units] * self._cell().parts

    @state_size.setter
    def state_size(self, given: Any) -> None:
        """Keras sets that of its own layer; ours follows from the rates."""

    def get_initial_state(self, batch_size: Any) -> list[tf.Tensor]:
        """Zeros."""
        return [tf.zeros([batch_size, size], self.compute_dtype) for size in self.state_size]

    def call(
        self, sequences: Any, initial_state: Any = None, mask: Any = None, training: Any = False
    ) -> Any:
        """As in Keras."""
        self._settle()
        return super().call(sequences, initial_state, mask, training)

    def inner_loop(
        self, sequences: Any, initial_state: Any, mask: Any, training: bool = False
    ) -> tuple[Any, Any, Any]:
        """The outputs and the states of checked inputs, as `keras.layers.RNN` calls it."""
        if training and self.cell.dropout:
            sequences *= self.cell.get_dropout_mask(sequences[:, 0, :])[:, tf.newaxis]
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        mask = None if mask is None else tf.cast(mask, tf.bool)
        delay, state = self._delay(self._current), list(initial_state)
        count = whole_delay(delay) if mask is None and self.compiled else 0
        if count and (sequences.shape[1] or 0) >= count and self._has_fused_kernel():
            return self._run_fused(sequences, state, delay, count)
        return self._run(sequences, state, mask, delay)

    def apply(
        self, inputs: Any, tensors: Mapping[str, Any], lengths: tf.Tensor | None = None
    ) -> tf.Tensor:
        """The outputs from a state of zeros, with `tensors` in place of parameters."""
        mask = None if lengths is None else tf.sequence_mask(lengths, tf.shape(inputs)[1])
        return self.apply_masked(inputs, tensors, mask)

    def apply_masked(self, inputs: Any, tensors: Mapping[str, Any], mask: Any) -> tf.Tensor:
        """The same with a Keras mask, whose steps may lie anywhere, or None."""
        inputs = self._checked_inputs(inputs)
        mask = None if mask is None else tf.cast(mask, tf.bool)
        delay, state = self._beginning(inputs, tensors)
        last, outputs, _ = self._run(inputs, state, mask, delay)
        return outputs if self.return_sequences else last

    def advance(
        self, inputs: Any, memory: Memory | None = None, tensors: Mapping[str, Any] | None = None
    ) -> tuple[tf.Tensor, Memory]:
        """The outputs `[batch, time, units]` of the next inputs, and what is remembered then.

        Args:
            inputs: `[batch, time, features]`.
            memory: What this has returned for the inputs before; None: there were none.
            tensors: At the beginning, what stands in place of parameters.
        """
        inputs = self._checked_inputs(inputs)
        delay, state = memory or self._beginning(inputs, tensors or {})
        _, outputs, state = self._run(inputs, state, None, delay)
        return outputs, Memory(delay, state)

    def _checked_inputs(self, inputs: Any) -> tf.Tensor:
        inputs = tf.cast(tf.convert_to_tensor(inputs), self.compute_dtype)
        if inputs.shape.rank not in (None, 3):
            rule = "have the shape [batch, time, features]"
            raise ParameterError("inputs", rule, list(inputs.shape)).named(self.spec.name)
        self._settle()
        if not self.built:
            self.build(inputs.shape)
        return inputs

    def _beginning(self, inputs: tf.Tensor, tensors: Mapping[str, Any]) -> Memory:
        """Nothing but zeros."""
        delay = self._delay(self._current | dict(tensors))
        size, rows = self._slots(delay) * self.cell.units, tf.shape(inputs)[0]
        return Memory(delay, [tf.zeros([rows, size], inputs.dtype)] * self._cell().parts)

    def _run(
        self, sequences: tf.Tensor, state: list[tf.Tensor], mask: Any, delay: StateDelay
    ) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]:
        work, features = working_type(sequences.dtype), self.cell.kernel.shape[0]
        if sequences.shape[-1] not in (None, features):
            rule, got = f"have {features} features", sequences.shape[-1]
            raise ParameterError("inputs", rule, got).named(self.spec.name)
        sequences = tf.ensure_shape(sequences, [None, None, features])  # a trace may not know
        past = self._past([tf.cast(each, work) for each in state], delay)
        weights = [tf.cast(each, work) for each in self._cell_weights()]
        given = self._cell(), tf.cast(sequences, work), weights, delay, past, mask
        fresh, after = recur(*given, compiled=self.compiled)
        outputs = tf.cast(fresh[0], self.compute_dtype)
        if mask is not None and self.zero_output_for_mask:
            outputs = tf.where(mask[..., tf.newaxis], outputs, tf.zeros_like(outputs))
        state = self._remembered(after)
        last = outputs[:, -1] if outputs.shape[1] != 0 else state[0][:, : self.cell.units]
        return last, outputs, state

    def _has_fused_kernel(self) -> bool:
        """Whether a GPU has one kernel for all steps of Keras' layer; that excludes XLA."""
        return not self.supports_jit and bool(tf.config.list_logical_devices("GPU"))

    def _run_fused(
        self, sequences: tf.Tensor, state: list[tf.Tensor], delay: StateDelay, count: int
    ) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]:
        """A delay of `count` steps as a batch of ordinary sequences, by Keras' own layer."""
        batch, length, _ = sizes(sequences)
        rows = interleave(sequences, count)
        first = [tf.reverse(each, [1]) for each in self._past(state, delay).states]
        first = [interleave(each, count)[:, 0] for each in first]
        valid = interleave(tf.ones([batch, length, 1], tf.bool), count)[..., 0]
        mask = None if length % count == 0 else valid
        last, outputs, state = super().inner_loop(rows, first, mask)
        phases = (length - 1 - tf.range(count)) % count  # of the last steps, the latest first

        def latest(each: tf.Tensor) -> tf.Tensor:
            return tf.gather(tf.reshape(each, [batch, count, -1]), phases, axis=1)

        if self.return_sequences:
            outputs = uninterleave(outputs, count, length)
        remembered = [tf.reshape(latest(each), [batch, -1]) for each in state]
        return latest(last)[:, 0], outputs, remembered

    def _slots(self, delay: StateDelay) -> int:
        return delay.taps.shape[0] + (is_tensor(delay.feedback) or bool(delay.feedback))

    def _past(self, state: list[tf.Tensor], delay: StateDelay) -> Past:
        """What a state of Keras' form remembers: a shorter one has been held."""
        units, slots, count = self.cell.units, self._slots(delay), self._cell().parts
        if len(state) != count:
            rule = f"be {count} tensor{'s' * (count > 1)}"
            raise ParameterError("initial_state", rule, len(state)).named(self.spec.name)
        parts = []
        for each in state:
            if each.shape[-1] == units:
                each = tf.tile(each, [1, slots])
            if each.shape[-1] != slots * units:
                sizes = " or ".join(map(str, sorted({units, slots * units})))
                rule = f"have {sizes} numbers a row"
                raise ParameterError("initial_state", rule, each.shape[-1]).named(self.spec.name)
            parts.append(tf.reshape(each, [-1, slots, units]))
        taps = delay.taps.shape[0]
        read = tuple(each[:, -1] for each in parts) if slots > taps else ()
        return Past(tuple(each[:, :taps] for each in parts), read)

    def _remembered(self, past: Past) -> list[tf.Tensor]:
        """Undoes `_past`."""
        parts = [list(tf.unstack(each, axis=1)) for each in past.states]
        for part, read in zip(parts, past.read, strict=False):
            part.append(read)
        return [tf.concat(part, -1) for part in parts]

    def _cell_weights(self) -> list[Any]:
        """Kernel, recurrent kernel and bias; zeros for a layer without one."""
        cell = self.cell
        if cell.use_bias:
            return [cell.kernel, cell.recurrent_kernel, cell.bias]
        gates = [2] * getattr(cell, "reset_after", False) + [cell.recurrent_kernel.shape[-1]]
        return [cell.kernel, cell.recurrent_kernel, tf.zeros(gates)]

    # to and from Keras' own layers

    @classmethod
    def from_layer(cls, layer: keras.layers.RNN, **values: Any) -> Self:
        """The layer that does at its training rate what a trained Keras layer does.

        Args:
            layer: A layer of the Keras class of the same name; its weights are copied.
            **values: `training_rate`, and what else the layer shall have.

        Raises:
            ParameterTypeError: It is a layer of another class.
        """
        if type(layer) is not cls.plain:
            rule = f"be a keras.layers.{cls.plain.__name__}"
            raise ParameterTypeError("layer", rule, type(layer).__name__).named(cls.__name__)
        config = layer.get_config() | {"implementation": 2, "seed": layer.cell.seed}
        made = cls(**(config | values))
        return _with_weights_of(layer, made)

    def to_layer(self) -> keras.layers.RNN:
        """The plain Keras layer with the same weights, for the training rate."""
        config = self.plain.get_config(self)
        return _with_weights_of(self, self.plain(**(config | {"seed": self.cell.seed})))

    # what a chain asks

    def _by_position(self) -> tuple[int]:
        return (self.cell.units,)

    def _said(self) -> dict[str, Any]:
        """Which of Keras' arguments differ from its defaults."""
        given = self.plain.get_config(self)
        usual = self.plain(self.cell.units).get_config()
        return {n: given[n] for n in usual if n not in ("name", "dtype") and given[n] != usual[n]}

    def space(self, given: Space) -> Space:
        """The activations of the units over time; without `return_sequences` nothing with time."""
        if not self.return_sequences:
            return Space((Axis("index"),), self.name)
        return Space((given.time, Axis("unit")), "activation", power=0.0)


def _with_weights_of(layer: keras.layers.RNN, made: Any) -> Any:
    """`made`, with the weights that a layer has."""
    if layer.cell.built:
        features = layer.cell.kernel.shape[0]
        made.cell.build((None, features))
        made.cell.set_weights(layer.cell.get_weights())
        if not made.stateful:  # whose number of rows the first call tells
            made.build((None, None, features))
    return made
