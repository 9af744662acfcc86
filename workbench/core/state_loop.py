"""The loop of a recurrence, forwards and backwards, compiled by XLA.

Tensors are `[time, rows, ...]`; a state is a tuple of them. XLA compiles for each shape anew and
never lets go of what it has compiled, some megabytes each. So there are loops for a few lengths,
which run for as many steps as are due, and for a few numbers of taps; a longer time is run piece by
piece.

TensorFlow's own gradient of such a loop copies all steps at each step. The one here keeps the fresh
states. Going back it finds what each state is worth; the weights' part is then one product over all
steps. It has no derivatives of its own: asking for second ones is an error.
"""

from __future__ import annotations

import bisect
import functools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import tensorflow as tf

from workbench.core.cells import Cell, State, Weights
from workbench.shapes import part, sizes

_LENGTHS = [2**k for k in (7, 9, 11, 13, *range(15, 31))]
_PIECE = 2**17  # steps that are run at once, where their number is known
_BLOCK = 128  # steps of an inner loop
_FIRST_ONLY = "The gradient of a recurrence has no gradient of its own here."


class Given(NamedTuple):
    """All that gradients reach.

    Attributes:
        inputs: `[time, rows, features]`.
        weights: Those of the cell.
        taps: `[past]`, the weights of the states before the fresh one, the latest first.
        rest: "feedback" and "keep", where they aren't 0: scalars.
        states: The states before the first step, the latest first, `[past, rows, units]` each.
        read: What was read before the first step, `[rows, units]` each.
    """

    inputs: tf.Tensor
    weights: Weights
    taps: tf.Tensor
    rest: Mapping[str, tf.Tensor]
    states: State
    read: State


def run(
    cell: Cell, given: Given, plain: bool = False, compiled: bool = True
) -> tuple[State, State]:
    """The fresh states and, where there is feedback, what was read, `[time, rows, units]` each.

    `plain` says that the last state is read as it is: `taps` is [1], and there is no rest. What is
    not `compiled` is ordinary loops, which files for other runtimes can hold.
    """
    length = sizes(given.inputs)[0]
    if not compiled:
        return _in_blocks(cell, plain, given, length)
    if isinstance(length, int) and length > _PIECE:
        return _piece_by_piece(cell, plain, given, length)
    given = _with_room(given, _at_least(length) - length)
    forms = [(one.dtype.name, *one.shape.as_list()) for one in tf.nest.flatten(given)]
    forward, backward = _compiled(cell, plain, tuple(forms))
    steps = tf.convert_to_tensor(length, tf.int32)

    @tf.custom_gradient
    def differentiable(*tensors: tf.Tensor) -> tuple[Any, Callable[..., Any]]:
        each = tf.nest.pack_sequence_as(given, [tf.stop_gradient(one) for one in tensors])
        made = forward(steps, each)

        def gradient(*upstream: tf.Tensor) -> list[tf.Tensor]:
            bars = tf.nest.pack_sequence_as(made, upstream)
            found = tf.nest.flatten(backward(steps, each, *made, *bars))
            barrier = _barrier(tensors)
            return [one + barrier for one in found]

        return tf.nest.flatten(made), gradient

    flat = [part(one, 0, 0, length) for one in differentiable(*tf.nest.flatten(given))]
    return tuple(flat[: cell.parts]), tuple(flat[cell.parts :])


def _piece_by_piece(cell: Cell, plain: bool, given: Given, length: int) -> tuple[State, State]:
    """`run` of a long time."""
    made = []
    for first in range(0, length, _PIECE):
        inputs = part(given.inputs, 0, first, min(_PIECE, length - first))
        fresh, reads = run(cell, given._replace(inputs=inputs), plain)
        made.append((fresh, reads))
        states = _each(lambda past, one: _latest(past, one[-past.shape[0] :]), given.states, fresh)
        given = given._replace(states=states, read=_each(lambda one: one[-1], reads) or given.read)
    whole = [[*zip(*pieces, strict=True)] for pieces in zip(*made, strict=True)]
    fresh, reads = (tuple(tf.concat(one, 0) for one in state) for state in whole)
    return fresh, reads


def _with_room(given: Given, steps: Any) -> Given:
    """With so many steps more, and taps of 0 up to the next power of two."""
    count = given.taps.shape[0]
    taps = (1 << (count - 1).bit_length()) - count
    return given._replace(
        inputs=tf.pad(given.inputs, [[0, steps], [0, 0], [0, 0]]),
        taps=tf.pad(given.taps, [[0, taps]]),
        states=_each(lambda one: tf.pad(one, [[0, taps], [0, 0], [0, 0]]), given.states),
    )


def _in_blocks(cell: Cell, plain: bool, given: Given, length: Any) -> tuple[State, State]:
    """`run` as a loop in a loop: some runtimes copy at each step all that a loop writes to."""
    count = (length + _BLOCK - 1) // _BLOCK
    room = [[0, count * _BLOCK - length], [0, 0], [0, 0]]
    cut = tf.reshape(tf.pad(given.inputs, room), [count, _BLOCK, *sizes(given.inputs)[1:]])

    def rooms() -> tuple[tf.TensorArray, ...]:
        shapes = [one.shape for one in given.read]
        return tuple(
            tf.TensorArray(cut.dtype, count, element_shape=[_BLOCK, *one]) for one in shapes
        )

    def body(k: Any, states: State, read: State, each: Any, each_read: Any) -> tuple[Any, ...]:
        block = given._replace(inputs=tf.gather(cut, k), states=states, read=read)
        fresh, reads = _forward(cell, plain, tf.constant(_BLOCK), block)
        states = _each(_latest, states, fresh)
        read = _each(lambda one: one[-1], reads) or read
        return k + 1, states, read, _written(each, k, fresh), _written(each_read, k, reads)

    reads_rooms = rooms() if "feedback" in given.rest else ()
    begin = (0, tuple(given.states), tuple(given.read), rooms(), reads_rooms)
    *_, fresh, reads = tf.while_loop(lambda k, *_: k < count, body, begin)

    def joined(blocks: tf.Tensor) -> tf.Tensor:
        return part(tf.reshape(blocks, [-1, *sizes(blocks)[2:]]), 0, 0, length)

    return _each(joined, _stacked(fresh)), _each(joined, _stacked(reads))


def _latest(states: tf.Tensor, fresh: tf.Tensor) -> tf.Tensor:
    """The states after a block, the latest first, as many as before it."""
    held = states.shape[0]
    every = tf.concat([tf.reverse(states, [0]), fresh], 0)
    return tf.reverse(every[-held:], [0])


def _barrier(tensors: tuple[tf.Tensor, ...]) -> tf.Tensor:
    """A 0 that depends on tensors, and through which no gradient goes without an error."""
    nothing = tf.add_n([tf.reduce_sum(tf.reshape(one, [-1])[:0]) for one in tensors])
    return tf.raw_ops.PreventGradient(input=nothing, message=_FIRST_ONLY)


@functools.cache  # a pair that is dropped would be compiled again beside what stays of it
def _compiled(
    cell: Cell, plain: bool, _forms: tuple[Any, ...]
) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Functions of their own for each form of tensors: TensorFlow warns of one traced for many."""
    forward = functools.partial(_forward, cell, plain)
    backward = functools.partial(_backward, cell)
    return tuple(tf.function(f, jit_compile=True, autograph=False) for f in (forward, backward))


def _forward(cell: Cell, plain: bool, steps: tf.Tensor, given: Given) -> tuple[State, State]:
    rest, taps = given.rest, None if plain else given.taps[:, tf.newaxis, tf.newaxis]
    projected = _array(cell.project(given.inputs, given.weights))

    def body(n: Any, states: State, read: State, fresh: Any, reads: Any) -> tuple[Any, ...]:
        read = _each(lambda past, last: _read(taps, past, last, rest), states, read)
        made = _step(cell, projected.read(n), read, given.weights, rest)
        states = _each(lambda one, past: tf.concat([one[tf.newaxis], past[:-1]], 0), made, states)
        return n + 1, states, read, _written(fresh, n, made), _written(reads, n, read)

    reads_rooms = _rooms(given) if "feedback" in rest else ()
    begin = (0, tuple(given.states), tuple(given.read), _rooms(given), reads_rooms)
    *_, fresh, reads = tf.while_loop(lambda n, *_: n < steps, body, begin)
    return _stacked(fresh), _stacked(reads)


def _backward(
    cell: Cell,
    steps: tf.Tensor,
    given: Given,
    fresh: State,
    reads: State,
    fresh_up: State,
    reads_up: State,
) -> Given:
    """The gradient with respect to all that was given.

    A bar is the gradient with respect to what it is named for. In `owed` is what the steps behind
    have made of the bars of the states before them, the latest first; in `later` what the next
    reading has made of the bar of this one.
    """
    rest, taps = given.rest, given.taps[:, tf.newaxis, tf.newaxis]
    if not reads:
        reads = _all_reads(given, fresh)
    projected = _array(cell.project(given.inputs, given.weights))
    up_fresh, up_read, each_read = (_each(_array, one) for one in (fresh_up, reads_up, reads))

    def body(n: Any, owed: State, later: State, fresh_bars: Any, read_bars: Any) -> tuple[Any, ...]:
        n -= 1
        fresh_bar = _each(lambda up, one: up.read(n) + one[0], up_fresh, owed)
        with tf.GradientTape() as tape:
            read = _each(lambda one: one.read(n), each_read)
            tape.watch(read)
            made = _step(cell, projected.read(n), read, given.weights, rest)
        read_bar = tape.gradient(made, read, fresh_bar)
        if "feedback" in rest:
            read_bar = _each(
                lambda *bars: tf.add_n(bars), read_bar, later, [u.read(n) for u in up_read]
            )
            later = _each(lambda bar: bar * rest["feedback"], read_bar)
        owed = _each(lambda one, bar: _owed(taps, one, bar), owed, read_bar)
        return n, owed, later, _written(fresh_bars, n, fresh_bar), _written(read_bars, n, read_bar)

    nothing = _each(tf.zeros_like, given.states), _each(tf.zeros_like, given.read)
    begin = (steps, *nothing, _rooms(given), _rooms(given))
    _, owed, later, *bars = tf.while_loop(lambda n, *_: n > 0, body, begin)
    fresh_bars, read_bars = map(_stacked, bars)
    inputs_bar, weights_bar, rest_bar = _of_all_steps(cell, given, reads, fresh_bars)
    taps_bar = tf.add_n(list(map(_of_taps, given.states, fresh, read_bars)))
    if "feedback" in rest:
        rest_bar["feedback"] = tf.add_n(list(map(_of_feedback, given.read, reads, read_bars)))
    return Given(inputs_bar, weights_bar, taps_bar, rest_bar, owed, later)


def _of_all_steps(cell: Cell, given: Given, reads: State, fresh_bars: State) -> Any:
    """The gradient by the inputs, the weights and what is kept, of all steps at once."""
    with tf.GradientTape() as tape:
        wanted = (given.inputs, list(given.weights), dict(given.rest))
        tape.watch(wanted)
        projected = cell.project(_flat(given.inputs), given.weights)
        made = _step(cell, projected, _each(_flat, reads), given.weights, given.rest)
    return tape.gradient(made, wanted, _each(_flat, fresh_bars))


def _of_taps(states: tf.Tensor, fresh: tf.Tensor, read_bars: tf.Tensor) -> tf.Tensor:
    count, steps = states.shape[0], sizes(fresh)[0]
    every = tf.concat([tf.reverse(states, [0]), fresh], 0)
    worth = [tf.reduce_sum(read_bars * part(every, 0, count - 1 - k, steps)) for k in range(count)]
    return tf.stack(worth)


def _of_feedback(read: tf.Tensor, reads: tf.Tensor, read_bars: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(read_bars * tf.concat([read[tf.newaxis], reads[:-1]], 0))


def _all_reads(given: Given, fresh: State) -> State:
    """What each step has read, `[time, rows, units]`, without feedback."""
    count, steps = given.taps.shape[0], sizes(given.inputs)[0]

    def of_part(states: tf.Tensor, fresh: tf.Tensor) -> tf.Tensor:
        every = tf.concat([tf.reverse(states, [0]), fresh], 0)
        return tf.add_n(
            [given.taps[k] * part(every, 0, count - 1 - k, steps) for k in range(count)]
        )

    return _each(of_part, given.states, fresh)


def _read(
    taps: tf.Tensor | None, past: tf.Tensor, last: tf.Tensor, rest: Mapping[str, Any]
) -> tf.Tensor:
    if taps is None:
        return past[0]
    found = tf.reduce_sum(taps * past, 0)
    return found + rest["feedback"] * last if "feedback" in rest else found


def _owed(taps: tf.Tensor, owed: tf.Tensor, read_bar: tf.Tensor) -> tf.Tensor:
    return tf.concat([owed[1:], tf.zeros_like(owed[:1])], 0) + taps * read_bar


def _step(
    cell: Cell, projected: tf.Tensor, read: State, weights: Weights, rest: Mapping[str, tf.Tensor]
) -> State:
    fresh = cell.step(projected, read, weights)
    if "keep" not in rest:
        return fresh
    return _each(lambda old, new: new + rest["keep"] * (old - new), read, fresh)


def _each(function: Callable[..., Any], *states: Any) -> tuple[Any, ...]:
    """`function` of each part of states."""
    return tuple(map(function, *states))


def _flat(steps: tf.Tensor) -> tf.Tensor:
    return tf.reshape(steps, [-1, steps.shape[-1]])


def _array(steps: tf.Tensor) -> tf.TensorArray:
    array = tf.TensorArray(steps.dtype, sizes(steps)[0], clear_after_read=False)
    return array.unstack(steps)


def _rooms(given: Given) -> tuple[tf.TensorArray, ...]:
    """Room for a state a step."""
    count = sizes(given.inputs)[0]
    return _each(lambda one: tf.TensorArray(one.dtype, count, element_shape=one.shape), given.read)


def _written(rooms: tuple[tf.TensorArray, ...], n: Any, state: State) -> tuple[tf.TensorArray, ...]:
    return _each(lambda room, one: room.write(n, one), rooms, state)


def _stacked(rooms: tuple[tf.TensorArray, ...]) -> State:
    return _each(lambda room: room.stack(), rooms)


def _at_least(length: Any) -> Any:
    """The next length that loops are made for."""
    if isinstance(length, int):
        return _LENGTHS[bisect.bisect_left(_LENGTHS, length)]
    table = tf.constant(_LENGTHS, tf.int32)
    return tf.reduce_min(tf.where(table >= length, table, _LENGTHS[-1]))
