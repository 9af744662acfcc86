import numpy as np
import pytest
import tensorflow as tf

from workbench.core.chance import below, draw, seed_of_step


def test_raw_numbers_fill_32_bits_evenly():
    raw = draw((1, 2), tf.constant([500, 2]), 40).numpy()
    assert (raw.shape, raw.dtype) == ((500, 2, 40), np.int64)
    assert np.all((raw >= 0) & (raw < 2**32))
    for bit in range(32):  # 40 000 draws: half of them, give or take five standard deviations
        assert np.mean(raw >> bit & 1) == pytest.approx(0.5, abs=5 * 0.5 / 200)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_all_ways_of_running_draw_the_same(jit_compile):
    @tf.function(jit_compile=jit_compile, autograph=False)
    def run(seed):
        return draw(seed, tf.constant([5]), 3)

    seed = tf.constant([2**31 - 1, 0], tf.int64)
    np.testing.assert_array_equal(run(seed), draw((2**31 - 1, 0), tf.constant([5]), 3))


def test_a_row_knows_nothing_of_the_rows_behind_it():
    few, many = (draw((1, 2), tf.constant([rows]), 3).numpy() for rows in (2, 9))
    np.testing.assert_array_equal(many[:2], few)
    assert len(np.unique(many)) == many.size
    assert not np.any(draw((1, 3), tf.constant([9]), 3) == many)


@pytest.mark.parametrize("limit", [0, 1, 10, 2**31 - 1])
def test_below_keeps_whole_numbers_under_the_limit(limit):
    raw = [0, 1, 2**16, 2**31, 2**32 - 2, 2**32 - 1]
    found = below(tf.constant(raw, tf.int64), limit).numpy().tolist()
    assert found == [number * limit // 2**32 for number in raw]


def test_no_two_steps_and_seeds_meet():
    given = [(0, 0), (0, 1), (1, 0), (2**31 - 1, 2**31 - 1)]
    seeds = [tuple(seed_of_step(seed, step).numpy()) for seed in given for step in range(4)]
    assert len(set(seeds)) == 16
    assert seeds[::4] == given
