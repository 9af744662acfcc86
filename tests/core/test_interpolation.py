import math

import numpy as np
import pytest
import tensorflow as tf

from tests.numbers import relative
from workbench.core.interpolation import pieces_of, read, spread
from workbench.core.responses import Triangle, design_low_pass

RESPONSES = {"low pass": design_low_pass(0.5, 0.8, 80.0), "triangle": Triangle()}
LIMIT = 1e-12  # of float64, for sums of a hundred samples times 17 powers
RNG = np.random.default_rng(5)
responses = pytest.mark.parametrize("response", RESPONSES.values(), ids=RESPONSES)


def shares(response, cells, parts, length):
    """What each sample contributes to the values at some times, `[..., length, times]`."""
    reach = math.ceil(response.half_width)
    places = np.arange(length)[:, np.newaxis] - cells[..., np.newaxis, :]
    seen = (places > -reach) & (places <= reach)  # the response has a jump at its very ends
    return seen * response.widened(reach)(parts[..., np.newaxis, :] - places)


@responses
@pytest.mark.parametrize("length", [1, 7, 8, 300])
@pytest.mark.parametrize("own", [False, True], ids=["same times", "times for each row"])
def test_reading_is_the_direct_sum(response, length, own):
    x = RNG.standard_normal((3, length))
    cells = RNG.integers(-50, length + 50, (3 if own else 1, 400), np.int32)
    parts = RNG.random(cells.shape)
    parts[:, ::3] = 0.0
    found = read(*map(tf.constant, (x, cells, parts)), pieces_of(response, tf.float64))
    expected = (x[:, np.newaxis] @ shares(response, cells, parts, length))[:, 0]
    assert relative(found, expected) <= LIMIT


@responses
@pytest.mark.parametrize("count", [1, 8, 301])
def test_spreading_is_the_direct_sum(response, count):
    x = RNG.standard_normal((3, 200))
    cells = np.sort(RNG.integers(0, count + 1, 200, np.int32))
    parts = RNG.random(200)
    parts[::3] = 0.0
    pieces = pieces_of(response, tf.float64)
    found = spread(*map(tf.constant, (x, cells, parts)), pieces, count)
    assert relative(found, x @ shares(response, cells, parts, count).T) <= LIMIT


@responses
def test_gradients_of_reading_are_those_of_the_direct_sum(response):
    x, parts = RNG.standard_normal((1, 60)), 0.1 + 0.8 * RNG.random((1, 60))
    cells, weights = np.arange(60, dtype=np.int32)[np.newaxis], RNG.standard_normal(60)
    given = [tf.constant(x), tf.constant(parts)]
    with tf.GradientTape() as tape:
        tape.watch(given)
        found = read(given[0], tf.constant(cells), given[1], pieces_of(response, tf.float64))
        total = tf.reduce_sum(found * weights)
    of_signal, of_parts = tape.gradient(total, given)
    assert relative(of_signal[0], shares(response, cells, parts, 60)[0] @ weights) <= LIMIT
    near = [x @ shares(response, cells, parts + d, 60)[0] for d in (1e-5, -1e-5)]
    # central differences: 1e-11 of rounding, 1e-10 of curvature
    assert relative(of_parts, weights * (near[0] - near[1]) / 2e-5) <= 1e-8
