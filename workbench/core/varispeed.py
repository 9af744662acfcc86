"""Reading a signal at any times."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import tensorflow as tf

from workbench.core.interpolation import pieces_of, read, split
from workbench.core.responses import Attenuation, PassBand, Quality, low_pass_of
from workbench.errors import ParameterError
from workbench.ops import op
from workbench.params import Param
from workbench.shapes import fits, flat_rows, sizes, unflat_rows

Cutoff = Annotated[
    float,
    Param(
        "Highest frequency that is kept, as a part of the signal's Nyquist frequency.",
        low=2**-8,
        high=1.0,
        slider=(0.05, 1.0),
    ),
]


def _no_lengths(length: Any, values: Mapping[str, Any]) -> Any:
    rule = "be left out: what lies beyond a row's end is silent where its samples are 0"
    raise ParameterError("lengths", rule, length)


@op(length=_no_lengths, linear=True)
def resample_at(
    signal: tf.Tensor,
    positions: tf.Tensor,
    *,
    cutoff: Cutoff = 1.0,
    quality: Quality = "best",
    attenuation_db: Attenuation | None = None,
    pass_band: PassBand | None = None,
) -> tf.Tensor:
    """Reads a signal at any times: varispeed, Doppler, wow and flutter, clocks that drift.

    `positions` are times in samples of the signal, from 0 on: `[readings]` for all rows alike, or
    of as many dimensions as the signal. Beyond its ends the signal is 0.

    The signal is band-limited to 0.91 of its Nyquist frequency; where time runs faster than in the
    signal (positions more than a sample apart), lower `cutoff` to the reciprocal of the fastest
    speed, or what lies above aliases. The result is differentiable in the signal and in the
    positions, everywhere. Positions need a type that holds them: at 48 kHz float32 is good for a
    hundredth of a sample in the first seconds only; give float64 for more.

    Returns:
        `[..., readings]`.

    Source: Smith & Gossett, "A flexible sampling-rate conversion method", ICASSP 1984.

    >>> import workbench as wb
    >>> x = wb.tone(sample_rate=8000, seconds=0.1)
    >>> bool(abs(wb.resample_at(x, [400.0])[0] - x[400]) < 1e-4)
    True
    """
    values = {
        "kind": "sinc",
        "quality": quality,
        "attenuation_db": attenuation_db,
        "pass_band": pass_band,
    }
    pieces = pieces_of(low_pass_of(values, signal.dtype, cutoff / 2), signal.dtype)
    rows, leading = flat_rows(signal)
    positions = _positions_of_rows(positions, signal, leading)
    return unflat_rows(read(rows, *split(positions, signal.dtype), pieces), leading)


def _positions_of_rows(positions: tf.Tensor, signal: tf.Tensor, leading: list[Any]) -> tf.Tensor:
    """`[rows, readings]`, or `[1, readings]` for all rows alike."""
    if positions.shape.rank == 1:
        return positions[tf.newaxis]
    if positions.shape.rank == 0 or not fits(positions.shape[:-1], signal.shape[:-1]):
        rule = f"have the shape [readings], or that of the signal, {signal.shape}, but for the time"
        raise ParameterError("positions", rule, positions.shape)
    readings = sizes(positions)[-1]
    return tf.reshape(tf.broadcast_to(positions, [*leading, readings]), [-1, readings])
