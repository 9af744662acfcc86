"""A dashboard without widgets: state, computation, and the view model that comes of them."""

from __future__ import annotations

from typing import Any

from workbench import audio
from workbench.chain import LOSSES, Chain, Gradients
from workbench.dashboards.frames import Frame, ImagePanel, View, WavePanel
from workbench.dashboards.sources import Source
from workbench.dashboards.views import panel
from workbench.errors import ParameterError

SOURCE = -1  # stands for the source where others name a stage
WHOLE = View(None, None, 1000, (), 1.0)
_ROWS = 256


class Controller:
    """A source, a chain, and what is shown of them.

    Attributes:
        source: Where the signal comes from.
        chain: What is done to it.
        loss: The scalar whose gradient is shown: "mean", "energy", or "" for none.
        channel: The one that images show.
    """

    def __init__(self, chain: Chain, source: Source, loss: str = "mean"):
        self.chain = chain
        self.source = source
        self.channel = 0
        self.loss = loss
        self.chain.sample_rate = source.sample_rate
        self._result: Gradients | None = None

    def set(self, stage: int, **values: Any) -> None:
        """Changes parameters of a stage, or of the source (`SOURCE`); all or nothing.

        Raises:
            ParameterError, ParameterTypeError: A value is illegal, here or for a later stage.
        """
        if stage == SOURCE:
            self._set_source(values)
        else:
            before = {name: self.chain.layers[stage].values[name] for name in values}
            self.chain.set(stage, **values)
            self._compute_or(lambda: self.chain.set(stage, **before))

    def _set_source(self, values: dict[str, Any]) -> None:
        source, before = self.source, dict(self.source.values)
        assert not isinstance(source, type(None))
        source.set(**values)  # type: ignore[union-attr]

        def back() -> None:
            source.set(**before)  # type: ignore[union-attr]
            self.chain.sample_rate = source.sample_rate

        try:
            self.chain.sample_rate = source.sample_rate
        except (TypeError, ValueError):
            back()
            raise
        self._compute_or(back)

    def change_source(self, source: Source) -> None:
        """Takes another source; the old one stays if the chain cannot take its rate.

        Raises:
            ParameterError: A stage does not fit the new sample rate.
        """
        before = self.source
        self.chain.sample_rate = source.sample_rate
        self.source = source

        def back() -> None:
            self.source = before
            self.chain.sample_rate = before.sample_rate

        self._compute_or(back)

    def choose_loss(self, loss: str) -> None:
        """Chooses the scalar whose gradient is shown; "" shows none.

        Raises:
            ParameterError: There is no such scalar.
        """
        if loss and loss not in LOSSES:
            raise ParameterError("loss", f"be one of {list(LOSSES)} or ''", repr(loss))
        self.loss = loss
        self._compute_or(lambda: None)

    def _compute_or(self, undo: Any) -> None:
        """Computes with what was changed; where that fails, undoes the change."""
        try:
            self._result = self._compute()
        except Exception:
            undo()
            raise

    def _compute(self) -> Gradients:
        x = self.source.signal()
        if self.loss:
            return self.chain.gradients(x, self.loss)
        outputs = self.chain.run(x)
        return Gradients(outputs[-1], outputs, (), ())

    @property
    def result(self) -> Gradients:
        """Results of all stages, and the gradients if a scalar is chosen."""
        if self._result is None:
            self._result = self._compute()
        return self._result

    @property
    def seconds(self) -> float:
        """Length of the signal."""
        return self.source.signal().shape[-1] / self.source.sample_rate

    def frame(self, view: View = WHOLE) -> Frame:
        """What the page shows of the last result, in the range and resolution of `view`."""
        whole = (0.0, self.seconds)
        span = view.span(whole)
        panels: list[WavePanel | ImagePanel] = []
        result, spaces = self.result, self.chain.spaces
        titles = [f"Signal: {self.source.name}", *(_title(lay) for lay in self.chain.layers)]
        shown = [(t, o, s, False) for t, o, s in zip(titles, result.outputs, spaces, strict=True)]
        if self.loss:
            title = f"Gradient of the {self.loss} of the result with respect to the signal"
            shown.append((title, result.signal, _gradient_space(spaces[0]), True))
        for title, output, space, signed in shown:
            rows = view.rows[len(panels)] if len(view.rows) > len(panels) else _ROWS
            made = panel(
                title, output.numpy(), space, span, max(view.columns, 16), max(rows, 16),
                channel=self.channel, signed=signed,
            )  # fmt: skip
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
        lines = ["import workbench as wb", "", self.source.code(), self.chain.code()]
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


def _title(layer: Any) -> str:
    return type(layer).__name__


def _is_waveform(space: Any) -> bool:
    return len(space.axes) == 1 and space.time.name == "time"


def _gradient_space(space: Any) -> Any:
    return type(space)(space.axes, "gradient")
