"""Frames of a signal: where they lie, cutting them out, and adding them up again."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from workbench.core.windows import window_width
from workbench.errors import ParameterError
from workbench.shapes import fit_samples, gathered, part, sizes, smaller
from workbench.tensors import common_end

_SHORTEST_BLOCK = 32  # samples; copying shorter ones costs more than trimming longer ones
_MANY_BLOCKS = 16  # frames that overlap more often than this are added up in one go


class Layout(NamedTuple):
    """Where the frames of an STFT lie.

    Attributes:
        frame_length: Samples under the window.
        frame_step: Samples from frame to frame.
        fft_length: Samples in the transform.
        offset: Zeros in the transform before the window.
        span: Samples that a frame is counted by: the signal must hold them all.
        padding: Samples put before and after the signal.
    """

    frame_length: int
    frame_step: int
    fft_length: int
    offset: int
    span: int
    padding: int

    @property
    def before(self) -> int:
        """Samples from the first one under the first window to sample 0 of the signal."""
        return self.padding - self.offset

    def count(self, length: Any) -> Any:
        """Frames that `length` samples make, at least one (a number or an integer tensor)."""
        counted = 1 + (length + 2 * self.padding - self.span) // self.frame_step
        return _at_least_one(counted)

    def length(self, count: Any) -> Any:
        """The fewest samples that make `count` frames."""
        return _at_least_one((count - 1) * self.frame_step + self.span - 2 * self.padding)


def _at_least_one(count: Any) -> Any:
    """1, or `count` if that is more, in its own type."""
    if isinstance(count, int):
        return max(1, count)
    return tf.maximum(tf.ones([], count.dtype), count)


def transform_length(values: Mapping[str, Any]) -> int:
    """Samples in the Fourier transform, from the parameters of an STFT.

    Raises:
        ParameterError: `frame_length` exceeds `fft_length`.
    """
    length = values["fft_length"] or values["frame_length"]
    if length < values["frame_length"]:
        rule = f"be at most fft_length, {length}: the window lies inside the transform"
        raise ParameterError("frame_length", rule, values["frame_length"])
    return int(length)


def layout(values: Mapping[str, Any]) -> Layout:
    """Where the frames lie, from the parameters of an STFT.

    Raises:
        ParameterError: The window is longer than a frame, or a frame than the transform.
    """
    window_width(values)  # may refuse it
    fft_length, frame_length = transform_length(values), values["frame_length"]
    span = frame_length if values["window_position"] == "start" else fft_length
    offset = (span - frame_length) // 2
    padding = span // 2 if values["center"] else 0
    return Layout(frame_length, values["frame_step"], fft_length, offset, span, padding)


def cut_frames(
    signal: tf.Tensor, grid: Layout, pad_mode: str, lengths: tf.Tensor | None = None
) -> tf.Tensor:
    """The samples under each window, `[..., frames, frame_length]`.

    Args:
        signal: `[..., time]`.
        grid: Where the frames lie.
        pad_mode: What is put before and after it: "reflect" or "constant".
        lengths: Where its rows end, if they don't end with it.
    """
    count = grid.count(sizes(signal)[-1])
    step, size = grid.frame_step, grid.frame_length
    common = math.gcd(size, step)
    block = common if common >= min(step, _SHORTEST_BLOCK) else step
    each, advance = -(-size // block), step // block
    blocks = (count - 1) * advance + each
    ends = _mirrored if grid.padding and pad_mode == "reflect" else _silent
    extended = ends(signal, grid, blocks * block, lengths)
    leading = sizes(signal)[:-1]

    @tf.custom_gradient
    def gathered(samples: tf.Tensor) -> Any:
        cut = tf.reshape(samples, [*leading, blocks, block])
        steps = np.arange(count) if isinstance(count, int) else tf.range(count)
        frames = tf.gather(cut, steps[:, np.newaxis] * advance + np.arange(each), axis=-2)
        frames = tf.reshape(frames, [*leading, count, each * block])
        if each * block > size:
            frames = part(frames, -1, 0, size)

        def gradient(upstream: tf.Tensor) -> tf.Tensor:
            made = (sizes(upstream)[-2] - 1) * advance + each
            return fit_samples(add_frames(upstream, step), 0, made * block)

        return frames, gradient

    frames = gathered(extended)
    if frames.shape.is_fully_defined():
        return frames
    known = count if isinstance(count, int) else None
    return tf.ensure_shape(frames, [*signal.shape[:-1], known, size])


def add_frames(frames: tf.Tensor, frame_step: int) -> tf.Tensor:
    """Adds up frames that lie `frame_step` apart: the transpose of cutting them.

    Args:
        frames: `[..., frames, frame_length]`.
        frame_step: Samples from frame to frame.

    Returns:
        `[..., frame_step * (frames - 1 + ceil(frame_length / frame_step))]`.
    """
    size, rank = frames.shape[-1], frames.shape.rank
    each = -(-size // frame_step)
    *leading, count, _ = sizes(frames)
    outer = [[0, 0]] * (rank - 1)
    if each * frame_step > size:
        frames = tf.pad(frames, [*outer, [0, each * frame_step - size]])
    if each > _MANY_BLOCKS:
        total = tf.signal.overlap_and_add(frames, frame_step)
    else:
        parts = [
            tf.pad(
                part(frames, -1, i * frame_step, frame_step),
                [[0, 0]] * (rank - 2) + [[i, each - 1 - i], [0, 0]],
            )
            for i in range(each)
        ]
        total = tf.add_n(parts)
    return tf.reshape(total, [*leading, frame_step * (count - 1 + each)])


def _silent(signal: tf.Tensor, grid: Layout, total: Any, lengths: tf.Tensor | None) -> tf.Tensor:
    """`total` samples from the first window on, zeros beyond the ends of the signal."""
    return fit_samples(signal, -grid.before, total)


def _mirrored(signal: tf.Tensor, grid: Layout, total: Any, lengths: tf.Tensor | None) -> tf.Tensor:
    """`total` samples from the first window on; a short signal is reflected again and again."""
    if lengths is not None:
        return _mirrored_rows(signal, grid, total, lengths)
    length = sizes(signal)[-1]
    kept = smaller(length, total - grid.before)
    after = total - grid.before - kept

    def end(positions: Any, near: Any, first: Any) -> tf.Tensor:
        places = _fold(positions, length) - first
        return tf.gather(part(signal, -1, first, near), places, axis=-1)

    # all that a mirror can show lies near its own end: the gradient of gathering stays small
    near = smaller(length, grid.before + 1)
    left = end(np.arange(-grid.before, 0), near, 0)
    near = smaller(length, after + 1)
    right = end(
        length + (np.arange if isinstance(after, int) else tf.range)(after), near, length - near
    )
    return tf.concat([left, part(signal, -1, 0, kept), right], axis=-1)


def _mirrored_rows(signal: tf.Tensor, grid: Layout, total: Any, lengths: tf.Tensor) -> tf.Tensor:
    """`_mirrored` of rows that end at `lengths` and are silent beyond, also beyond the mirror.

    What a mirror shows is little: that alone is gathered, and put where each row ends.
    """
    *leading, length = sizes(signal)
    if (end := common_end(lengths)) is not None and isinstance(length, int):
        there = max(end, 1)
        seen = smaller(total, grid.before + there + grid.padding)
        return fit_samples(_mirrored(part(signal, -1, 0, there), grid, seen, None), 0, total)
    rows = tf.maximum(tf.cast(lengths, tf.int32), 1)[..., tf.newaxis]
    around = np.arange(-grid.before, grid.padding)  # the first sample, and the end of each row
    seen = gathered(signal, _fold(rows * (around >= 0) + around, rows), -1)
    left, right = tf.split(seen, [grid.before, grid.padding], axis=-1)
    room = -smaller(-total, -(grid.before + length + grid.padding))
    silence = [[0, 0]] * len(leading) + [[0, room - grid.before - length]]
    known = tf.pad(tf.concat([left, signal], axis=-1), silence)
    ends = tf.reshape(tf.broadcast_to(rows, [*leading, 1]), [-1, 1])
    count = sizes(ends)[0]
    places = grid.before + ends + np.arange(grid.padding)
    row = tf.broadcast_to(tf.range(count)[:, tf.newaxis], tf.shape(places))
    mirrored = tf.reshape(right, [-1, grid.padding])
    behind = tf.scatter_nd(tf.stack([row, places], axis=-1), mirrored, [count, room])
    return part(known + tf.reshape(behind, [*leading, room]), -1, 0, total)


def _fold(positions: Any, length: Any) -> Any:
    """The samples that stand at `positions` when a signal is mirrored at its first and last.

    Arrays of positions stay arrays where the length is a number: they then cost next to nothing.
    """
    plain = isinstance(positions, np.ndarray) and isinstance(length, int)
    least, most = (np.minimum, max) if plain else (tf.minimum, tf.maximum)
    period = most(2 * (length - 1), 1)
    folded = positions % period
    return least(folded, period - folded)
