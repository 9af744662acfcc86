"""Recurrences to test: cells with random weights, in this package, in Keras and in NumPy."""

from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from tests.core.recurrences import gru_step, lstm_step, simple_step
from workbench.core.cells import GRUCell, LSTMCell, SimpleCell
from workbench.core.recurrence import Past
from workbench.core.state_delays import StateDelay

UNITS, FEATURES = 5, 2
_BOTH = (tf.tanh, tf.sigmoid)
_KINDS = {
    "lstm": (LSTMCell(UNITS, *_BOTH), keras.layers.LSTM, lstm_step, {}),
    "gru": (GRUCell(UNITS, *_BOTH, True), keras.layers.GRU, gru_step, {"reset_after": True}),
    "gru, reset before": (
        GRUCell(UNITS, *_BOTH, False),
        keras.layers.GRU,
        gru_step,
        {"reset_after": False},
    ),
    "simple": (SimpleCell(UNITS, tf.tanh), keras.layers.SimpleRNN, simple_step, {}),
}
KINDS = list(_KINDS)
# Taps that amplify, so that an error in one is not lost; kinds of delays by what is not 0.
DELAYS = {
    "taps": StateDelay(np.array([0.5, -0.4, 0.7]), 0.0, 0.0),
    "feedback": StateDelay(np.array([0.5, -0.4, 0.7]), -0.6, 0.0),
    "keep": StateDelay(np.array([0.5, -0.4, 0.7]), 0.0, 0.3),
    "all": StateDelay(np.array([0.5, -0.4, 0.7]), -0.6, 0.3),
}


class Example(NamedTuple):
    """A cell and its weights; `layer` is Keras' with the same, `step` that of the oracle."""

    cell: Any
    weights: list
    layer: Any
    step: Any


def example(kind, dtype="float64", *, features=FEATURES, seed=0):
    random = np.random.default_rng(seed)
    cell, keras_layer, step, options = _KINDS[kind]
    layer = keras_layer(UNITS, dtype=dtype, return_sequences=True, **options)
    layer.build((None, None, features))
    weights = [0.5 * random.standard_normal(weight.shape) for weight in layer.get_weights()]
    layer.set_weights(weights)
    tensors = [tf.constant(weight, dtype) for weight in weights]
    return Example(cell, tensors, layer, step(*weights, **options))


def noise(rows, length, dtype="float64", *, features=FEATURES, seed=1):
    """Inputs of which each row is louder than the last, by a decade."""
    made = np.random.default_rng(seed).standard_normal((rows, length, features))
    return tf.constant(made * 10.0 ** (np.arange(rows) % 4 - 2)[:, None, None], dtype)


def any_past(cell, delay, rows, dtype="float64", *, seed=2):
    """A past whose states differ from sample to sample."""
    random = np.random.default_rng(seed)
    count = len(delay.taps)
    states = 0.5 * random.standard_normal((cell.parts, rows, count, UNITS))
    read = 0.5 * random.standard_normal((cell.parts, rows, UNITS))
    fed = tf.is_tensor(delay.feedback) or delay.feedback
    return Past(
        tuple(tf.constant(one, dtype) for one in states),
        tuple(tf.constant(one, dtype) for one in read) if fed else (),
    )


def held_past(initial, count, *, fed=False):
    """The past of a state `[rows, units]` each that was the same at all times."""
    states = tuple(tf.repeat(one[:, tf.newaxis], count, axis=1) for one in initial)
    return Past(states, tuple(initial) if fed else ())


def unrolled(cell, inputs, weights, delay, past, mask=None):
    """What `recur` returns, as the definition says: a loop in Python."""
    rows, length, _ = inputs.shape
    dtype = inputs.dtype
    taps, feedback, keep = (tf.cast(tf.convert_to_tensor(one, tf.float64), dtype) for one in delay)
    states = [tf.unstack(one, axis=1) for one in past.states]
    read = list(past.read) or [tf.zeros([rows, UNITS], dtype) for _ in states]
    shown, every = [tf.zeros([rows, UNITS], dtype) for _ in states], []
    valid = tf.ones([rows, length], tf.bool) if mask is None else mask
    for n in range(length):

        def chosen(new, old, here=valid[:, n, tf.newaxis]):
            return tf.where(here, new, old)

        seen = [
            tf.add_n([taps[k] * one for k, one in enumerate(each)]) + feedback * last
            for each, last in zip(states, read, strict=True)
        ]
        fresh = cell.step(cell.project(inputs[:, n], weights), tuple(seen), weights)
        fresh = [keep * d + (1 - keep) * s for d, s in zip(seen, fresh, strict=True)]
        read = list(map(chosen, seen, read))
        states = [
            list(map(chosen, [new, *each[:-1]], each))
            for new, each in zip(fresh, states, strict=True)
        ]
        shown = list(map(chosen, fresh, shown))
        every.append(shown)
    outputs = tuple(tf.stack(one, axis=1) for one in zip(*every, strict=True))
    after = Past(tuple(tf.stack(one, axis=1) for one in states), tuple(read) if past.read else ())
    return outputs, after


def together(made):
    """All that a recurrence returns as one number, in which each number has a weight of its own."""
    random = np.random.default_rng(9)
    flat = tf.nest.flatten(made)
    return tf.add_n([tf.reduce_sum(one * random.standard_normal(one.shape)) for one in flat])
