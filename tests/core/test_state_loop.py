"""The compiled loop: its gradient, its lengths, where it can be called, and states without bounds.

The reference is a loop in Python, through which TensorFlow finds the gradient by itself.
"""

import numpy as np
import pytest
import tensorflow as tf

from tests.core.cells import (
    DELAYS,
    KINDS,
    UNITS,
    any_past,
    example,
    held_past,
    noise,
    together,
    unrolled,
)
from tests.numbers import relative
from workbench.core import state_loop
from workbench.core.recurrence import Past, recur
from workbench.core.state_delays import StateDelay, design_state_delay

kinds = pytest.mark.parametrize("kind", KINDS)
EXACT = 1e-12  # float64 over a few dozen steps
CASES = [(kind, name) for kind in KINDS for name in ("taps", "all")]
CASES += [("lstm", "feedback"), ("lstm", "keep")]
cases = pytest.mark.parametrize(("kind", "name"), CASES)
MASK = np.array([[1, 1, 1, 1, 1], [0, 0, 1, 1, 1], [1, 0, 1, 0, 0]], bool)


def learnt(kind, name, rows=3, length=5):
    """Inputs, weights, delay and past of a recurrence, all as tensors that gradients reach."""
    cell, weights, _, _ = example(kind)
    delay = DELAYS[name]
    past = any_past(cell, delay, rows)
    numbers = [tf.constant(each, tf.float64) if np.any(each) else 0.0 for each in delay]
    return cell, (noise(rows, length), weights, StateDelay(*numbers), past)


def gradient(function, cell, given, mask=None):
    """Of `together`, by every tensor; also the value."""
    tensors = [one for one in tf.nest.flatten(given) if tf.is_tensor(one)]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        value = together(function(cell, *given, mask))
    return value, tape.gradient(value, tensors)


def assert_equal(found, expected, tolerance=EXACT):
    flat, other = tf.nest.flatten(found), tf.nest.flatten(expected)
    assert len(flat) == len(other)
    for one, reference in zip(flat, other, strict=True):
        assert one.shape == reference.shape
        assert relative(one, reference) < tolerance


@cases
@pytest.mark.parametrize("mask", [None, MASK], ids=["whole", "masked"])
def test_values_and_gradients_equal_those_of_an_unrolled_loop(kind, name, mask):
    cell, given = learnt(kind, name)
    mask = None if mask is None else tf.constant(mask)
    assert_equal(recur(cell, *given, mask), unrolled(cell, *given, mask))
    assert_equal(gradient(recur, cell, given, mask), gradient(unrolled, cell, given, mask))


@cases
def test_gradients_equal_central_differences(kind, name):
    cell, given = learnt(kind, name)
    _, found = gradient(recur, cell, given)
    flat = tf.nest.flatten(given)
    places = [k for k, one in enumerate(flat) if tf.is_tensor(one)]
    random, step = np.random.default_rng(3), 1e-5  # the error is step^2, and 1e-16 / step
    for place, slope in zip(places, found, strict=True):
        way = random.standard_normal(flat[place].shape)

        def value(by, place=place, way=way):
            moved = [*flat[:place], flat[place] + by * way, *flat[place + 1 :]]
            return together(recur(cell, *tf.nest.pack_sequence_as(given, moved)))

        expected = (value(step) - value(-step)) / (2 * step)
        assert np.sum(slope * way) == pytest.approx(float(expected), rel=1e-7, abs=1e-9)


def in_two(cell, inputs, weights, delay, past, _):
    """The recurrence run up to a step, and on from there; both parts fit into the first room."""
    here = (inputs.shape[1] + 1) // 2
    first, past = recur(cell, inputs[:, :here], weights, delay, past)
    second, past = recur(cell, inputs[:, here:], weights, delay, past)
    return tuple(tf.concat(both, 1) for both in zip(first, second, strict=True)), past


@pytest.mark.parametrize("length", [1, 2, 1023, 1024, 1025])
def test_gradients_at_every_length_around_the_first_room(length):
    cell, given = learnt("simple", "all", length=length)
    found, expected = (gradient(f, cell, given) for f in (recur, in_two))
    assert_equal(found, expected, 1e-11)  # sums of a thousand steps


@pytest.mark.parametrize("name", ["taps", "all"])
@pytest.mark.parametrize("masked", [False, True])
def test_no_time_leaves_the_past_as_it_was(name, masked):
    cell, given = learnt("lstm", name, length=0)
    mask = tf.zeros([3, 0], tf.bool) if masked else None
    outputs, past = recur(cell, *given, mask)
    assert all(one.shape == [3, 0, UNITS] for one in outputs)
    assert_equal(past, given[-1], 1e-30)
    _, bars = gradient(recur, cell, given, mask)
    assert not any(np.any(bar) for bar in bars[1:4])  # of the weights


def test_only_what_is_asked_for_needs_be_differentiable():
    cell, (x, weights, delay, past) = learnt("lstm", "taps")
    with tf.GradientTape() as tape:
        tape.watch(x)
        (h, _), _ = recur(cell, x, weights, DELAYS["taps"], past)
    alone = tape.gradient(h, x)
    with tf.GradientTape() as tape:
        tape.watch([x, *weights])
        (h, _), _ = recur(cell, x, weights, delay, past)
    assert_equal(alone, tape.gradient(h, x))


def value_and_gradient(cell, delay, masked):
    """A function of inputs, weights and states alone, for one context or another."""

    def function(x, weights, state):
        with tf.GradientTape() as tape:
            tape.watch([x, weights, state])
            mask = x[..., 0] < 0.5 if masked else None
            past = held_past(state, len(delay.taps), fed=bool(delay.feedback))
            made = recur(cell, x, weights, delay, past, mask)
            value = tf.add_n([tf.reduce_sum(one**2) for one in tf.nest.flatten(made)])
        return made, tape.gradient(value, [x, *weights, *state])

    return function


def dynamic(given):
    """The same as specifications, with nothing known of rows and time."""
    x, weights, state = given
    free = [tf.TensorSpec([None, None, x.shape[-1]], x.dtype)]
    fixed = [tf.TensorSpec(one.shape, one.dtype) for one in weights]
    return [*free, fixed, [tf.TensorSpec([None, UNITS], x.dtype) for _ in state]]


GRAPHS = [("simple", "all", False, jit, known) for jit in (False, True) for known in (False, True)]
GRAPHS += [("simple", "whole", True, jit, False) for jit in (False, True)]
OTHERS = [("lstm", "taps", True), ("gru", "feedback", False), ("gru, reset before", "whole", False)]
GRAPHS += [pytest.param(*case, True, False, marks=pytest.mark.slow) for case in OTHERS]


@pytest.mark.parametrize(("kind", "name", "masked", "jit", "known"), GRAPHS)
def test_it_is_the_same_in_every_graph(kind, name, masked, jit, known):
    cell, weights, _, _ = example(kind)
    delay = DELAYS.get(name, StateDelay(np.array([0.0, 0.0, 1.0]), 0.0, 0.0))
    function, compiled = value_and_gradient(cell, delay, masked), None
    for rows, length in [(3, 5)] if known else [(7, 5), (1, 4)]:
        state = [0.3 * noise(rows, 1, features=UNITS, seed=k)[:, 0] for k in range(cell.parts)]
        given = (noise(rows, length), weights, state)
        if compiled is None:
            compiled = tf.function(
                function, jit_compile=jit, input_signature=None if known else dynamic(given)
            )
        assert_equal(compiled(*given), function(*given))


def test_sizes_that_are_known_stay_known():
    cell, weights, _, _ = example("simple")
    shapes = []

    @tf.function(input_signature=[tf.TensorSpec([None, None, 2], tf.float64)])
    def function(x):
        past = held_past([tf.zeros([tf.shape(x)[0], UNITS], x.dtype)], 3)
        (h,), after = recur(cell, x, weights, DELAYS["taps"], past)
        shapes.extend([h.shape.as_list(), after.states[0].shape.as_list()])
        return h

    function.get_concrete_function()
    assert shapes == [[None, None, UNITS], [None, 3, UNITS]]


def test_inside_a_data_set():
    cell, (x, weights, delay, past) = learnt("simple", "all")
    data = tf.data.Dataset.from_tensors(x).map(lambda x: recur(cell, x, weights, delay, past))
    (made,) = list(data)
    assert_equal(made, recur(cell, x, weights, delay, past))


def test_states_without_bounds_stay_in_their_rows():
    """Taps whose sum is 1.9 double a linear state: beyond float64 after some 1,100 steps."""
    cell = type(example("simple").cell)(UNITS, tf.identity)
    weights = [tf.zeros([2, UNITS], tf.float64), tf.eye(UNITS, dtype=tf.float64)]
    weights.append(tf.zeros([UNITS], tf.float64))
    delay = StateDelay(np.array([1.2, 0.7, 0.0]), 0.0, 0.0)
    state = tf.constant([[1.0] * UNITS, [0.0] * UNITS, [-1.0] * UNITS], tf.float64)
    x = tf.zeros([3, 3000, 2], tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(x)
        (h,), after = recur(cell, x, weights, delay, held_past([state], 3))
        value = tf.reduce_sum(h[1])
    assert not np.any(np.isfinite(h[::2, -1]))
    np.testing.assert_array_equal(h[1], 0.0)
    np.testing.assert_array_equal(after.states[0][1], 0.0)
    assert np.all(np.isfinite(h[:, :500]))
    assert tape.gradient(value, x).shape == x.shape


@kinds
def test_an_endless_row_does_not_reach_the_others(kind):
    cell, (x, weights, delay, past) = learnt(kind, "taps")
    bad = tf.tensor_scatter_nd_update(x, [[1, 2]], [[np.nan, np.inf]])
    (found, *_), after = recur(cell, bad, weights, delay, past)
    (expected, *_), clean = recur(cell, x, weights, delay, past)
    np.testing.assert_array_equal(found[::2], expected[::2])
    np.testing.assert_array_equal(after.states[0][::2], clean.states[0][::2])
    np.testing.assert_array_equal(found[1, :2], expected[1, :2])
    assert np.all(np.isnan(found[1, 2]))


def test_a_past_of_states_alone_is_read_where_nothing_is_fed_back():
    cell, (x, weights, delay, past) = learnt("simple", "taps")
    _, after = recur(cell, x, weights, delay, Past(past.states, ()))
    assert after.read == ()


def test_a_second_derivative_is_refused():
    cell, weights, _, _ = example("simple")
    x = noise(1, 4)
    past = any_past(cell, DELAYS["taps"], 1)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            fresh, _ = recur(cell, x, weights, DELAYS["taps"], past)
        first = tape.gradient(fresh[0], x)
    with pytest.raises(LookupError, match="has no gradient of its own"):
        outer.gradient(first, x)


@pytest.mark.parametrize(("kind", "name"), [("gru", "taps"), ("lstm", "all")])
def test_pieces_one_after_another_equal_the_whole(kind, name, monkeypatch):
    cell, given = learnt(kind, name, length=11)
    whole = gradient(recur, cell, given)
    lengths, original = [], state_loop._with_room
    monkeypatch.setattr(
        state_loop, "_with_room", lambda g, n: lengths.append(len(g.inputs)) or original(g, n)
    )
    monkeypatch.setattr(state_loop, "_PIECE", 4)
    assert_equal(gradient(recur, cell, given), whole)
    assert lengths == [4, 4, 3]


def test_few_loops_are_compiled_for_many_rates_and_lengths():
    """XLA never lets go of one, and each takes megabytes."""
    cell, weights, _, _ = example("simple")
    before = state_loop._compiled.cache_info().currsize
    for ratio in np.arange(1.1, 9.0, 0.3):
        delay = design_state_delay(ratio, "cubic", 3)
        past = any_past(cell, delay, 1)
        recur(cell, noise(1, 150 + round(100 * ratio)), weights, delay, past)
    assert state_loop._compiled.cache_info().currsize - before <= 2 * 3  # 4, 8, 16 taps: 2 lengths
