"""View models: what a result looks like, in no more points than the display has.

A result and its space become a panel: a time axis alone a waveform, time and bins an image. The
page and Matplotlib draw the same panels.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from workbench.axes import DECIBEL, Axis, Space
from workbench.curves import Curves
from workbench.dashboards.panels import ImagePanel, LinesPanel, WavePanel
from workbench.dashboards.rows import WHOLE, Look, rows_of

LEVEL_RANGE_DB = 80.0  # of an image, below its loudest point
_LEAST_POWER = 1e-5  # of an amplitude: of a lesser one nothing is left but rounding
_ROUNDING = 1e-4  # of a step: a time that a float just misses counts as reached
_NICE = np.array([1.0, 1.5, 2.0, 3.0, 5.0, 7.5, 10.0])


def panel(
    title: str,
    result: np.ndarray,
    space: Space,
    span: tuple[float, float],
    columns: int,
    rows: int,
    *,
    channel: int = 0,
    signed: bool = False,
    look: Look = WHOLE,
) -> WavePanel | ImagePanel | None:
    """The panel of a result, or None for one that has no picture yet (an unknown space).

    Args:
        title: What stands over it.
        result: `[channels, time]` or `[channels, frames, bins]`.
        space: What it is.
        span: First and last second shown.
        columns: Pixels of the display across.
        rows: Pixels of the display up.
        channel: Which one an image shows.
        signed: The values are a gradient: both signs matter, zero is in the middle.
        look: What of an image's vertical axis is shown, and how.
    """
    if len(space.axes) == 1 and space.time.name == "time" and result.ndim == 2:
        return wave_panel(title, result, space, span, columns)
    if len(space.axes) == 2 and result.ndim == 3:
        one = result[min(channel, len(result) - 1)]
        return image_panel(title, one, space, span, columns, rows, signed=signed, look=look)
    return None


def wave_panel(
    title: str,
    signal: np.ndarray,
    space: Space,
    span: tuple[float, float],
    columns: int,
    *,
    names: tuple[str, ...] = (),
    limits: tuple[float, float] | None = None,
) -> WavePanel:
    """A waveform `[channels, time]`: single samples where there is room, else their envelope.

    Args:
        title: What stands over it.
        signal: The waveform.
        space: What it is.
        span: First and last second shown.
        columns: Pixels of the display across.
        names: Of the channels.
        limits: Lowest and highest value of the plot; None: 0 in the middle, and room for the peak.
    """
    time = space.time
    first, last = _visible(time, signal.shape[-1], span, margin=1)
    visible = signal[:, first:last]
    peak = _finite(title, np.max(np.abs(signal)))
    if limits is None:
        limits = -nice_limit(peak), nice_limit(peak)
    start, step = time.start + first * time.step, time.step
    count = visible.shape[-1]
    if count > 2 * columns:
        edges = np.arange(columns) * count // columns
        low = np.minimum.reduceat(visible, edges, axis=-1)
        high = np.maximum.reduceat(visible, edges, axis=-1)
        visible, step = np.stack([low, high], axis=-1), step * count / columns
    data = np.ascontiguousarray(visible, np.float32)
    return WavePanel(title, space.quantity, space.unit, *limits, start, step, data, names=names)


def lines_panel(
    title: str, curves: Curves, limits: tuple[float, float] | None = None, **options: Any
) -> LinesPanel:
    """Named lines over an axis of their own.

    Args:
        title: What stands over them.
        curves: The lines.
        limits: Lowest and highest value of the plot; None: round numbers around all values.
        **options: As `LinesPanel` takes them: styles, span, logarithmic, height, half.
    """
    found = limits or limits_around(curves.data)
    head = title, curves.quantity, curves.unit, *found
    return LinesPanel(*head, curves.axis, curves.data, curves.names, **options)


def limits_around(values: np.ndarray) -> tuple[float, float]:
    """Round numbers below and above all values that are finite; a flat line is in the middle.

    >>> limits_around(np.array([0.02, np.nan, 0.93]))
    (0.0, 1.0)
    >>> limits_around(np.array([31.5, 31.5 + 1e-13]))
    (29.5, 33.5)
    """
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 1.0
    low, high = float(np.min(finite)), float(np.max(finite))
    if high - low <= 1e-9 * (size := max(abs(low), abs(high))):
        low, high = low - 0.05 * size, high + 0.05 * size
    step = nice_limit((high - low) / 10)
    first, last = math.floor(low / step + 1e-6), math.ceil(high / step - 1e-6)
    ends = step * first, step * max(last, first + 1)
    return tuple(float(f"{end:.12g}") for end in ends)  # type: ignore[return-value]


def level_limits(levels: np.ndarray, range_db: float) -> tuple[float, float]:
    """Lowest and highest level of a plot: the next ten above all of them, and so far below.

    >>> level_limits(np.array([-130.0, -3.2]), 80.0)
    (-80.0, 0.0)
    """
    high = 10.0 * math.ceil(float(np.max(levels)) / 10.0)
    return high - range_db, high


def image_panel(
    title: str,
    values: np.ndarray,
    space: Space,
    span: tuple[float, float],
    columns: int,
    rows: int,
    *,
    signed: bool = False,
    look: Look = WHOLE,
) -> ImagePanel:
    """An image `[frames, bins]`, each pixel the largest value that falls on it, as a level in dB.

    Values that are no power of an amplitude (a cepstrum, a phase) and those of a signed image stay
    as they are, each pixel the one of largest magnitude; angles lie on a circle from -pi to pi. The
    zeroth coefficient of a cepstrum, the mean level, dwarfs the others: the scale is theirs, and
    the title says so.
    """
    time, bins = space.axes
    first, last = _visible(time, len(values), span, margin=1)
    plain = signed or not space.power
    pool = _strongest if plain else _largest
    up = rows_of(bins, values.shape[1], rows, look)
    visible, step = values[first:last, up.bins], time.step
    if np.iscomplexobj(visible):
        visible = np.abs(visible)
    if len(visible) > columns:  # columns first: they are read in one go
        step *= len(visible) / columns
        visible = pool(visible, np.arange(columns) * len(visible) // columns, 0)
    pooled = up.of(visible, pool)
    circular = space.unit == "rad"
    if circular and not signed:
        low, high, label, unit = -math.pi, math.pi, space.quantity, space.unit
    elif plain:
        others = values[:, 1:] if bins.name == "coefficient" and values.shape[1] > 1 else values
        high = nice_limit(_finite(title, _peak(values) if signed else _usual_peak(others)))
        if others is not values and _finite(title, _peak(values[:, 0])) > high:
            title = f"{title} (the zeroth is beyond the scale)"
        signed = signed or bool(np.min(values) < 0)
        low, label, unit = -high if signed else 0.0, space.quantity, space.unit
    else:
        pooled = to_decibels(pooled, space)
        high = 10.0 * math.ceil(_finite(title, np.max(pooled)) / 10.0)
        low, label, unit = high - LEVEL_RANGE_DB, _level_name(space), "dB"
    if look.held is not None:
        low, high = look.held.ends(label, unit, (low, high))
    scaled = np.clip((pooled - low) * (255.0 / (high - low)), 0.0, 255.0)
    start = time.start + (first - 0.5) * time.step
    return ImagePanel(
        title=title,
        label=label,
        unit=unit,
        low=low,
        high=high,
        start=start,
        step=step,
        data=np.ascontiguousarray(scaled.astype(np.uint8).T),
        y_name="frequency" if bins.unit == "Hz" else bins.name,
        y_unit=bins.unit,
        y_values=up.centres,
        y_reach=up.reach,
        y_shown=up.shown,
        logarithmic=look.logarithmic and up.reach is not None,
        colormap="cyclic" if circular and not signed else "diverging" if signed else "magma",
    )


def to_decibels(values: np.ndarray, space: Space) -> np.ndarray:
    """Values as levels in dB: those that are levels already, and powers of an amplitude."""
    if space.unit in DECIBEL:
        return values / DECIBEL[space.unit]
    return 20.0 / max(space.power, _LEAST_POWER) * np.log10(np.maximum(values, 1e-12))


def _peak(values: np.ndarray) -> np.floating:
    return np.max(np.abs(values))


def _usual_peak(values: np.ndarray) -> np.floating:
    """The peak, or a quarter of it where a few values (a cepstrum's zeroth) dwarf all others."""
    peak = _peak(values)
    if not np.isfinite(peak):
        return peak
    return np.maximum(np.percentile(np.abs(values), 98), peak / 4)


def nice_limit(peak: float) -> float:
    """The next round number at or above a peak; 1 for silence.

    >>> nice_limit(0.42)
    0.5
    """
    if not peak > 1e-30:
        return 1.0
    scale = 10.0 ** math.floor(math.log10(peak))
    return float(scale * _NICE[np.searchsorted(_NICE, peak / scale * (1 - 1e-9))])


def _finite(title: str, peak: np.floating) -> float:
    if not np.isfinite(peak):
        raise ValueError(f"{title.partition(':')[0]}: the values must be finite; got {peak}.")
    return float(peak)


def _level_name(space: Space) -> str:
    return "magnitude" if space.quantity == "complex amplitude" else space.quantity


def _visible(axis: Axis, count: int, span: tuple[float, float], margin: int) -> tuple[int, int]:
    """Indices of the visible steps, a few more at the ends, at least one."""
    first = math.floor((span[0] - axis.start) / axis.step + _ROUNDING) - margin
    last = math.ceil((span[1] - axis.start) / axis.step - _ROUNDING) + margin + 1
    first = min(max(first, 0), count - 1)
    return first, max(first + 1, min(last, count))


def _largest(values: np.ndarray, edges: np.ndarray, axis: int) -> np.ndarray:
    return _extreme(np.maximum, values, edges, axis)


def _strongest(values: np.ndarray, edges: np.ndarray, axis: int) -> np.ndarray:
    high, low = (_extreme(most, values, edges, axis) for most in (np.maximum, np.minimum))
    return np.where(high >= -low, high, low)


def _extreme(most: np.ufunc, values: np.ndarray, edges: np.ndarray, axis: int) -> np.ndarray:
    """`most.reduceat`, ten times as fast where the stretches between the edges are short."""
    lasts = np.append(edges[1:], values.shape[axis]) - 1
    found = np.take(values, edges, axis)
    for ahead in range(1, int(np.max(lasts - edges)) + 1):
        most(found, np.take(values, np.minimum(edges + ahead, lasts), axis), out=found)
    return found
