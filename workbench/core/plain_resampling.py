"""Change of sample rate by plain means, to set beside a windowed sinc."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from workbench.core.interpolation import split
from workbench.core.rates import rates_of, ratio_of, resampled_length
from workbench.reach import Reach
from workbench.shapes import flat_rows, part, sizes, smaller, unflat_rows
from workbench.tensors import as_type, is_tensor


def by_samples(rows: tf.Tensor, values: Mapping[str, Any]) -> tf.Tensor:
    """Kinds "nearest" and "average": `[rows, time]` at the other rate.

    Output m is at input time `m / ratio`. Sample n counts as the time n .. n + 1 for a mean, which
    is that of the output's own time, up to where the next one begins.
    """
    count = resampled_length(sizes(rows)[-1], values)
    begin, cells, parts = _output_times(values, count)
    if values["kind"] == "nearest":
        made = _at(rows, _places(begin, cells + tf.cast(parts > 0.5, tf.int32)))
    else:
        made = _means(rows, begin, cells, parts, _step(values))
    return part(tf.reshape(made, [sizes(rows)[0], -1]), -1, 0, count)


def plain_reach(kind: str, orig: int, target: int) -> Reach:
    """From the first to the last sample that some output sees, exactly.

    In parts of `1 / target` an output lies 0 .. target - 1 behind the sample before it. The nearest
    sample is at most half of target away, a tie going to the earlier one; the last one of a mean
    begins at least one part before the end of its interval.
    """
    if kind == "nearest":
        return Reach(target // 2 / target, (target - 1) // 2 / target, orig, target)
    return Reach((target - 1) / target, (orig - 1) / target, orig, target)


def _step(values: Mapping[str, Any]) -> Any:
    """Input samples for each output, a number or a tensor of float64."""
    ratio = ratio_of(values)
    if ratio is None:
        orig, target = rates_of(values)
        return orig / target
    return 1 / as_type(ratio, tf.float64) if is_tensor(ratio) else 1 / ratio


def _output_times(values: Mapping[str, Any], count: Any) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Where `count` outputs or more lie, which is the same in every period of two whole rates.

    Returns:
        The input sample at which each period begins, int32 `[periods]`; from there to the samples
        at or before each output of a period, int32, and how far behind those it lies, float64.
    """
    if (ratio := ratio_of(values)) is not None:
        times = tf.range(count, dtype=tf.float64) / as_type(ratio, tf.float64)
        return tf.zeros([1], tf.int32), *split(times, tf.float64)
    orig, target = rates_of(values)
    period = smaller(target, count)
    times = tf.range(period, dtype=tf.int64) * orig  # whole numbers, so that a tie is one
    begin = tf.range(-(-count // period)) * orig
    return begin, tf.cast(times // target, tf.int32), tf.cast(times % target, tf.float64) / target


def _places(begin: tf.Tensor, offsets: tf.Tensor) -> tf.Tensor:
    """The same offsets from each beginning; to add long rows is quicker than to add short ones."""
    flat = begin[:, tf.newaxis] + tf.reshape(offsets, [-1])
    return tf.reshape(flat, tf.concat([tf.shape(begin), tf.shape(offsets)], 0))


def _means(
    rows: tf.Tensor, begin: tf.Tensor, cells: tf.Tensor, parts: tf.Tensor, step: Any
) -> tf.Tensor:
    """Means over `step` samples from `cells + parts` on, of which the ends count in part."""
    seen = tf.cast(tf.floor(step), tf.int32) if is_tensor(step) else math.floor(step)
    lags = tf.range(smaller(seen + 2, sizes(rows)[-1]))  # one more, which an end may just touch
    since = parts[:, tf.newaxis] - tf.cast(lags, tf.float64)
    shares = (_passed(since + step) - _passed(since)) / step
    found = _at(rows, _places(begin, cells[:, tf.newaxis] + lags))
    return tf.reduce_sum(found * tf.cast(shares, rows.dtype), axis=-1)


def _passed(time: tf.Tensor) -> tf.Tensor:
    """How much of 0 .. 1 lies before a time; its slope at 0 and at 1 is that towards later ones."""
    none, whole = tf.zeros([], time.dtype), tf.ones([], time.dtype)
    return tf.where(time < none, none, tf.where(time < whole, time, whole))


def _at(rows: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
    """The samples of `[rows, time]` at places from 0 on, 0 beyond the end."""
    length = sizes(rows)[-1]
    return tf.gather(tf.pad(rows, [[0, 0], [0, 1]]), tf.minimum(places, length), axis=1)


def by_transform(
    signal: tf.Tensor, lengths: tf.Tensor | None, values: Mapping[str, Any]
) -> tf.Tensor:
    """The spectrum of the whole signal, cut or filled up with zeros."""
    if lengths is None:
        count = resampled_length(sizes(signal)[-1], values)
        return _spectrum_resized(signal, count)
    rows, leading = flat_rows(signal)
    total = resampled_length(sizes(rows)[-1], values)
    ends = tf.reshape(tf.broadcast_to(lengths, leading), [-1])

    def alone(row: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
        end = tf.maximum(tf.cast(row[1], tf.int32), 1)
        made = _spectrum_resized(row[0][:end], resampled_length(end, values))
        return tf.pad(made, [[0, total - tf.shape(made)[0]]])

    made = tf.map_fn(alone, (rows, ends), fn_output_signature=signal.dtype)
    return unflat_rows(made, leading)


def _spectrum_resized(signal: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
    length = tf.shape(signal)[-1]
    spectrum = tf.signal.rfft(signal)
    fewer = tf.minimum(length, count)
    kept = spectrum[..., : fewer // 2 + 1]
    # The bin at half the lower rate stands for two: both halves on the way up, their sum down.
    even = tf.cast(fewer % 2 == 0, signal.dtype)
    factor = tf.where(count > length, tf.constant(0.5, signal.dtype), 2.0)
    factor = tf.where(count == length, tf.ones([], signal.dtype), factor)
    last = tf.one_hot(fewer // 2, fewer // 2 + 1, dtype=signal.dtype) * even
    weights = 1 + last * (factor - 1)
    scaled = kept * tf.cast(weights * tf.cast(count / length, signal.dtype), kept.dtype)
    more = tf.maximum(0, count // 2 + 1 - tf.shape(scaled)[-1])
    filled = tf.pad(scaled, [[0, 0]] * (signal.shape.rank - 1) + [[0, more]])
    return tf.signal.irfft(filled, fft_length=[count])
