"""What plots look at: a computed chain, and the part and the pixels of it that are in view."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import tensorflow as tf

from workbench.axes import Space
from workbench.backpropagation import Gradients
from workbench.chain import Chain
from workbench.dashboards.panels import Panel
from workbench.dashboards.rows import WHOLE, Look
from workbench.layers import OpLayer
from workbench.masks import mask_of
from workbench.recall import LastResults
from workbench.stages import Stage


class Memory(LastResults):
    """What is kept of computations beside the chain: their last results and their stages."""

    def __init__(self) -> None:
        super().__init__()
        self._stages: dict[str, Stage] = {}
        self._apart: dict[str, LastResults] = {}

    def stage(self, name: str, kind: type[OpLayer], values: Mapping[str, Any]) -> Stage:
        """A stage beside those of the chain, with these values: compiled while they rest."""
        if name not in self._stages:
            self._stages[name] = Stage(kind(**values))
        stage = self._stages[name]
        changed = {n: value for n, value in values.items() if stage.layer.values[n] != value}
        if changed:
            stage.layer.set(**changed)
        return stage

    def apart(self, name: str) -> LastResults:
        """What is kept for one of several that are computed alike, of different signals."""
        return self._apart.setdefault(name, LastResults())


@dataclass(frozen=True)
class Scene:
    """A computed chain, and what is in view of it.

    Results are numbered as in the chain: 0 is the signal, 1 what its first stage makes of it.

    Attributes:
        name: Of the signal.
        chain: What is done to it.
        result: All results, and the gradients if a scalar is chosen.
        channel: The one that is shown where only one can be.
        span: First and last second in view.
        columns: Pixels of a plot across.
        rows: Pixels of the plot up.
        memory: What is kept of computations beside the chain.
        start: The second at which what was computed begins.
        look: What of a vertical axis is shown, and how.
    """

    name: str
    chain: Chain
    result: Gradients
    channel: int
    span: tuple[float, float]
    columns: int
    rows: int
    memory: Memory = field(default_factory=Memory, compare=False)
    start: float = 0.0
    look: Look = WHOLE

    def values(self, stage: int) -> Mapping[str, Any]:
        """All parameters of a stage, 0 being the first."""
        return self.chain.layers[stage].values

    def space(self, number: int) -> Space:
        """What a result is."""
        space = self.chain.spaces[number]
        time = replace(space.time, start=space.time.start + self.start)
        return replace(space, axes=(time, *space.axes[1:]))

    def output(self, number: int) -> np.ndarray:
        """A result, `[channels, ...]`."""
        return np.asarray(self.result.outputs[number])  # a view: it may be large

    def valid(self, number: int) -> int | None:
        """Steps of a result's channel that is shown before its padding; None where it has none."""
        mask = mask_of(self.result.outputs[number])
        if mask is None:
            return None
        rows = mask.numpy()
        row = rows[min(self.channel, len(rows) - 1)]
        return None if row.all() else int(np.count_nonzero(row))

    @property
    def sample_rate(self) -> int:
        """Of the signal, in Hz."""
        return self.chain.sample_rate

    def other(self, stage: int, /, **changes: Any) -> tf.Tensor:
        """What a stage would give with some other parameters."""
        return self.instead(stage, type(self.chain.layers[stage]), **changes)

    def instead(self, stage: int, kind: type[OpLayer], /, **changes: Any) -> tf.Tensor:
        """What a layer of another kind would give, with the parameters that both have."""
        values = self._shared(stage, kind, changes)
        beside = self.memory.stage(f"{stage} {kind.__name__} {changes}", kind, values)
        with self.memory.shared():
            return beside.forward(self.result.outputs[stage])

    def space_instead(self, stage: int, kind: type[OpLayer], /, **changes: Any) -> Space:
        """What the result of `instead` is."""
        return kind.spec.space(self.space(stage), self._shared(stage, kind, changes))

    def _shared(
        self, stage: int, kind: type[OpLayer], changes: Mapping[str, Any]
    ) -> dict[str, Any]:
        own = {n: v for n, v in self.values(stage).items() if n in kind.spec.parameters}
        return kind.spec.check(own | dict(changes))


@dataclass(frozen=True)
class Plot:
    """Something that a dashboard can show.

    Attributes:
        name: Of the box that switches it on and off.
        doc: What it shows, in one sentence.
        draw: Its panel; None where there is nothing to show.
        shown: Whether it is on from the start.
    """

    name: str
    doc: str
    draw: Callable[[Scene], Panel | None]
    shown: bool = True
