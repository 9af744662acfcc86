"""The Fourier transform of real frames: by FFT, or as a product with cosines and sines."""

from __future__ import annotations

import functools
from typing import Annotated, Any

import numpy as np
import tensorflow as tf

from workbench.core.framing import Layout
from workbench.params import Param

Impl = Annotated[
    str,
    Param(
        "How it is computed: fft to work with, dft (a matrix product in real numbers) to export.",
        choices=("fft", "dft"),
    ),
]


def transform(frames: tf.Tensor, grid: Layout, impl: str) -> tuple[tf.Tensor, tf.Tensor]:
    """Real and imaginary part of the transform of windowed frames.

    Args:
        frames: Real `[..., frames, frame_length]`.
        grid: The place of the window in the transform, and its length.
        impl: "fft" or "dft".

    Returns:
        Twice `[..., frames, fft_length // 2 + 1]`.
    """
    if impl == "dft":
        cosines, sines = _dft_matrices(grid.frame_length, grid.fft_length, grid.offset)
        real = matrix_product(frames, tf.constant(cosines, frames.dtype))
        return real, matrix_product(frames, tf.constant(-sines, frames.dtype))
    after = grid.fft_length - grid.frame_length - grid.offset
    if grid.offset or after:
        outer = [[0, 0]] * (frames.shape.rank - 1)
        frames = tf.pad(frames, [*outer, [grid.offset, after]])
    spectrum = _rfft(frames)
    return tf.math.real(spectrum), tf.math.imag(spectrum)


@functools.lru_cache(maxsize=16)
def _dft_matrices(frame_length: int, fft_length: int, offset: int) -> tuple[np.ndarray, np.ndarray]:
    """Cosines and sines, float64 `[frame_length, fft_length // 2 + 1]`."""
    samples = np.arange(frame_length)[:, None] + offset
    turns = samples * np.arange(fft_length // 2 + 1) % fft_length  # whole numbers: exact
    angles = 2 * np.pi / fft_length * turns
    pair = np.cos(angles), np.sin(angles)
    for matrix in pair:
        matrix.flags.writeable = False
    return pair


def matrix_product(values: tf.Tensor, matrix: tf.Tensor) -> tf.Tensor:
    """`values @ matrix` as one product of two dimensions.

    A batched product with a broadcast matrix is slower, and TensorFlow 2.21 on the CPU returns
    memory that was never written for the shape [2, 1, frames, bins].
    """
    rows = tf.reshape(values, [-1, values.shape[-1]])
    shape = tf.concat([tf.shape(values)[:-1], [matrix.shape[-1]]], 0)
    return tf.reshape(tf.linalg.matmul(rows, matrix), shape)


@tf.custom_gradient
def _rfft(frames: tf.Tensor) -> Any:
    """`tf.signal.rfft` with a gradient of one inverse transform instead of a full complex one."""
    size = frames.shape[-1]

    def gradient(upstream: tf.Tensor) -> tf.Tensor:
        weights = tf.constant(size / _folded_bins(size), upstream.dtype)
        return tf.signal.irfft(upstream * weights, fft_length=[size])

    return tf.signal.rfft(frames, fft_length=[size]), gradient


def _folded_bins(size: int) -> np.ndarray:
    """How many bins of the whole transform each bin stands for: 2, but 1 at its ends."""
    folded = np.full(size // 2 + 1, 2.0)
    folded[0] = 1.0
    if size % 2 == 0:
        folded[-1] = 1.0
    return folded
