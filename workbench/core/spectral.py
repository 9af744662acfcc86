"""Short-time Fourier transform, and its magnitude."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import tensorflow as tf

from workbench.axes import Axis, Space
from workbench.core.declarations import FFTLength, FrameLength, FrameStep
from workbench.core.fourier import Impl, transform, transform_parts
from workbench.core.framing import Layout, cut_frames, layout
from workbench.core.windows import (
    GaussianStd,
    KaiserBeta,
    Window,
    WindowLength,
    WindowSymmetric,
    window_of,
)
from workbench.ops import op
from workbench.params import Param
from workbench.reach import Reach
from workbench.shapes import part
from workbench.tensors import as_type, is_tensor

WindowPosition = Annotated[
    str,
    Param(
        "Where the window lies in the transform. center: in its middle, and frames are counted by "
        "fft_length. start: zeros follow it, and frames are counted by frame_length.",
        choices=("center", "start"),
        detail=True,
    ),
]
Center = Annotated[
    bool,
    Param(
        "Frame t is centred at sample t * frame_step; if not, it starts there.",
        detail=True,
    ),
]
PadMode = Annotated[
    str,
    Param(
        "What a centred frame sees beyond the ends.",
        choices=("reflect", "constant"),
        detail=True,
    ),
]
Power = Annotated[
    float,
    Param(
        "Exponent of the magnitude: 1 magnitude, 2 power.",
        low=0.0,
        open_low=True,
        slider=(0.2, 3.0),
        differentiable=True,
    ),
]
RemoveMean = Annotated[
    bool,
    Param(
        "Take the mean of each frame away, before the window.",
        detail=True,
    ),
]
Preemphasis = Annotated[
    float,
    Param(
        "Part of each sample to take away from the next in the frame, before the window.",
        low=0.0,
        high=1.0,
        slider=(0.0, 0.99),
        differentiable=True,
        detail=True,
    ),
]

QUIET = 1e-6  # a magnitude below any recording's, where gradients end


def frame_count(length: Any, values: Mapping[str, Any]) -> Any:
    """How many frames an STFT makes of `length` samples (a number or an integer tensor)."""
    return layout(values).count(length)


def frame_reach(values: Mapping[str, Any]) -> Reach:
    """How far a frame looks to either side of its time."""
    grid = layout(values)
    if not grid.padding:
        return Reach(0, grid.span - 1, grid.frame_step)
    mirror = grid.before + 1 if values["pad_mode"] == "reflect" else 0
    after = grid.frame_length - grid.before - 1
    return Reach(grid.before, after, grid.frame_step, ends=mirror)


def frames_space(
    given: Space, values: Mapping[str, Any], quantity: str, unit: str = "", power: float = 1.0
) -> Space:
    """What an STFT makes of a signal: frames in time, bins in frequency."""
    grid = layout(values)
    rate = given.time.rate
    start = given.time.start + (0.0 if values["center"] else 0.5 * grid.span / rate)
    frames = Axis("time", "s", start, grid.frame_step / rate)
    bins = Axis("frequency", "Hz", 0.0, rate / grid.fft_length)
    return Space((frames, bins), quantity, unit, power)


def _stft_space(given: Space, values: Mapping[str, Any]) -> Space:
    return frames_space(given, values, "complex amplitude")


def _spectrogram_space(given: Space, values: Mapping[str, Any]) -> Space:
    named = {1.0: "magnitude", 2.0: "power"}
    power = float(values["power"])
    quantity = named.get(power, f"magnitude^{power:g}")
    return frames_space(given, values, quantity, power=power)


@op(space=_stft_space, length=frame_count, reach=frame_reach, linear=True)
def stft(
    signal: tf.Tensor,
    lengths: tf.Tensor | None = None,
    *,
    frame_length: FrameLength = 1024,
    frame_step: FrameStep = 256,
    fft_length: FFTLength | None = None,
    window: Window = "hann",
    window_symmetric: WindowSymmetric = False,
    window_length: WindowLength | None = None,
    window_position: WindowPosition = "center",
    kaiser_beta: KaiserBeta = 12.0,
    gaussian_std: GaussianStd = 0.4,
    center: Center = True,
    pad_mode: PadMode = "reflect",
    impl: Impl = "fft",
) -> tf.Tensor:
    """Short-time Fourier transform.

    Equal to `librosa.stft` and `torch.stft`: bin k of frame t is
    `sum_n w[n] x[t * frame_step + n] exp(-2 pi i k n / fft_length)` on the padded signal. With
    `center=False` and `window_position="start"` it is equal to `tf.signal.stft`. A signal of any
    length from one sample gives at least one frame; one that is too short for the padding is
    reflected as often as needed.

    Returns:
        Complex `[..., frames, bins]` with `bins = fft_length // 2 + 1`.

    Raises:
        ParameterError: `frame_length` exceeds `fft_length`, or `window_length` `frame_length`.

    Source: Allen & Rabiner, "A unified approach to short-time Fourier analysis and synthesis",
    Proc. IEEE 65(11), 1977.

    >>> import workbench as wb
    >>> wb.stft(wb.tone(sample_rate=8000, seconds=1.0)).shape
    TensorShape([32, 513])
    """
    options = {
        "frame_length": frame_length,
        "frame_step": frame_step,
        "fft_length": fft_length,
        "window": window,
        "window_symmetric": window_symmetric,
        "window_length": window_length,
        "window_position": window_position,
        "kaiser_beta": kaiser_beta,
        "gaussian_std": gaussian_std,
        "center": center,
        "pad_mode": pad_mode,
        "impl": impl,
    }
    grid, frames = tapered_frames(signal, lengths, options)
    return transform(frames, grid, impl)


def tapered_frames(
    signal: tf.Tensor, lengths: tf.Tensor | None, options: Mapping[str, Any]
) -> tuple[Layout, tf.Tensor]:
    """Frames under their window, `[..., frames, frame_length]`, and where they lie."""
    grid = layout(options)
    frames = cut_frames(signal, grid, options["pad_mode"], lengths)
    return grid, frames * window_of(options, signal.dtype)


@op(space=_spectrogram_space, length=frame_count, reach=frame_reach, extends=stft, built_on=True)
def spectrogram(
    signal: tf.Tensor,
    lengths: tf.Tensor | None = None,
    *,
    power: Power = 2.0,
    remove_mean: RemoveMean = False,
    preemphasis: Preemphasis = 0.0,
    **options: Any,
) -> tf.Tensor:
    """Magnitude of the short-time Fourier transform, raised to a power.

    The gradient is finite everywhere: where the magnitude falls below 1e-6, a power below 2 is
    continued linearly in the squared magnitude, down to 0.

    `remove_mean` and then `preemphasis`, `x[n] - preemphasis * x[n - 1]`, act on the samples under
    the window, as in Kaldi: the first of them is its own predecessor.

    Returns:
        `[..., frames, bins]`, not negative.

    Source: Koenig, Dunn & Lacy, "The sound spectrograph", JASA 18(1), 1946.

    >>> import workbench as wb
    >>> float(tf.reduce_max(wb.spectrogram(wb.tone(sample_rate=8000, seconds=1.0)))) > 1e4
    True
    """
    grid = layout(options)
    taper = window_of(options, signal.dtype)
    frames = cut_frames(signal, grid, options["pad_mode"], lengths)
    frames = (
        _conditioned(frames, remove_mean, preemphasis) * taper
    )  # one name: memory is given back
    # a magnitude doesn't see where in the transform the window lies
    real, imaginary = transform_parts(frames, grid._replace(offset=0), options["impl"])
    del frames
    return _raise(tf.square(real) + tf.square(imaginary), power)


def _conditioned(frames: tf.Tensor, remove_mean: bool, preemphasis: Any) -> tf.Tensor:
    if remove_mean:
        frames -= tf.reduce_mean(frames, axis=-1, keepdims=True)
    if is_tensor(preemphasis) or preemphasis:
        frames -= as_type(preemphasis, frames.dtype) * _predecessors(frames)
    return frames


def _predecessors(frames: tf.Tensor) -> tf.Tensor:
    """Each frame one sample later; the first sample stays."""
    rest = part(frames, -1, 0, frames.shape[-1] - 1)
    return tf.concat([part(frames, -1, 0, 1), rest], axis=-1)


def _raise(squared: tf.Tensor, power: Any) -> tf.Tensor:
    """`squared ** (power / 2)` with finite gradients at 0."""
    if not is_tensor(power) and power == 2.0:
        return squared
    exponent = as_type(power, squared.dtype) / 2
    floor = tf.constant(QUIET**2, squared.dtype)
    raised = tf.pow(tf.maximum(squared, floor), exponent)
    return tf.where(squared > floor, raised, squared * tf.pow(floor, exponent - 1))
