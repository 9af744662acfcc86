"""How far a result is from a target, and the targets that a chain makes itself."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from workbench.axes import Space
from workbench.errors import ParameterError, naming
from workbench.objectives import Loss, Scalar, pure
from workbench.tensors import as_tensor

if TYPE_CHECKING:
    from workbench.chain import Chain

_DEEPEST = 1e-6  # of the target's largest magnitude: what lies below is no difference
_TINY = 1e-30  # the least magnitude that has a logarithm


@dataclass(frozen=True, eq=False)
class Distance:
    """The mean square of what a result and a target differ by.

    With a smoothing, both are smoothed over time before they are compared, by a Gaussian of that
    standard deviation: two waveforms that are shifted against each other by less than that, and
    otherwise alike, then attract each other, where without it every period is a trap. The least
    distance stays where the two are equal.

    Args:
        target: What the result should be, in its shape; rows and channels may be 1.
        log: Compare natural logarithms of magnitudes, down to a millionth of the
            largest in the target's row.
        cropped: Compare the time that both have, where a length changes.
        smoothing_seconds: Standard deviation of the smoothing; 0 is none.

    Raises:
        ParameterError: Shapes differ, or the smoothing is negative.
    """

    target: tf.Tensor
    log: bool = False
    cropped: bool = False
    smoothing_seconds: float = 0.0

    def __post_init__(self) -> None:
        with naming("Distance"):
            object.__setattr__(self, "target", as_tensor(self.target, "target"))
            if not 0 <= self.smoothing_seconds < math.inf:
                rule = "be at least 0"
                raise ParameterError("smoothing_seconds", rule, self.smoothing_seconds)

    @classmethod
    def to(
        cls,
        chain: Chain,
        x: Any,
        changes: Mapping[int, Mapping[str, Any]] | None = None,
        **options: Any,
    ) -> Distance:
        """The distance to what a chain makes of a signal, as it is or with other parameters.

        Args:
            chain: The chain; its parameters are afterwards what they were.
            x: A target clip, or the signal itself where `changes` are given.
            changes: For a stage, other values of its parameters.
            **options: As for `Distance`.

        Raises:
            ParameterError, ParameterTypeError: A value is illegal.

        >>> import workbench as wb
        >>> chain = wb.Chain([wb.layers.Saturate()], sample_rate=4)
        >>> louder = Distance.to(chain, [[0.1]], {0: {"drive_db": 6.0}})
        >>> bool(chain.gradients([[0.1]], louder).value > 0), chain.layers[0].values["drive_db"]
        (True, 0.0)
        """
        before = {
            stage: {name: chain.layers[stage].values.get(name) for name in values}
            for stage, values in (changes or {}).items()
        }
        try:
            for stage, values in (changes or {}).items():
                chain.set(stage, **values)
            return cls(chain.run(x)[-1], **options)
        finally:
            for stage, values in reversed(before.items()):
                chain.set(stage, **values)

    def smoothed(self, seconds: float) -> Distance:
        """The same distance with another smoothing."""
        return replace(self, smoothing_seconds=seconds)

    def scalar(self, space: Space) -> Scalar:
        """What computes it for results of a space."""
        function = _DISTANCES[self.log, self.smoothing_seconds > 0]
        steps = self.smoothing_seconds / space.time.step
        smoothing = (tf.constant(steps, tf.float64),) if steps else ()
        return Scalar(function, (self.target, *smoothing))

    def check(self, space: Space, shape: Sequence[int]) -> None:
        """Raises `ParameterError` where a result of this shape has another shape."""
        wanted = self.target.shape
        alike = all(
            one == other or (self.cropped and i == 1) or (i == 0 and 1 in (one, other))
            for i, (one, other) in enumerate(zip(shape, wanted, strict=True))
        )
        if not alike:
            rule = f"have the shape {list(shape)} of the result"
            remedy = "cropped=True compares the time that both have."
            raise ParameterError("target", rule, list(wanted), remedy).named("Distance")


@pure
def _mean_square(result: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.square(tf.abs(_difference(result, target))))


@pure
def _smooth_mean_square(result: tf.Tensor, target: tf.Tensor, steps: tf.Tensor) -> tf.Tensor:
    return _smoothed_square(_difference(result, target), steps)


@pure
def _mean_square_of_logs(result: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.square(_difference(*_logs(result, target))))


@pure
def _smooth_mean_square_of_logs(
    result: tf.Tensor, target: tf.Tensor, steps: tf.Tensor
) -> tf.Tensor:
    return _smoothed_square(_difference(*_logs(result, target)), steps)


_DISTANCES: dict[tuple[bool, bool], Loss] = {
    (False, False): _mean_square,
    (False, True): _smooth_mean_square,
    (True, False): _mean_square_of_logs,
    (True, True): _smooth_mean_square_of_logs,
}


def _logs(result: tf.Tensor, target: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    target = tf.cast(target, result.dtype)
    magnitudes = tf.abs(target)
    least = tf.maximum(_DEEPEST * _largest(magnitudes), _TINY)
    both = (tf.abs(result), magnitudes)
    ours, wanted = (tf.math.log(tf.maximum(each, least)) for each in both)
    return ours, wanted


def _largest(magnitudes: tf.Tensor) -> tf.Tensor:
    """The largest of each row, in a shape that broadcasts."""
    return tf.reduce_max(magnitudes, range(1, magnitudes.shape.rank), keepdims=True)


def _difference(result: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """Result less target, where both are; what must be equal is checked by `Distance.check`."""
    if result.shape.rank != target.shape.rank:
        rule = f"have the {result.shape.rank} dimensions of the result"
        raise ParameterError("target", rule, target.shape.rank).named("Distance")
    target = tf.cast(target, result.dtype)
    common = tf.minimum(tf.shape(result)[1:], tf.shape(target)[1:])
    start = tf.zeros([result.shape.rank], tf.int32)
    size = tf.concat([[-1], common], 0)
    return tf.slice(result, start, size) - tf.slice(target, start, size)


def _smoothed_square(difference: tf.Tensor, steps: tf.Tensor) -> tf.Tensor:
    """The mean square of what a Gaussian over time leaves, by its spectrum (Parseval).

    Time is closed to a ring, so that the ends count as much as the middle.
    """
    if difference.dtype.is_complex:
        rule = "be 0 for a complex result"
        raise ParameterError("smoothing_seconds", rule, "more").named("Distance")
    rank = difference.shape.rank
    rows = tf.transpose(difference, [0, *range(2, rank), 1])
    count = tf.shape(rows)[-1]
    spectrum = tf.signal.rfft(rows)
    bins = tf.range(count // 2 + 1)
    angles = 2 * math.pi * tf.cast(bins / count, tf.float64)  # radians a step
    twice = tf.where((bins == 0) | (2 * bins == count), 1.0, 2.0)
    gains = tf.cast(twice, tf.float64) * tf.exp(-tf.square(steps * angles))
    square = tf.square(tf.math.real(spectrum)) + tf.square(tf.math.imag(spectrum))
    total = tf.reduce_mean(tf.reduce_sum(square * tf.cast(gains, square.dtype), -1))
    return total / tf.square(tf.cast(count, square.dtype))
