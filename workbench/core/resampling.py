"""Change of sample rate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
import tensorflow as tf

from workbench.axes import Space
from workbench.core.banks import apply_bank, design_bank
from workbench.core.declarations import COMMON_RATES
from workbench.core.interpolation import Pieces, pieces_of, read, split, spread
from workbench.core.responses import Attenuation, PassBand, Quality, Response, low_pass_of
from workbench.errors import ParameterError, ParameterTypeError
from workbench.ops import op
from workbench.params import Param
from workbench.reach import Reach, cannot_stream
from workbench.shapes import flat_rows, sizes, unflat_rows
from workbench.tensors import as_type, is_tensor

_SCALE = "Scale both rates, e.g. 11025 -> 88200 for 5512.5 -> 44100."
_HIGHEST = 2**31 - 1
_LOWEST_RATIO, _HIGHEST_RATIO = 2.0**-8, 2.0**16
OrigRate = Annotated[
    int,
    Param(
        "Samples per second of the signal.",
        unit="Hz",
        low=1,
        high=_HIGHEST,
        slider=COMMON_RATES,
        follows="rate",
        remedy=_SCALE,
    ),
]
TargetRate = Annotated[
    int,
    Param(
        "Samples per second of the result.",
        unit="Hz",
        low=1,
        high=_HIGHEST,
        slider=COMMON_RATES,
        start=16000,
        remedy=_SCALE,
    ),
]
Ratio = Annotated[
    float,
    Param(
        "Samples out for each sample in, in place of the two rates. None: target_rate / orig_rate.",
        low=_LOWEST_RATIO,
        high=_HIGHEST_RATIO,
        slider=(0.5, 2.0),
        scale="log",
        differentiable=True,
        detail=True,
    ),
]
Kind = Annotated[
    str,
    Param(
        "How: a windowed sinc, the Fourier transform of the whole signal, or straight lines.",
        choices=("sinc", "fft", "linear"),
    ),
]
_MOST_WEIGHTS = 1 << 22  # a bank beyond this is a pair of rates with almost no common factor
_STEEPEST = 256  # down by more than that in two steps
_MILLIONTH = 1e-6


def _ratio(values: Mapping[str, Any]) -> Any:
    """The ratio that was given in place of the rates, or None."""
    ratio, target = values["ratio"], values["target_rate"]
    if ratio is None:
        return None
    if target is not None:
        got = f"{target} and {'a tensor' if is_tensor(ratio) else ratio}"
        raise ParameterError(("target_rate", "ratio"), "not be given together", got)
    known = tf.get_static_value(tf.convert_to_tensor(ratio)) if is_tensor(ratio) else ratio
    if known is not None and not _LOWEST_RATIO <= known <= _HIGHEST_RATIO:
        rule = f"be a finite number, at least {_LOWEST_RATIO:g} and at most {_HIGHEST_RATIO:g}"
        raise ParameterError("ratio", rule, known)
    return ratio


def _rates(values: Mapping[str, Any]) -> tuple[int, int]:
    """The two rates, without their common factor."""
    for name in ("orig_rate", "target_rate"):
        if values[name] is None:
            raise ParameterTypeError(name, "be given, or ratio in place of both rates", "nothing")
    common = math.gcd(values["orig_rate"], values["target_rate"])
    return values["orig_rate"] // common, values["target_rate"] // common


def resampled_length(length: Any, values: Mapping[str, Any]) -> Any:
    """Samples after resampling: `ceil(length * target / orig)`, in whole numbers throughout."""
    ratio = _ratio(values)
    return (
        _whole_length(length, *_rates(values)) if ratio is None else _scaled_length(length, ratio)
    )


def _whole_length(length: Any, orig: int, target: int) -> Any:
    if isinstance(length, int):
        return -(-length * target // orig)
    whole, rest = tf.cast(length, tf.int64) // orig, tf.cast(length, tf.int64) % orig
    return tf.cast(whole * target - (-rest * target // orig), length.dtype)


def _scaled_length(length: Any, ratio: Any) -> Any:
    """`ceil(length * ratio)`; what the rounding of the ratio's type adds is no sample."""
    if isinstance(length, int) and not is_tensor(ratio):
        return math.ceil(length * ratio - _MILLIONTH)
    exact = tf.cast(length, tf.float64) * as_type(ratio, tf.float64)
    rounding = np.finfo(tf.as_dtype(ratio.dtype).as_numpy_dtype).eps if is_tensor(ratio) else 0.0
    made = tf.math.ceil(exact - tf.maximum(tf.constant(_MILLIONTH, tf.float64), exact * rounding))
    return tf.cast(made, getattr(length, "dtype", tf.int32))


def _resampled_space(given: Space, values: Mapping[str, Any]) -> Space:
    ratio = _ratio(values)
    if ratio is None:
        orig, target = _rates(values)
        return given.with_time(rate=given.time.rate * target / orig)
    return given.with_time(rate=given.time.rate * float(ratio))


def _resampled_reach(values: Mapping[str, Any]) -> Reach:
    """How far the filters look; those of double precision, which are the longest."""
    if values["kind"] == "fft":
        why = "every result depends on the whole signal"
        raise cannot_stream("kind", "not be 'fft'", why, "'fft'")
    ratio = _ratio(values)
    if ratio is not None:
        raise cannot_stream("ratio", "be None", "its steps have whole rates", ratio)
    orig, target = _rates(values)
    if orig == target:
        return Reach(0, 0)
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

    For comparison, `kind="fft"` is a resampling of the whole signal's spectrum (which wraps round
    at its ends, as in `scipy.signal.resample`; with `lengths` not under XLA), and `kind="linear"`
    draws straight lines. A sample that is no number spoils the block in which it is computed.

    Returns:
        `[..., ceil(time * target_rate / orig_rate)]`.

    Raises:
        ParameterTypeError: Neither both rates nor a ratio are given.
        ParameterError: Both a target rate and a ratio are given, or kind "fft" with a tensor as
            ratio.

    Source: Crochiere & Rabiner, "Multirate Digital Signal Processing", chapter 4.

    >>> import workbench as wb
    >>> wb.resample(wb.tone(sample_rate=44100, seconds=1.0), orig_rate=44100, target_rate=16000).shape
    TensorShape([16000])
    """  # noqa: E501
    values: dict[str, Any] = {"orig_rate": orig_rate, "target_rate": target_rate, "ratio": ratio}
    values |= {"kind": kind, "quality": quality}
    values |= {"attenuation_db": attenuation_db, "pass_band": pass_band}
    if kind == "fft":
        if is_tensor(ratio):
            rule = "not be 'fft' with a tensor as ratio: the result jumps where its length does"
            raise ParameterError("kind", rule, "'fft'")
        return _by_transform(signal, lengths, values)
    rows, leading = flat_rows(signal)
    if _ratio(values) is not None:
        made = _by_ratio(rows, values)
    else:
        made = _by_rates(rows, *_rates(values), values)
    return unflat_rows(made, leading)


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
    made = _whole_length(sizes(rows)[-1], orig, target)
    if _needs_pieces(orig, target, response):
        return _by_pieces(rows, orig, target, response, made)
    bank = design_bank(orig, target, response, rows.dtype)
    out = apply_bank(rows, bank, -(-made // bank.kernel.shape[2]))
    return tf.slice(out, [0, 0], [-1, made])


def _needs_pieces(orig: int, target: int, response: Response) -> bool:
    """Whether a bank of a filter for every output would be too large."""
    return target * (orig + 2 * response.half_width) > _MOST_WEIGHTS


def _by_pieces(
    rows: tf.Tensor, orig: int, target: int, response: Response, made: tf.Tensor
) -> tf.Tensor:
    """Rates that would need a filter for every output: read between the samples instead."""
    cell = max(1, orig // target)
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
    count = _scaled_length(length, ratio)
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


def _by_transform(
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
