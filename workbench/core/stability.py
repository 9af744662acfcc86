"""Whether a recurrence that runs at another rate than it was trained at is predicted to be stable.

Near a state of rest a recurrence `s[n] = f(s[n - 1])` is linear, with the Jacobian J of f there. If
the delayed state is read by a `StateDelay` (feedback p, taps g, keep q), each eigenvalue v of J
gives as many poles as there are taps, the roots of

    z**L - p z**(L - 1) - (q + (1 - q) v) sum_k g[k] z**(L - 1 - k)

They are the eigenvalues of the whole linear system, `[kron(g, J); I 0]` where p = q = 0, but cost
no matrix of that size. Poles outside the unit circle: the smallest disturbance grows.

A prediction is about small signals near rest, one for each constant input that was tried. It says
nothing about a model that comes to rest nowhere, or that could rest elsewhere as well.

Source: arXiv 2406.06293 (DAFx 2024) and 2409.15884, as for `state_delays`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from workbench.core.state_delays import MOST_ORDER, StateDelay, design_state_delay

Step = Callable[[tf.Tensor], tf.Tensor]
_LIMIT = 1 + 1e-6  # weights in float32 put poles that belong on the unit circle so far off
_SAFE_DB, _SAFE_PART = 4.0, 0.5  # found on random models, none of which then lost to naive
_STEPS, _SETTLED = 16384, 1e-4  # enough for time constants of a second at 48 kHz
_NEWTON_STEPS, _AT_REST = 12, 1e-9
_BAND, _FREQUENCIES = 0.9, 128  # of the lower Nyquist frequency: above it converters cut off


@dataclass(frozen=True)
class Prediction:
    """How stable a recurrence is predicted to be.

    Attributes:
        radii: The magnitude of the largest pole for each constant input; infinite where the model
            has no state of rest.
    """

    radii: tuple[float, ...]

    @property
    def radius(self) -> float:
        """The largest of all."""
        return max(self.radii)

    @property
    def worst(self) -> int:
        """The constant input that it belongs to."""
        return self.radii.index(self.radius)

    @property
    def stable(self) -> bool:
        """No pole lies outside the unit circle, with 1e-6 allowed for rounded weights.

        That is measured against the circle, not against the model: one that has such a pole at its
        own rate, or no state of rest, is predicted unstable by whatever interpolation.
        """
        return self.radius <= _LIMIT


@dataclass(frozen=True)
class Choice:
    """What `choose_order` chose.

    Attributes:
        interpolation: "lagrange" or "naive".
        order: Of "lagrange".
        radius: The magnitude of the largest pole that results.
        why: One sentence for whoever uses the model.
    """

    interpolation: str
    order: int
    radius: float
    why: str


def fixed_points(step: Step, start: tf.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """The states of rest that a recurrence settles at, for constant inputs.

    It runs until little changes, and Newton's method goes the rest of the way.

    Args:
        step: Takes states `[inputs, size]`, float64, to the next ones, each row with its own
            constant input. No row depends on another.
        start: The states to begin with.

    Returns:
        The points, float64 `[inputs, size]`, and where they are found, bool `[inputs]`. A model
        that goes on oscillating has none, even if there is a point at which it could rest.
    """
    start = tf.cast(start, tf.float64)

    def settle(states: tf.Tensor) -> tf.Tensor:
        def moves(n: tf.Tensor, old: tf.Tensor, new: tf.Tensor) -> tf.Tensor:
            return (n < _STEPS) & tf.reduce_any(tf.abs(new - old) > _SETTLED)

        given = [tf.constant(0), states, step(states)]
        return tf.while_loop(moves, lambda n, _, new: (n + 1, new, step(new)), given)[2]

    def linearised(states: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return step(states) - states, jacobians(step, states)

    linear = _traced(linearised, start)
    points = _traced(settle, start)(start).numpy()
    change, slopes = map(np.asarray, linear(tf.constant(points)))
    settled = _largest(change) <= _SETTLED
    for _ in range(_NEWTON_STEPS):
        at_rest = _largest(change) <= _AT_REST * (1 + _largest(points))
        if np.all(at_rest | ~settled):
            break
        known = np.where(np.isfinite(slopes), slopes, 0.0)
        points = points + _solved(np.eye(points.shape[1]) - known, change)
        change, slopes = map(np.asarray, linear(tf.constant(points)))
    return points, settled & (_largest(change) <= _AT_REST * (1 + _largest(points)))


def _traced(function: Callable[..., Any], like: tf.Tensor) -> Callable[..., Any]:
    """A graph for tensors like this one: called once, a `tf.function` is blamed for retracing."""
    return tf.function(function, autograph=False).get_concrete_function(like)


def _solved(matrices: np.ndarray, right: np.ndarray) -> np.ndarray:
    """What the matrices make `right` of; the nearest, where one has no inverse."""
    try:
        return np.linalg.solve(matrices, right[..., None])[..., 0]
    except np.linalg.LinAlgError:
        return (np.linalg.pinv(matrices) @ right[..., None])[..., 0]


def jacobians(step: Step, points: tf.Tensor) -> tf.Tensor:
    """How the next states depend on the states, float64 `[inputs, size, size]`."""
    points = tf.cast(points, tf.float64)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(points)
        fresh = step(points)
    return tape.batch_jacobian(fresh, points)


def eigenvalues_at_rest(step: Step, start: tf.Tensor) -> np.ndarray:
    """The eigenvalues of the Jacobians at the `fixed_points`.

    Returns:
        complex128 `[inputs, size]`; NaN in the rows for which no state of rest was found.
    """
    points, found = fixed_points(step, start)
    at_rest = tf.constant(points)
    slopes = _traced(lambda states: jacobians(step, states), at_rest)(at_rest)
    known = np.where(found[:, None, None], slopes, 0.0)
    return np.where(found[:, None], np.linalg.eigvals(known).astype(complex), np.nan)


def poles(eigenvalues: np.ndarray, delay: StateDelay) -> np.ndarray:
    """The poles for eigenvalues of the Jacobian, complex `[..., len(delay.taps)]`.

    >>> poles(np.array([0.25]), StateDelay(np.array([0.0, 1.0]), 0.0, 0.0)).real.tolist()
    [[0.5, -0.5]]
    """
    count = len(delay.taps)
    scaled = delay.keep + (1 - delay.keep) * np.asarray(eigenvalues, complex)
    companion = np.zeros((*scaled.shape, count, count), complex)
    companion[..., 1:, :-1] = np.eye(count - 1)
    companion[..., 0, :] = scaled[..., None] * delay.taps
    companion[..., 0, 0] += delay.feedback
    return np.linalg.eigvals(companion)


def predict(eigenvalues: np.ndarray, delay: StateDelay) -> Prediction:
    """The stability of a recurrence whose Jacobians at rest have these eigenvalues.

    Args:
        eigenvalues: complex `[inputs, size]`, NaN in rows without a state of rest.
        delay: How it reads its past.

    >>> predict(np.array([[0.5], [-0.9]]), design_state_delay(1.0, "naive", 1))
    Prediction(radii=(0.5, 0.9))
    """
    known = np.isfinite(eigenvalues).all(axis=1)
    found = poles(np.where(known[:, None], eigenvalues, 0.0), delay)
    radii = np.where(known, np.max(np.abs(found), axis=(1, 2)), np.inf)
    return Prediction(tuple(radii.tolist()))


def choose_order(eigenvalues: np.ndarray, ratio: float) -> Choice:
    """The Lagrange order for a model: the highest that is predicted stable, and safe.

    With each order the state is read better at low frequencies and worse at high ones, where it is
    soon worse than not interpolated at all. Each eigenvalue is a resonance: how far its response to
    pink noise is from that of the model at its own rate, summed over all eigenvalues and inputs, is
    the predicted error. Safe is an order that gives away at most 4 dB, and at most half, of what
    the best order is predicted to gain over naive: sounds with little at high frequencies gain far
    more from it.

    Nothing is chosen where a prediction has no ground: a model that does not come to rest, or has a
    pole outside the unit circle itself, stays naive. At a whole ratio nothing is interpolated, and
    a state of rest is as stable as at the model's own rate.

    Args:
        eigenvalues: complex `[inputs, size]`, NaN in rows without a state of rest.
        ratio: The rate at which the model runs over the one it was trained at, 1/8 .. 16.

    Raises:
        ParameterError: The ratio is out of range.

    >>> choose_order(np.array([[0.5, 0.9]]), 48000 / 44100).order
    4
    """
    naive = design_state_delay(ratio, "naive", 1)
    own = predict(eigenvalues, naive)
    if ratio == 1.0:
        return Choice("naive", 1, own.radius, "naive: the rate is the model's own.")
    delays = [design_state_delay(ratio, "lagrange", k) for k in range(1, MOST_ORDER + 1)]
    if float(ratio).is_integer():
        why = f"lagrange order 1: the state is exactly {ratio:.0f} samples old, as in any order."
        return Choice("lagrange", 1, predict(eigenvalues, delays[0]).radius, why)
    if not own.stable:
        state = "does not come to rest at a constant input"
        if np.isfinite(own.radius):
            state = f"is itself unstable at rest (largest pole {own.radius:.3f})"
        return Choice("naive", 1, own.radius, f"naive: the model {state}, so nothing is predicted.")
    radii = [predict(eigenvalues, delay).radius for delay in delays]
    levels = [_error_db(eigenvalues, ratio, delay) for delay in (naive, *delays)]
    gains = [levels[0] - level for level in levels[1:]]
    return _highest(radii, gains, own.radius)


def _highest(radii: list[float], gains: list[float], own: float) -> Choice:
    """The highest order within the unit circle and near the largest gain over naive, in dB."""
    stable = [k for k, radius in enumerate(radii, 1) if radius <= _LIMIT]
    if not stable:
        why = f"naive: every order is predicted unstable (largest pole {min(radii):.3f} at least)."
        return Choice("naive", 1, own, why)
    most = max(gains[k - 1] for k in stable)
    if most <= 0:
        return Choice("naive", 1, own, "naive: no stable order is predicted nearer to the model.")
    safe = max(most - _SAFE_DB, most * _SAFE_PART)
    order = max(k for k in stable if gains[k - 1] >= safe)
    gain, radius = gains[order - 1], radii[order - 1]
    why = f"lagrange order {order}: largest pole {radius:.3f}, predicted {gain:.1f} dB nearer to "
    why += "the model than naive for pink noise"
    higher = range(order + 1, MOST_ORDER + 1)
    worse = [f"{k} ({gain - gains[k - 1]:.1f} dB)" for k in higher if k in stable]
    wild = [f"{k} (largest pole {radii[k - 1]:.3f})" for k in higher if k not in stable]
    for what, orders in (("worse", worse), ("unstable", wild)):
        why += f"; {what} would be order {', '.join(orders)}" if orders else ""
    return Choice("lagrange", order, radius, f"{why}.")


def _error_db(eigenvalues: np.ndarray, ratio: float, delay: StateDelay) -> float:
    """The level of the predicted error for pink noise in the band that both rates have."""
    w = np.linspace(0, _BAND * np.pi * min(1.0, 1 / ratio), _FREQUENCIES + 1)[1:]
    read = np.exp(-1j * np.outer(w, 1 + np.arange(len(delay.taps)))) @ delay.taps
    ideal = np.exp(-1j * w * ratio)
    misread = 1 / (1 - eigenvalues[..., None] * read) - 1 / (1 - eigenvalues[..., None] * ideal)
    return float(10 * np.log10(np.sum(np.abs(misread) ** 2 / w) + 1e-300))


def _largest(values: np.ndarray) -> np.ndarray:
    return np.max(np.abs(values), axis=1)
