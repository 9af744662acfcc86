"""How a recurrence that runs at another rate than it was trained at reads its past.

A recurrence `s[n] = f(x[n], s[n - 1])` was trained with a state one sample old. At `ratio` times
that rate the same time is `ratio` samples, in general no whole number. Every way to read the state
in between is one linear form of the fresh states s:

    d[n] = feedback * d[n - 1] + sum_k taps[k] * s[n - 1 - k]
    s[n] = keep * d[n] + (1 - keep) * f(x[n], d[n])

Source: Carson, Wright, Chowdhury, Välimäki & Bilbao, "Sample rate independent recurrent neural
networks for audio effects processing", DAFx 2024, arXiv 2406.06293; for ratios below 1 and the
minimax weights arXiv 2409.15884 and 2501.18470.
"""

from __future__ import annotations

import functools
import math
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from workbench.core.minimax import design_minimax
from workbench.errors import ParameterError

INTERPOLATIONS = ("naive", "stn", "linear", "allpass", "cubic", "lagrange", "minimax")
ORDERED = ("lagrange", "minimax")  # those of which the order is chosen
LEAST_RATIO, MOST_RATIO = 1 / 8, 16.0
MOST_ORDER = 5


class StateDelay(NamedTuple):
    """The linear form by which a recurrence reads its past.

    Attributes:
        taps: float64 `[past]`, NumPy or a tensor: weights of the fresh states, the newest first.
        feedback: Weight of what was read one sample ago; the number 0.0 where nothing is fed back.
        keep: Part of what is read that stays as it is; the number 0.0 where nothing stays.
    """

    taps: Any
    feedback: Any
    keep: Any


def past_samples(interpolation: str, order: int, most: float) -> int:
    """How many fresh states are read at the most, at any ratio up to `most`.

    >>> past_samples("cubic", 3, 1.5), past_samples("cubic", 3, 4.0), past_samples("stn", 3, 4.0)
    (4, 6, 1)
    """
    _check(interpolation, order, most)
    if interpolation in ("naive", "stn"):
        return 1
    if interpolation == "allpass":
        return max(1, math.floor(most)) + 1
    order = _order_of(interpolation, order)
    return _latest(order, most) + order + 1


@functools.lru_cache(maxsize=256)
def design_state_delay(ratio: float, interpolation: str, order: int) -> StateDelay:
    """The delay of a ratio, in NumPy: taps no longer than needed, read-only.

    At whole ratios all but "naive" and "stn" read exactly the state so many samples ago.

    Args:
        ratio: The rate at which the recurrence runs over the one it was trained at, 1/8 .. 16.
        interpolation: One of `INTERPOLATIONS`.
        order: Of "lagrange" and "minimax", 1 .. 5; the others have their own.

    Raises:
        ParameterError: The interpolation is unknown, the order or the ratio out of range, or
            "allpass" is to run below the training rate.

    >>> design_state_delay(1.25, "linear", 3).taps.tolist()
    [0.75, 0.25]
    >>> design_state_delay(2.0, "minimax", 4).taps.tolist()
    [0.0, 1.0]
    """
    with tf.init_scope():  # numbers, also while a graph is traced
        made = state_delay_at(tf.constant(ratio, tf.float64), interpolation, order, ratio)
    taps = np.trim_zeros(made.taps.numpy(), "b")
    taps.flags.writeable = False
    return StateDelay(taps, float(made.feedback), float(made.keep))


def state_delay_at(ratio: tf.Tensor, interpolation: str, order: int, most: float) -> StateDelay:
    """The delay of a ratio that is a tensor, whose gradient is exact.

    Where the samples that are read change, the gradient is the slope towards larger ratios (for
    "allpass" at a whole ratio that of "linear": its own has a pole on the unit circle).

    Args:
        ratio: A scalar. Beyond `most` the oldest states that `most` needs are read; "allpass"
            gives NaN below 1.
        interpolation: One of `INTERPOLATIONS`.
        order: Of "lagrange" and "minimax", 1 .. 5; the others have their own.
        most: The largest ratio, which sets how many taps there are: `past_samples` of it.

    Returns:
        float64 tensors; `feedback` and `keep` are the number 0.0 where a method has none.

    Raises:
        ParameterError: The interpolation is unknown, an order or a ratio (as far as it is known)
            out of range, or "allpass" is to run below the training rate.
    """
    _check(interpolation, order, most)
    ratio = tf.cast(ratio, tf.float64)
    if (known := tf.get_static_value(ratio)) is not None:
        _check(interpolation, order, float(known))
    if interpolation in ("naive", "stn"):
        keep = 1 - 1 / ratio if interpolation == "stn" else 0.0
        return StateDelay(tf.ones([1], tf.float64), 0.0, keep)
    length = past_samples(interpolation, order, most)
    if interpolation == "allpass":
        return _allpass(ratio, length)
    order = _order_of(interpolation, order)
    latest = float(_latest(order, most))
    extra = tf.clip_by_value(tf.floor(ratio - (order + 1) / 2), 0.0, latest)
    delay = ratio - 1 - extra
    weights = _lagrange(order, delay)
    if interpolation == "minimax":
        weights += _beyond_lagrange(order, delay)
    return StateDelay(_placed(weights, extra, length), 0.0, 0.0)


def _allpass(ratio: tf.Tensor, length: int) -> StateDelay:
    """First-order all-pass after a whole delay; at whole ratios that delay alone."""
    whole = tf.clip_by_value(tf.floor(ratio), 1.0, float(length - 1))
    part = ratio - whole
    a = (1 - part) / (1 + part)
    exact = tf.equal(part, 0.0)
    weights = tf.where(exact, tf.stack([1 - part, part]), tf.stack([a, tf.ones_like(a)]))
    legal = tf.where(ratio < 1, tf.constant(math.nan, tf.float64), 1.0)
    feedback = tf.where(exact, tf.zeros_like(a), -a)
    return StateDelay(legal * _placed(weights, whole - 1, length), feedback, 0.0)


def _lagrange(order: int, delay: tf.Tensor) -> tf.Tensor:
    """Weights of samples 0 .. order; one of them is exactly 1 at a whole delay, the others 0."""
    taps = np.arange(order + 1.0)
    weights = tf.ones([order + 1], tf.float64)
    for k in taps:
        own, apart = taps == k, np.where(taps == k, 1.0, taps - k)
        weights *= tf.where(own, tf.ones([], tf.float64), (delay - k) / apart)
    return weights


def _beyond_lagrange(order: int, delay: tf.Tensor) -> tf.Tensor:
    """What minimax weights differ from Lagrange's: exactly 0 at whole delays."""
    place = (4 * delay - order + 1) / (order + 3)
    *lower, value = design_minimax(order).T
    for coefficients in reversed(lower):
        value = value * place + coefficients
    for k in range(order + 1):
        value *= delay - k
    return value


def _placed(weights: tf.Tensor, first: tf.Tensor, length: int) -> tf.Tensor:
    """Taps, of which those from `first` (a whole number in a tensor) on are the weights."""
    offsets = np.arange(float(length))[:, None] - np.arange(float(weights.shape[0]))
    return tf.reduce_sum(tf.where(tf.equal(offsets, first), weights, 0.0), axis=1)


def _order_of(interpolation: str, order: int) -> int:
    return {"linear": 1, "cubic": 3}.get(interpolation, order)


def _latest(order: int, ratio: float) -> int:
    """Whole samples before those that are read, so that the time lies in their middle."""
    return max(0, math.floor(ratio - (order + 1) / 2))


def _check(interpolation: str, order: int, ratio: float) -> None:
    if interpolation not in INTERPOLATIONS:
        rule = "be one of " + ", ".join(map(repr, INTERPOLATIONS))
        raise ParameterError("interpolation", rule, repr(interpolation))
    if interpolation in ORDERED and order not in range(1, MOST_ORDER + 1):
        raise ParameterError("order", f"be a whole number, 1 .. {MOST_ORDER}", repr(order))
    if not LEAST_RATIO <= ratio <= MOST_RATIO:
        rule = f"lie in {LEAST_RATIO} .. {MOST_RATIO:g}"
        raise ParameterError("ratio", rule, ratio, "It is the rate over the one of training.")
    if interpolation == "allpass" and ratio < 1:
        rule = "be at least 1 for interpolation 'allpass'"
        remedy = "Below, it would read the state that is being computed. Take 'lagrange'."
        raise ParameterError("ratio", rule, ratio, remedy)
