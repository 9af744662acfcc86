"""A delay that moves, mixed with what is not delayed: comb filter, flanger, chorus, Doppler."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any

import tensorflow as tf

from workbench.axes import Space
from workbench.core.declarations import SampleRate
from workbench.core.delay import LONGEST, Lobes, delayed, delayed_reach
from workbench.errors import ParameterError
from workbench.ops import op
from workbench.params import Param
from workbench.reach import Reach, cannot_stream
from workbench.shapes import flat_rows, sizes, unflat_rows
from workbench.tensors import as_type, is_tensor

SOUND_METERS_PER_SECOND = 343.0  # in air of 20 degrees
_SWINGS, _PASSES = ("sine", "triangle"), ("pass_by",)
_ADDED_UP = {  # by motion: what comes to the longest delay
    "still": ("delay_seconds",),
    **dict.fromkeys(_SWINGS, ("delay_seconds", "depth_seconds")),
    **dict.fromkeys(_PASSES, ()),
}

Motion = Annotated[
    str,
    Param(
        "How the delay moves: not at all, to and fro along a sine or straight lines, or as that of "
        "a source that passes by.",
        choices=("still", "sine", "triangle", "pass_by"),
    ),
]
LeastDelay = Annotated[
    float,
    Param(
        "The delay, or the least that it gets.",
        unit="s",
        low=0.0,
        high=20.0,
        slider=(0.0, 0.03),
        differentiable=True,
        only=("motion", (*_SWINGS, "still")),
    ),
]
Depth = Annotated[
    float,
    Param(
        "How much longer the delay gets.",
        unit="s",
        low=0.0,
        high=20.0,
        slider=(0.0, 0.02),
        differentiable=True,
        only=("motion", _SWINGS),
    ),
]
Rate = Annotated[
    float,
    Param(
        "Swings per second.",
        unit="Hz",
        low=0.0,
        slider=(0.05, 10.0),
        scale="log",
        differentiable=True,
        only=("motion", _SWINGS),
    ),
]
Speed = Annotated[
    float,
    Param(
        "How fast the source drives along its line; sound does 343.",
        unit="m/s",
        low=0.0,
        high=340.0,
        slider=(0.0, 100.0),
        differentiable=True,
        only=("motion", _PASSES),
    ),
]
Distance = Annotated[
    float,
    Param(
        "How far away the source is when it is nearest.",
        unit="m",
        low=0.0,
        open_low=True,
        slider=(0.5, 50.0),
        scale="log",
        differentiable=True,
        only=("motion", _PASSES),
    ),
]
Time = Annotated[
    float,
    Param(
        "When the source is nearest.",
        unit="s",
        slider=(0.0, 10.0),
        differentiable=True,
        only=("motion", _PASSES),
    ),
]
Spreading = Annotated[
    bool,
    Param(
        "Whether the source gets fainter as its distance grows, by 1 / distance; the gain is 1 "
        "where it is nearest.",
        only=("motion", _PASSES),
    ),
]
Kind = Annotated[
    str,
    Param(
        "How the signal between its samples is found.",
        choices=("linear", "hermite", "lagrange", "sinc"),
    ),
]
Order = Annotated[
    int,
    Param(
        "Order of the polynomial of kind lagrange.",
        low=1,
        high=15,
        slider=(1, 15),
        only=("kind", ("lagrange",)),
    ),
]
Wet = Annotated[
    float, Param("Gain of the delayed signal.", slider=(-1.0, 1.0), differentiable=True)
]
Dry = Annotated[float, Param("Gain of the signal itself.", slider=(-1.0, 1.0), differentiable=True)]


def _mixed_space(given: Space, values: Mapping[str, Any]) -> Space:
    """As it was; refuses numbers that do not fit each other, which may come as tensors later."""
    _check_longest(values)
    return given


def _mixed_reach(values: Mapping[str, Any]) -> Reach:
    """That of the delay, and the present sample."""
    if values["motion"] != "still":
        why = "a chunk does not say at which time it begins"
        raise cannot_stream("motion", "be 'still'", why, repr(values["motion"]))
    _check_longest(values)
    reach = delayed_reach(_still(values), values["kind"], values["order"], values["lobes"])
    return Reach(max(0, reach.before), max(0, reach.after))


@op(space=_mixed_space, reach=_mixed_reach, linear=True)
def modulated_delay(
    signal: tf.Tensor,
    *,
    sample_rate: SampleRate,
    motion: Motion = "sine",
    delay_seconds: LeastDelay = 0.001,
    depth_seconds: Depth = 0.004,
    rate_hertz: Rate = 0.5,
    speed_meters_per_second: Speed = 20.0,
    distance_meters: Distance = 5.0,
    time_seconds: Time = 1.0,
    spreading: Spreading = True,
    wet: Wet = 0.5,
    dry: Dry = 0.5,
    kind: Kind = "hermite",
    order: Order = 3,
    lobes: Lobes = 32,
) -> tf.Tensor:
    """Mixes a signal with its delayed self: `dry * x(t) + wet * x(t - delay(t))`.

    The motions of the delay, from sample 0 at time 0:

    - still: `delay_seconds`. With `dry = wet` a comb filter.
    - sine, triangle: from `delay_seconds` up to `depth_seconds` more and back, `rate_hertz` times a
      second; at time 0 it is the least. From 1 to 10 ms a flanger, from 15 to 30 ms a chorus.
    - pass_by: a source drives along a line past the listener, who hears at time t what it gave off
      at `t - delay`, when it was `343 m/s * delay` away. That is the Doppler effect: a tone of f Hz
      is heard at `f / (1 + v / 343)`, with v the speed (away is positive) at which the source left
      the listener when it gave the sound off. Take `dry=0, wet=1` for the source alone. Before its
      first sound has arrived there is silence.

    What is between the samples is found as `fractional_delay` does by the same kind. Beyond its
    ends the signal is 0. The delay is computed in double precision, the rest in the signal's type.
    There is no feedback: that would be a recurrence. The gradients by the parameters are exact, and
    one-sided where a slope jumps.

    A stream takes no motion but "still".

    Returns:
        `[..., time]`.

    Raises:
        ParameterError: The longest delay has more than 1048576 samples.

    Source: Zölzer (ed.), "DAFX: Digital Audio Effects", 2nd edition, chapter 2; for the passing
    source Smith, Serafin, Abel & Berners, "Doppler simulation and the Leslie", DAFx 2002.

    >>> import workbench as wb
    >>> comb = {"sample_rate": 1000, "motion": "still", "delay_seconds": 0.002}
    >>> wb.modulated_delay([1.0, 0.0, 0.0, 0.0], **comb).numpy().tolist()
    [0.5, 0.0, 0.5, 0.0]
    """
    values = {
        "sample_rate": sample_rate,
        "motion": motion,
        "delay_seconds": delay_seconds,
        "depth_seconds": depth_seconds,
        "rate_hertz": rate_hertz,
        "speed_meters_per_second": speed_meters_per_second,
        "distance_meters": distance_meters,
        "time_seconds": time_seconds,
    }
    _check_longest(values)
    rows, leading = flat_rows(signal)
    delay = _still(values) if motion == "still" else _moving(values, sizes(rows)[-1])
    late = delayed(rows, delay, kind, order, lobes)
    if motion == "pass_by" and spreading:
        nearest = as_type(distance_meters, tf.float64) / SOUND_METERS_PER_SECOND * sample_rate
        late *= tf.cast(nearest / delay, rows.dtype)
    mixed = as_type(dry, rows.dtype) * rows + as_type(wet, rows.dtype) * late
    return unflat_rows(mixed, leading)


def _still(values: Mapping[str, Any]) -> Any:
    """The delay that does not move, in samples: a number, or a tensor."""
    delay = values["delay_seconds"]
    delay = as_type(delay, tf.float64) if is_tensor(delay) else delay
    return values["sample_rate"] * delay


def _moving(values: Mapping[str, Any], count: Any) -> tf.Tensor:
    """The delays of so many samples, for all rows alike: float64 `[1, time]`, in samples."""
    samples = tf.range(count, dtype=tf.float64)[tf.newaxis]
    rate = values["sample_rate"]
    if values["motion"] == "pass_by":
        return rate * _passing(values, samples / rate)
    least, depth, swings = (
        as_type(values[name], tf.float64)
        for name in ("delay_seconds", "depth_seconds", "rate_hertz")
    )
    swing = _sine if values["motion"] == "sine" else _triangle
    return rate * least + rate * depth * swing(swings / rate * samples)


def _sine(turns: tf.Tensor) -> tf.Tensor:
    """From 0 to 1 and back in each turn."""
    return 0.5 - 0.5 * tf.cos(2 * math.pi * turns)


def _triangle(turns: tf.Tensor) -> tf.Tensor:
    """From 0 to 1 and back in each turn, along straight lines."""
    return 1 - tf.abs(1 - 2 * (turns - tf.floor(turns)))


def _passing(values: Mapping[str, Any], time: tf.Tensor) -> tf.Tensor:
    """How old a sound is when it arrives, in s.

    A sound of age d that arrives at s seconds after the source was nearest was given off at s - d,
    from the distance `c d = sqrt(b**2 + v**2 (s - d)**2)`, with b the shortest one. This quadratic
    equation has one solution with d > 0, since v < c.
    """
    speed, distance, nearest = (
        as_type(values[name], tf.float64)
        for name in ("speed_meters_per_second", "distance_meters", "time_seconds")
    )
    mach, shortest = speed / SOUND_METERS_PER_SECOND, distance / SOUND_METERS_PER_SECOND
    since, rest = time - nearest, 1 - mach * mach
    root = tf.sqrt(tf.square(mach * since) + rest * tf.square(shortest))
    return (root - mach * mach * since) / rest


def _check_longest(values: Mapping[str, Any]) -> None:
    """Refuses numbers that come to a delay longer than any op's."""
    names = _ADDED_UP[values["motion"]]
    numbers = [values[name] for name in names if not is_tensor(values[name])]
    if values["sample_rate"] * sum(numbers) > LONGEST:
        rule = f"come to at most {LONGEST:.0f} samples at {values['sample_rate']} Hz"
        raise ParameterError(names, rule, " and ".join(f"{number:g}" for number in numbers))
