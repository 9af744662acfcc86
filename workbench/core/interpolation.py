"""Reading a signal between its samples: a low-pass response in polynomial pieces.

The signal's value at time `i + f` is `sum_k h(f - k) x[i + k]`. Between two samples each `h(f - k)`
is a polynomial in `f`, to the precision of the type. So one fixed bank of filters turns the signal
into the coefficients of a polynomial for every cell between two samples, and a reading is a look-up
and a polynomial: exact gradients with respect to the signal and to the time.

Source: Farrow, "A continuously variable digital delay element", ISCAS 1988; for the transposed
structure Hentschel & Fettweis, "Sample rate conversion for software radio", 2000.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from workbench.core.banks import Bank, apply_bank, bank_of
from workbench.core.polynomials import fit
from workbench.core.responses import Response
from workbench.shapes import sizes

_BLOCK = 8  # cells whose polynomials one product computes


@dataclass(frozen=True, eq=False)
class Pieces:
    """A response in polynomials: sample `k` seen from place `v` (-1 .. 1) of a cell.

    Attributes:
        weights: float64 `[2 * reach + cell - 1, degree + 1]`, from k = `1 - reach` on.
        cell: Samples in a cell.
        reach: Samples that a reading sees to either side.
    """

    weights: np.ndarray
    cell: int
    reach: int


@functools.lru_cache(maxsize=32)
def design_pieces(response: Response, cell: int, degree: int) -> Pieces:
    """Cuts a response in cells of so many samples, each a polynomial through Chebyshev points."""
    reach = math.ceil(response.half_width)
    response = response.widened(reach)  # no end inside a cell
    samples = np.arange(1 - reach, reach + cell)
    powers = fit(lambda places: response(cell * (places[:, None] + 1) / 2 - samples), degree)
    powers.flags.writeable = False
    return Pieces(powers, cell, reach)


def pieces_of(response: Response, dtype: tf.DType, cell: int = 1) -> Pieces:
    """The pieces of a response for signals of a type."""
    return design_pieces(response, cell, response.degree(dtype))


def split(times: tf.Tensor, dtype: tf.DType) -> tuple[tf.Tensor, tf.Tensor]:
    """Times in cells as whole cells, int32, and places within them, parted in their own type."""
    whole = tf.floor(times)
    far = tf.constant(2**30, times.dtype)
    return tf.cast(tf.clip_by_value(whole, -far, far), tf.int32), tf.cast(times - whole, dtype)


def read(rows: tf.Tensor, cells: tf.Tensor, parts: tf.Tensor, pieces: Pieces) -> tf.Tensor:
    """Values of `[rows, time]` at times `(cells + parts) * pieces.cell`.

    Args:
        rows: The signal; 0 beyond its ends.
        cells: Integers `[rows or 1, readings]`; may lie outside the signal.
        parts: Place within the cell, 0 .. 1, of the signal's type, `[rows or 1, readings]`.
        pieces: The response.

    Returns:
        `[rows, readings]`.
    """
    outside = -(-pieces.reach // pieces.cell) + 1  # in that cell before time 0 all is 0
    signals, length = sizes(rows)
    count = -(-(length + pieces.reach) // pieces.cell) + outside + 1
    bank = _reading_bank(pieces, outside, rows.dtype)
    terms = pieces.weights.shape[1]
    blocks = -(-count // _BLOCK)
    table = tf.reshape(apply_bank(rows, bank, blocks), [-1, terms])
    inside = tf.clip_by_value(cells, -outside, count - 1 - outside) + outside
    first = tf.range(signals)[:, tf.newaxis] * blocks * _BLOCK
    found = tf.gather(table, inside + first)
    return tf.reduce_sum(found * _powers(parts, terms), axis=-1)


def spread(
    rows: tf.Tensor, cells: tf.Tensor, parts: tf.Tensor, pieces: Pieces, count: Any
) -> tf.Tensor:
    """The transpose of `read`: puts samples between the points of a grid of `count` points.

    Output m is `sum_n h(m - cells[n] - parts[n]) rows[n]`.

    Args:
        rows: `[rows, time]`.
        cells: Rising integers `[time]`, 0 .. count.
        parts: 0 .. 1, of the signal's type, `[time]`.
        pieces: The response, in cells of one sample.
        count: Points of the grid.

    Returns:
        `[rows, count]`.
    """
    terms = pieces.weights.shape[1]
    signals, total = sizes(rows)[0], count + 1
    places = cells + tf.range(signals)[:, tf.newaxis] * total
    shares = rows[..., tf.newaxis] * _powers(parts, terms)
    table = tf.math.unsorted_segment_sum(
        tf.reshape(shares, [-1, terms]), tf.reshape(places, [-1]), signals * total
    )
    blocks = -(-count // _BLOCK)
    flat = tf.reshape(table, [signals, total * terms])
    made = apply_bank(flat, _spreading_bank(pieces, rows.dtype), blocks)
    return tf.slice(made, [0, 0], [-1, count])


def _powers(parts: tf.Tensor, terms: int) -> tf.Tensor:
    """`[..., terms]`: the powers of the place in a cell, which runs from -1 to 1."""
    place = 2 * parts - 1
    powers = [tf.ones_like(place)]
    for _ in range(terms - 1):
        powers.append(powers[-1] * place)
    return tf.stack(powers, axis=-1)


@functools.lru_cache(maxsize=32)
def _reading_bank(pieces: Pieces, outside: int, dtype: tf.DType) -> Bank:
    width, terms = pieces.weights.shape
    step = _BLOCK * pieces.cell
    weights = np.zeros((width + step - pieces.cell, _BLOCK, terms))
    for i in range(_BLOCK):
        weights[i * pieces.cell : i * pieces.cell + width, i] = pieces.weights
    before = outside * pieces.cell + pieces.reach - 1
    return bank_of(weights.reshape(-1, _BLOCK * terms), step, before, dtype)


@functools.lru_cache(maxsize=32)
def _spreading_bank(pieces: Pieces, dtype: tf.DType) -> Bank:
    width, terms = pieces.weights.shape
    weights = np.zeros((width + _BLOCK - 1, terms, _BLOCK))
    for i in range(_BLOCK):
        weights[i : i + width, :, i] = pieces.weights[::-1]
    return bank_of(weights.reshape(-1, _BLOCK), _BLOCK * terms, pieces.reach * terms, dtype)
