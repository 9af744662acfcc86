"""A dashboard without widgets: state, computation, and the view model that comes of them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from workbench import audio
from workbench.axes import Space
from workbench.chain import Chain, Gradients
from workbench.dashboards.frames import Frame, View
from workbench.dashboards.panels import ImagePanel, WavePanel
from workbench.dashboards.sources import Source
from workbench.dashboards.views import panel
from workbench.declared_layer import DeclaredLayer
from workbench.errors import ParameterError
from workbench.layers import OpLayer

SOURCE = -1  # stands for the source where others name a stage
WHOLE = View(None, None, 1000, (), 1.0)
_ROWS = 256
_MOST_VALUES = 100_000_000  # of overlapping frames: 0.4 GB, and several times that with gradients


class Controller:
    """A source, a chain, and what is shown of them.

    Every change is all or nothing: where a value is illegal, a later stage cannot take it, or the
    result has no picture, everything stays as it was and the error is raised.

    Attributes:
        source: Where the signal comes from.
        chain: What is done to it.
        loss: The scalar whose gradient is shown: "mean", "energy", or "" for none.
        channel: The one that images show.
        view: The range and resolution of the page.
        result: Results of all stages, and the gradients if a scalar is chosen.
        frame: What the page shows of it.
    """

    def __init__(self, chain: Chain, source: Source, loss: str = "mean"):
        self.chain = chain
        self.source = source
        self.loss = loss
        self.channel = 0
        self.view = WHOLE
        self.result: Gradients
        self.frame: Frame
        with self._changing():
            pass

    def set(self, stage: int, **values: Any) -> None:
        """Changes parameters of a stage, or of the source (`SOURCE`).

        Raises:
            ParameterError, ParameterTypeError: A value is illegal, here or for a later stage.
        """
        with self._changing():
            if stage == SOURCE:
                self.source.set(**values)
            else:
                self.chain.set(stage, **values)

    def change_source(self, source: Source) -> None:
        """Takes another source.

        Raises:
            ParameterError: A stage does not fit the new sample rate.
        """
        with self._changing():
            self.source = source
            self.channel = min(self.channel, source.signal().shape[0] - 1)

    def choose_loss(self, loss: str) -> None:
        """Chooses the scalar whose gradient is shown; "" shows none.

        Raises:
            ParameterError: There is no such scalar.
        """
        with self._changing():
            self.loss = loss

    def choose_channel(self, channel: int) -> None:
        """Chooses the channel that images show."""
        with self._changing():
            self.channel = channel

    def look(self, view: View) -> None:
        """Shows another range, or the same in another resolution."""
        self.frame = self._frame(self.result, view)
        self.view = view

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        """Makes a change, computes with it and draws it; puts all back where that fails."""
        source, values = self.source, dict(self.source.values)
        loss, channel = self.loss, self.channel
        try:
            with self.chain.restoring():
                yield
                self.chain.sample_rate = self.source.sample_rate
                self._check_size()
                result = self._compute()
                frame = self._frame(result, self.view)
        except Exception:
            self.source, self.loss, self.channel = source, loss, channel
            source.values = values
            raise
        self.result, self.frame = result, frame

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

    def _compute(self) -> Gradients:
        x = self.source.signal()
        if self.loss:
            return self.chain.gradients(x, self.loss)
        outputs = self.chain.run(x)
        return Gradients(outputs[-1], outputs, (), ())

    @property
    def seconds(self) -> float:
        """Length of the signal."""
        return self.source.signal().shape[-1] / self.source.sample_rate

    def _frame(self, result: Gradients, view: View) -> Frame:
        """What the page shows of a result, in the range and resolution of `view`."""
        whole = (0.0, self.seconds)
        span = view.span(whole)
        panels: list[WavePanel | ImagePanel] = []
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
        return Frame(tuple(panels), whole, span, self._summary(panels), self.values)

    @property
    def values(self) -> dict[str, Any]:
        """All parameters, named `stage.parameter`, as they are in the last result."""
        found = {f"source.{name}": value for name, value in self.source.values.items()}
        for i, layer in enumerate(self.chain.layers):
            values = getattr(layer, "values", {})
            found |= {f"{i}.{name}": value for name, value in values.items()}
        return found

    def sound(self) -> bytes:
        """The last waveform in the chain as a WAV file."""
        spaces, outputs = self.chain.spaces, self.result.outputs
        last = max(i for i, space in enumerate(spaces) if _is_waveform(space))
        return audio.wav_bytes(outputs[last].numpy(), round(spaces[last].time.rate))

    def code(self) -> str:
        """The lines of Python that compute what is shown."""
        ours = all(isinstance(layer, DeclaredLayer) for layer in self.chain.layers)
        imports = ["import workbench as wb"] if ours else ["import keras", "import workbench as wb"]
        lines = [*imports, "", self.source.code(), self.chain.code()]
        lines.append("outputs = chain.run(x)")
        if self.loss:
            lines.append(f"gradients = chain.gradients(x, {self.loss!r})")
        return "\n".join(lines)

    def _summary(self, panels: list[WavePanel | ImagePanel]) -> str:
        said = [f"{self.source.name}, {self.seconds:.3f} s at {self.source.sample_rate} Hz."]
        for shown in panels:
            unit = f" {shown.unit}" if shown.unit else ""
            said.append(f"{shown.title}: {shown.label} from {shown.low:g} to {shown.high:g}{unit}.")
        return " ".join(said)


def _is_waveform(space: Space) -> bool:
    return len(space.axes) == 1 and space.time.name == "time"
