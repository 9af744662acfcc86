"""Levels of a waveform: gain and saturation."""

from __future__ import annotations

from typing import Annotated

import tensorflow as tf

from workbench.ops import op, reach_of_one_step
from workbench.params import Param
from workbench.tensors import as_type

Drive = Annotated[
    float,
    Param("Gain before the curve.", unit="dB", slider=(-20.0, 40.0), differentiable=True),
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
    gain = tf.pow(tf.constant(10.0, signal.dtype), as_type(drive_db, signal.dtype) / 20)
    return tf.tanh(gain * signal)
