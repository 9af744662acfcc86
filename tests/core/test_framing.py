import numpy as np
import pytest
import tensorflow as tf

from workbench.core.framing import add_frames, cut_frames, layout

LENGTH = 100
SIZES = [  # frame_length, frame_step, fft_length
    (1, 1, 1),
    (7, 3, 8),
    (8, 8, 8),
    (5, 9, 5),  # samples that no frame sees
    (64, 1, 64),  # so many overlap that they are added up in one go
    (64, 24, 80),
    (33, 32, 33),
]
sizes = pytest.mark.parametrize(("frame_length", "frame_step", "fft_length"), SIZES)


def gathered(x, grid, pad_mode):
    """The frames of rows, one by one."""
    padded = np.pad(x, [(0, 0), (grid.padding, grid.padding)], mode=pad_mode)
    starts = [t * grid.frame_step + grid.offset for t in range(grid.count(x.shape[1]))]
    return np.stack([padded[:, start : start + grid.frame_length] for start in starts], axis=1)


@sizes
@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("pad_mode", ["reflect", "constant"])
def test_cutting_and_its_transpose(frame_length, frame_step, fft_length, center, pad_mode):
    given = {"frame_length": frame_length, "frame_step": frame_step, "fft_length": fft_length}
    grid = layout(given | {"window_position": "center", "center": center})
    matrix = gathered(np.eye(LENGTH), grid, pad_mode)
    rows = tf.eye(LENGTH, dtype=tf.float64)
    weights = np.random.default_rng(0).standard_normal(matrix.shape[1:])
    with tf.GradientTape() as tape:
        tape.watch(rows)
        frames = cut_frames(rows, grid, pad_mode)
        total = tf.reduce_sum(frames * weights)
    np.testing.assert_array_equal(frames, matrix)
    pulled = tape.gradient(total, rows)  # the same for every row
    expected = np.einsum("ntk,tk->n", matrix, weights)
    np.testing.assert_allclose(pulled, np.tile(expected, (LENGTH, 1)), atol=1e-12)


@sizes
def test_adding_is_the_transpose_of_cutting(frame_length, frame_step, fft_length):
    values = {"frame_length": frame_length, "frame_step": frame_step, "fft_length": frame_length}
    grid = layout(values | {"window_position": "center", "center": False})
    matrix = gathered(np.eye(LENGTH), grid, "constant")
    frames = np.random.default_rng(1).standard_normal((2, *matrix.shape[1:]))
    found = add_frames(tf.constant(frames), frame_step).numpy()
    expected = np.einsum("ntk,rtk->rn", matrix, frames)
    size = min(LENGTH, found.shape[1])
    np.testing.assert_allclose(found[:, :size], expected[:, :size], atol=1e-12)
    assert not np.any(found[:, size:])
    assert not np.any(expected[:, size:])
