"""The dashboard: controls, controller and scope, wired together."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ipywidgets as widgets
from IPython.display import Image, display
from matplotlib.figure import Figure

from workbench import audio, clips
from workbench.dashboards import publication
from workbench.dashboards.controller import SOURCE, Controller, Group
from workbench.dashboards.controls import LAYOUT, STYLE, Control, alert, close_tree
from workbench.dashboards.frames import View
from workbench.dashboards.groups import ControlGroup
from workbench.dashboards.microphone import Microphone
from workbench.dashboards.scope import Scope
from workbench.dashboards.sources import TEST_SIGNALS, ClipSource, SignalSource, Source, source_of

_STYLE = """<style>
.workbench-dashboard { border: 1px solid var(--jp-border-color2, #8884); border-radius: 6px;
  container-type: inline-size; }
.workbench-group { font-weight: 600; margin: 8px 0 2px; line-height: 1.3; }
.workbench-more { border: none; background: none; box-shadow: none; color: var(--jp-ui-font-color1);
  font-size: 12px; }
.workbench-error span { color: var(--jp-error-color0, #c62828); white-space: normal;
  line-height: 1.3; display: block; padding: 0 4px 4px; }
.workbench-note span { color: var(--jp-ui-font-color1, #333); white-space: normal;
  line-height: 1.35; display: block; padding: 0 4px 4px; }
.workbench-controls { flex: 1 1 300px; max-width: 380px; padding: 4px 8px 8px; }
@container (max-width: 800px) {
  .workbench-controls { max-width: none; display: block !important; column-width: 280px; }
  .workbench-controls > .widget-vbox { display: block; }
  .workbench-controls .widget-vbox > * { break-inside: avoid; }
}
</style>"""


class Dashboard:
    """A live picture of what is done to a signal.

    Attributes:
        controller: The state and the computation.
        controls: The control of each parameter, by stage and name; the source's are at stage -1,
            those of what is shown and heard at stage -2.
        scope: The live plot.
        widget: All of it, as a page shows it.
    """

    def __init__(self, controller: Controller[Any]):
        self.controller = controller
        self.controls: dict[tuple[int, str], Control] = {}
        self.scope = Scope()
        self._lock = threading.RLock()
        self._refused: dict[tuple[int, str], Control] = {}
        self._source_box = widgets.VBox()
        self._make_choices()
        self._groups = [self._group(group) for group in controller.groups]
        panel = widgets.VBox(
            [widgets.HTML(_STYLE), self._choices, self._source_box]
            + [group.widget for group in self._groups],
        )
        panel.add_class("workbench-controls")
        stage = widgets.Box(
            [self.scope], layout={"flex": "3 1 460px", "min_width": "0", "display": "block"}
        )
        self.widget = widgets.Box(
            [panel, stage],
            layout={"display": "flex", "flex_flow": "row wrap", "align_items": "flex-start"},
        )
        self.widget.add_class("workbench-dashboard")
        self._show_source()
        self.scope.on_view(self._look)
        self.scope.on_audio(self._send_audio)
        self._draw()

    def set(self, stage: int, **values: Any) -> None:
        """Moves controls of a stage (-1: of the source), as a person would.

        An illegal value is shown beside its control, as in the page; it is not raised.
        """
        for name, value in values.items():
            control = self.controls[stage, name]
            try:
                control.value = control.declared.check(value)
            except (TypeError, ValueError) as error:
                control.error = str(error)

    def figure(self) -> Figure:
        """The picture on screen as a Matplotlib figure."""
        with self._lock:
            return publication.draw(self.controller.frame)

    def code(self) -> str:
        """The lines of Python that compute what is on screen."""
        return self.controller.code()

    def change_source(self, source: Any) -> None:
        """Takes another signal: all that `explore` takes.

        Raises:
            TypeError, ValueError, FileNotFoundError: It cannot be had, or a stage cannot take it.
        """
        with self._lock, self.scope.busy():
            self.controller.change_source(source_of(source))
            self._show_source()
            self._settle_refused()
            self.scope.invalidate_audio()
            self._draw()

    def close(self) -> None:
        """Takes the dashboard out of the page, and its widgets out of the kernel."""
        close_tree(self.widget)

    def _ipython_display_(self) -> None:
        """Shows the live page, and after it the picture that stays when no kernel runs."""
        display(self.widget)
        display(Image(self.picture(), format="png"))

    def picture(self) -> bytes:
        """What is on screen as a PNG file."""
        return publication.png(self.figure())

    # controls

    def _make_choices(self) -> None:
        shared = {"style": STYLE, "layout": LAYOUT}
        self.source_choice = widgets.Dropdown(description="source", **shared)
        self.path = widgets.Text(
            description="path", placeholder="a sound file", continuous_update=False, **shared
        )
        self.upload = widgets.FileUpload(
            description="Upload a sound file", accept="audio/*", layout={"width": "auto"}
        )
        self.microphone = Microphone()
        self.channel_choice = widgets.Dropdown(description=self.controller.channel_of, **shared)
        self._source_error = widgets.HTML(layout={"display": "none"})
        self._source_error.add_class("workbench-error")
        self.source_choice.observe(self._on(self._choose_source), "value")
        self.path.observe(self._on(self._choose_path), "value")
        self.upload.observe(self._on(self._uploaded), "value")
        self.microphone.on_recording(self._on(self._recorded))
        self.channel_choice.observe(self._on(self._choose_channel), "value")
        self._choices = widgets.VBox(
            [
                self.source_choice,
                self.path,
                widgets.Box([self.upload, self.microphone], layout={"flex_flow": "row wrap"}),
                self._source_error,
                self.channel_choice,
            ]
        )

    def _group(self, group: Group) -> ControlGroup:
        controls = {
            name: self._add(group.stage, name, Control(declared, group.values[name]))
            for name, declared in group.declared.items()
        }
        return ControlGroup(group.title, controls)

    def _show_source(self) -> None:
        """The choice that stands for the source, the controls of a test signal, the channels."""
        source = self.controller.source
        known = _option_of(source)
        own = [] if known is not None else [(source.name, source)]
        self._listening = False  # new options choose the first of them for a moment
        self.source_choice.options = [*own, *_source_options()]
        self.source_choice.value = source if known is None else known
        if str(getattr(getattr(source, "clip", None), "path", "")) != self.path.value.strip():
            self.path.value = ""
        self.upload.value = ()
        for key in [key for key in self.controls if key[0] == SOURCE]:
            self.controls.pop(key).close()
            self._refused.pop(key, None)
        rows = []
        for name, declared in source.declared.items():
            rows.append(self._add(SOURCE, name, Control(declared, source.values[name])).widget)
        self._source_box.children = rows
        channels = source.signal().shape[0]
        chosen = self.controller.channel
        self.channel_choice.options = [(f"channel {i + 1}", i) for i in range(channels)]
        self.channel_choice.value = chosen
        self.channel_choice.layout.display = "none" if channels == 1 else ""
        self._listening = True

    def _add(self, stage: int, name: str, control: Control) -> Control:
        self.controls[stage, name] = control
        control.observe(lambda moved: self._moved((stage, name), moved))
        return control

    # what happens

    def _moved(self, key: tuple[int, str], control: Control) -> None:
        with self._lock, self.scope.busy():
            self._refused.pop(key, None)
            if self._try(key, control):
                self._settle_refused()
                self.scope.invalidate_audio()
                self._draw()

    def _try(self, key: tuple[int, str], control: Control) -> bool:
        """Sets a parameter; a refusal is shown beside the control, the last picture stays."""
        stage, name = key
        try:
            self.controller.set(stage, **{name: control.value})
        except Exception as error:
            control.error = _message(error)
            self._refused[key] = control
            return False
        control.error = ""
        return True

    def _settle_refused(self) -> None:
        """Tries again what was refused: another change may have made it legal."""
        for key, control in list(self._refused.items()):
            if self._try(key, control):
                del self._refused[key]

    def _on(self, act: Callable[[Any], Any]) -> Callable[[Any], None]:
        """A callback of the choices above: an error is shown there."""

        def callback(change: Any) -> None:
            with self._lock:
                try:
                    act(change)
                except Exception as error:
                    self._source_error.value = alert(_message(error))
                    self._source_error.layout.display = "block"
                else:
                    self._source_error.layout.display = "none"
                    self._source_error.value = ""

        return callback

    def _choose_source(self, change: Any) -> None:
        if self._listening and change.new is not None:
            self.change_source(change.new)

    def _choose_path(self, change: Any) -> None:
        if change.new.strip():
            self.change_source(Path(change.new.strip()))

    def _uploaded(self, change: Any) -> None:
        if change.new:
            file = change.new[0]
            clip = audio.read(bytes(file["content"]), name=file["name"])
            code = f"x = wb.audio.read({file['name']!r}).signal  # the file that was uploaded"
            self.change_source(ClipSource(clip, code))

    def _recorded(self, clip: audio.Clip) -> None:
        self.change_source(ClipSource(clip, "x = signal  # the recording, [channels, time]"))

    def _choose_channel(self, change: Any) -> None:
        if self._listening and change.new is not None:
            with self.scope.busy():
                self.controller.choose_channel(change.new)
            self.scope.invalidate_audio()
            self._draw()

    def _look(self, view: View) -> None:
        with self._lock:
            self.controller.look(view)
            self._draw()

    def _draw(self) -> None:
        for shown, group in zip(self._groups, self.controller.groups, strict=True):
            shown.follow(group.values)
            shown.note = self.controller.notes.get(group.title, "")
        self.scope.show(self.controller.frame)

    def _send_audio(self, track: str, matched: bool) -> None:
        with self._lock:
            try:
                wav = self.controller.sound(track, matched=matched)
                self.scope.send_audio(wav, self.controller.source.name, track, matched)
            except Exception as error:  # the page waits for an answer
                self.scope.set_status(f"The sound cannot be played: {_message(error)}")


def _message(error: Exception) -> str:
    known = isinstance(error, (ValueError, TypeError, OSError))
    return str(error) if known else f"{type(error).__name__}: {error}"


def _source_options() -> list[tuple[str, Any]]:
    recordings = [(entry.title, name) for name, entry in clips.clips().items()]
    made = [(f"Test signal: {op.__name__.replace('_', ' ')}", op) for op in TEST_SIGNALS]
    return [*recordings, *made]


def _option_of(source: Source) -> Any:
    """Which of the choices a source is; None if it is none of them."""
    if isinstance(source, SignalSource):
        return next(op for op in TEST_SIGNALS if op.__name__ == source.op.name)
    path = source.clip.path
    known = {entry.path: name for name, entry in clips.clips().items()}
    return known.get(Path(path)) if path else None
