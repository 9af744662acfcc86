"""One step of a cell, against Keras' own."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.core.cells import FEATURES, KINDS, UNITS, example, noise
from tests.numbers import relative
from workbench.core.cells import GRUCell, LSTMCell, SimpleCell

kinds = pytest.mark.parametrize("kind", KINDS)
ROUNDING = {"float32": 1e-6, "float64": 1e-14}  # a few units in the last place


def a_state(cell, rows, dtype):
    random = np.random.default_rng(5)
    return tuple(
        tf.constant(random.standard_normal((rows, UNITS)), dtype) for _ in range(cell.parts)
    )


@kinds
@pytest.mark.parametrize("dtype", ROUNDING)
def test_a_step_equals_that_of_keras(kind, dtype):
    cell, weights, layer, _ = example(kind, dtype)
    x, state = noise(4, 1, dtype)[:, 0], a_state(cell, 4, dtype)
    _, expected = layer.cell(x, list(state))
    found = cell.step(cell.project(x, weights), state, weights)
    assert len(found) == cell.parts == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == dtype
        assert one.shape == [4, UNITS]
        for row, keras_row in zip(one, other, strict=True):
            assert relative(row, keras_row) < ROUNDING[dtype]


@kinds
def test_inputs_of_all_steps_are_projected_at_once(kind):
    cell, weights, _, _ = example(kind)
    x = noise(3, 4)
    every = cell.project(x, weights)
    for n in range(4):
        one = cell.project(x[:, n], weights)
        np.testing.assert_allclose(every[:, n], one, rtol=1e-14, atol=1e-14)


@kinds
def test_the_first_part_of_a_state_is_the_output(kind):
    cell, weights, layer, _ = example(kind)
    x, state = noise(2, 1)[:, 0], a_state(cell, 2, "float64")
    output, _ = layer.cell(x, list(state))
    assert relative(cell.step(cell.project(x, weights), state, weights)[0], output) < 1e-14


@pytest.mark.parametrize("reset_after", [True, False])
def test_other_activations_and_no_gates_saturate(reset_after):
    options = {"activation": "softsign", "recurrent_activation": "hard_sigmoid"}
    layer = keras.layers.GRU(UNITS, reset_after=reset_after, dtype="float64", **options)
    layer.build((None, None, FEATURES))
    random = np.random.default_rng(0)
    layer.set_weights([random.standard_normal(one.shape) for one in layer.get_weights()])
    cell = GRUCell(UNITS, layer.activation, layer.recurrent_activation, reset_after)
    weights = [one.value for one in layer.weights]
    x, state = noise(3, 1)[:, 0], a_state(cell, 3, "float64")
    found = cell.step(cell.project(x, weights), state, weights)[0]
    assert relative(found, layer.cell(x, list(state))[0]) < 1e-14


def test_cells_that_are_equal_share_their_compiled_loops():
    for make in (
        lambda units: LSTMCell(units, tf.tanh, tf.sigmoid),
        lambda units: GRUCell(units, tf.tanh, tf.sigmoid, True),
        lambda units: SimpleCell(units, tf.tanh),
    ):
        assert make(3) == make(3)
        assert hash(make(3)) == hash(make(3))
        assert make(3) != make(4)
    assert GRUCell(3, tf.tanh, tf.sigmoid, True) != GRUCell(3, tf.tanh, tf.sigmoid, False)
