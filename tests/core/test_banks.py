import numpy as np
import pytest
import tensorflow as tf

from tests.numbers import relative
from workbench.core.banks import apply_bank, design_bank
from workbench.core.responses import Triangle, design_low_pass

RESPONSES = {"low pass": design_low_pass(0.4, 0.8, 60.0), "triangle": Triangle()}


def summed(x, response, orig, target, count):
    """Outputs at input times m * orig / target, each a sum over the whole input."""
    times = np.arange(count) * orig / target
    return x @ response(times - np.arange(x.shape[1])[:, np.newaxis])


@pytest.mark.parametrize("response", RESPONSES.values(), ids=RESPONSES)
@pytest.mark.parametrize(("orig", "target"), [(1, 1), (3, 2), (2, 3), (1, 7), (5, 1), (160, 147)])
@pytest.mark.parametrize("length", [1, 40, 500])
def test_a_bank_is_the_direct_sum(response, orig, target, length):
    x = np.random.default_rng(length).standard_normal((2, length))
    bank = design_bank(orig, target, response, tf.float64)
    for blocks in (1, 3, 2 + length // bank.step):  # fewer than the input makes, and more
        found = apply_bank(tf.constant(x), bank, blocks)
        assert relative(found, summed(x, response, orig, target, found.shape[1])) <= 1e-13


def test_outputs_of_a_block_are_spaced_as_the_rates_say():
    bank = design_bank(160, 147, RESPONSES["low pass"], tf.float64)
    assert bank.kernel.shape[2] * 160 == bank.step * 147
