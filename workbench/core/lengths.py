"""The length of a signal: padding and cropping."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import tensorflow as tf

from workbench.core.chance import Seed, below, draw
from workbench.ops import op
from workbench.params import Param
from workbench.shapes import fit_samples, shifted

PLACES = ("start", "center", "end", "random")
Length = Annotated[
    int,
    Param(
        "Samples of each row of the result.",
        unit="samples",
        low=1,
        high=2**31 - 1,
        slider=(1000, 1_000_000),
        start=16000,
        scale="log",
    ),
]
Keep = Annotated[str, Param("Which part of a row that is too long is kept.", choices=PLACES)]
Place = Annotated[
    str, Param("Where a row that is too short stands, between zeros.", choices=PLACES)
]


def _fitted_length(length: Any, values: Mapping[str, Any]) -> Any:
    fitted = values["length"]
    return fitted if isinstance(length, int) else tf.zeros_like(length) + fitted


def _fitted_end(lengths: tf.Tensor, values: Mapping[str, Any]) -> tf.Tensor:
    """Where the rows end in the result: zeros before a row count as its own silence."""
    end = lengths + tf.cast(_first_places(lengths, values), lengths.dtype)
    return tf.minimum(end, values["length"])


def _first_places(lengths: tf.Tensor, values: Mapping[str, Any]) -> tf.Tensor:
    """Where the first sample of each row comes to stand, int32: before 0 if it is cropped."""
    room = values["length"] - tf.cast(lengths, tf.int32)
    size = tf.abs(room)

    def drawn() -> tf.Tensor:
        raw = draw(values["seed"], tf.shape(lengths), 1)[..., 0]
        return tf.cast(below(raw, size + 1), tf.int32)

    shift: dict[str, Callable[[], tf.Tensor]] = {
        "start": lambda: tf.zeros_like(size),
        "center": lambda: size // 2,
        "end": lambda: size,
        "random": drawn,
    }
    return tf.where(room < 0, -shift[values["keep"]](), shift[values["place"]]())


@op(length=_fitted_length, valid=_fitted_end, linear=True, returns_lengths=True)
def fit_length(
    signal: tf.Tensor,
    lengths: tf.Tensor,
    *,
    length: Length,
    keep: Keep = "start",
    place: Place = "start",
    seed: Seed = (1, 2),
) -> tf.Tensor:
    """Crops rows that are too long, and pads those that are too short with zeros.

    With `lengths` each row is cropped or padded by its own length. A random place is drawn for each
    row, every one equally likely: dimensions before time are rows, those after it are channels and
    stay together. A new seed draws new places; where it is to change in a graph or in `tf.data`,
    give it as a tensor.

    Returns:
        `[..., length]`, and the lengths: where each row ends in it. The zeros behind a row are
        padding; those before one that stands at the end, in the centre or at random count as its
        silence, since a length, and a Keras mask, can only say where a row ends.

    Source: with `keep` and `place` at "start" it is `librosa.util.fix_length`, row by row.

    >>> import workbench as wb
    >>> fitted, ends = wb.fit_length([[1.0, 2.0, 3.0]], length=5, place="center")
    >>> fitted.numpy().tolist(), ends.numpy().tolist()
    ([[0.0, 1.0, 2.0, 3.0, 0.0]], [4])
    """
    if keep == place == "start":
        fitted = fit_samples(signal, 0, length)  # no reading sample by sample
        fitted.set_shape([*signal.shape[:-1], length])
        return fitted
    values = {"length": length, "keep": keep, "place": place, "seed": seed}
    places = tf.broadcast_to(_first_places(lengths, values), tf.shape(signal)[:-1])
    return shifted(signal, places, length)
