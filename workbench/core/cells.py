"""The recurrent cells of Keras as pure functions: what a state becomes in one step.

A state is a tuple of tensors `[rows, units]`: h and c for an LSTM, h for the others. The fresh h is
the output. Weights are Keras' own, in its shapes and order: kernel `[features, gates]`, recurrent
kernel `[units, gates]`, bias.

What the inputs add to the gates does not depend on the state: `project` finds it for all steps at
once, `step` takes it from there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import tensorflow as tf

from workbench.core.products import multiply_both, multiply_few

Activation = Callable[[tf.Tensor], tf.Tensor]
Weights = Sequence[tf.Tensor]
State = tuple[tf.Tensor, ...]


class _OneBias:
    """A cell whose bias goes with the inputs."""

    def project(self, inputs: tf.Tensor, weights: Weights) -> tf.Tensor:
        """What the inputs `[..., features]` add to the gates."""
        return multiply_both(inputs, weights[0]) + weights[2]


@dataclass(frozen=True)
class LSTMCell(_OneBias):
    """Long short-term memory (Hochreiter & Schmidhuber 1997), gates in the order i, f, c, o."""

    units: int
    activation: Activation
    recurrent_activation: Activation
    parts: ClassVar[int] = 2

    def step(self, projected: tf.Tensor, state: State, weights: Weights) -> State:
        """The fresh state, from projected inputs `[rows, 4 units]` and the state before."""
        h, c = state
        i, f, candidate, o = tf.split(projected + multiply_few(h, weights[1]), 4, axis=-1)
        gate = self.recurrent_activation
        c = gate(f) * c + gate(i) * self.activation(candidate)
        return gate(o) * self.activation(c), c


@dataclass(frozen=True)
class GRUCell:
    """Gated recurrent unit (Cho et al. 2014), gates in the order z, r, h.

    With `reset_after` the reset gate acts on the product, as in cuDNN and torch; the bias is then
    `[2, gates]`, that of the inputs and that of the recurrence.
    """

    units: int
    activation: Activation
    recurrent_activation: Activation
    reset_after: bool
    parts: ClassVar[int] = 1

    def project(self, inputs: tf.Tensor, weights: Weights) -> tf.Tensor:
        """What the inputs `[..., features]` add to the gates."""
        bias = weights[2][0] if self.reset_after else weights[2]
        return multiply_both(inputs, weights[0]) + bias

    def step(self, projected: tf.Tensor, state: State, weights: Weights) -> State:
        """The fresh state, from projected inputs `[rows, 3 units]` and the state before."""
        (h,), kernel = state, weights[1]
        x_gates, x_candidate = tf.split(projected, [2 * self.units, self.units], axis=-1)
        if self.reset_after:
            inner = multiply_few(h, kernel) + weights[2][1]
            of_gates, of_candidate = tf.split(inner, [2 * self.units, self.units], axis=-1)
            z, r = self._gates(x_gates + of_gates)
            candidate = self.activation(x_candidate + r * of_candidate)
        else:
            of_gates, of_candidate = tf.split(kernel, [2 * self.units, self.units], axis=-1)
            z, r = self._gates(x_gates + multiply_few(h, of_gates))
            candidate = self.activation(x_candidate + multiply_few(r * h, of_candidate))
        return (z * h + (1 - z) * candidate,)

    def _gates(self, inner: tf.Tensor) -> list[tf.Tensor]:
        return tf.split(self.recurrent_activation(inner), 2, axis=-1)


@dataclass(frozen=True)
class SimpleCell(_OneBias):
    """The fully connected recurrence of Elman (1990)."""

    units: int
    activation: Activation
    parts: ClassVar[int] = 1

    def step(self, projected: tf.Tensor, state: State, weights: Weights) -> State:
        """The fresh state, from projected inputs `[rows, units]` and the state before."""
        return (self.activation(projected + multiply_few(state[0], weights[1])),)


Cell = LSTMCell | GRUCell | SimpleCell
