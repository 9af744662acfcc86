"""Recurrences with a delayed state, against the oracle in NumPy and against Keras."""

import numpy as np
import pytest
import tensorflow as tf

from tests.core import recurrences
from tests.core.cells import (
    DELAYS,
    KINDS,
    UNITS,
    any_past,
    example,
    held_past,
    noise,
    unrolled,
)
from tests.numbers import relative
from workbench.core.recurrence import (
    Past,
    interleave,
    recur,
    uninterleave,
    whole_delay,
)
from workbench.core.state_delays import StateDelay, design_state_delay, past_samples

kinds = pytest.mark.parametrize("kind", KINDS)
ROUNDING = {"float32": 1e-6, "float64": 1e-12}  # of a few dozen steps, which forget their errors
RATIOS = [0.9, 1.0, 44.1 / 48, 48 / 44.1, 2.0, 2.3, 3.0, 4.7]
ROOM = past_samples("lagrange", 5, max(RATIOS))  # one number of taps for all, compiled once


def form_of(method, ratio, *, room=ROOM):
    """A delay by the oracle's name of a method, with zeros behind its taps."""
    name, _, order = method.partition(" ")
    delay = design_state_delay(ratio, name, int(order or 3))
    return delay._replace(taps=np.pad(delay.taps, (0, max(0, room - len(delay.taps)))))


def initial_of(cell, rows, dtype="float64"):
    return tuple(
        0.3 * noise(rows, 1, dtype, features=UNITS, seed=k)[:, 0] for k in range(cell.parts)
    )


def oracle(made, x, initial, method, ratio):
    state = np.concatenate([np.float64(one) for one in initial], axis=1)
    x = np.float64(x)
    return recurrences.run(made.step, x, UNITS, ratio=ratio, method=method, initial=state)


def assert_rows_equal(found, expected, tolerance):
    """Each row to its own level: they differ by decades."""
    for one, other in zip(tf.nest.flatten(found), tf.nest.flatten(expected), strict=True):
        assert one.shape == other.shape
        for row, reference in zip(one, other, strict=True):
            assert relative(row, reference) < tolerance


@kinds
@pytest.mark.parametrize("dtype", ROUNDING)
def test_every_method_at_every_ratio_equals_the_oracle(kind, dtype):
    made = example(kind, dtype)
    x, initial = noise(4, 30, dtype), initial_of(made.cell, 4, dtype)
    exact = example(kind)._replace(step=made.step)
    for method in recurrences.METHODS:
        for ratio in RATIOS:
            if method == "allpass" and ratio < 1:
                continue
            delay = form_of(method, ratio)
            past = held_past(initial, ROOM, fed=bool(delay.feedback))
            (h, *_), _ = recur(made.cell, x, made.weights, delay, past)
            assert h.dtype == dtype
            expected = oracle(exact, x, initial, method, ratio)
            # reading, product and activation round in every step, each grown by the taps
            assert_rows_equal(h, expected, 3 * ROUNDING[dtype] * growth(delay))


def growth(delay):
    """By how much the taps of a delay, alternating in sign, make an error larger."""
    return max(1.0, np.sum(np.abs(delay.taps)) / (1 - abs(delay.feedback)))


@kinds
@pytest.mark.parametrize("order", [1, 4])
def test_minimax_equals_the_definition(kind, order):
    made = example(kind)
    delay = form_of(f"minimax {order}", 2.3)
    past = any_past(made.cell, delay, 3)
    given = (made.cell, noise(3, 12), made.weights, delay, past)
    assert_rows_equal(recur(*given), unrolled(*given), 1e-12)


@pytest.mark.parametrize("length", [1, 2, 1023, 1024, 1025])
def test_lengths_around_the_first_that_loops_are_made_for(length):
    made = example("simple")
    x, initial = noise(3, length), initial_of(made.cell, 3)
    past = held_past(initial, ROOM)
    (h,), after = recur(made.cell, x, made.weights, form_of("cubic", 2.3), past)
    assert_rows_equal(h, oracle(made, x, initial, "cubic", 2.3), 1e-11)
    latest = tf.concat([tf.reverse(past.states[0], [1]), h], 1)[:, ::-1][:, :ROOM]
    np.testing.assert_array_equal(after.states[0], latest)


@kinds
@pytest.mark.parametrize("dtype", ROUNDING)
def test_at_ratio_one_it_is_the_layer_of_keras(kind, dtype):
    made = example(kind, dtype)
    x, initial = noise(4, 300, dtype), initial_of(made.cell, 4, dtype)
    given = tf.nest.map_structure(lambda one: tf.cast(one, tf.float64), (x, list(initial)))
    layer = example(kind).layer  # in float64: what float32 differs by is its own rounding
    expected = layer(given[0], initial_state=given[1])
    for method in ("naive", "cubic"):
        delay = design_state_delay(1.0, method, 3)
        (h, *_), _ = recur(made.cell, x, made.weights, delay, held_past(initial, 1))
        error_db = 20 * np.log10(max(map(relative, h, expected)) + 1e-30)
        assert error_db < {"float32": -120, "float64": -280}[dtype]


@kinds
@pytest.mark.parametrize("dtype", ROUNDING)
@pytest.mark.parametrize("ratio", [2, 3, 4])
def test_held_inputs_at_whole_ratios_equal_the_base_at_every_phase(kind, dtype, ratio):
    """Through two layers, of a batch, whether the ratio is known to be whole or is a tensor."""
    lower, upper = (example(kind, dtype, features=UNITS, seed=seed) for seed in (0, 4))
    x = noise(12, 25, dtype, features=UNITS)
    initial = initial_of(lower.cell, 12, dtype)
    known = design_state_delay(float(ratio), "lagrange", 3)
    assert whole_delay(known) == ratio
    loop = known._replace(taps=tf.constant(np.pad(known.taps, (0, 4 - ratio)), tf.float64))
    assert whole_delay(loop) == 0

    def stacked(inputs, delay):
        past = held_past([one[: len(inputs)] for one in initial], delay.taps.shape[0])
        (h, *_), _ = recur(lower.cell, inputs, lower.weights, delay, past)
        (h, *_), _ = recur(upper.cell, h, upper.weights, delay, past)
        return h

    base = stacked(x, design_state_delay(1.0, "naive", 3))
    held = tf.repeat(x, ratio, axis=1)[:, :-1]  # a length that is no multiple of the ratio
    expected = tf.repeat(base, ratio, axis=1)[:, :-1]
    assert_rows_equal(stacked(held, loop), expected, ROUNDING[dtype])
    rows = 12 // ratio  # run as 12, which the loop is already compiled for
    assert_rows_equal(stacked(held[:rows], known), expected[:rows], ROUNDING[dtype])


@kinds
@pytest.mark.parametrize("count", [2, 3])
def test_interleaved_rows_equal_the_loop(kind, count):
    """With a past that varies, free inputs, and a length that is no multiple."""
    made = example(kind)
    delay = design_state_delay(float(count), "linear", 1)
    past = any_past(made.cell, delay, 3)
    x, loop = noise(3, 13), delay._replace(taps=tf.constant(delay.taps))
    found, expected = (recur(made.cell, x, made.weights, d, past) for d in (delay, loop))
    assert_rows_equal(found, expected, 1e-12)


@pytest.mark.parametrize("rows", [0, 1, 3])
@pytest.mark.parametrize("length", [0, 1, 5, 6])
def test_uninterleave_undoes_interleave(rows, length):
    steps = tf.random.stateless_normal([rows, length, 2], [1, 2])
    apart = interleave(steps, 3)
    assert apart.shape == [3 * rows, -(-length // 3), 2]
    if rows and length > 1:
        np.testing.assert_array_equal(apart[1, 0], steps[0, 1])
    np.testing.assert_array_equal(uninterleave(apart, 3, length), steps)


@pytest.mark.parametrize(
    ("taps", "feedback", "keep", "steps"),
    [
        ([1.0], 0.0, 0.0, 1),
        ([0.0, 0.0, 1.0], 0.0, 0.0, 3),
        ([0.0, 1.0, 0.0], 0.0, 0.0, 0),
        ([0.0, 0.5], 0.0, 0.0, 0),
        ([0.1, 1.0], 0.0, 0.0, 0),
        ([0.0, 1.0], 0.1, 0.0, 0),
        ([1.0], 0.0, 0.1, 0),
    ],
)
def test_which_delays_are_whole(taps, feedback, keep, steps):
    assert whole_delay(StateDelay(np.array(taps), feedback, keep)) == steps


BLOCKS = [1, 4, 0, 7, 2, 11, 1, 1, 6]  # also blocks shorter than the delay, and an empty one


@pytest.mark.parametrize(
    ("method", "ratio"),
    [
        *((method, 2.3) for method in [*recurrences.METHODS, "minimax 4"]),
        ("naive", 1.0),
        ("linear", 2.0),
        ("cubic", 3.0),
        ("allpass", 3.0),
        ("lagrange 5", 4.0),
    ],
)
@pytest.mark.parametrize("masked", [False, True])
def test_blocks_equal_one_piece(method, ratio, masked):
    made = example("simple")
    delay = form_of(method, ratio, room=0 if ratio % 1 == 0 else ROOM)
    assert (whole_delay(delay) == ratio) == (ratio % 1 == 0)
    start = past = any_past(made.cell, delay, 3)
    x, mask = noise(3, sum(BLOCKS)), None
    if masked:
        mask = tf.constant(np.random.default_rng(6).random((3, sum(BLOCKS))) < 0.7)
    expected, after = recur(made.cell, x, made.weights, delay, start, mask)
    place, outputs = 0, []
    for block in BLOCKS:
        here = slice(place, place := place + block)
        valid = None if mask is None else mask[:, here]
        (h,), past = recur(made.cell, x[:, here], made.weights, delay, past, valid)
        outputs.append(h)
    found, (expected,) = tf.concat(outputs, 1), expected
    if masked:  # before its first step a block shows 0, not what the block before it showed
        found, expected = (one[mask] for one in (found, expected))
    assert relative(found, expected) < 1e-12
    assert_rows_equal(past, after, 1e-12)


MASK = np.array(
    [
        [0, 0, 0, 1, 1, 1, 1],  # padded on the left
        [1, 1, 1, 1, 0, 0, 0],  # on the right
        [0, 1, 0, 0, 1, 1, 0],  # with holes
        [0, 0, 0, 0, 0, 0, 0],
        [1, 1, 1, 1, 1, 1, 1],
    ],
    bool,
)


@kinds
@pytest.mark.parametrize("name", ["taps", "all", "whole"])
def test_masked_steps_are_as_if_they_were_not_there(kind, name):
    made = example(kind)
    delay = DELAYS.get(name, StateDelay(np.array([0.0, 0.0, 1.0]), 0.0, 0.0))
    past, x = any_past(made.cell, delay, 5), noise(5, 7)
    outputs, after = recur(made.cell, x, made.weights, delay, past, tf.constant(MASK))
    for row, valid in enumerate(MASK):
        own = Past(*(tuple(one[row : row + 1] for one in part) for part in past))
        kept = tf.constant(x[row].numpy()[valid][np.newaxis])
        expected, last = recur(made.cell, kept, made.weights, delay, own)
        shown = np.cumsum(valid)  # steps up to here: 0 before the first
        for found, one in zip(outputs, expected, strict=True):
            from_first = np.concatenate([np.zeros((1, UNITS)), one[0]])
            np.testing.assert_allclose(found[row], from_first[shown], rtol=0, atol=1e-14)
        here = Past(*(tuple(one[row : row + 1] for one in part) for part in after))
        assert_rows_equal(here, last, 1e-13)


@kinds
def test_what_is_masked_reaches_nothing(kind):
    made = example(kind)
    past, mask = any_past(made.cell, DELAYS["all"], 5), tf.constant(MASK)
    clean = noise(5, 7)
    gradients = []
    for x in (clean, tf.where(mask[..., tf.newaxis], clean, np.nan)):
        with tf.GradientTape() as tape:
            tape.watch([x, *made.weights, past])
            outputs, after = recur(made.cell, x, made.weights, DELAYS["all"], past, mask)
            value = tf.add_n([tf.reduce_sum(one**2) for one in tf.nest.flatten((outputs, after))])
        gradients.append(tape.gradient(value, [x, *made.weights, past]))
    for one, other in zip(*map(tf.nest.flatten, gradients), strict=True):
        np.testing.assert_array_equal(one, other)
    assert not np.any(gradients[0][0].numpy()[~MASK])
    assert np.all(gradients[0][0].numpy()[MASK])


def test_a_mask_of_true_alone_is_none():
    made = example("lstm")
    given = (made.cell, noise(3, 9), made.weights, DELAYS["all"])
    past = any_past(made.cell, DELAYS["all"], 3)
    found = recur(*given, past, tf.ones([3, 9], tf.bool))
    assert_rows_equal(found, recur(*given, past), 1e-15)
