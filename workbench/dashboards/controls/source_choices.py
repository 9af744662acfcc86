"""The choice of a dashboard's signal: a clip, a test signal, a file, a recording."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from workbench import audio, clips
from workbench.dashboards import folder
from workbench.dashboards.alerts import alert, message
from workbench.dashboards.controls.control import LAYOUT
from workbench.dashboards.controls.looks import looks
from workbench.dashboards.controls.microphone import Microphone
from workbench.dashboards.controls.numbers import WORDS
from workbench.dashboards.controls.silence import Silence
from workbench.dashboards.sources import TEST_SIGNALS, ClipSource, SignalSource, Source


class SourceChoices:
    """The widgets that choose a source and its channel, with room for an error among them.

    Args:
        change_source: Takes a source, or what `source_of` makes one of.
        choose_channel: Takes a channel.
        channel_of: What the choice of the channel is called.

    Attributes:
        source: The choice among clips and test signals.
        path: A file by its path, where the page may name any.
        upload: A file from the page's machine.
        microphone: A recording made in the page.
        channel: The choice of the channel.
        widget: All of them, as a page shows them.
    """

    def __init__(
        self,
        change_source: Callable[[Any], None],
        choose_channel: Callable[[int], None],
        channel_of: str,
    ):
        self._change_source, self._choose_channel = change_source, choose_channel
        self._silence = Silence()
        look = looks(widgets.Dropdown, words=WORDS, **LAYOUT)
        hidden = {} if folder.is_free() else {"display": "none"}
        self.source = widgets.Dropdown(description="source", **look)
        self.path = widgets.Text(
            description="path",
            placeholder="a sound file",
            continuous_update=False,
            **looks(widgets.Text, words=WORDS, **LAYOUT, **hidden),
        )
        self.upload = widgets.FileUpload(
            description="Upload a sound file",
            accept="audio/*",
            tooltip="Take a file of this computer",
            **looks(widgets.FileUpload, width="auto"),
        )
        self.microphone = Microphone()
        self.channel = widgets.Dropdown(
            description=channel_of, style=look["style"], layout=dict(LAYOUT)
        )
        self._message = widgets.HTML(**looks(widgets.HTML))
        self._message.add_class("workbench-error")
        self.source.observe(self._on(self._chosen), "value")
        self.path.observe(self._on(self._typed), "value")
        self.upload.observe(self._on(self._uploaded), "value")
        self.microphone.on_recording(self._on(self._recorded))
        self.channel.observe(self._on(self._switched), "value")
        files = widgets.Box([self.upload, self.microphone], layout={"flex_flow": "row wrap"})
        self.widget = widgets.VBox([self.source, self.path, files, self._message, self.channel])

    @property
    def error(self) -> str:
        """The message among the choices, as the page shows it; empty if there is none."""
        return self._message.value

    def show(self, source: Source, channel: int) -> None:
        """Shows the choice that stands for a source, and its channels; tells nobody."""
        options = _options()
        known = _option_of(source, [value for _, value in options])
        own = [] if known is not None else [(source.name, source)]
        with self._silence:  # new options choose the first of them for a moment
            self.source.options = [*own, *options]
            self.source.value = source if known is None else known
            if str(getattr(getattr(source, "clip", None), "path", "")) != self.path.value.strip():
                self.path.value = ""
            self.upload.value = ()
            channels = source.signal().shape[0]
            self.channel.options = [(f"channel {i + 1}", i) for i in range(channels)]
            self.channel.value = channel
            self.channel.layout.display = "none" if channels == 1 else ""
        self._say("")

    def _on(self, act: Callable[[Any], Any]) -> Callable[[Any], None]:
        """A callback that shows an error among the choices."""

        def callback(change: Any) -> None:
            if self._silence:
                return
            try:
                act(change)
            except Exception as error:
                self._say(message(error))
            else:
                self._say("")

        return callback

    def _say(self, text: str) -> None:
        self._message.value = alert(text)

    def _chosen(self, change: Any) -> None:
        if change.new is not None:
            self._change_source(change.new)

    def _typed(self, change: Any) -> None:
        if change.new.strip():
            self._change_source(folder.chosen(change.new.strip()))

    def _uploaded(self, change: Any) -> None:
        if change.new:
            file = change.new[0]
            clip = audio.read(bytes(file["content"]), name=file["name"])
            code = f"x = wb.audio.read({file['name']!r}).signal  # the file that was uploaded"
            self._change_source(ClipSource(clip, code))

    def _recorded(self, clip: audio.Clip) -> None:
        self._change_source(ClipSource(clip, "x = signal  # the recording, [channels, time]"))

    def _switched(self, change: Any) -> None:
        if change.new is not None:
            self._choose_channel(change.new)


def _options() -> list[tuple[str, Any]]:
    files = [(folder.name_of(path), path) for path in folder.recordings()]
    recordings = [(entry.title, name) for name, entry in clips.clips().items()]
    made = [(f"Test signal: {op.__name__.replace('_', ' ')}", op) for op in TEST_SIGNALS]
    return [*files, *recordings, *made]


def _option_of(source: Source, values: list[Any]) -> Any:
    """Which of the choices a source is; None if it is none of them."""
    if isinstance(source, SignalSource):
        return next(op for op in TEST_SIGNALS if op.__name__ == source.op.name)
    path = source.clip.path
    if path in values:
        return path
    known = {entry.path: name for name, entry in clips.clips().items()}
    return known.get(Path(path)) if path else None
