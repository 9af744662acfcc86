"""Scalars of a result, to be differentiated: a mean, the energy of a part, one cell."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
import tensorflow as tf

from workbench.axes import DECIBEL, Axis, Space
from workbench.errors import ParameterError

Loss = Callable[..., tf.Tensor]
_TINY = 1e-30  # below it a magnitude is taken as that, so that no power of it has an endless slope


class Scalar(NamedTuple):
    """A function of a result and of tensors beside it: what changes is in the tensors."""

    function: Loss
    tensors: tuple[tf.Tensor, ...] = ()


@runtime_checkable
class Objective(Protocol):
    """A declared scalar of a result."""

    def scalar(self, space: Space) -> Scalar:
        """What computes it for results of a space."""
        ...

    def check(self, space: Space, shape: Sequence[int]) -> None:
        """Raises `ParameterError` where it says nothing about a result of this shape."""
        ...


def pure(loss: Loss) -> Loss:
    """Marks a function that depends on its arguments alone: it may be compiled once for all."""
    loss.pure = True  # type: ignore[attr-defined]  # see Stage.finish
    return loss


@pure
def mean(result: tf.Tensor) -> tf.Tensor:
    """The mean of a result: what raises it everywhere."""
    return tf.reduce_mean(_real(result))


@pure
def energy(result: tf.Tensor) -> tf.Tensor:
    """The mean square of a result."""
    return tf.reduce_mean(tf.square(tf.abs(result)))


LOSSES: dict[str, Loss] = {"mean": mean, "energy": energy}


def scalar_of(loss: str | Loss | Objective, space: Space) -> Scalar:
    """What computes a scalar of results of a space: a word's, an objective's, or any function.

    Raises:
        ParameterError: The word is unknown, or the objective does not fit the space.
    """
    if isinstance(loss, Objective):
        return loss.scalar(space)
    if callable(loss):
        return Scalar(loss)
    if loss not in LOSSES:
        rule = f"be one of {list(LOSSES)}, an objective or a function"
        raise ParameterError("loss", rule, repr(loss)).named("gradients")
    return Scalar(LOSSES[loss])


@dataclass(frozen=True)
class RectangleEnergy:
    """The energy in a stretch of time and a range of frequencies, in the units of the result's axes.

    It is the sum over the values inside of what they stand for: squares of amplitudes, powers as
    they are, the powers of levels; squares of what is none of these (cepstra). A cell is inside if
    its centre is; where no centre is, it is the cell that lies nearest to the middle.

    Args:
        first_seconds: Where it begins.
        last_seconds: Where it ends.
        low: Lower end of the second axis, as 500 Hz. None: all of it; so for a waveform.
        high: Upper end of the second axis.

    Raises:
        ParameterError: The ends do not rise, or the rectangle lies outside the picture.

    >>> import workbench as wb
    >>> chain = wb.Chain([wb.layers.Saturate()], sample_rate=4)
    >>> found = chain.gradients([[0.0, 0.1, 0.2, 0.3]], RectangleEnergy(0.25, 0.5))
    >>> bool(abs(found.value - np.sum(np.tanh([0.1, 0.2]) ** 2)) < 1e-6)
    True
    """  # noqa: E501

    first_seconds: float
    last_seconds: float
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        pairs = (("first_seconds", "last_seconds"), ("low", "high"))
        for names in pairs:
            one, other = (getattr(self, name) for name in names)
            if one is not None and other is not None and not one <= other:
                error = ParameterError(names, "rise", f"{one:g} and {other:g}")
                raise error.named(type(self).__name__)

    def scalar(self, space: Space) -> Scalar:
        """What computes it for results of a space."""
        place = tf.constant([_span(*each) for each in self._ranges(space)], tf.int32)
        if space.unit in DECIBEL:
            decibel = DECIBEL[space.unit]
            return Scalar(
                _power_of_levels, (place, tf.constant(math.log(10) / 10 / decibel, tf.float64))
            )
        exponent = 2 / space.power if space.power else 2.0
        return Scalar(_power_of_values, (place, tf.constant(exponent, tf.float64)))

    def check(self, space: Space, shape: Sequence[int]) -> None:
        """Raises `ParameterError` where it lies outside a result of this shape."""
        names = ("first_seconds", "last_seconds"), ("low", "high")
        _check_place(self, names, self._ranges(space), shape)

    def _ranges(self, space: Space) -> list[tuple[Axis, float, float]]:
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        if len(space.axes) == 1 and (self.low is not None or self.high is not None):
            rule = "be left out for a result that has time alone"
            raise ParameterError(("low", "high"), rule, f"{self.low} and {self.high}").named(
                type(self).__name__
            )
        ranges = [(self.first_seconds, self.last_seconds), (low, high)]
        return [(axis, *ends) for axis, ends in zip(space.axes, ranges, strict=False)]


@dataclass(frozen=True)
class Cell:
    """One value of a result, that nearest to a time and a frequency; summed over rows.

    Args:
        seconds: Where it is in time.
        position: Where it is on the second axis, in its unit. None: for a waveform.

    Raises:
        ParameterError: It lies outside the picture.
    """

    seconds: float
    position: float | None = None

    def scalar(self, space: Space) -> Scalar:
        """What computes it for results of a space."""
        place = [_span(*each) for each in self._ranges(space)]
        return Scalar(_cells, (tf.constant(place, tf.int32),))

    def check(self, space: Space, shape: Sequence[int]) -> None:
        """Raises `ParameterError` where it lies outside a result of this shape."""
        _check_place(self, (("seconds",), ("position",)), self._ranges(space), shape)

    def _ranges(self, space: Space) -> list[tuple[Axis, float, float]]:
        places = [place for place in (self.seconds, self.position) if place is not None]
        if len(places) != len(space.axes):
            labels = " and ".join(axis.label for axis in space.axes)
            rule = f"be one number for each axis of the result, {labels}"
            error = ParameterError(("seconds", "position"), rule, len(places))
            raise error.named(type(self).__name__)
        return [(axis, place, place) for axis, place in zip(space.axes, places, strict=True)]


@pure
def _power_of_values(result: tf.Tensor, place: tf.Tensor, exponent: tf.Tensor) -> tf.Tensor:
    magnitude = tf.abs(_inside(result, place))
    return tf.reduce_sum(tf.pow(tf.maximum(magnitude, _TINY), tf.cast(exponent, magnitude.dtype)))


@pure
def _power_of_levels(result: tf.Tensor, place: tf.Tensor, factor: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(tf.exp(_inside(result, place) * tf.cast(factor, result.dtype)))


@pure
def _cells(result: tf.Tensor, place: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(_real(_inside(result, place)))


def _real(result: tf.Tensor) -> tf.Tensor:
    return tf.abs(result) if result.dtype.is_complex else result


def _inside(result: tf.Tensor, place: tf.Tensor) -> tf.Tensor:
    """The part of a result at a place `[axes, 2]`: on each axis the first index and the last."""
    axes = place.shape[0]
    sizes = tf.shape(result)[1 : 1 + axes]
    start = tf.clip_by_value(place[:, 0], 0, sizes)
    stop = tf.clip_by_value(place[:, 1] + 1, start, sizes)
    rest = result.shape.rank - 1 - axes
    begin = tf.concat([[0], start, [0] * rest], 0)
    return tf.slice(result, begin, tf.concat([[-1], stop - start, [-1] * rest], 0))


def _span(axis: Axis, low: float, high: float) -> tuple[int, int]:
    """The first and the last index whose position is in `low .. high`, or the nearest one."""
    if axis.values is not None:
        values = np.asarray(axis.values)
        first = int(np.searchsorted(values, low, "left"))
        last = int(np.searchsorted(values, high, "right")) - 1
        nearest = int(np.argmin(np.abs(values - (low + high) / 2))) if first > last else 0
    else:
        first, last = _index(axis, low, math.ceil), _index(axis, high, math.floor)
        nearest = _index(axis, (low + high) / 2, round) if first > last else 0
    return (nearest, nearest) if first > last else (first, last)


def _index(axis: Axis, position: float, rounded: Callable[[float], int]) -> int:
    """The index at a position of a regular axis; beyond all there are for an endless one."""
    if math.isinf(position):
        return 2**30 if position > 0 else 0
    index = (position - axis.start) / axis.step
    near = round(index)
    return near if abs(index - near) < 1e-6 else rounded(index)


def _check_place(
    objective: Any,
    names: tuple[tuple[str, ...], ...],
    ranges: list[tuple[Axis, float, float]],
    shape: Sequence[int],
) -> None:
    """Raises `ParameterError` where a place lies outside a result of this shape."""
    for (axis, low, high), named, count in zip(ranges, names, shape[1:], strict=False):
        first, last = _span(axis, low, high)
        if first >= count or last < 0:
            ends = axis.positions(count)[[0, -1]]
            rule = f"lie inside the picture, {ends[0]:g} .. {ends[1]:g} {axis.unit}".rstrip()
            got = f"{low:g}" if low == high else f"{low:g} .. {high:g}"
            raise ParameterError(named, rule, got).named(type(objective).__name__)
