"""What is visible is computed first: of a long signal an excerpt, or a picture piece by piece."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import tensorflow as tf

from workbench.backpropagation import Gradients
from workbench.chain import Chain
from workbench.dashboards.controllers.with_chain import WithChain
from workbench.dashboards.frames import View
from workbench.dashboards.long_files.envelope import Envelope
from workbench.dashboards.long_files.overview import Overview
from workbench.dashboards.long_files.parts import MOST, PIECE, Cutter, Part
from workbench.dashboards.panels import Panel
from workbench.dashboards.scene import Memory
from workbench.errors import ParameterError, ParameterTypeError
from workbench.streaming import Stream

EVERY_STEP = 1 << 30  # columns: so many that none is pooled


@dataclass(frozen=True)
class Computed(Gradients):
    """Results of all stages for a part of the signal, and the gradients.

    Attributes:
        part: What of the signal they are computed from.
        notes: For each stage what is not as on the whole signal; empty where nothing is.
        whole: Whether the part is all of the signal.
        overview: The picture of more than the part, where that is shown.
    """

    part: Part
    notes: tuple[str, ...] = ()
    whole: bool = True
    overview: Overview | None = None


class VisibleFirst(WithChain[Computed]):
    """A controller of a chain that computes what is visible, where the signal is a long one.

    A span of up to `MOST` samples is computed at once, with as much before and after it as the
    chain looks at. The picture of a longer one is an `Overview`: a change computes its first piece,
    `pieces` the others. Shorter signals are always computed as a whole.
    """

    _memory: Memory
    _kept: tuple[tuple[Any, ...], Overview] | None = None
    _version = 0

    @abstractmethod
    def _run(self, x: tf.Tensor) -> Gradients:
        """Computes with a part of the signal."""

    @abstractmethod
    def _check_size(self, length: int) -> None:
        """Refuses what would fill the memory, before it is computed."""

    @abstractmethod
    def _drawn(
        self,
        result: Computed,
        span: tuple[float, float],
        view: View,
        kept: Mapping[str, Panel],
    ) -> dict[str, Panel]:
        """What is shown of a part's result, by the name of the plot; some may be kept."""

    @property
    def picture(self) -> Overview | None:
        """What is shown, where that is more than is computed at once."""
        return self.result.overview

    def pieces(self, picture: Overview) -> Iterator[None]:
        """Computes the pieces that a picture lacks, one with each step."""
        cutter = self._cutter()
        while picture.missing:
            self._add_piece(picture, self._computed_part(cutter, picture.missing[0]))
            self._show(self.result, self._frame(self.result, self.view))
            yield

    def give_up(self, picture: Overview) -> None:
        """Leaves a picture as far as it has come, without what is old in it."""
        picture.give_up()
        self._kept = None
        self.frame = self._frame(self.result, self.view)

    def whole_result(self, number: int) -> np.ndarray:
        """A result for all of the signal: chunk by chunk where its layers can."""
        if self.result.whole:
            return self.result.outputs[number].numpy()
        signal = self.source.signal()
        if number == 0:
            return np.asarray(signal)
        chain = Chain(self.chain.layers[:number], sample_rate=self.chain.sample_rate)
        try:
            stream = Stream(chain)
        except (ParameterError, ParameterTypeError):
            return chain.run(signal)[-1].numpy()
        starts = range(0, signal.shape[-1], PIECE)
        made = [stream.push(signal[:, at : at + PIECE]).numpy() for at in starts]
        return np.concatenate([*made, stream.finish().numpy()], axis=1)

    def whole(self) -> Gradients:
        """All results for all of the signal.

        Raises:
            ParameterError: They would fill the memory.
        """
        if self.result.whole:
            return self.result
        self._check_size(self.source.signal().shape[-1])
        return self._run(self.source.signal())

    def _compute(self) -> Computed:
        self.chain.sample_rate = self.source.sample_rate
        self._version += 1
        return self._computed(self.view)

    def _seen(self, view: View) -> Computed:
        result, span = self.result, view.span((0.0, self.seconds))
        if result.overview is None:
            first, last = result.part.span
            shown = result.whole or (first <= span[0] and span[1] <= last)
        else:
            shown = _key(view, span) == _key(self.view, result.overview.span)
        return result if shown else self._computed(view)

    def _computed(self, view: View) -> Computed:
        """What shows a view: a part, or the first piece of an overview."""
        cutter, span = self._cutter(), view.span((0.0, self.seconds))
        if not cutter.in_parts or (span[1] - span[0]) * self.source.sample_rate <= MOST:
            return self._computed_part(cutter, span)
        if self._kept is not None:
            known, overview = self._kept
            if known == (self._version, *_key(view, span)):
                return replace(self.result, overview=overview)
        overview = self._begun(view, span)
        made = self._computed_part(cutter, overview.missing[0])
        overview.take(
            overview.missing[0], self._drawn(made, overview.missing[0], _each_step(view), {})
        )
        self._kept = (self._version, *_key(view, span)), overview
        return replace(made, overview=overview)

    def _begun(self, view: View, span: tuple[float, float]) -> Overview:
        """An overview that has nothing yet but the last one, if that is of the same."""
        signal = self.source.signal()
        envelope = self._memory.recall("envelope", (signal,), lambda: Envelope(np.asarray(signal)))
        before = self._kept[1] if self._kept is not None else None
        seconds = PIECE / self.source.sample_rate
        return Overview(span, view.columns, seconds, {"signal": envelope}, before)

    def _add_piece(self, picture: Overview, made: Computed) -> None:
        panels = self._drawn(made, made.part.span, _each_step(self.view), {})
        picture.take(made.part.span, panels)

    def _cutter(self) -> Cutter:
        return Cutter(self.chain, self.source.signal().shape[-1])

    def _computed_part(self, cutter: Cutter, span: tuple[float, float]) -> Computed:
        part, signal = cutter.part(span), self.source.signal()
        self._check_size(part.count)
        if not cutter.in_parts:
            return Computed(**vars(self._run(signal)), part=part)
        first, last = part.first, part.first + part.count
        x = self._memory.recall("part", (signal, first, last), lambda: signal[:, first:last])
        found = self._run(x)
        return Computed(**vars(found), part=part, notes=cutter.notes, whole=False)

    def _time(self, result: Computed) -> tuple[float, float]:
        return 0.0, self.seconds

    def _panels(self, result: Computed, span: tuple[float, float], view: View) -> list[Panel]:
        if result.overview is not None:
            self._names = result.overview.names
            return result.overview.panels()
        drawn = self._drawn(result, span, view, self._out_of_sight(view))
        self._names = tuple(drawn)
        return list(drawn.values())

    def _out_of_sight(self, view: View) -> dict[str, Panel]:
        """The panels of the frame that are not on the screen, by the name of the plot."""
        if view.visible is None:
            return {}
        shown = enumerate(zip(self._names, self.frame.panels, strict=False))
        return {str(name): panel for at, (name, panel) in shown if at not in view.visible}


def _key(view: View, span: tuple[float, float]) -> tuple[Any, ...]:
    return (*span, view.columns, view.rows, view.band)


def _each_step(view: View) -> View:
    """The same in so many columns that none is pooled."""
    return replace(view, columns=EVERY_STEP)


def with_notes(titles: list[str], result: Computed, said: Mapping[str, str]) -> dict[str, str]:
    """What there is to say below each stage, and what of it is not as on the whole signal."""
    found = dict(said)
    for title, note in zip(titles, result.notes, strict=False):
        if note:
            found[title] = f"{found[title]}. {note}" if title in found else note
    return found
