"""Levels of a waveform: gain, saturation, and a level given to each row."""

from __future__ import annotations

from typing import Annotated, Any

import tensorflow as tf

from workbench.ops import op, reach_of_one_step
from workbench.params import Param
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


@op(reach=reach_of_one_step)
def saturate(signal: tf.Tensor, *, drive_db: Drive = 0.0) -> tf.Tensor:
    """Amplifies a signal and limits it softly to -1 .. 1 with `tanh`, as an overdriven amplifier.

    Returns:
        `[..., time]`.

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
