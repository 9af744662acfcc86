"""Levels: gain, saturation, a level given to each row, and a power as a level in decibels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

import numpy as np
import tensorflow as tf

from workbench.axes import DECIBEL, Space
from workbench.ops import op, reach_of_one_step
from workbench.params import Param
from workbench.reach import Reach, cannot_stream
from workbench.tensors import as_type, silence_beyond

Drive = Annotated[
    float,
    Param("Gain before the curve.", unit="dB", slider=(-20.0, 40.0), differentiable=True),
]
Kind = Annotated[
    str,
    Param(
        "Level that is set: the largest magnitude, the root mean square, or, after the mean has "
        "been taken away, the standard deviation.",
        choices=("peak", "rms", "zscore"),
    ),
]
Level = Annotated[
    float,
    Param(
        "Level of the result, relative to full scale, 1.0.",
        unit="dB",
        slider=(-40.0, 0.0),
        differentiable=True,
    ),
]
FloorLevel = Annotated[
    float,
    Param(
        "Level, relative to full scale, below which a row is taken for silence: what is quieter "
        "gets the gain of a row of this level, and no more.",
        unit="dB",
        low=-300.0,
        slider=(-160.0, 0.0),
        differentiable=True,
        detail=True,
    ),
]
Reference = Annotated[
    float,
    Param(
        "Power at 0 dB.", low=0.0, open_low=True, slider=(1e-3, 1e3), scale="log",
        differentiable=True, detail=True,),
]  # fmt: skip
FloorDecibels = Annotated[
    float,
    Param(
        "Lowest level, relative to the reference.",
        unit="dB",
        low=-300.0,
        slider=(-160.0, 0.0),
        differentiable=True,
    ),
]
TopDecibels = Annotated[
    float,
    Param(
        "Lowest level below each example's own maximum. None: no such limit.",
        none="off",
        unit="dB",
        low=0.0,
        open_low=True,
        slider=(20.0, 120.0),
    ),
]


def _level_space(given: Space, values: Mapping[str, Any]) -> Space:
    return replace(given, quantity="level", unit="dB")


def level_reach(values: Mapping[str, Any]) -> Reach:
    """The reach of levels that don't depend on the loudest of them."""
    if values["top_db"] is not None:
        why = "the loudest part may be still to come"
        raise cannot_stream("top_db", "be None", why, values["top_db"])
    return Reach(0, 0)


@op(reach=reach_of_one_step)
def saturate(signal: tf.Tensor, *, drive_db: Drive = 0.0) -> tf.Tensor:
    """Amplifies a signal and limits it softly to -1 .. 1 with `tanh`, as an overdriven amplifier.

    Returns:
        `[..., time]`.

    Source: Zölzer (ed.), "DAFX: Digital Audio Effects", 2nd edition, chapter 4.

    >>> import workbench as wb
    >>> wb.saturate([0.0, 1.0], drive_db=0.0).numpy().astype(float).round(4).tolist()
    [0.0, 0.7616]
    """
    return tf.tanh(_amplitude(drive_db, signal.dtype) * signal)


@op()
def normalize(
    signal: tf.Tensor,
    lengths: tf.Tensor | None = None,
    *,
    kind: Kind = "peak",
    level_db: Level = 0.0,
    floor_db: FloorLevel = -100.0,
) -> tf.Tensor:
    """Brings each row to a level, measured along time only and as far as the row goes.

    The gain grows no further once a row is below `floor_db`: silence stays silent, and no gradient
    exceeds what the floor allows, 1e5 by default. With `kind="zscore"`, a `level_db` of 0 and an
    `axis` of a feature's time it is the normalisation of mean and variance used for recognition.

    Returns:
        `[..., time]`.

    Source: for `zscore`, Viikki & Laurila, "Cepstral domain segmental feature vector
    normalization for noise robust speech recognition", Speech Communication 25, 1998.

    >>> import workbench as wb
    >>> wb.normalize([0.1, -0.2, 0.0], level_db=0.0).numpy().round(6).tolist()
    [0.5, -1.0, 0.0]
    """
    floor = _amplitude(floor_db, signal.dtype)
    if kind == "zscore":
        signal = _without_mean(signal, lengths)
    if kind == "peak":
        level = tf.maximum(tf.reduce_max(tf.abs(signal), axis=-1, keepdims=True), floor)
    else:
        power = _mean(tf.square(signal), lengths)
        level = tf.sqrt(tf.maximum(power, tf.square(floor)))
    return signal * (_amplitude(level_db, signal.dtype) / level)


@op(takes=2, space=_level_space, reach=level_reach)
def decibels(
    signal: tf.Tensor,
    *,
    reference: Reference = 1.0,
    floor_db: FloorDecibels = -100.0,
    top_db: TopDecibels | None = None,
) -> tf.Tensor:
    """Level of a power in decibels, `10 log10(power / reference)`, not below a floor.

    An example is one spectrogram `[frames, bins]`: `top_db` never looks at its neighbours in the
    batch. Where the floor is reached the gradient with respect to the signal is 0.

    Returns:
        `[..., frames, bins]` in dB.

    Source: IEC 60027-3, "Logarithmic and related quantities, and their units".

    >>> import workbench as wb
    >>> wb.decibels([[1.0, 0.1, 0.0]]).numpy().round(3).tolist()
    [[0.0, -10.0, -100.0]]
    """
    return level_of(signal, reference, floor_db, top_db, "dB")


def level_of(
    power: tf.Tensor, reference: Any, floor_db: Any, top_db: float | None, unit: str
) -> tf.Tensor:
    """The level of a power in a unit of `DECIBEL`."""
    dtype, decibel = power.dtype, DECIBEL[unit]
    floor = as_type(floor_db, dtype) * tf.constant(decibel, dtype)
    scale = tf.constant(10.0 / np.log(10.0) * decibel, dtype)
    relative = power / as_type(reference, dtype)
    lowest = tf.exp(floor / scale)
    quiet = relative <= lowest  # not of NaN, which stays visible
    level = tf.where(quiet, floor, scale * tf.math.log(tf.where(quiet, lowest, relative)))
    if top_db is None:
        return level
    loudest = tf.reduce_max(level, axis=[-2, -1], keepdims=True)
    return tf.maximum(level, loudest - tf.constant(top_db * decibel, dtype))


def _amplitude(level_db: Any, dtype: tf.DType) -> tf.Tensor:
    return tf.pow(tf.constant(10.0, dtype), as_type(level_db, dtype) / 20)


def _mean(signal: tf.Tensor, lengths: tf.Tensor | None) -> tf.Tensor:
    """The mean along time, kept as a dimension, of rows that are 0 beyond their end."""
    if lengths is None:
        return tf.reduce_mean(signal, axis=-1, keepdims=True)
    count = tf.cast(tf.maximum(lengths, 1), signal.dtype)[..., tf.newaxis]
    return tf.reduce_sum(signal, axis=-1, keepdims=True) / count


def _without_mean(signal: tf.Tensor, lengths: tf.Tensor | None) -> tf.Tensor:
    centred = signal - _mean(signal, lengths)
    return centred if lengths is None else silence_beyond(centred, lengths, 1)[0]
