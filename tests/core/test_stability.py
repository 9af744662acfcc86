import math
import re

import numpy as np
import pytest
import tensorflow as tf
from scipy.optimize import linear_sum_assignment

from workbench.core.stability import (
    choose_order,
    eigenvalues_at_rest,
    fixed_points,
    jacobians,
    poles,
    predict,
)
from workbench.core.state_delays import design_state_delay

RNG = np.random.default_rng(3)
UP, DOWN = 48000 / 44100, 44100 / 48000
FORMS = [
    ("naive", 1), ("stn", 1), ("linear", 1), ("cubic", 3), ("lagrange", 5), ("minimax", 2),
]  # fmt: skip
INPUTS = np.linspace(-1, 1, 9)[:, np.newaxis]


def farthest(found, expected):
    """The largest distance between two sets of numbers, paired so that it is smallest."""
    distances = np.abs(np.subtract.outer(found, expected))
    return distances[linear_sum_assignment(distances)].max()


@pytest.mark.parametrize("form", FORMS, ids=[f"{name}{order}" for name, order in FORMS])
@pytest.mark.parametrize("ratio", [0.4, DOWN, UP, 2.7])
def test_poles_are_the_eigenvalues_of_the_whole_system(form, ratio):
    delay = design_state_delay(ratio, *form)
    jacobian = RNG.standard_normal((5, 5)) / 3
    mixed = delay.keep * np.eye(5) + (1 - delay.keep) * jacobian
    past = len(delay.taps)
    shift = np.eye(5 * (past - 1), 5 * past)
    whole = np.vstack([np.kron(delay.taps, mixed), shift])
    found = poles(np.linalg.eigvals(jacobian), delay)
    assert found.shape == (5, past)
    # Poles near a multiple one are off by a root of the rounding; these are not, but not by far
    assert farthest(found.ravel(), np.linalg.eigvals(whole)) <= 1e-8


@pytest.mark.parametrize("ratio", [1.2, 1.5, 2.7])
def test_poles_of_the_allpass_are_those_of_its_feedback_loop(ratio):
    """The system with the delayed state as a state of its own, which adds as many poles at 0."""
    delay = design_state_delay(ratio, "allpass", 1)
    jacobian = RNG.standard_normal((3, 3)) / 3
    past = len(delay.taps)
    read = np.hstack([np.kron(delay.taps, np.eye(3)), delay.feedback * np.eye(3)])
    shift = np.eye(3 * (past - 1), 3 * (past + 1))
    whole = np.vstack([jacobian @ read, shift, read])
    found = poles(np.linalg.eigvals(jacobian), delay).ravel()
    assert farthest(np.append(found, np.zeros(3)), np.linalg.eigvals(whole)) <= 1e-5


def test_the_radius_is_how_fast_a_disturbance_grows():
    jacobian = RNG.standard_normal((4, 4)) * 0.6
    delay = design_state_delay(0.5, "lagrange", 3)
    past = [RNG.standard_normal(4)] * len(delay.taps)
    sizes = []
    for _ in range(4000):
        past = [jacobian @ (delay.taps @ past), *past[:-1]]
        sizes.append(math.log(np.linalg.norm(past)))
        past = [one / math.exp(sizes[-1]) for one in past]
    rate = math.exp(np.mean(sizes[1000:]))
    found = predict(np.linalg.eigvals(jacobian)[np.newaxis], delay)
    assert found.radius == pytest.approx(rate, 1e-3)
    assert not found.stable


def test_batches_of_inputs_are_predicted_apart():
    eigenvalues = np.array([[0.5, -0.2], [0.3 + 0.9j, 0.3 - 0.9j], [np.nan, np.nan]])
    delay = design_state_delay(1.0, "naive", 1)
    found = predict(eigenvalues, delay)
    assert found.radii == pytest.approx((0.5, math.hypot(0.3, 0.9), math.inf))
    assert (found.worst, found.radius, found.stable) == (2, math.inf, False)
    known = predict(eigenvalues[:2], delay)
    assert (known.worst, known.stable) == (1, True)
    assert predict(np.array([[1 + 1e-7]]), delay).stable  # an orthogonal matrix in float32
    assert not predict(np.array([[1 + 1e-5]]), delay).stable


def network(units, scale):
    recurrent = RNG.standard_normal((units, units)) / math.sqrt(units) * scale
    kernel = RNG.standard_normal((1, units))
    return lambda states: tf.tanh(INPUTS @ kernel + states @ recurrent), kernel, recurrent


def test_fixed_points_are_at_rest_and_have_the_jacobians_of_the_formula():
    step, _, recurrent = network(6, 0.5)
    points, found = fixed_points(step, tf.zeros([9, 6]))
    assert found.all()
    np.testing.assert_allclose(step(points), points, rtol=0, atol=1e-12)
    expected = (1 - points**2)[:, :, np.newaxis] * recurrent.T
    np.testing.assert_allclose(jacobians(step, points), expected, rtol=1e-12, atol=1e-12)
    eigenvalues = eigenvalues_at_rest(step, tf.zeros([9, 6]))
    for row, matrix in zip(eigenvalues, expected, strict=True):
        assert farthest(row, np.linalg.eigvals(matrix)) <= 1e-9


def test_a_slow_state_is_found_too():
    """Time constants of up to a second at 48 kHz."""
    rate = np.array([[0.9, 0.9999, 1 - 1 / 48000]])
    points, found = fixed_points(
        lambda s: rate * s + (1 - rate) * tf.tanh(INPUTS), np.zeros((9, 3))
    )
    assert found.all()
    np.testing.assert_allclose(points, np.tanh(INPUTS) * np.ones(3), rtol=1e-9, atol=1e-12)


def test_what_does_not_come_to_rest_is_not_found():
    """It turns by 1 rad a step where the input is above 0, and settles elsewhere."""
    gain = np.where(INPUTS > 0, 2.0, 0.5)
    turn = np.array([[math.cos(1), -math.sin(1)], [math.sin(1), math.cos(1)]])
    step = lambda states: tf.tanh(gain * (states @ turn) + 0.01)  # noqa: E731
    found = fixed_points(step, np.zeros((9, 2)))[1]
    np.testing.assert_array_equal(found, INPUTS[:, 0] <= 0)
    eigenvalues = eigenvalues_at_rest(step, np.zeros((9, 2)))
    np.testing.assert_array_equal(np.isfinite(eigenvalues).all(axis=1), found)
    chosen = choose_order(eigenvalues, UP)
    assert chosen.interpolation == "naive"
    assert "does not come to rest" in chosen.why


def test_what_grows_without_bound_is_not_found():
    found = fixed_points(lambda states: 2 * states + INPUTS, np.full((9, 1), 5.0))[1]
    assert not found.any()


@pytest.mark.parametrize(
    ("eigenvalues", "ratio", "chosen", "why"),
    [
        (
            [0.9, 0.5],
            UP,
            4,
            r"lagrange order 4: largest pole 0.\d+, .* order 5 would be .* worse\.",
        ),
        ([0.9, 0.5], DOWN, 3, "order 4 would be .* worse, order 5 would be"),
        ([0.9, 0.5], 0.5, 2, r"order 4 is predicted unstable \(largest pole 1"),
        ([0.9], 3.3, 5, r"dB nearer to the model than naive\."),
        ([0.9], 1.0, 0, "the rate is the model's own"),
        ([0.9], 2.0, 1, "the state is exactly 2 samples old"),
        ([1.2], 2.0, 1, "the state is exactly 2 samples old"),
        ([1.2], UP, 0, r"is itself unstable at rest \(largest pole 1.200\)"),
        ([-0.99], DOWN, 0, "every order is predicted unstable"),
        ([0.0], UP, 0, "no stable order is predicted nearer"),
    ],
)
def test_the_choice_is_the_most_exact_stable_order(eigenvalues, ratio, chosen, why):
    found = choose_order(np.array([eigenvalues], complex), ratio)
    assert found.interpolation == ("lagrange" if chosen else "naive")
    assert found.order == max(1, chosen)
    assert re.search(why, found.why)
    delay = design_state_delay(ratio, found.interpolation, found.order)
    assert found.radius == predict(np.array([eigenvalues]), delay).radius
