"""Change of sample rate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any

import tensorflow as tf

from workbench.axes import Space
from workbench.core.banks import apply_bank, design_bank
from workbench.core.interpolation import Pieces, pieces_of, read, split, spread
from workbench.core.plain_resampling import by_samples, by_transform, plain_reach
from workbench.core.rates import (
    OrigRate,
    Ratio,
    TargetRate,
    rates_of,
    ratio_of,
    resampled_length,
    scaled_length,
    whole_length,
)
from workbench.core.responses import (
    Attenuation,
    Mean,
    Nearest,
    PassBand,
    Plain,
    Quality,
    Response,
    low_pass_of,
)
from workbench.errors import ParameterError
from workbench.ops import op
from workbench.params import Param
from workbench.reach import Reach, cannot_stream
from workbench.shapes import flat_rows, sizes, unflat_rows
from workbench.tensors import as_type, is_tensor

Kind = Annotated[
    str,
    Param(
        "How: a windowed sinc, the whole signal's Fourier transform, straight lines, the nearest "
        "sample, or the average of those that an output stands for.",
        choices=("sinc", "fft", "linear", "nearest", "average"),
    ),
]
_PLAIN = ("nearest", "average")
_NOT_LEARNT = {  # kinds that take no tensor as ratio
    "fft": "the result jumps where its length does",
    "nearest": "its slope is 0 wherever it does not jump",
}
_MOST_WEIGHTS = 1 << 22  # a bank beyond this is a pair of rates with almost no common factor
_STEEPEST = 256  # down by more than that in two steps


def _resampled_space(given: Space, values: Mapping[str, Any]) -> Space:
    ratio = ratio_of(values)
    if ratio is None:
        orig, target = rates_of(values)
        return given.with_time(rate=given.time.rate * target / orig)
    return given.with_time(rate=given.time.rate * float(ratio))


def _resampled_reach(values: Mapping[str, Any]) -> Reach:
    """How far the filters look; those of double precision, which are the longest."""
    if values["kind"] == "fft":
        why = "every result depends on the whole signal"
        raise cannot_stream("kind", "not be 'fft'", why, "'fft'")
    ratio = ratio_of(values)
    if ratio is not None:
        raise cannot_stream("ratio", "be None", "its steps have whole rates", ratio)
    orig, target = rates_of(values)
    if orig == target:
        return Reach(0, 0)
    if values["kind"] in _PLAIN:
        return plain_reach(values["kind"], orig, target)
    response = low_pass_of(values, tf.float64, min(1.0, target / orig) / 2)
    half = response.half_width
    if orig > _STEEPEST * target:
        half *= 1 + 2 / math.isqrt(_STEEPEST)  # the steps before the last see a part of that
    elif _needs_pieces(orig, target, response):
        half = math.ceil(half) + max(1, orig // target)
    return Reach(half, half, orig, target)


@op(space=_resampled_space, length=resampled_length, reach=_resampled_reach, linear=True)
def resample(
    signal: tf.Tensor,
    lengths: tf.Tensor | None = None,
    *,
    orig_rate: OrigRate | None = None,
    target_rate: TargetRate | None = None,
    ratio: Ratio | None = None,
    kind: Kind = "sinc",
    quality: Quality = "best",
    attenuation_db: Attenuation | None = None,
    pass_band: PassBand | None = None,
) -> tf.Tensor:
    """Converts a signal to another sample rate, without aliases or images.

    A linear-phase Kaiser-windowed sinc: flat to 0.91 of the lower Nyquist frequency, -3 dB at 0.95,
    stopped from 1.0 on. Sample 0 stays at time 0; beyond its ends the signal is 0. Any two rates
    will do, also without a common factor. Instead of them a `ratio` can be given, a number or a
    tensor; the result is differentiable in it.

    The other kinds are there for comparison; all but "fft" take what lies beyond the ends as 0:

    - fft: a resampling of the whole signal's spectrum, which wraps round at its ends (as in
      `scipy.signal.resample`); with `lengths` not under XLA.
    - linear: straight lines from sample to sample.
    - nearest: the nearest sample, of two equally near ones the earlier.
    - average: the mean over the time from this output to the next, each sample being held until
      the next one: average pooling on the way down, with its ends in part, and steps on the way up.
      The slope by the ratio, which jumps where an end lies on a sample, is that towards lower ones.

    The kinds fft and nearest have no slope by the ratio: they take a number, not a tensor. A sample
    that is no number spoils the block in which it is computed.

    Returns:
        `[..., ceil(time * target_rate / orig_rate)]`.

    Raises:
        ParameterTypeError: Neither both rates nor a ratio are given.
        ParameterError: Both a target rate and a ratio are given, or kind "fft" or "nearest" with a
            tensor as ratio.

    Source: Crochiere & Rabiner, "Multirate Digital Signal Processing", chapter 4.

    >>> import workbench as wb
    >>> wb.resample(wb.tone(sample_rate=44100, seconds=1.0), orig_rate=44100, target_rate=16000).shape
    TensorShape([16000])
    """  # noqa: E501
    values: dict[str, Any] = {"orig_rate": orig_rate, "target_rate": target_rate, "ratio": ratio}
    values |= {"kind": kind, "quality": quality}
    values |= {"attenuation_db": attenuation_db, "pass_band": pass_band}
    if kind in _NOT_LEARNT and is_tensor(ratio):
        rule = f"not be {kind!r} with a tensor as ratio: {_NOT_LEARNT[kind]}"
        raise ParameterError("kind", rule, repr(kind))
    if kind == "fft":
        return by_transform(signal, lengths, values)
    rows, leading = flat_rows(signal)
    if ratio_of(values) is None:
        convert = _plainly if kind in _PLAIN else _by_rates
        made = convert(rows, *rates_of(values), values)
    else:
        made = by_samples(rows, values) if kind in _PLAIN else _by_ratio(rows, values)
    return unflat_rows(made, leading)


def _plainly(rows: tf.Tensor, orig: int, target: int, values: Mapping[str, Any]) -> tf.Tensor:
    response = Mean(orig / target) if values["kind"] == "average" else Nearest()
    if orig > _STEEPEST * target or _needs_pieces(orig, target, response):
        return by_samples(rows, values)
    return _by_bank(rows, orig, target, response)


def _by_rates(rows: tf.Tensor, orig: int, target: int, values: Mapping[str, Any]) -> tf.Tensor:
    if orig == target:
        return tf.identity(rows)
    if orig > _STEEPEST * target:
        half_way = target * math.isqrt(_STEEPEST)
        common = math.gcd(orig, half_way)
        rows = _by_rates(rows, orig // common, half_way // common, values)
        return _by_rates(rows, half_way // target, 1, values)
    lower = min(1.0, target / orig) / 2  # the lower Nyquist frequency, in cycles an input sample
    response = low_pass_of(values, rows.dtype, lower)
    convert = _by_pieces if _needs_pieces(orig, target, response) else _by_bank
    return convert(rows, orig, target, response)


def _by_bank(rows: tf.Tensor, orig: int, target: int, response: Response | Plain) -> tf.Tensor:
    made = whole_length(sizes(rows)[-1], orig, target)
    bank = design_bank(orig, target, response, rows.dtype)
    out = apply_bank(rows, bank, -(-made // bank.kernel.shape[2]))
    return tf.slice(out, [0, 0], [-1, made])


def _needs_pieces(orig: int, target: int, response: Response | Plain) -> bool:
    """Whether a bank of a filter for every output would be too large."""
    return target * (orig + 2 * response.half_width) > _MOST_WEIGHTS


def _by_pieces(rows: tf.Tensor, orig: int, target: int, response: Response) -> tf.Tensor:
    """Rates that would need a filter for every output: read between the samples instead."""
    cell = max(1, orig // target)
    made = whole_length(sizes(rows)[-1], orig, target)
    times = tf.range(made, dtype=tf.int64) * orig
    span = target * cell
    parts = tf.cast(times % span, rows.dtype) / tf.constant(span, rows.dtype)
    pieces = pieces_of(response, rows.dtype, cell)
    cells = tf.cast(times // span, tf.int32)
    return read(rows, cells[tf.newaxis], parts[tf.newaxis], pieces)


def _by_ratio(rows: tf.Tensor, values: Mapping[str, Any]) -> tf.Tensor:
    """Up: reads between the samples. Down: spreads the samples between the points of the result."""
    ratio = values["ratio"]
    pieces = pieces_of(low_pass_of(values, rows.dtype, 0.5), rows.dtype)
    length = sizes(rows)[-1]
    count = scaled_length(length, ratio)
    exact = as_type(ratio, tf.float64)
    if values["kind"] == "linear":
        return _up(rows, exact, pieces, count)
    if not is_tensor(ratio):
        return (_up if ratio >= 1 else _down)(rows, exact, pieces, count)
    # Both, rather than the one of `tf.cond`: XLA can't differentiate a convolution whose size
    # depends on data. A ratio of at most 1 fits a grid of as many points as there are samples.
    one = tf.ones([], tf.float64)
    higher = _up(rows, tf.maximum(exact, one), pieces, count)
    lower = _down(rows, tf.minimum(exact, one), pieces, length)
    lower = tf.pad(lower, [[0, 0], [0, tf.maximum(count - length, 0)]])
    return tf.where(exact >= one, higher, tf.slice(lower, [0, 0], [-1, count]))


def _up(rows: tf.Tensor, ratio: tf.Tensor, pieces: Pieces, count: Any) -> tf.Tensor:
    cells, parts = split(tf.range(count, dtype=tf.float64) / ratio, rows.dtype)
    return read(rows, cells[tf.newaxis], parts[tf.newaxis], pieces)


def _down(rows: tf.Tensor, ratio: tf.Tensor, pieces: Pieces, count: Any) -> tf.Tensor:
    cells, parts = split(tf.range(sizes(rows)[-1], dtype=tf.float64) * ratio, rows.dtype)
    return tf.cast(ratio, rows.dtype) * spread(rows, cells, parts, pieces, count)
