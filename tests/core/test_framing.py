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


CENTRED = {"fft_length": None, "window_length": None, "window_position": "center", "center": True}


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
    grid = layout(CENTRED | given | {"center": center})
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
    grid = layout(CENTRED | values | {"center": False})
    matrix = gathered(np.eye(LENGTH), grid, "constant")
    frames = np.random.default_rng(1).standard_normal((2, *matrix.shape[1:]))
    found = add_frames(tf.constant(frames), frame_step).numpy()
    expected = np.einsum("ntk,rtk->rn", matrix, frames)
    size = min(LENGTH, found.shape[1])
    np.testing.assert_allclose(found[:, :size], expected[:, :size], atol=1e-12)
    assert not np.any(found[:, size:])
    assert not np.any(expected[:, size:])


@pytest.mark.parametrize("end", [0, 1, 5, 70, 200])
def test_rows_that_end_alike_are_cut_as_beside_one_that_does_not(end):
    """Where all rows end at the same known sample, they are mirrored in one go."""
    grid = layout(CENTRED | {"frame_length": 64, "frame_step": 16})
    signal = tf.constant(np.random.default_rng(1).normal(size=(3, 200)))
    signal *= tf.constant([[1.0], [1e-3], [1e3]], tf.float64)
    signal *= tf.cast(tf.range(200) < max(end, 1), tf.float64)
    alike = cut_frames(signal, grid, "reflect", tf.constant([end] * 3))
    apart = cut_frames(signal, grid, "reflect", tf.constant([end, end, 100]))
    np.testing.assert_array_equal(alike[:2], apart[:2])
    assert alike.shape == apart.shape
    inside = np.zeros(264)  # by hand: mirrored at 0 and at the end, silent beyond that mirror
    places = np.arange(max(end, 1) + 64) - 32
    period = max(2 * (max(end, 1) - 1), 1)
    folded = np.minimum(places % period, period - places % period)
    inside[: len(places)] = np.asarray(signal)[0][folded]
    for frame in range(alike.shape[1]):
        np.testing.assert_array_equal(alike[0, frame], inside[16 * frame : 16 * frame + 64])
