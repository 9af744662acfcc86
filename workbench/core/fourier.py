"""The Fourier transform of real frames: by FFT, or as a product with cosines and sines."""

from __future__ import annotations

import functools
from typing import Annotated, Any

import numpy as np
import tensorflow as tf

from workbench.core.framing import Layout
from workbench.core.products import multiply
from workbench.params import Param
from workbench.shapes import part

Impl = Annotated[
    str,
    Param(
        "How it is computed: fft to work with, dft (a matrix product in real numbers) to export.",
        choices=("fft", "dft"),
        detail=True,
    ),
]


def transform(frames: tf.Tensor, grid: Layout, impl: str) -> tf.Tensor:
    """The transform of windowed frames.

    Args:
        frames: Real `[..., frames, frame_length]`.
        grid: The place of the window in the transform, and its length.
        impl: "fft" or "dft".

    Returns:
        Complex `[..., frames, fft_length // 2 + 1]`.
    """
    if impl == "dft":
        return tf.complex(*transform_parts(frames, grid, impl))
    after = grid.fft_length - grid.frame_length - grid.offset
    if grid.offset or after:
        outer = [[0, 0]] * (frames.shape.rank - 1)
        frames = tf.pad(frames, [*outer, [grid.offset, after]])
    return _rfft(frames)


def transform_parts(frames: tf.Tensor, grid: Layout, impl: str) -> tuple[tf.Tensor, tf.Tensor]:
    """Real and imaginary part of `transform`; by dft, no complex number is met on the way."""
    if impl == "fft":
        spectrum = transform(frames, grid, impl)
        return tf.math.real(spectrum), tf.math.imag(spectrum)
    cosines, sines = _dft_matrices(grid.frame_length, grid.fft_length, grid.offset)
    real = multiply(frames, cosines)
    return real, multiply(frames, -sines)


def inverse_transform(spectrum: tf.Tensor, grid: Layout, impl: str) -> tf.Tensor:
    """The samples under the window whose transform is `spectrum`.

    Args:
        spectrum: Complex `[..., frames, fft_length // 2 + 1]`.
        grid: The place of the window in the transform, and its length.
        impl: "fft" or "dft".

    Returns:
        Real `[..., frames, frame_length]`.
    """
    if impl == "fft":
        frames = tf.signal.irfft(spectrum, fft_length=[grid.fft_length])
        if grid.fft_length == grid.frame_length:
            return frames
        return part(frames, -1, grid.offset, grid.frame_length)
    return inverse_transform_parts(tf.math.real(spectrum), tf.math.imag(spectrum), grid)


def inverse_transform_parts(real: tf.Tensor, imaginary: tf.Tensor, grid: Layout) -> tf.Tensor:
    """`inverse_transform` of a real and an imaginary part, without a complex number."""
    cosines, sines = _dft_matrices(grid.frame_length, grid.fft_length, grid.offset)
    weights = _folded_bins(grid.fft_length)[:, None] / grid.fft_length
    frames = multiply(real, weights * cosines.T)
    return frames - multiply(imaginary, weights * sines.T)


@functools.lru_cache(maxsize=2)  # a pair for frames of 4096 takes 134 MB
def _dft_matrices(frame_length: int, fft_length: int, offset: int) -> tuple[np.ndarray, np.ndarray]:
    """Cosines and sines, float64 `[frame_length, fft_length // 2 + 1]`."""
    samples = np.arange(frame_length)[:, None] + offset
    turns = samples * np.arange(fft_length // 2 + 1) % fft_length  # whole numbers: exact
    circle = 2 * np.pi / fft_length * np.arange(fft_length)
    pair = np.cos(circle)[turns], np.sin(circle)[turns]
    for matrix in pair:
        matrix.flags.writeable = False
    return pair


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
