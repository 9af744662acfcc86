"""Features to mean 0 and variance 1, as recognisers take them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

import tensorflow as tf

from workbench.axes import Space
from workbench.ops import op
from workbench.params import Param
from workbench.tensors import as_type, silence_beyond

Over = Annotated[
    str,
    Param(
        "What has one mean and one variance: all values of an example, or each of its bands.",
        choices=("example", "band"),
    ),
]
Floor = Annotated[
    float,
    Param(
        "Standard deviation, in the unit of the features, below which they are taken for constant: "
        "they get the gain of features of this deviation, and no more.",
        low=1e-12,
        slider=(1e-8, 1.0),
        scale="log",
        differentiable=True,
        detail=True,
    ),
]


def _score_space(given: Space, values: Mapping[str, Any]) -> Space:
    return replace(given, quantity="standard score", unit="", power=0.0)


@op(takes=2, space=_score_space)
def standardize(
    signal: tf.Tensor,
    lengths: tf.Tensor | None = None,
    *,
    over: Over = "example",
    floor: Floor = 1e-5,
) -> tf.Tensor:
    """Normalises each example to mean 0 and variance 1, measured as far as it goes.

    The variance is that of all values, not of a sample. Constant features, as those of silence,
    become 0, and no gradient exceeds `1 / floor`. `normalize(kind="zscore")` does the same along
    the time of a signal.

    Returns:
        `[..., frames, bins]`.

    Source: Viikki & Laurila, "Cepstral domain segmental feature vector normalization for noise
    robust speech recognition", Speech Communication 25, 1998.

    >>> import workbench as wb
    >>> wb.standardize([[-50.0, -40.0], [-60.0, -50.0]], over="band").numpy().tolist()
    [[1.0, 1.0], [-1.0, -1.0]]
    """
    measured, count = ([-2, -1], signal.shape[-1]) if over == "example" else ([-2], 1)
    count = tf.shape(signal)[-1] if count is None else count
    frames = tf.shape(signal)[-2]
    if lengths is not None:
        frames = tf.maximum(lengths, 1)[..., tf.newaxis, tf.newaxis]
    values = tf.cast(frames * count, signal.dtype)

    def without_mean(x: tf.Tensor) -> tf.Tensor:
        x = x if lengths is None else silence_beyond(x, lengths, 2)[0]
        centred = x - tf.reduce_sum(x, measured, keepdims=True) / values
        return centred if lengths is None else silence_beyond(centred, lengths, 2)[0]

    # A constant is taken away exactly, which the rounded sum of many would not do.
    first = signal[..., :1, :1] if over == "example" else signal[..., :1, :]
    centred = without_mean(signal - tf.stop_gradient(first))
    variance = tf.reduce_sum(tf.square(centred), measured, keepdims=True) / values
    lowest = tf.square(as_type(floor, signal.dtype))
    return centred / tf.sqrt(tf.maximum(variance, lowest))
