"""Recurrences whose state is delayed by a time, not by a sample.

A base recurrence `s[n] = f(x[n], s[n-1])` becomes, by a `StateDelay`,

    d[n] = feedback * d[n-1] + sum_k taps[k] * s[n-1-k]
    s[n] = keep * d[n] + (1 - keep) * f(x[n], d[n])

and its output is the fresh state s. It runs as one loop compiled by XLA. A delay by a whole number
D of steps runs as a batch of D ordinary recurrences, each of every D-th step.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np
import tensorflow as tf

from workbench.core import state_loop
from workbench.core.cells import Cell, State, Weights
from workbench.core.declarations import COMMON_RATES
from workbench.core.state_delays import (
    INTERPOLATIONS,
    LEAST_RATIO,
    MOST_ORDER,
    MOST_RATIO,
    ORDERED,
    StateDelay,
    design_state_delay,
    state_delay_at,
)
from workbench.errors import ParameterError
from workbench.params import Param
from workbench.shapes import gathered, part, sizes
from workbench.tensors import as_type, is_tensor

TrainingRate = Annotated[
    float,
    Param("Steps per second at which the weights were trained.", unit="Hz", low=0, open_low=True),
]
RunningRate = Annotated[
    float,
    Param(
        "Steps per second at which the recurrence runs.",
        unit="Hz",
        low=0,
        open_low=True,
        slider=tuple(map(float, COMMON_RATES)),
        most=lambda values: MOST_RATIO * values["training_rate"],
        differentiable=True,
        follows="rate",
    ),
]
Interpolation = Annotated[
    str,
    Param("How the state is read between samples.", choices=(*INTERPOLATIONS, "auto")),
]
Order = Annotated[
    int,
    Param(
        "Order of the interpolation.",
        low=1,
        high=MOST_ORDER,
        slider=(1, MOST_ORDER),
        only=("interpolation", ORDERED),
    ),
]


class Past(NamedTuple):
    """What a recurrence remembers; parts as in the cell's state.

    Attributes:
        states: The fresh states, the latest first, `[rows, past, units]` each.
        read: What was read last, `[rows, units]` each; empty where there is no feedback.
    """

    states: State
    read: State


def state_delay(
    *,
    training_rate: TrainingRate,
    sample_rate: RunningRate,
    interpolation: Interpolation = "cubic",
    order: Order = 3,
) -> StateDelay:
    """How a recurrence at one rate reads the state of one sample at another rate ago.

    Below the training rate a state is needed that is younger than the last one: it is extrapolated.

    Returns:
        Numbers, or tensors for a `sample_rate` that is one.

    Raises:
        ParameterError: The rate is too far from that of training, or too low for the method.
    """
    if is_tensor(sample_rate):
        ratio = tf.cast(sample_rate, tf.float64) / training_rate
        return state_delay_at(ratio, interpolation, order, MOST_RATIO)
    ratio = sample_rate / training_rate
    if not LEAST_RATIO <= ratio <= MOST_RATIO:
        rule = f"have a ratio of {LEAST_RATIO:g} .. {MOST_RATIO:g}"
        raise ParameterError(
            ("sample_rate", "training_rate"), rule, f"{sample_rate:.10g} and {training_rate:.10g}"
        )
    if interpolation == "allpass" and ratio < 1:
        rule = f"be at least training_rate, {training_rate:.10g} Hz, for interpolation 'allpass'"
        raise ParameterError("sample_rate", rule, f"{sample_rate:.10g}", "Or take 'lagrange'.")
    return design_state_delay(ratio, interpolation, order)


def recur(
    cell: Cell,
    inputs: tf.Tensor,
    weights: Weights,
    delay: StateDelay,
    past: Past,
    mask: tf.Tensor | None = None,
    compiled: bool = True,
) -> tuple[State, Past]:
    """Runs a recurrence.

    Args:
        cell: The base recurrence.
        inputs: `[rows, time, features]`.
        weights: Those of the cell, in the type of the inputs.
        delay: How it reads its past.
        past: What it remembers; as many states as the delay has taps.
        mask: `[rows, time]`, False for a step that is left out, as if it were not in the row: the
            output stays what it was, or is 0 before the first step.
        compiled: Whether XLA compiles the loop; an ordinary one can be exported.

    Returns:
        The fresh states, `[rows, time, units]` each, and what is remembered after them.
    """
    if mask is None:
        fresh, reads = _run(cell, inputs, weights, delay, past, compiled)
        return fresh, _after(past, fresh, reads, tf.reshape(sizes(inputs)[1], [1, 1]))
    order = tf.argsort(tf.cast(~mask, tf.int32), axis=1, stable=True)  # the steps of a row in a row
    place = tf.cumsum(tf.cast(mask, tf.int32), axis=1)
    inputs = gathered(tf.where(mask[..., tf.newaxis], inputs, tf.zeros_like(inputs)), order, -2)
    fresh, reads = _run(cell, inputs, weights, delay, past, compiled)
    count = tf.reduce_sum(tf.cast(mask, tf.int32), axis=1, keepdims=True)
    after = _after(past, fresh, reads, count)
    from_first = [tf.pad(one, [[0, 0], [1, 0], [0, 0]]) for one in fresh]
    return tuple(gathered(one, place, -2) for one in from_first), after


def whole_delay(delay: StateDelay) -> int:
    """The number of steps of a delay that is a whole one, known when it is traced; 0 otherwise."""
    if not isinstance(delay.taps, np.ndarray) or delay.feedback or delay.keep:
        return 0
    return len(delay.taps) if delay.taps[-1] == 1 and not np.any(delay.taps[:-1]) else 0


def interleave(steps: tf.Tensor, count: int) -> tf.Tensor:
    """`[rows, time, size]` as `count` times the rows, each of every `count`-th step, 0 behind."""
    rows, length, size = sizes(steps)
    padded = tf.pad(steps, [[0, 0], [0, -length % count], [0, 0]])
    each = -(-length // count)
    apart = tf.reshape(padded, [rows, each, count, size])
    return tf.reshape(tf.transpose(apart, [0, 2, 1, 3]), [rows * count, each, size])


def uninterleave(steps: tf.Tensor, count: int, length: Any) -> tf.Tensor:
    """Undoes `interleave`."""
    rows, part_length, size = sizes(steps)
    apart = tf.reshape(steps, [rows // count, count, part_length, size])
    padded = tf.reshape(
        tf.transpose(apart, [0, 2, 1, 3]), [rows // count, part_length * count, size]
    )
    return part(padded, 1, 0, length)


def _run(
    cell: Cell,
    inputs: tf.Tensor,
    weights: Weights,
    delay: StateDelay,
    past: Past,
    compiled: bool,
) -> tuple[State, State]:
    count, length = whole_delay(delay), sizes(inputs)[1]
    if count > 1:
        one = StateDelay(np.ones(1), 0.0, 0.0)
        last = [interleave(tf.reverse(each, [1]), count) for each in past.states]
        parts = interleave(inputs, count)
        fresh, _ = _run(cell, parts, weights, one, Past(tuple(last), ()), compiled)
        return tuple(uninterleave(each, count, length) for each in fresh), ()
    rest = {"feedback": delay.feedback, "keep": delay.keep}
    given = state_loop.Given(
        inputs=_time_first(inputs),
        weights=list(weights),
        taps=as_type(delay.taps, inputs.dtype),
        rest={k: as_type(v, inputs.dtype) for k, v in rest.items() if tf.is_tensor(v) or v},
        states=tuple(map(_time_first, past.states)),
        read=past.read or tuple(each[:, 0] for each in past.states),
    )
    made = state_loop.run(cell, given, plain=count == 1, compiled=compiled)
    fresh, reads = (tuple(map(_time_first, each)) for each in made)
    return fresh, reads


def _after(past: Past, fresh: State, reads: State, count: tf.Tensor) -> Past:
    """What is remembered after `count` steps, `[rows, 1]`, or `[1, 1]` for all rows."""
    held = sizes(past.states[0])[1]
    every = [tf.concat([tf.reverse(p, [1]), f], 1) for p, f in zip(past.states, fresh, strict=True)]
    each_read = [tf.concat([p[:, tf.newaxis], r], 1) for p, r in zip(past.read, reads, strict=True)]
    return Past(
        tuple(gathered(each, count + tf.range(held - 1, -1, -1), -2) for each in every),
        tuple(tf.squeeze(gathered(each, count, -2), 1) for each in each_read),
    )


def _time_first(steps: tf.Tensor) -> tf.Tensor:
    return tf.transpose(steps, [1, 0, 2])
