"""Phase of the short-time Fourier transform, and the frequency at which it turns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from workbench.axes import Space
from workbench.core.declarations import SampleRate
from workbench.core.fourier import transform_parts
from workbench.core.framing import cut_frames, layout
from workbench.core.spectral import (
    QUIET,
    frame_count,
    frame_reach,
    frames_space,
    stft,
    tapered_frames,
)
from workbench.core.windows import window_of
from workbench.errors import ParameterError
from workbench.ops import op


def _phase_space(given: Space, values: Mapping[str, Any]) -> Space:
    return frames_space(given, values, "phase", "rad", power=0.0)


def _frequency_space(given: Space, values: Mapping[str, Any]) -> Space:
    return frames_space(given, values, "instantaneous frequency", "Hz", power=0.0)


@op(space=_phase_space, length=frame_count, reach=frame_reach, extends=stft)
def phase(signal: tf.Tensor, lengths: tf.Tensor | None = None, **options: Any) -> tf.Tensor:
    """Phase of the short-time Fourier transform, above -pi to pi.

    Where the magnitude is below 1e-6 the phase is 0, and so is its gradient.

    Returns:
        `[..., frames, bins]` in radians.

    Source: Flanagan & Golden, "Phase vocoder", Bell System Technical Journal 45(9), 1966.

    >>> import workbench as wb
    >>> wb.phase([1.0, 0.0, -1.0], frame_length=1, window="boxcar").numpy()[:, 0].round(4).tolist()
    [0.0]
    """
    grid, frames = tapered_frames(signal, lengths, options)
    real, imaginary = transform_parts(frames, grid, options["impl"])
    quiet = tf.square(real) + tf.square(imaginary) <= QUIET**2  # not of NaN, which stays visible
    angle = _angle(imaginary, real, quiet)
    # a part that is -0 must not turn the phase round
    return tf.where(angle <= -np.pi, angle + 2 * np.pi, angle)


@op(space=_frequency_space, length=frame_count, reach=frame_reach, extends=stft)
def instantaneous_frequency(
    signal: tf.Tensor,
    lengths: tf.Tensor | None = None,
    *,
    sample_rate: SampleRate,
    **options: Any,
) -> tf.Tensor:
    """Frequency at which the phase of each bin of a short-time Fourier transform turns.

    The advance of the phase over one sample, between two windows that are one sample shorter than
    the frame and lie at its start and at its end. A steady tone has exactly its own frequency in
    all bins that it dominates, whatever the window. Nothing is unwrapped: the advance is taken
    relative to the bin's own, and is less than half a turn. Where the magnitude is below 1e-6 it is
    the frequency of the bin.

    With the sum `s` and difference `d` of the two transforms the advance is
    `atan2(2 Im(d s*), |s|^2 - |d|^2)`, which keeps its precision where it is small. As the
    difference of two windows tends to the derivative of one, this is the reassigned frequency of
    Auger and Flandrin.

    Returns:
        `[..., frames, bins]` in Hz.

    Raises:
        ParameterError: `frame_length` is 1, or exceeds `fft_length`.

    Source: Brown & Puckette, "A high resolution fundamental frequency determination based on phase
    changes of the Fourier transform", JASA 94(2), 1993; Auger & Flandrin, "Improving the
    readability of time-frequency and time-scale representations by the reassignment method", IEEE
    Trans. Signal Processing 43(5), 1995.

    >>> import workbench as wb
    >>> tone = wb.tone(sample_rate=8000, seconds=1.0, frequency_hertz=440.0)
    >>> round(float(wb.instantaneous_frequency(tone, sample_rate=8000)[16, 56]), 2)
    440.0
    """
    grid = layout(options)
    if grid.frame_length == 1:
        raise ParameterError("frame_length", "be at least 2: it compares two windows", 1)
    frames = cut_frames(signal, grid, options["pad_mode"], lengths)
    taper = window_of(options, signal.dtype, frame_length=grid.frame_length - 1)
    early, late = tf.pad(taper, [[0, 1]]), tf.pad(taper, [[1, 0]])
    impl = options["impl"]
    # the place of the window in the transform turns both alike
    anywhere = grid._replace(offset=0)
    sum_real, sum_imaginary = transform_parts(frames * (late + early), anywhere, impl)
    real, imaginary = transform_parts(frames * (late - early), anywhere, impl)
    power = tf.square(sum_real) + tf.square(sum_imaginary)
    across = imaginary * sum_real - real * sum_imaginary
    along = power - tf.square(real) - tf.square(imaginary)
    advance = _angle(2 * across, along, power <= (2 * QUIET) ** 2)
    bins = np.arange(grid.fft_length // 2 + 1) * (sample_rate / grid.fft_length)
    return tf.constant(bins, advance.dtype) + advance * (sample_rate / (2 * np.pi))


def _angle(y: tf.Tensor, x: tf.Tensor, quiet: tf.Tensor) -> tf.Tensor:
    """`atan2(y, x)`, and 0 with a gradient of 0 where it is quiet."""
    zero, one = tf.zeros([], y.dtype), tf.ones([], y.dtype)
    return tf.math.atan2(tf.where(quiet, zero, y), tf.where(quiet, one, x))
