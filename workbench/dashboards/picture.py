"""`plot`: a still picture of sounds, of what is made of them, and of curves."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

from workbench.axes import Space, waveform_space
from workbench.curves import Curves
from workbench.dashboards.explore import chain_of
from workbench.dashboards.frames import Frame
from workbench.dashboards.panels import Panel
from workbench.dashboards.publication.figure import draw
from workbench.dashboards.sources import Source, source_of
from workbench.dashboards.views import lines_panel, panel, wave_panel
from workbench.errors import ParameterError, naming

_COLUMNS, _ROWS = 1000, 256  # points that print can show
_NAMED = 6  # lines that a legend tells apart: there are as many colours


class _Values(NamedTuple):
    """A result `[channels, time]` or `[channels, frames, bins]`, and what it is."""

    values: np.ndarray
    space: Space
    names: tuple[str, ...] = ()  # of the channels

    @property
    def end(self) -> float:
        """The second at which it ends."""
        time = self.space.time
        return float(time.start + time.step * self.values.shape[1])


def plot(
    panels: Mapping[str, Any],
    *,
    span: tuple[float, float] | None = None,
    limits: tuple[float, float] | None = None,
    marks: Mapping[str, float] | None = None,
    half: bool = False,
    width: float = 9.0,
) -> Figure:
    """A picture of sounds, of what is made of them, and of curves, one below the other.

    Args:
        panels: What to show, by its title; each is one of

            - a sound, as `explore` takes it: a clip, its name, a path, `(signal, sample_rate)`;
            - `(what, sound)`, as `explore` takes them: the result of a chain, a layer or an op;
            - `(values, space)`: `[channels, frames, bins]`, and what it is;
            - `Curves`, of which `workbench.analysis` has many;
            - several sounds, or several curves, by their names: lines in one plot.
        span: First and last second shown; None: all.
        limits: Lowest and highest value of curves; None: round numbers around all.
        marks: Places on the axis of curves, by name.
        half: Curves side by side, in pairs.
        width: In inches; the height follows.

    Returns:
        A Matplotlib figure; the last line of a cell shows it.

    Raises:
        TypeError, ValueError, FileNotFoundError: One of them is none of these.

    >>> import workbench as wb
    >>> hann = wb.analysis.window_spectrum(wb.layers.STFT().values)
    >>> len(wb.plot({"A siren": "siren", "How a tone leaks": hann}).axes)
    2
    """
    with naming("plot"):
        if not panels:
            raise ParameterError("panels", "be at least one", "none")
        found = {title: _found(shown, span) for title, shown in panels.items()}
        ends = [each.end for each in found.values() if isinstance(each, _Values)]
        seconds = span or (0.0, max(ends, default=1.0))
        options: dict[str, Any] = {"limits": limits, "marks": marks or {}, "half": half}
        made = [
            _over_time(title, each, seconds)
            if isinstance(each, _Values)
            else lines_panel(title, each, **options, legend=len(each.names) <= _NAMED)
            for title, each in found.items()
        ]
    return draw(Frame(tuple(made), seconds, seconds), width=width)


def _found(shown: Any, span: tuple[float, float] | None) -> _Values | Curves:
    """What is to be shown, computed."""
    if isinstance(shown, Curves):
        return shown
    if isinstance(shown, Mapping):
        if all(isinstance(each, Curves) for each in shown.values()):
            return Curves.together(shown)
        return _sounds({name: source_of(each) for name, each in shown.items()}, span)
    if isinstance(shown, tuple) and len(shown) == 2:
        first, second = shown
        if isinstance(second, Space):
            return _checked(np.asarray(first), second)
        if not isinstance(second, (int, np.integer)):
            return _computed(first, source_of(second))
    source = source_of(shown)
    return _Values(source.signal().numpy(), waveform_space(source.sample_rate))


def _checked(values: np.ndarray, space: Space) -> _Values:
    if values.ndim != 1 + len(space.axes):
        labels = ", ".join(["channels", *(axis.label for axis in space.axes)])
        raise ParameterError("values", f"be [{labels}]", f"the shape {values.shape}")
    return _Values(values, space)


def _computed(what: Any, source: Source) -> _Values:
    """What becomes of a sound."""
    chain = chain_of(what, source.sample_rate)
    if chain.sample_rate != source.sample_rate:
        rule = f"be that of the sound, {source.sample_rate} Hz"
        raise ParameterError("the chain's sample_rate", rule, chain.sample_rate)
    return _Values(chain.run(source.signal())[-1].numpy(), chain.spaces[-1])


def _sounds(sources: Mapping[str, Source], span: tuple[float, float] | None) -> _Values | Curves:
    """The first channels of several sounds: as one waveform, or as curves where rates differ."""
    rows = {name: source.signal().numpy()[0] for name, source in sources.items()}
    rates = {source.sample_rate for source in sources.values()}
    if len(rates) == 1:
        length = max(len(row) for row in rows.values())
        padded = [np.pad(row, (0, length - len(row))) for row in rows.values()]
        return _Values(np.stack(padded), waveform_space(rates.pop()), tuple(rows))
    curves = {}
    for name, row in rows.items():
        time = waveform_space(sources[name].sample_rate).time
        first, last = span or (0.0, len(row) * time.step)
        inside = slice(math.ceil(first / time.step - 1e-6), math.floor(last / time.step + 1e-6) + 1)
        axis = replace(time, start=inside.start * time.step)
        curves[name] = Curves(axis, row[None, inside].astype(np.float64), (name,), "amplitude")
    return Curves.together(curves)


def _over_time(title: str, found: _Values, span: tuple[float, float]) -> Panel:
    """The panel of a sound or a result."""
    if found.names:
        size = span, _COLUMNS
        return wave_panel(title, found.values, found.space, *size, names=found.names)
    made = panel(title, found.values, found.space, span, _COLUMNS, _ROWS)
    if made is None:
        raise ParameterError(repr(title), "have axes to be drawn over", found.space.label)
    return made
