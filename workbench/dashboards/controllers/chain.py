"""The dashboard of a chain: the result of every stage, and a gradient."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

import keras
import numpy as np
import tensorflow as tf

from workbench.axes import Axis, Space, with_axes
from workbench.backpropagation import Gradients
from workbench.chain import Chain
from workbench.checked_json import Fields, anything, brief, one_of
from workbench.core.presets import libraries, preset
from workbench.dashboards.controllers.forms import SHOWN, Group, values_of
from workbench.dashboards.frames import View
from workbench.dashboards.long_files.visible import Computed, VisibleFirst, with_notes
from workbench.dashboards.panels import Panel
from workbench.dashboards.plots.results import gradient, of_chain
from workbench.dashboards.scene import Memory, Plot, Scene
from workbench.dashboards.sources import Source
from workbench.declared_layer import DeclaredLayer
from workbench.errors import ParameterError
from workbench.layers import OpLayer
from workbench.objectives import LOSSES
from workbench.params import Declared, Param, read_parameters
from workbench.stopping import may_stop

_LEAST_RATE = 100  # Hz: below it Kaldi's frames of 10 ms are nothing
_MOST_VALUES = 20_000_000  # of overlapping frames: 80 MB, and several times that with gradients


def _shown(
    *,
    gradient_of: Annotated[
        str, Param("Scalar of the result whose gradient is shown.", choices=tuple(LOSSES))
    ]
    | None,
) -> None:
    """What is shown beside the results."""


_SHOWN = read_parameters(_shown)


class ChainController(VisibleFirst):
    """A source, a chain, and what is shown of them.

    Args:
        chain: What is done to the source.
        source: Where the signal comes from.
        loss: The scalar whose gradient is shown: "mean", "energy", or "" for none.
        plots: What is shown, each with a switch. None: the signal and the result of every stage.
        usual: For a stage, which parameters are in daily use: the others are folded away.

    Attributes:
        chain: What is done to the source.
        loss: The scalar whose gradient is shown.
        switches: Which of the plots are shown, by name.
        result: Results of all stages, and the gradients if a scalar is chosen; of a long source
            those of a part.
    """

    kind = "chain"
    channel_of = "image of"
    shares = True  # stages and plots, what they have in common

    def __init__(
        self,
        chain: Chain,
        source: Source,
        loss: str = "mean",
        plots: Sequence[Plot] | None = None,
        usual: Mapping[int, Sequence[str]] | None = None,
    ):
        self.chain = chain
        self.loss = loss
        self._plots = plots
        self._usual = usual or {}
        self._memory = Memory()
        self.switches = {plot.name: plot.shown for plot in plots or ()}
        super().__init__(source)

    @property
    def plots(self) -> Sequence[Plot]:
        """All that can be shown, but for the gradient."""
        return of_chain(self.chain) if self._plots is None else self._plots

    @property
    def groups(self) -> list[Group]:
        """What is shown, and the parameters of each layer that do not follow the signal."""
        groups = [Group("", SHOWN, _SHOWN, {"gradient_of": self.loss or None})]
        given = self.chain.spaces
        for stage, layer in enumerate(self.chain.layers):
            ours = isinstance(layer, DeclaredLayer)
            values = layer.values if ours else {}
            title = f"{stage + 1}. {type(layer).__name__}"
            presets = presets_of(layer, given[stage].time)
            own = controlled(layer, self._usual.get(stage, ()))
            groups.append(Group(title, stage, own, values, presets))
        if self.switches:
            declared = {plot.name: _switch(plot) for plot in self.plots}
            groups.append(Group("Plots", SHOWN, declared, self.switches, compact=True))
        return groups

    def choose_loss(self, loss: str) -> None:
        """Chooses the scalar whose gradient is shown; "" shows none.

        Raises:
            ParameterError: There is no such scalar.
        """
        self.set(SHOWN, gradient_of=loss or None)

    def _set(self, stage: int, values: Mapping[str, Any]) -> None:
        if stage != SHOWN:
            self.chain.set(stage, **values)
            return
        switches = dict(values)
        if "gradient_of" in switches:
            self.loss = _SHOWN["gradient_of"].check(switches.pop("gradient_of")) or ""
        known = {plot.name: plot for plot in self.plots}
        self.switches = self.switches | {n: _switch(known[n]).check(switches[n]) for n in switches}

    def _described(self) -> dict[str, Any]:
        found = super()._described()
        layers = [
            {"layer": type(layer).__name__, "values": found.pop(str(stage))}
            for stage, layer in enumerate(self.chain.layers)
        ]
        return found | {"layers": layers}

    def _take(self, described: Fields) -> None:
        self._set(SHOWN, described.take("shown", values_of(self._declared(SHOWN))))
        layers = described.take("layers", anything)
        kinds = [type(layer).__name__ for layer in self.chain.layers]
        if not isinstance(layers, list) or len(layers) != len(kinds):
            raise ParameterError("state['layers']", f"be {', '.join(kinds)}", brief(layers))
        stages = {}
        for stage, kind in enumerate(kinds):
            layer = Fields(f"state['layers'][{stage}]", layers[stage])
            layer.take("layer", one_of((kind,)))
            stages[stage] = layer.take("values", values_of(self._declared(stage)))
            layer.close()
        ours = {stage: values for stage, values in stages.items() if values}
        self.chain.change(ours, sample_rate=self.source.sample_rate)

    @contextlib.contextmanager
    def _restoring(self) -> Iterator[None]:
        loss, switches = self.loss, self.switches
        try:
            with self.chain.restoring():
                yield
        except BaseException:  # also an interrupt
            self.loss, self.switches = loss, switches
            raise

    @property
    def notes(self) -> Mapping[str, str]:
        """What of a stage is not as on the whole signal, below its parameters."""
        titles = [group.title for group in self.groups if group.stage != SHOWN]
        return with_notes(titles, self.result, self._gradient_note)

    @property
    def _gradient_note(self) -> dict[str, str]:
        said = "The gradient is that of the scalar of each part that is computed at once."
        return {} if self.result.whole or not self.loss else {"": said}

    def _run(self, x: tf.Tensor) -> Gradients:
        if self.loss:
            return self.chain.gradients(x, self.loss)
        with self._memory.shared() if self.shares else contextlib.nullcontext():
            outputs = self.chain.run(x)
        return Gradients(outputs[-1], outputs, (), ())

    def _check_size(self, length: int) -> None:
        """Refuses what would fill the memory, before it is computed."""
        for layer in self.chain.layers:
            if not isinstance(layer, OpLayer):
                return
            length = layer.spec.length(length, layer.values)
            if layer.spec.takes == 1 and "frame_step" in layer.values:  # not the way back
                count = length * max(layer.values["frame_length"], layer.values["fft_length"] or 0)
                if count > _MOST_VALUES:
                    rule = f"be larger: {length:,} frames are more than a dashboard can show"
                    error = ParameterError("frame_step", rule, layer.values["frame_step"])
                    raise error.named(layer.spec.name)

    def _time(self, result: Computed) -> tuple[float, float]:
        """All of the signal, and what comes out of it that is longer."""
        if not result.whole:
            return super()._time(result)
        ends = [
            space.time.start + space.time.step * output.shape[1]
            for space, output in zip(self.chain.spaces, result.outputs, strict=True)
            if space.time.unit == "s" and _is_waveform(space)
        ]
        return 0.0, max(self.seconds, *ends)

    def _drawn(
        self,
        result: Computed,
        span: tuple[float, float],
        view: View,
        kept: Mapping[str, Panel],
    ) -> dict[str, Panel]:
        panels: dict[str, Panel] = {}
        size = view.columns, view.rows
        start = result.part.first / self.source.sample_rate
        scene = Scene(
            self.source.name, self.chain, result, self.channel, span, *size, self._memory, start
        )
        for plot in self._shown_plots():
            here = replace(scene, look=self.looking.of(plot.name, view.band))
            may_stop()
            made = kept.get(plot.name) or plot.draw(here)
            if made is not None:
                panels[plot.name] = made
        return panels

    def _shown_plots(self) -> list[Plot]:
        """Those that are switched on, and the gradient if there is one."""
        shown = [plot for plot in self.plots if self.switches.get(plot.name, True)]
        return [*shown, gradient(self.loss)] if self.loss else shown

    @property
    def tracks(self) -> tuple[str, ...]:
        """The last waveform of the chain, where it makes one, and the signal."""
        return ("result", "original") if self._last_waveform else ("original",)

    @property
    def _last_waveform(self) -> int:
        return max(i for i, space in enumerate(self.chain.spaces) if _is_waveform(space))

    def _wave(self, track: str) -> tuple[np.ndarray, int]:
        number = self._last_waveform if track == "result" else 0
        rate = self.chain.spaces[number].time.rate
        return self.whole_result(number), round(rate)

    def arrays(self) -> dict[str, np.ndarray]:
        """The signal, the result of every stage, and their gradients."""
        found: dict[str, np.ndarray] = {}
        whole = self.whole()
        names = ["signal", *(type(layer).__name__ for layer in self.chain.layers)]
        for stage, (name, space) in enumerate(zip(names, self.chain.spaces, strict=True)):
            key = f"{stage}_{name}"
            found |= with_axes(key, whole.outputs[stage].numpy(), space.axes)
            if whole.stages:
                found[f"{key}.gradient"] = whole.stages[stage].numpy()
        return found

    def code(self) -> str:
        """The lines of Python that compute what is shown."""
        ours = all(isinstance(layer, DeclaredLayer) for layer in self.chain.layers)
        imports = ["import workbench as wb"] if ours else ["import keras", "import workbench as wb"]
        lines = [*imports, "", self.source.code(), self.chain.code()]
        lines.append("outputs = chain.run(x)")
        if self.loss:
            lines.append(f"gradients = chain.gradients(x, {self.loss!r})")
        return "\n".join(lines)


def _switch(plot: Plot) -> Declared:
    return Declared(plot.name, Param(plot.doc), bool, optional=False, default=plot.shown)


def controlled(layer: keras.layers.Layer, usual: Sequence[str] = ()) -> dict[str, Declared]:
    """The parameters of a layer that have a control; the others are Keras' or follow the signal.

    Args:
        layer: Of any kind.
        usual: Those that are in daily use come first, the others are details. Empty: as declared.
    """
    if not isinstance(layer, DeclaredLayer):
        return {}
    kind: Any = type(layer)  # mypy takes the hash of its instances for that of a class
    return dict(_controlled(kind, layer.following, tuple(usual)))


@functools.cache
def _controlled(
    kind: type[DeclaredLayer], following: tuple[str, ...], usual: tuple[str, ...]
) -> dict[str, Declared]:
    own = {n: each for n, each in kind.spec.parameters.items() if n not in following}
    if not usual:
        return own
    rank = {name: usual.index(name) if name in usual else len(usual) for name in own}
    return {
        name: replace(own[name], param=replace(own[name].param, detail=name not in usual))
        for name in sorted(own, key=rank.__getitem__)
    }


def presets_of(layer: keras.layers.Layer, time: Axis) -> dict[str, dict[str, Any]]:
    """All parameters of a layer as another library has them, at the rate that reaches it.

    What a library has no word for is at its default: nothing is left of the preset before. They
    are the same ones at any rate, so that the choice of them does not come and go.
    """
    if not isinstance(layer, OpLayer) or time.unit != "s":
        return {}
    rate = max(round(time.rate), _LEAST_RATE)
    own = controlled(layer).values()
    defaults = {each.name: each.default for each in own if not each.required}
    return {
        library: defaults | preset(layer.spec.name, library, sample_rate=rate)
        for library in libraries(layer.spec.name)
    }


def _is_waveform(space: Space) -> bool:
    return len(space.axes) == 1 and space.time.name == "time"
