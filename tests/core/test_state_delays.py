import math

import numpy as np
import pytest
import tensorflow as tf
from scipy.optimize import linprog

from tests.numbers import relative
from workbench.core.minimax import MINIMAX_BAND, design_minimax
from workbench.core.state_delays import (
    INTERPOLATIONS,
    design_state_delay,
    past_samples,
    state_delay_at,
)
from workbench.errors import ParameterError

EXACT = 1e-12  # of float64: a product of at most 12 factors of order 1
FORMS = [(name, 3) for name in INTERPOLATIONS[:5]] + [
    (name, order) for name in ("lagrange", "minimax") for order in range(1, 6)
]
forms = pytest.mark.parametrize("form", FORMS, ids=[f"{name}{order}" for name, order in FORMS])
orders = pytest.mark.parametrize("order", range(1, 6))
MOST = 5.3
RATIOS = [0.125, 0.4, 0.91875, 1.0, 1.0884353741496600, 1.5, 1.77, 2.0, 2.5, 3.0, 3.7, 4.5, 5.3]


def legal(form):
    return [ratio for ratio in RATIOS if form[0] != "allpass" or ratio >= 1]


def response(delay, w):
    """Of what is read to the fresh states; a delay of a sample is already in it."""
    late = np.exp(-1j * np.outer(w, 1 + np.arange(len(delay.taps)))) @ delay.taps
    return late / (1 - delay.feedback * np.exp(-1j * w))


def parts(ratio, order):
    """Whole samples before those that are read, and the delay within them."""
    extra = max(0, math.floor(ratio - (order + 1) / 2))
    return extra, ratio - 1 - extra


@orders
@pytest.mark.parametrize("ratio", RATIOS)
def test_lagrange_is_the_closed_form(order, ratio):
    extra, delay = parts(ratio, order)
    expected = [0.0] * extra + [
        math.prod((delay - k) / (n - k) for k in range(order + 1) if k != n)
        for n in range(order + 1)
    ]
    found = design_state_delay(ratio, "lagrange", order).taps
    np.testing.assert_allclose(np.pad(found, (0, len(expected) - len(found))), expected, EXACT, 0)


@orders
@pytest.mark.parametrize("ratio", RATIOS)
def test_lagrange_is_flat_at_frequency_zero(order, ratio):
    """The response and as many of its derivatives as the order are those of the delay."""
    taps = design_state_delay(ratio, "lagrange", order).taps
    lags = 1 + np.arange(len(taps))
    moments = np.array([taps @ lags.astype(float) ** k for k in range(order + 1)])
    scale = np.array([np.abs(taps) @ lags.astype(float) ** k for k in range(order + 1)])
    assert np.max(np.abs(moments - ratio ** np.arange(order + 1.0)) / scale) <= EXACT


def test_linear_and_cubic_are_lagrange():
    for ratio in RATIOS:
        for name, order in (("linear", 1), ("cubic", 3)):
            found = design_state_delay(ratio, name, 5).taps
            np.testing.assert_array_equal(found, design_state_delay(ratio, "lagrange", order).taps)


def smallest_largest_error(order, delay):
    """By linear programming: a modulus is the largest real part among its rotations."""
    w = np.linspace(0, MINIMAX_BAND, 200)
    rotations = np.exp(2j * np.pi * np.arange(64) / 64)[:, None]
    shifts = rotations[..., None] * np.exp(-1j * np.outer(w, np.arange(order + 1)))
    limits = np.column_stack([shifts.real.reshape(-1, order + 1), -np.ones(64 * 200)])
    wanted = (rotations * np.exp(-1j * w * delay)).real.ravel()
    whole = [[1.0] * (order + 1) + [0.0]]
    free = [(None, None)] * (order + 2)
    cost = [0.0] * (order + 1) + [1.0]
    return linprog(cost, limits, wanted, whole, [1.0], free).fun


@orders
@pytest.mark.parametrize("ratio", [0.125, 0.6, 0.91875, 1.0884353741496600, 1.5, 2.2, 3.9])
def test_minimax_has_the_smallest_largest_error(order, ratio):
    w = np.linspace(0, MINIMAX_BAND, 1000)
    found = design_state_delay(ratio, "minimax", order)
    largest = np.max(np.abs(response(found, w) - np.exp(-1j * w * ratio)))
    best = smallest_largest_error(order, parts(ratio, order)[1])
    assert 0.998 * best <= largest <= 1.01 * best  # 64 rotations are 0.12 % short of a circle
    assert np.sum(found.taps) == pytest.approx(1, abs=EXACT)


@forms
def test_whole_ratios_read_one_state(form):
    for ratio in range(1, 17):
        made = design_state_delay(float(ratio), *form)
        assert made.feedback == 0.0
        if form[0] in ("naive", "stn"):
            assert made.taps.tolist() == [1.0]
            assert made.keep == (1 - 1 / ratio if form[0] == "stn" else 0.0)
        else:
            assert made.taps.tolist() == [0.0] * (ratio - 1) + [1.0]
            assert made.keep == 0.0


@pytest.mark.parametrize("ratio", [1.0884353741496600, 1.5, 2.9])
def test_allpass_passes_all_and_delays_low_frequencies_by_the_ratio(ratio):
    made = design_state_delay(ratio, "allpass", 1)
    w = np.linspace(0, np.pi, 100)
    np.testing.assert_allclose(np.abs(response(made, w)), 1.0, 1e-10)
    assert -np.angle(response(made, np.array([1e-4])))[0] / 1e-4 == pytest.approx(ratio, 1e-8)


@forms
@pytest.mark.parametrize("way", ["eager", "graph", "xla"])
def test_a_tensor_gives_what_the_number_gives(form, way):
    def design(ratio):
        made = state_delay_at(ratio, *form, MOST)
        return [tf.convert_to_tensor(part, tf.float64) for part in made]

    signature = [tf.TensorSpec([], tf.float64)]
    if way != "eager":
        design = tf.function(design, input_signature=signature, jit_compile=way == "xla")
    for ratio in legal(form):
        taps, feedback, keep = design(tf.constant(ratio, tf.float64))
        expected = design_state_delay(ratio, *form)
        assert taps.shape == [past_samples(*form, MOST)]
        padded = np.pad(expected.taps, (0, taps.shape[0] - len(expected.taps)))
        assert relative(taps, padded) <= EXACT
        assert [float(feedback), float(keep)] == pytest.approx(
            [expected.feedback, expected.keep], EXACT
        )


@forms
def test_static_length_is_needed(form):
    for ratio in np.arange(1.0, 15.6, 0.5):
        ratios = ratio - np.array([0.0, 1e-9, 0.3, 0.7])
        made = [design_state_delay(r, *form).taps for r in ratios if r >= 1]
        assert max(map(len, made)) <= past_samples(*form, ratio)
        between = ratio + 0.2
        assert len(design_state_delay(between, *form).taps) == past_samples(*form, between)


@forms
@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "xla"])
def test_gradients_are_the_slopes_towards_larger_ratios(form, compiled):
    def slopes(ratio):
        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
            tape.watch(ratio)
            made = state_delay_at(ratio, *form, MOST)
            parts = [tf.reshape(tf.convert_to_tensor(p, tf.float64), [-1]) for p in made]
            ones = tf.unstack(tf.concat(parts, 0))
        none = tf.zeros([], tf.float64)
        return (
            tf.stack([tape.gradient(one, ratio, unconnected_gradients="zero") for one in ones])
            + none
        )

    def parts_at(ratio):
        made = state_delay_at(tf.constant(ratio, tf.float64), *form, MOST)
        return np.concatenate([np.ravel(part) for part in made])

    taken = tf.function(slopes, jit_compile=True) if compiled else slopes
    for ratio in legal(form)[:-1]:
        if form[0] == "allpass" and ratio in (1.0, 2.0, 3.0):
            continue  # below
        # One-sided, of sixth order: what is left is less than rounding
        weights, step = np.array([-147, 360, -450, 400, -225, 72, -10]) / 60, 1e-3 * ratio
        points = [parts_at(ratio + k * step) for k in range(7)]
        expected = weights @ points / step
        found = taken(tf.constant(ratio, tf.float64))
        np.testing.assert_allclose(found, expected, 1e-8, 1e-8 * max(1, *np.abs(expected)))


def test_gradient_of_the_allpass_at_a_whole_ratio_is_that_of_linear():
    def slopes(name):
        ratio = tf.constant(2.0, tf.float64)
        with tf.GradientTape() as tape:
            tape.watch(ratio)
            taps = state_delay_at(ratio, name, 1, 2.5).taps
        return tape.jacobian(taps, ratio).numpy().tolist()

    assert slopes("allpass") == slopes("linear") == [0.0, -1.0, 1.0]


def test_beyond_the_most_the_oldest_taps_go_on():
    made = state_delay_at(tf.constant(2.0 + 1e-7, tf.float64), "linear", 1, 1.9999999)
    np.testing.assert_allclose(made.taps, [-1e-7, 1 + 1e-7], rtol=1e-6)
    found = state_delay_at(tf.Variable(0.9, dtype=tf.float64), "allpass", 1, 2.0)
    assert np.all(np.isnan(found.taps))


def test_designs_are_kept_and_read_only():
    made = design_state_delay(1.3, "minimax", 3)
    assert design_state_delay(1.3, "minimax", 3) is made
    for table in (made.taps, design_minimax(3)):
        with pytest.raises(ValueError, match="read-only"):
            table[0] = 0.0


@tf.function
def _taps_in_a_graph():
    return tf.constant(design_state_delay(1.37, "minimax", 4).taps)


def test_a_design_is_numbers_while_a_graph_is_traced():
    np.testing.assert_array_equal(_taps_in_a_graph(), design_state_delay(1.37, "minimax", 4).taps)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1.5, "auto", 3), "interpolation must be one of 'naive', .*; got 'auto'"),
        ((1.5, "lagrange", 6), "order must be a whole number, 1 .. 5; got 6"),
        ((1.5, "minimax", 2.5), "order must be a whole number"),
        ((0.1, "linear", 3), "ratio must lie in 0.125 .. 16; got 0.1"),
        ((math.nan, "linear", 3), "ratio must lie in"),
        ((0.9, "allpass", 3), "ratio must be at least 1 for interpolation 'allpass'; got 0.9"),
    ],
)
def test_what_is_wrong_is_named(arguments, message):
    ratio, *rest = arguments
    with pytest.raises(ParameterError, match=message):
        design_state_delay(*arguments)
    with pytest.raises(ParameterError, match=message):
        state_delay_at(tf.constant(ratio, tf.float64), *rest, 2.0)
