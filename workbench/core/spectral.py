"""Short-time Fourier transform, and what is read off it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
import tensorflow as tf

from workbench.axes import Axis, Space
from workbench.core.declarations import FFTLength, FrameLength, FrameStep
from workbench.errors import ParameterError
from workbench.ops import op, spec
from workbench.params import Param
from workbench.reach import Reach
from workbench.tensors import as_type

Window = Annotated[
    str,
    Param(
        "Shape of the window, periodic as for spectral analysis.",
        choices=("hann", "hamming", "blackman", "boxcar"),
    ),
]
Center = Annotated[
    bool,
    Param("Frame t is centred at sample t * frame_step; if not, it starts there."),
]
PadMode = Annotated[
    str,
    Param("What a centred frame sees beyond the ends.", choices=("reflect", "constant")),
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

_COSINES = {  # coefficients of sum_k (-1)^k a_k cos(2 pi k n / N); Harris 1978
    "hann": (0.5, 0.5),
    "hamming": (0.54, 0.46),
    "blackman": (0.42, 0.5, 0.08),
    "boxcar": (1.0,),
}
_MANY_BLOCKS = 64  # frames that overlap more than this often are cut by gathering instead


@functools.lru_cache(maxsize=256)
def design_window(window: str, frame_length: int, fft_length: int) -> np.ndarray:
    """A periodic window, zero-padded evenly to the length of the transform.

    Returns:
        float64 `[fft_length]`.

    >>> design_window("hann", 4, 4).round(3).tolist()
    [0.0, 0.5, 1.0, 0.5]
    """
    phase = 2 * np.pi * np.arange(frame_length) / frame_length
    shape = sum(
        (-1) ** k * a * np.cos(k * phase) for k, a in enumerate(_COSINES[window])
    ) * np.ones(frame_length)
    before = (fft_length - frame_length) // 2
    padded = np.pad(shape, (before, fft_length - frame_length - before))
    padded.flags.writeable = False
    return padded


def transform_length(values: Mapping[str, Any]) -> int:
    """Samples in the Fourier transform, from the parameters of an STFT."""
    length = values["fft_length"] or values["frame_length"]
    if length < values["frame_length"]:
        rule = f"be at most fft_length, {length}: the window lies inside the transform"
        raise ParameterError("frame_length", rule, values["frame_length"])
    return int(length)


def frame_count(length: Any, values: Mapping[str, Any]) -> Any:
    """How many frames an STFT makes of `length` samples (a number or an integer tensor)."""
    fft_length = transform_length(values)
    padding = 2 * (fft_length // 2) if values["center"] else 0
    spare = length + padding - fft_length
    counted = 1 + spare // values["frame_step"]
    return max(1, counted) if isinstance(counted, int) else tf.maximum(1, counted)


def frame_reach(values: Mapping[str, Any]) -> Reach:
    """How far a frame looks to either side of its time."""
    fft_length, step = transform_length(values), values["frame_step"]
    if not values["center"]:
        return Reach(0, fft_length - 1, step)
    half = fft_length // 2
    mirror = half + 1 if values["pad_mode"] == "reflect" else 0
    return Reach(half, fft_length - half - 1, step, ends=mirror)


def _frames_space(
    given: Space, values: Mapping[str, Any], quantity: str, power: float = 1.0
) -> Space:
    fft_length = transform_length(values)
    rate = given.time.rate
    start = given.time.start + (0.0 if values["center"] else 0.5 * fft_length / rate)
    frames = Axis("time", "s", start, values["frame_step"] / rate)
    bins = Axis("frequency", "Hz", 0.0, rate / fft_length)
    return Space((frames, bins), quantity, power=power)


def _stft_space(given: Space, values: Mapping[str, Any]) -> Space:
    return _frames_space(given, values, "complex amplitude")


def _spectrogram_space(given: Space, values: Mapping[str, Any]) -> Space:
    named = {1.0: "magnitude", 2.0: "power"}
    power = float(values["power"])
    return _frames_space(given, values, named.get(power, f"magnitude^{power:g}"), power)


@op(space=_stft_space, length=frame_count, reach=frame_reach, linear=True)
def stft(
    signal: tf.Tensor,
    lengths: tf.Tensor | None = None,
    *,
    frame_length: FrameLength = 1024,
    frame_step: FrameStep = 256,
    fft_length: FFTLength | None = None,
    window: Window = "hann",
    center: Center = True,
    pad_mode: PadMode = "reflect",
) -> tf.Tensor:
    """Short-time Fourier transform.

    Equal to `librosa.stft` and `torch.stft`: bin k of frame t is
    `sum_n w[n] x[t * frame_step + n] exp(-2 pi i k n / fft_length)` on the padded signal. A signal
    of any length from one sample gives at least one frame; one that is too short for the padding
    is reflected as often as needed.

    Returns:
        Complex `[..., frames, bins]` with `bins = fft_length // 2 + 1`.

    Raises:
        ParameterError: `frame_length` exceeds `fft_length`.

    Source: Allen & Rabiner, "A unified approach to short-time Fourier analysis and synthesis",
    Proc. IEEE 65(11), 1977.

    >>> import workbench as wb
    >>> wb.stft(wb.tone(sample_rate=8000, seconds=1.0)).shape
    TensorShape([32, 513])
    """
    fft = transform_length({"fft_length": fft_length, "frame_length": frame_length})
    if center:
        signal = _pad_ends(signal, fft // 2, pad_mode, lengths)
    frames = _cut_frames(signal, fft, frame_step)
    taper = tf.constant(design_window(window, frame_length, fft), signal.dtype)
    return _rfft(frames * taper)


@op(space=_spectrogram_space, length=frame_count, reach=frame_reach, extends=stft)
def spectrogram(
    signal: tf.Tensor, lengths: tf.Tensor | None = None, *, power: Power = 2.0, **options: Any
) -> tf.Tensor:
    """Magnitude of the short-time Fourier transform, raised to a power.

    The gradient is finite everywhere: where the magnitude falls below 1e-6, a power below 2 is
    continued linearly in the squared magnitude, down to 0.

    Returns:
        `[..., frames, bins]`, not negative.

    >>> import workbench as wb
    >>> float(tf.reduce_max(wb.spectrogram(wb.tone(sample_rate=8000, seconds=1.0)))) > 1e4
    True
    """
    transform = spec(stft).function(signal, lengths, **options)
    real, imaginary = tf.math.real(transform), tf.math.imag(transform)
    return _raise(tf.square(real) + tf.square(imaginary), power)


def _raise(squared: tf.Tensor, power: Any) -> tf.Tensor:
    """`squared ** (power / 2)` with finite gradients at 0."""
    if not tf.is_tensor(power) and power == 2.0:
        return squared
    exponent = as_type(power, squared.dtype) / 2
    floor = tf.constant(1e-12, squared.dtype)
    raised = tf.pow(tf.maximum(squared, floor), exponent)
    return tf.where(squared > floor, raised, squared * tf.pow(floor, exponent - 1))


def _pad_ends(
    signal: tf.Tensor, count: int, mode: str, lengths: tf.Tensor | None = None
) -> tf.Tensor:
    """Extends both ends by `count` samples; a short signal is reflected again and again."""
    if mode == "constant":
        return tf.pad(signal, [[0, 0]] * (signal.shape.rank - 1) + [[count, count]])
    if lengths is not None:
        return _mirror_rows(signal, count, lengths)
    length = tf.shape(signal)[-1]
    near = tf.minimum(length, count + 1)  # all that the mirror can show at one end

    def mirrored(positions: tf.Tensor, first: tf.Tensor) -> tf.Tensor:
        places = _fold(positions, length)
        return tf.gather(_slice_end(signal, first, near), places - first, axis=-1)

    before = mirrored(tf.range(-count, 0), tf.constant(0))
    after = mirrored(length + tf.range(count), length - near)
    return tf.concat([before, signal, after], axis=-1)


def _mirror_rows(signal: tf.Tensor, count: int, lengths: tf.Tensor) -> tf.Tensor:
    """Extends both ends of each row by `count` samples, its own mirror image."""
    shape = tf.shape(signal)
    positions = tf.range(-count, shape[-1] + count)
    rows = tf.maximum(tf.cast(lengths, tf.int32), 1)[..., tf.newaxis]
    places = tf.where(positions < rows + count, _fold(positions, rows), positions - count)
    places = tf.broadcast_to(places, tf.concat([shape[:-1], tf.shape(positions)], 0))
    return tf.gather(signal, places, axis=-1, batch_dims=signal.shape.rank - 1)


def _fold(positions: tf.Tensor, length: tf.Tensor) -> tf.Tensor:
    """The samples that stand at `positions` when a signal is mirrored at its first and last."""
    period = tf.maximum(2 * (length - 1), 1)
    folded = tf.math.floormod(positions, period)
    return tf.minimum(folded, period - folded) % length


@tf.custom_gradient
def _rfft(frames: tf.Tensor) -> Any:
    """`tf.signal.rfft` with a gradient of one inverse transform instead of a full complex one."""
    size = frames.shape[-1]
    twice = np.full(size // 2 + 1, 0.5)  # bins that stand for their mirror image too
    twice[0] = 1.0
    if size % 2 == 0:
        twice[-1] = 1.0

    def gradient(upstream: tf.Tensor) -> tf.Tensor:
        weights = tf.constant(size * twice, upstream.dtype)
        return tf.signal.irfft(upstream * weights, fft_length=[size])

    return tf.signal.rfft(frames, fft_length=[size]), gradient


def _cut_frames(signal: tf.Tensor, frame_length: int, frame_step: int) -> tf.Tensor:
    """Overlapping frames `[..., frames, frame_length]`, at least one.

    Frames are put together from blocks of `frame_step` samples: slices and concatenations, whose
    gradient is as cheap as they are.
    """
    length = tf.shape(signal)[-1]
    frames = tf.maximum(1, 1 + (length - frame_length) // frame_step)
    overlap = -(-frame_length // frame_step)
    if overlap > _MANY_BLOCKS:
        missing = tf.maximum(0, frame_length - length)
        padded = tf.pad(signal, [[0, 0]] * (signal.shape.rank - 1) + [[0, missing]])
        return tf.signal.frame(padded, frame_length, frame_step)
    blocks = frames + overlap - 1
    needed = blocks * frame_step
    kept = _slice_end(signal, 0, tf.minimum(length, needed))
    padding = [[0, 0]] * (signal.shape.rank - 1) + [[0, needed - tf.shape(kept)[-1]]]
    leading = tf.shape(signal)[:-1]
    cut = tf.reshape(tf.pad(kept, padding), tf.concat([leading, [blocks, frame_step]], 0))
    last = frame_length - (overlap - 1) * frame_step
    widths = [frame_step] * (overlap - 1) + [last]
    return tf.concat([_window_of(cut, i, frames, width) for i, width in enumerate(widths)], -1)


def _slice_end(signal: tf.Tensor, first: Any, count: Any) -> tf.Tensor:
    """`signal[..., first : first + count]`; `tf.slice` has the cheaper gradient."""
    outer = signal.shape.rank - 1
    return tf.slice(signal, [0] * outer + [first], [-1] * outer + [count])


def _window_of(blocks: tf.Tensor, first: int, count: Any, width: int) -> tf.Tensor:
    """`blocks[..., first : first + count, :width]`."""
    outer = blocks.shape.rank - 2
    return tf.slice(blocks, [0] * outer + [first, 0], [-1] * outer + [count, width])
