"""From a short-time Fourier transform, or from its magnitude alone, back to a signal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
import tensorflow as tf

from workbench.axes import Axis, Space
from workbench.core.chance import uniform
from workbench.core.fourier import inverse_transform, inverse_transform_parts
from workbench.core.framing import Layout, add_frames, layout
from workbench.core.spectral import QUIET, stft
from workbench.core.windows import window_of
from workbench.errors import ParameterError
from workbench.ops import op, spec
from workbench.params import Param
from workbench.reach import Reach, cannot_stream
from workbench.shapes import fit_samples, sizes
from workbench.tensors import as_type, silence_beyond

Length = Annotated[
    int,
    Param(
        "Length of the signal. None: the fewest samples that make as many frames.",
        unit="samples",
        low=1,
        slider=(1000, 480000),
        scale="log",
    ),
]
NumIterations = Annotated[
    int, Param("How often the phase is made consistent.", low=0, slider=(0, 100))
]
Momentum = Annotated[
    float,
    Param(
        "How far each iteration runs on in its direction; 0 is Griffin's and Lim's own.",
        low=0.0,
        slider=(0.0, 1.5),
        differentiable=True,
        detail=True,
    ),
]
Seed = Annotated[
    int,
    Param(
        "The same seed gives the same first phase.",
        low=0,
        slider=(0, 100),
        detail=True,
    ),
]

_WEAKEST = 1e-6  # of the sum of squares: rounding errors may grow a thousandfold, no more


def samples_from(frames: Any, values: Mapping[str, Any]) -> Any:
    """Samples that come of so many frames (a number or an integer tensor)."""
    if (length := values["length"]) is None:
        return layout(values).length(frames)
    return length if isinstance(frames, int) else tf.zeros_like(frames) + length


def _signal_space(given: Space, values: Mapping[str, Any]) -> Space:
    grid = layout(values)
    step = given.time.step / grid.frame_step
    start = given.time.start - (0.0 if values["center"] else 0.5 * grid.span * step)
    return Space((Axis("time", "s", start, step),))


def _signal_reach(values: Mapping[str, Any]) -> Reach:
    if values["length"] is not None:
        why = "how many frames are to come is not known"
        raise cannot_stream("length", "be None", why, values["length"])
    grid = layout(values)
    last = grid.frame_length - 1 - grid.before
    return Reach(last / grid.frame_step, grid.before / grid.frame_step, 1, grid.frame_step)


@op(
    takes=2,
    space=_signal_space,
    length=samples_from,
    reach=_signal_reach,
    linear=True,
    of_complex=True,
    extends=stft,
)
def inverse_stft(
    signal: tf.Tensor,
    lengths: tf.Tensor | None = None,
    *,
    length: Length | None = None,
    **options: Any,
) -> tf.Tensor:
    """The signal whose short-time Fourier transform is nearest to the one given.

    With the parameters of the `stft` it gives back every sample, those at the ends too: frames are
    transformed back, tapered once more, added up, and divided by the sum of the squared windows.
    `pad_mode` doesn't matter. Samples that no frame saw are 0. Without centring these are the ones
    under a zero of the first or last window alone; those beside it are as exact as the window is
    large. A step of more than half a frame may leave some beyond the last frame.

    Returns:
        `[..., time]`.

    Raises:
        ParameterError: Windows at this step leave samples out, or nearly; there are not
            `fft_length // 2 + 1` bins.

    Source: Griffin & Lim, "Signal estimation from modified short-time Fourier transform", IEEE
    Trans. ASSP 32(2), 1984.

    >>> import workbench as wb
    >>> x = wb.tone(sample_rate=8000, seconds=1.0)
    >>> float(tf.reduce_max(tf.abs(wb.inverse_stft(wb.stft(x), length=8000) - x))) < 1e-5
    True
    """
    grid = layout(options)
    _check_bins(signal, grid)
    frames = inverse_transform(signal, grid, options["impl"])
    return _from_frames(frames, lengths, options | {"length": length})


def inverse_stft_of_parts(real: tf.Tensor, imaginary: tf.Tensor, **options: Any) -> tf.Tensor:
    """`inverse_stft` of a real and an imaginary part, for places without complex numbers."""
    grid = layout(options)
    _check_bins(real, grid)
    return _from_frames(inverse_transform_parts(real, imaginary, grid), None, options)


def _from_frames(
    frames: tf.Tensor, lengths: tf.Tensor | None, options: Mapping[str, Any]
) -> tf.Tensor:
    """The signal of which these are the frames under their window, as nearly as there is one."""
    grid, taper = layout(options), window_of(options, frames.dtype)
    if (known := tf.get_static_value(taper)) is not None:
        _check_overlap(known, options)
    total = add_frames(frames * taper, grid.frame_step)
    squares = tf.square(taper) * _ones_of_frames(frames, lengths, taper.dtype)
    weights = add_frames(squares, grid.frame_step)
    # where the windows are smaller than rounding errors there is nothing to be had
    seen = weights > np.finfo(taper.dtype.as_numpy_dtype).eps ** 2
    signal_there = tf.where(seen, total / tf.where(seen, weights, tf.ones_like(weights)), 0.0)
    wanted = samples_from(sizes(frames)[-2], options)
    return fit_samples(signal_there, grid.before, wanted)


def _check_bins(signal: tf.Tensor, grid: Layout) -> None:
    bins = grid.fft_length // 2 + 1
    if signal.shape[-1] != bins:
        rule = f"have {bins} bins, as a transform of {grid.fft_length} samples makes them"
        raise ParameterError("signal", rule, signal.shape[-1])


def _check_overlap(taper: np.ndarray, options: Mapping[str, Any]) -> None:
    """Refuses windows that leave samples out, whose squares then add up to nothing."""
    step = options["frame_step"]
    squares = np.pad(np.square(taper, dtype=np.float64), (0, -len(taper) % step))
    sums = squares.reshape(-1, step).sum(axis=0)
    if sums.min() <= _WEAKEST * sums.max():
        length = "frame_length" if options["window_length"] is None else "window_length"
        got = f"{options['window']!r}, {options[length]} and {step}"
        rule = "cover every sample: the squared windows add up to nearly 0 somewhere"
        raise ParameterError(("window", length, "frame_step"), rule, got, "Take a smaller step.")


def _ones_of_frames(frames: tf.Tensor, lengths: tf.Tensor | None, dtype: tf.DType) -> tf.Tensor:
    """1 for each frame that there is, `[frames, 1]` or `[..., frames, 1]` of rows that end."""
    count = tf.shape(frames)[-2]
    if lengths is None:
        return tf.ones([count, 1], dtype)
    return tf.cast(tf.sequence_mask(lengths, count), dtype)[..., tf.newaxis]


@op(takes=2, space=_signal_space, length=samples_from, extends=inverse_stft)
def griffin_lim(
    signal: tf.Tensor,
    lengths: tf.Tensor | None = None,
    *,
    num_iterations: NumIterations = 32,
    momentum: Momentum = 0.99,
    seed: Seed = 0,
    **options: Any,
) -> tf.Tensor:
    """A signal whose short-time Fourier transform has nearly the magnitude given.

    From random phases on, the transform of the signal that comes of a magnitude and its phases
    gives the next phases. Rows of a batch begin with the same ones, so that each is what it would
    be alone.

    Returns:
        `[..., time]`.

    Raises:
        ParameterError: As for `inverse_stft`.

    Source: Perraudin, Balazs & Søndergaard, "A fast Griffin-Lim algorithm", WASPAA 2013.

    >>> import workbench as wb
    >>> magnitude = wb.spectrogram(wb.tone(sample_rate=8000, seconds=1.0), power=1.0)
    >>> wb.griffin_lim(magnitude, length=8000).shape
    TensorShape([8000])
    """
    length = options.pop("length")
    first = _first_phases(signal, seed)
    back = as_type(momentum, signal.dtype) / (1 + as_type(momentum, signal.dtype))

    def improved(phases: tf.Tensor, before: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        rebuilt = _made_consistent(_complex(signal) * phases, lengths, options)
        return _unit(rebuilt - _complex(back) * before), rebuilt

    phases, _ = tf.while_loop(
        lambda *_: True,
        improved,
        (first, tf.zeros_like(first)),
        maximum_iterations=num_iterations,
    )
    invert = spec(inverse_stft).function
    return invert(_complex(signal) * phases, lengths, length=length, **options)


def _first_phases(magnitude: tf.Tensor, seed: Any) -> tf.Tensor:
    """Random phases, the same ones in each row, as numbers of magnitude 1."""
    turns = uniform([seed, 0], tf.shape(magnitude)[-2:])
    angle = 2 * np.pi * tf.cast(turns, magnitude.dtype)
    return tf.complex(tf.cos(angle), tf.sin(angle)) + tf.zeros_like(_complex(magnitude))


def _made_consistent(
    spectrum: tf.Tensor, lengths: tf.Tensor | None, options: Mapping[str, Any]
) -> tf.Tensor:
    """The transform of the signal that is nearest to having this one."""
    grid = layout(options)
    samples = grid.length(sizes(spectrum)[-2])
    signal = spec(inverse_stft).function(spectrum, lengths, length=samples, **options)
    if lengths is not None:
        lengths = grid.length(lengths)
        signal, _ = silence_beyond(signal, lengths, 1)
    rebuilt = spec(stft).function(signal, lengths, **options)
    return tf.ensure_shape(rebuilt, spectrum.shape)


def _unit(spectrum: tf.Tensor) -> tf.Tensor:
    """`spectrum` with a magnitude of 1; where it is below 1e-6, 1 with a gradient of 0."""
    squared = tf.square(tf.math.real(spectrum)) + tf.square(tf.math.imag(spectrum))
    quiet = squared <= QUIET**2
    scale = tf.math.rsqrt(tf.where(quiet, tf.ones_like(squared), squared))
    return tf.where(quiet, tf.ones_like(spectrum), spectrum * _complex(scale))


def _complex(real: tf.Tensor) -> tf.Tensor:
    return tf.complex(real, tf.zeros_like(real))
