"""The dashboard of a chain: the result of every stage, and a gradient."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any

import keras
import numpy as np

from workbench import audio
from workbench.axes import Axis, Space
from workbench.chain import LOSSES, Chain, Gradients
from workbench.checked_json import Fields, anything, brief, one_of
from workbench.core.presets import libraries, preset
from workbench.dashboards.controller import SHOWN, Controller, Group, values_of, with_axes
from workbench.dashboards.frames import View
from workbench.dashboards.panels import Panel
from workbench.dashboards.sources import Source
from workbench.dashboards.views import panel
from workbench.declared_layer import DeclaredLayer
from workbench.errors import ParameterError
from workbench.layers import OpLayer
from workbench.params import Param, read_parameters

_ROWS = 256
_LEAST_RATE = 100  # Hz: below it Kaldi's frames of 10 ms are nothing
_MOST_VALUES = 100_000_000  # of overlapping frames: 0.4 GB, and several times that with gradients


def _shown(
    *,
    gradient_of: Annotated[
        str, Param("Scalar of the result whose gradient is shown.", choices=tuple(LOSSES))
    ]
    | None,
) -> None:
    """What is shown beside the results."""


_SHOWN = read_parameters(_shown)


class ChainController(Controller[Gradients]):
    """A source, a chain, and what is shown of them.

    Attributes:
        chain: What is done to the source.
        loss: The scalar whose gradient is shown: "mean", "energy", or "" for none.
        result: Results of all stages, and the gradients if a scalar is chosen.
    """

    kind = "chain"
    channel_of = "image of"

    def __init__(self, chain: Chain, source: Source, loss: str = "mean"):
        self.chain = chain
        self.loss = loss
        super().__init__(source)

    @property
    def groups(self) -> list[Group]:
        """What is shown, and the parameters of each layer that do not follow the signal."""
        groups = [Group("", SHOWN, _SHOWN, {"gradient_of": self.loss or None})]
        given = self.chain.spaces
        for stage, layer in enumerate(self.chain.layers):
            ours = isinstance(layer, DeclaredLayer)
            declared = layer.declared if ours else {}
            own = {name: each for name, each in declared.items() if name not in layer.following}
            values = layer.values if ours else {}
            title = f"{stage + 1}. {type(layer).__name__}"
            groups.append(Group(title, stage, own, values, _presets(layer, given[stage].time)))
        return groups

    def choose_loss(self, loss: str) -> None:
        """Chooses the scalar whose gradient is shown; "" shows none.

        Raises:
            ParameterError: There is no such scalar.
        """
        self.set(SHOWN, gradient_of=loss or None)

    def _set(self, stage: int, values: Mapping[str, Any]) -> None:
        if stage == SHOWN:
            self.loss = _SHOWN["gradient_of"].check(values["gradient_of"]) or ""
        else:
            self.chain.set(stage, **values)

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
        loss = self.loss
        try:
            with self.chain.restoring():
                yield
        except Exception:
            self.loss = loss
            raise

    def _compute(self) -> Gradients:
        self.chain.sample_rate = self.source.sample_rate
        self._check_size()
        x = self.source.signal()
        if self.loss:
            return self.chain.gradients(x, self.loss)
        outputs = self.chain.run(x)
        return Gradients(outputs[-1], outputs, (), ())

    def _check_size(self) -> None:
        """Refuses what would fill the memory, before it is computed."""
        length = self.source.signal().shape[-1]
        for layer in self.chain.layers:
            if not isinstance(layer, OpLayer):
                return
            length = layer.spec.length(length, layer.values)
            if "frame_step" in layer.values:
                count = length * max(layer.values["frame_length"], layer.values["fft_length"] or 0)
                if count > _MOST_VALUES:
                    rule = f"be larger: {length:,} frames are more than a dashboard can show"
                    error = ParameterError("frame_step", rule, layer.values["frame_step"])
                    raise error.named(layer.spec.name)

    def _time(self, result: Gradients) -> tuple[float, float]:
        return 0.0, self.seconds

    def _panels(self, result: Gradients, span: tuple[float, float], view: View) -> list[Panel]:
        panels: list[Panel] = []
        spaces = self.chain.spaces
        titles = [f"Signal: {self.source.name}", *(type(y).__name__ for y in self.chain.layers)]
        shown = [(t, o, s, False) for t, o, s in zip(titles, result.outputs, spaces, strict=True)]
        if self.loss:
            title = f"Gradient of the {self.loss} of the result with respect to the signal"
            space = replace(spaces[0], quantity="gradient")
            shown.append((title, result.signal, space, True))
        for title, output, space, signed in shown:
            rows = view.rows[len(panels)] if len(view.rows) > len(panels) else _ROWS
            size = max(view.columns, 16), max(rows, 16)
            made = panel(
                title, output.numpy(), space, span, *size, channel=self.channel, signed=signed
            )
            if made is not None:
                panels.append(made)
        return panels

    def sound(self) -> bytes:
        """The last waveform in the chain as a WAV file."""
        spaces, outputs = self.chain.spaces, self.result.outputs
        last = max(i for i, space in enumerate(spaces) if _is_waveform(space))
        return audio.wav_bytes(outputs[last].numpy(), round(spaces[last].time.rate))

    def arrays(self) -> dict[str, np.ndarray]:
        """The signal, the result of every stage, and their gradients."""
        found: dict[str, np.ndarray] = {}
        names = ["signal", *(type(layer).__name__ for layer in self.chain.layers)]
        for stage, (name, space) in enumerate(zip(names, self.chain.spaces, strict=True)):
            key = f"{stage}_{name}"
            found |= with_axes(key, self.result.outputs[stage].numpy(), space.axes)
            if self.result.stages:
                found[f"{key}.gradient"] = self.result.stages[stage].numpy()
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


def _presets(layer: keras.layers.Layer, time: Axis) -> dict[str, dict[str, Any]]:
    """The parameters of other libraries for a layer at the rate that reaches it."""
    if not isinstance(layer, OpLayer) or time.unit != "s" or time.rate < _LEAST_RATE:
        return {}
    return {
        library: preset(layer.spec.name, library, sample_rate=round(time.rate))
        for library in libraries(layer.spec.name)
    }


def _is_waveform(space: Space) -> bool:
    return len(space.axes) == 1 and space.time.name == "time"
