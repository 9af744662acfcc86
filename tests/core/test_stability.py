import math
import re

import numpy as np
import pytest
import tensorflow as tf
from scipy.optimize import linear_sum_assignment

import workbench as wb
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


def test_a_point_that_is_never_reached_is_not_found():
    """The state alternates; Newton's method alone would find the point between."""
    assert not fixed_points(lambda states: tf.tanh(0.1 - 2 * states), np.ones((1, 1)))[1].any()


def test_what_grows_without_bound_is_not_found():
    found = fixed_points(lambda states: 2 * states + INPUTS, np.full((9, 1), 5.0))[1]
    assert not found.any()


@pytest.mark.parametrize(
    ("eigenvalues", "ratio", "chosen", "why"),
    [
        ([0.9, 0.5], UP, 4, r"lagrange order 4: largest pole 0.908, predicted \d+\.\d dB nearer"),
        ([0.9, 0.5], DOWN, 3, r"; worse would be order 4 \(.* dB\), 5 \(.* dB\)\."),
        ([0.9, 0.5], 0.5, 3, r"; unstable would be order 4 \(largest pole 1\.\d+\), 5 \(.*\)\."),
        ([0.9], 3.3, 5, r"dB nearer to the model than naive for pink noise\."),
        ([0.9], 1.0, 0, "the rate is the model's own"),
        ([0.9], 2.0, 1, "the state is exactly 2 samples old"),
        ([1.2], 2.0, 1, "the state is exactly 2 samples old"),
        ([1.2], UP, 0, r"is itself unstable at rest \(largest pole 1.200\)"),
        ([-0.99], DOWN, 0, "every order is predicted unstable"),
        ([0.0], UP, 0, "no stable order is predicted nearer"),
    ],
)
def test_the_choice_is_the_highest_order_that_is_stable_and_safe(eigenvalues, ratio, chosen, why):
    found = choose_order(np.array([eigenvalues], complex), ratio)
    assert found.interpolation == ("lagrange" if chosen else "naive")
    assert found.order == max(1, chosen)
    assert re.search(why, found.why)
    delay = design_state_delay(ratio, found.interpolation, found.order)
    assert found.radius == predict(np.array([eigenvalues]), delay).radius


def step_of(kind, kernel, recurrent, bias, tanh, join):
    """Keras' cells for a batch of models `[models, signals, size]`, in NumPy or TensorFlow."""

    def sigmoid(x):
        return 0.5 + 0.5 * tanh(0.5 * x)

    def parts(x, count):
        size = x.shape[-1] // count
        return [x[..., k * size : (k + 1) * size] for k in range(count)]

    def simple(state, x):
        return tanh(x @ kernel + state @ recurrent + bias)

    def gru(state, x):
        of_input, of_state = parts(x @ kernel + bias, 3), parts(state @ recurrent, 3)
        z, r = (sigmoid(a + b) for a, b in zip(of_input[:2], of_state[:2], strict=True))
        return z * state + (1 - z) * tanh(of_input[2] + r * of_state[2])

    def lstm(state, x):
        h, c = parts(state, 2)
        i, f, g, o = parts(x @ kernel + h @ recurrent + bias, 4)
        c = sigmoid(f) * c + sigmoid(i) * tanh(g)
        return join([sigmoid(o) * tanh(c), c], -1)

    return {"simple": simple, "gru": gru, "lstm": lstm}[kind]


def random_models(kind, gain, models, units):
    """Keras' initialisers times a gain, and some bias."""
    rng = np.random.default_rng([units, round(10 * gain)])
    size = {"simple": 1, "gru": 3, "lstm": 4}[kind] * units
    kernel = rng.uniform(-1, 1, (models, 1, size)) * math.sqrt(6 / (1 + size))
    square = rng.standard_normal((models, size, units))
    recurrent = np.swapaxes(np.linalg.qr(square)[0], 1, 2)
    bias = 0.1 * rng.standard_normal((models, 1, size))
    weights = [gain * part for part in (kernel, recurrent, bias)]
    weights[2][..., units : 2 * units] += kind == "lstm"  # remembers to begin with, as in Keras
    return weights, rng.standard_normal((models, units, 1)) / math.sqrt(units)


def signals_at(rate, seconds):
    """Falling spectra up to 0.6 and 0.85 of 22.05 kHz, a plucked string, a loud low tone."""
    rng, time = np.random.default_rng(1), np.arange(round(seconds * rate)) / rate
    rows = []
    for top in (0.6, 0.85):
        hertz, phase = np.sort(rng.uniform(50, top * 22050, 40)), rng.uniform(0, 2 * np.pi, 40)
        tones = np.sin(2 * np.pi * np.outer(hertz, time) + phase[:, np.newaxis])
        rows.append(np.sum(tones / np.sqrt(np.arange(1, 41))[:, np.newaxis], axis=0))
    k = np.arange(1, 60)[:, np.newaxis]
    string = np.exp(-time * (8 + 2 * k)) * np.sin(2 * np.pi * 196 * k * time) / k
    rows += [np.sum(string, axis=0), 2 * np.sin(2 * np.pi * 110 * time)]
    loudest = [[0.5], [0.5], [0.9], [1.0]] / np.max(np.abs(rows), axis=1, keepdims=True)
    return loudest * rows * np.minimum(1, time / 0.003)


def outputs(step, start, head, x, taps):
    """`[models, signals, time]` of models that each read their past by their own taps."""
    past = np.repeat(start[np.newaxis], taps.shape[1], axis=0)
    weights = taps.T[:, :, np.newaxis, np.newaxis]
    made = []
    for now in x.T:
        fresh = step(np.sum(weights * past, axis=0), now[np.newaxis, :, np.newaxis])
        past = np.concatenate([fresh[np.newaxis], past[:-1]])
        made.append((fresh[..., : head.shape[1]] @ head)[..., 0])
    return np.stack(made, axis=-1)


@pytest.mark.slow
@pytest.mark.parametrize("rates", [(48000, 44100), (44100, 48000)], ids=["down", "up"])
@pytest.mark.parametrize("gain", [0.7, 1.0, 2.0])
@pytest.mark.parametrize("kind", ["simple", "gru", "lstm"])
def test_the_chosen_order_is_never_worse_than_naive(kind, gain, rates):
    """Eight models each, 72 in all, against the resampled output of the model at its own rate."""
    models, units = 8, 12
    weights, head = random_models(kind, gain, models, units)
    size = units * (2 if kind == "lstm" else 1)
    rows = [np.repeat(part, 9, axis=0) for part in weights]
    constant = np.tile(INPUTS, (models, 1))[:, np.newaxis]
    slow = step_of(kind, *rows, tf.tanh, tf.concat)
    at_rest = eigenvalues_at_rest(
        lambda states: slow(states[:, np.newaxis], constant)[:, 0], np.zeros((9 * models, size))
    ).reshape(models, 9, size)
    ratio = rates[1] / rates[0]
    chosen = [choose_order(one, ratio) for one in at_rest]
    designs = [design_state_delay(ratio, one.interpolation, one.order).taps for one in chosen]
    auto = np.stack([np.pad(taps, (0, 6 - len(taps))) for taps in designs])

    step = step_of(kind, *weights, np.tanh, np.concatenate)
    start, naive = np.zeros((models, 4, size)), np.ones((models, 1))
    x = signals_at(rates[0], 0.05)
    resampled = lambda y: wb.resample(y, orig_rate=rates[0], target_rate=rates[1]).numpy()  # noqa: E731
    wanted = resampled(outputs(step, start, head, x, naive))
    inside = slice(400, -400)  # the resampler's ends
    errors = [
        np.sum((outputs(step, start, head, resampled(x), taps) - wanted)[..., inside] ** 2, axis=-1)
        for taps in (naive, auto)
    ]
    gains = 10 * np.log10(errors[0] / errors[1])
    assert gains.min() >= -0.1
    interpolated = np.array([one.interpolation == "lagrange" for one in chosen])
    assert interpolated.all() or kind == "simple"  # at rest it turns at all frequencies
    if interpolated.any():
        assert np.median(gains[interpolated, 2]) >= 10  # the string


def test_models_one_after_the_other_are_no_cause_for_a_warning(caplog):
    """TensorFlow blames a function that is traced for the fifth time, each a model of its own."""
    for scale in np.linspace(0.1, 0.9, 8):
        eigenvalues_at_rest(lambda states, scale=scale: tf.tanh(scale * states), np.ones((1, 1)))
    assert [each.getMessage() for each in caplog.records] == []
