"""Delay by any number of samples, whole or not, constant or changing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
import tensorflow as tf

from workbench.core.convolution import convolve, filter_all
from workbench.core.delay_filters import DelayFilter, design_delay, design_polynomials
from workbench.errors import ParameterError
from workbench.ops import op
from workbench.params import Param
from workbench.reach import Reach
from workbench.shapes import fits, flat_rows, shifted, sizes, unflat_rows
from workbench.tensors import as_type, is_tensor

LONGEST = 2.0**20  # samples: 20 s at 48 kHz
Delay = Annotated[
    float,
    Param(
        "How much later the signal comes.",
        unit="samples",
        low=0.0,
        high=LONGEST,
        slider=(0.0, 64.0),
        differentiable=True,
        varies=True,
    ),
]
Kind = Annotated[
    str,
    Param(
        "How the signal between its samples is found.",
        choices=("linear", "hermite", "lagrange", "thiran", "sinc", "fft"),
    ),
]
Order = Annotated[
    int,
    Param(
        "Order of the polynomial of kind lagrange, or of the all-pass of kind thiran (at most 4).",
        low=1,
        high=15,
        slider=(1, 15),
        only=("kind", ("lagrange", "thiran")),
    ),
]
Lobes = Annotated[
    int,
    Param(
        "Lobes of kind sinc to each side of its centre.",
        low=1,
        high=256,
        slider=(2, 64),
        only=("kind", ("sinc",)),
    ),
]

_ONE_FOR_ALL = ("thiran", "fft")  # kinds that filter a row as a whole
_SINC_TERMS = [(-1) ** k * math.pi ** (2 * k) / math.factorial(2 * k + 1) for k in range(12)]


def _delay_reach(values: Mapping[str, Any]) -> Reach:
    """From how long before to how long after its own time an output reads."""
    kind, delay = values["kind"], values["delay"]
    if kind == "fft":
        rule = "be another one for a signal in chunks: every result depends on all of it"
        raise ParameterError("kind", rule, repr(kind))
    if is_tensor(delay):
        raise ParameterError("delay", "be one number for a signal in chunks", "a tensor")
    return delayed_reach(delay, kind, values["order"], values["lobes"])


def delayed_reach(delay: float, kind: str, order: int, lobes: int) -> Reach:
    """The reach of a delay of so many samples."""
    whole, _, lags = _constant(design_delay(kind, order, lobes), delay)
    return Reach(whole + int(lags[-1]), -whole - int(lags[0]))


@op(reach=_delay_reach, linear=True)
def fractional_delay(
    signal: tf.Tensor,
    *,
    delay: Delay = 0.0,
    kind: Kind = "sinc",
    order: Order = 3,
    lobes: Lobes = 32,
) -> tf.Tensor:
    """Delays a signal: sample n becomes what the signal is at time `n - delay`.

    A delay is one number, a tensor of one for each row (the signal's shape without time), or one
    for each sample (the signal's shape). Beyond its ends the signal is 0. A whole delay moves the
    samples and changes none. The kinds, with the band in which the error is below -60 dB as a part
    of the Nyquist frequency:

    - linear: between two samples; 0.028.
    - hermite: a cubic through four samples (Catmull & Rom); 0.125.
    - lagrange: a polynomial through `order + 1` samples; 0.145 at order 3, 0.499 at order 15. An
      even order takes the samples around the nearest one, and jumps half-way to the next.
    - thiran: an all-pass with maximally flat delay; 0.059 at order 1, 0.297 at order 4.
    - sinc: the ideal interpolator under a Kaiser window; 0.889 with 32 lobes.
    - fft: the ideal interpolator, a phase of `exp(-j w delay)`, over the whole signal.

    All look ahead as far as they need, thiran by `order` samples: no kind has a smallest delay.
    thiran and fft filter a row as a whole: their delay can't change from sample to sample.

    The gradient with respect to the delay is exact. Where the slope of the interpolation jumps (at
    whole delays for linear, hermite and odd orders; a minute jump for sinc) it is the slope towards
    larger delays.

    Returns:
        `[..., time]`.

    Raises:
        ParameterError: The order is too high for the kind, or a tensor of delays has a wrong shape
            or holds values that are not legal (as far as they are known when the op is traced).

    Source: Laakso, Välimäki, Karjalainen & Laine, "Splitting the unit delay", IEEE Signal
    Processing Magazine 13(1), 1996.

    >>> import workbench as wb
    >>> wb.fractional_delay([0.0, 1.0, 0.0, 0.0], delay=1.25, kind="linear").numpy().tolist()
    [0.0, 0.0, 0.75, 0.25]
    """
    rows, leading = flat_rows(signal)
    delays = _delays_of(delay, signal, kind) if is_tensor(delay) else None
    if kind == "fft":
        late = _ideally(rows, tf.constant(delay, tf.float64) if delays is None else delays)
    else:
        late = delayed(rows, delay if delays is None else delays, kind, order, lobes)
    return unflat_rows(late, leading)


def delayed(rows: tf.Tensor, delay: Any, kind: str, order: int, lobes: int) -> tf.Tensor:
    """`[rows, time]` later by a number of samples, or by a tensor of them, none below 0.

    A tensor holds one delay, one for each row, or `[rows or 1, time]`. Any kind but "fft".
    """
    made = design_delay(kind, order, lobes)
    if not is_tensor(delay):
        return _by_a_constant(rows, made, delay)
    table = tf.constant(design_polynomials(kind, order, lobes), rows.dtype)
    return (_by_row if delay.shape.rank < 2 else _by_sample)(rows, made, table, delay)


def _delays_of(delay: Any, signal: tf.Tensor, kind: str) -> tf.Tensor:
    """A tensor of delays, checked: one number, `[rows]` or `[rows, time]`."""
    delay = tf.convert_to_tensor(delay)
    known = tf.get_static_value(delay)
    if known is not None and not np.all((known >= 0) & (known <= LONGEST)):
        wrong = known[~((known >= 0) & (known <= LONGEST))].flat[0]
        raise ParameterError("delay", f"lie in 0 .. {LONGEST:.0f} samples", wrong)
    if delay.shape.rank == 0:
        return delay
    per_sample = delay.shape.rank == signal.shape.rank
    if per_sample and kind in _ONE_FOR_ALL:
        rule = f"be a number, or one for each row, for kind {kind!r}"
        raise ParameterError("delay", rule, f"the shape {delay.shape}", "Or take kind='sinc'.")
    place = signal.shape if per_sample else signal.shape[:-1]
    if not fits(delay.shape, place):
        rule = f"be a number, or have the shape {signal.shape[:-1]} or {signal.shape}"
        raise ParameterError("delay", rule, f"the shape {delay.shape}")
    *leading, length = sizes(signal)
    full = tf.broadcast_to(delay, [*leading, length] if per_sample else leading)
    return tf.reshape(full, [-1, length] if per_sample else [-1])


def _split(delay: tf.Tensor, lowest: float, dtype: tf.DType) -> tuple[tf.Tensor, tf.Tensor]:
    """The whole parts and the fractions of delays, parted in their own precision."""
    whole = tf.floor(delay - tf.constant(lowest, delay.dtype))
    far = tf.constant(2**30, delay.dtype)  # longer than any signal
    return tf.cast(tf.minimum(whole, far), tf.int32), tf.cast(delay - whole, dtype)


def _constant(made: DelayFilter, delay: float) -> tuple[int, np.ndarray, np.ndarray]:
    """Whole part, weights and lags for a number; a whole delay needs no filter."""
    whole, fraction = made.split(delay)
    if fraction == 0.0:
        return whole, np.ones(1), np.zeros(1, int)
    return whole, made.weights(np.array(fraction)), made.lags()


def _by_a_constant(rows: tf.Tensor, made: DelayFilter, delay: float) -> tf.Tensor:
    """Shift and convolution with constant weights: nothing that an exported model can't hold."""
    whole, weights, lags = _constant(made, delay)
    count, length = sizes(rows)
    padded = tf.pad(rows, [[0, 0], [whole + int(lags[-1]), -int(lags[0])]])
    span = tf.slice(padded, [0, 0], [count, length + len(lags) - 1])
    return span if len(lags) == 1 else convolve(span, tf.constant(weights, rows.dtype))


def _by_row(rows: tf.Tensor, made: DelayFilter, table: tf.Tensor, delay: tf.Tensor) -> tf.Tensor:
    """One delay for all rows, or one for each."""
    whole, fraction = _split(delay, made.lowest, rows.dtype)
    place = fraction[..., tf.newaxis]
    weights = place * _polynomial(tf.unstack(table, axis=1), 2 * (place - made.lowest) - 1)
    weights += tf.constant(made.lags() == 0, rows.dtype)
    span = shifted(rows, whole + made.last, sizes(rows)[1] + made.last - made.first)
    return convolve(span, weights)


def _by_sample(rows: tf.Tensor, made: DelayFilter, table: tf.Tensor, delay: tf.Tensor) -> tf.Tensor:
    """A delay for each sample: a polynomial of its fraction, whose coefficients are filtered."""
    whole, fraction = _split(delay, made.lowest, rows.dtype)
    centre = tf.constant(made.lags()[:, None] == 0, rows.dtype)
    span = tf.pad(rows, [[0, 0], [made.last - made.first + 1, -made.first]])
    filtered = filter_all(span, tf.concat([centre, table], 1))  # from time `first - 1` on: silence
    time = tf.range(1 - made.first, sizes(rows)[1] + 1 - made.first) - whole
    coefficients = tf.unstack(_read_at(filtered, time), axis=-1)
    slope = _polynomial(coefficients[1:], 2 * (fraction - made.lowest) - 1)
    return coefficients[0] + fraction * slope


def _polynomial(coefficients: list[tf.Tensor], at: tf.Tensor) -> tf.Tensor:
    """The sum of `coefficients[j] * at**j`, by Horner's rule."""
    value = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        value = value * at + coefficient
    return value


def _read_at(rows: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
    """What stands in `[rows, time, columns]` at `places` `[rows or 1, times]`, or at the end."""
    count, length, columns = sizes(rows)
    kept = tf.clip_by_value(places, 0, length - 1) + length * tf.range(count)[:, tf.newaxis]
    return tf.gather(tf.reshape(rows, [-1, columns]), kept)


def _ideally(rows: tf.Tensor, delay: tf.Tensor) -> tf.Tensor:
    """The ideal interpolator: `y[n] = sum_m x[m] sinc(n - m - delay)`, by Fourier transforms.

    The whole part moves the samples; the transforms add what the fraction changes, `sinc(lag -
    delay) - [lag == whole]`, which is exactly 0 if there is none. A length of twice the signal's
    keeps the ends apart, so that the result does not depend on it.
    """
    whole, fraction = _split(delay, -0.5, rows.dtype)
    length = sizes(rows)[1]
    size = _power_of_two(2 * length)
    place = tf.range(size)
    lags = place - tf.where(place < length, 0, size) - whole[..., tf.newaxis]
    change = _sinc_change(lags, fraction[..., tf.newaxis])
    product = tf.signal.rfft(rows, [size]) * tf.signal.rfft(change, [size])
    changed = tf.slice(tf.signal.irfft(product, [size]), [0, 0], [-1, length])
    return shifted(rows, whole, length) + changed


def _sinc_change(lags: tf.Tensor, fraction: tf.Tensor) -> tf.Tensor:
    """`sinc(lags - fraction) - [lags == 0]` for fractions of -0.5 .. 0.5, smooth in them at 0."""
    terms = [tf.constant(term, fraction.dtype) for term in _SINC_TERMS]
    square = tf.square(fraction)
    change = square * _polynomial(terms[1:], square)  # sinc(fraction) - 1
    sign = tf.cast(1 - 2 * tf.math.floormod(lags, 2), fraction.dtype)
    distance = tf.cast(tf.where(lags == 0, 1, lags), fraction.dtype) - fraction
    return tf.where(lags == 0, change, -sign * fraction * (1 + change) / distance)


def _power_of_two(least: Any) -> Any:
    """The first power of two that is not below `least`, a number or a tensor."""
    if isinstance(least, int):
        return 1 << (least - 1).bit_length()
    exponent = tf.math.ceil(tf.math.log(tf.cast(least, tf.float64)) / math.log(2))
    return tf.cast(tf.round(tf.pow(as_type(2.0, tf.float64), exponent)), tf.int32)
