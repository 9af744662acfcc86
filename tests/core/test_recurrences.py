"""The oracle of the recurrent layers, held against Keras and against closed forms."""

import keras
import numpy as np
import pytest

from tests.core.recurrences import METHODS, delay, gru_step, lstm_step, run, simple_step, taps

UNITS = 5
DELAYS = [method for method in METHODS if method not in ("naive", "stn")]
KINDS = {
    "lstm": (keras.layers.LSTM, lstm_step, {}),
    "gru": (keras.layers.GRU, gru_step, {"reset_after": True}),
    "gru, reset before": (keras.layers.GRU, gru_step, {"reset_after": False}),
    "simple": (keras.layers.SimpleRNN, simple_step, {}),
}
kinds = pytest.mark.parametrize("kind", KINDS)


def example(kind, seed=0):
    """Weights, three inputs of levels that differ by decades, and a state for each."""
    random = np.random.default_rng(seed)
    layer, step, options = KINDS[kind]
    made = layer(UNITS, dtype="float64", return_sequences=True, **options)
    made.build((3, None, 2))
    weights = [0.5 * random.standard_normal(weight.shape) for weight in made.get_weights()]
    made.set_weights(weights)
    x = random.standard_normal((3, 20, 2)) * np.array([0.1, 1, 10])[:, None, None]
    states = 2 if kind == "lstm" else 1
    initial = 0.3 * random.standard_normal((3, states * UNITS))
    return made, step(*weights, **options), x, initial


@kinds
@pytest.mark.parametrize("method", METHODS)
def test_ratio_one_equals_keras(kind, method):
    layer, step, x, initial = example(kind)
    given = np.split(initial, initial.shape[1] // UNITS, axis=1)
    expected = layer(x, initial_state=given).numpy()
    found = run(step, x, UNITS, ratio=1.0, method=method, initial=initial)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@kinds
@pytest.mark.parametrize("method", DELAYS)
@pytest.mark.parametrize("ratio", [2, 3, 4])
def test_held_inputs_at_a_whole_ratio_equal_the_base_at_every_phase(kind, method, ratio):
    _, step, x, initial = example(kind)
    base = run(step, x, UNITS, ratio=1.0, method="naive", initial=initial)
    held = np.repeat(x, ratio, axis=1)
    found = run(step, held, UNITS, ratio=float(ratio), method=method, initial=initial)
    np.testing.assert_allclose(found, np.repeat(base, ratio, axis=1), rtol=0, atol=1e-12)


@pytest.mark.parametrize("ratio", [0.5, 44.1 / 48, 1.0, 48 / 44.1, 1.5, 2.0, 2.7, 4.2])
@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
def test_lagrange_is_exact_for_polynomials_up_to_its_order(ratio, order):
    lag, weights = taps(f"lagrange {order}", ratio)
    lags = lag + np.arange(order + 1)
    for power in range(order + 1):
        assert np.sum(weights * lags**power) == pytest.approx(ratio**power, rel=1e-9)
    assert lag >= 1  # of the future nothing is known
    assert lag == 1 or abs(np.mean(lags) - ratio) <= 0.5  # else it lies in the middle


@pytest.mark.parametrize("ratio", [44.1 / 48, 48 / 44.1, 1.5, 2.25])
def test_linear_is_lagrange_of_order_one_and_cubic_of_order_three(ratio):
    for method, order in (("linear", 1), ("cubic", 3)):
        expected = taps(f"lagrange {order}", ratio)
        assert taps(method, ratio)[0] == expected[0]
        np.testing.assert_allclose(taps(method, ratio)[1], expected[1], atol=1e-15)


def test_the_all_pass_delays_low_frequencies_by_the_ratio():
    rule, ratio, w = delay("allpass", 1.4), 1.4, 0.02
    x, before = np.cos(w * np.arange(500)), 1.0
    for n in range(2, 500):
        before = rule(x[:n], before)
    # n = 499 was made of x[498], x[497] and so on; the phase is wrong by w^3 alone
    assert before == pytest.approx(np.cos(w * (499 - ratio)), abs=2 * w**3)


def test_the_all_pass_cannot_look_ahead():
    with pytest.raises(ValueError, match="one sample or more"):
        delay("allpass", 0.9)


@kinds
def test_the_trajectory_moves_by_a_part_of_each_step(kind):
    _, step, x, initial = example(kind)
    found = run(step, x[:, :1], UNITS, ratio=4.0, method="stn", initial=initial)
    moved = 0.75 * initial + 0.25 * step(initial, x[:, 0])
    np.testing.assert_allclose(found[:, 0], moved[:, :UNITS], atol=1e-15)
