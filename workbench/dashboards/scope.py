"""The live plot: panels locked to one time axis, sent as raw bytes and drawn by the page.

The scope computes nothing about signals. It carries frames to the page, never more than the page
can draw, and reports what the page asks for or says: another view, the audio, a selection. The
page's half of this file lies in ``page/``: its modules (see ``page_module.py``) and, in
``scope.css``, its looks.
"""

import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

import anywidget

from workbench.dashboards.alerts import message
from workbench.dashboards.computing import Computing, stop
from workbench.dashboards.flow import Flow, cell_is_running
from workbench.dashboards.frames import Frame, Selection, View
from workbench.dashboards.interjections import on_stop
from workbench.dashboards.later import Later
from workbench.dashboards.page_module import PAGE, page_module


class Scope(anywidget.AnyWidget):
    """The widget: shows frames, and calls back when the page wants another view or the audio.

    Everything travels in custom messages, so that no signal is stored in the notebook.

    Attributes:
        view: What the page shows; None before it has come up.
        selection: The region that is marked; None if there is none.
        busy: Has the page show for as long as a ``with`` block runs that the kernel is computing.
    """

    _esm = page_module()
    _css = PAGE / "scope.css"

    def __init__(self, **kwargs: Any) -> None:
        self.view: View | None = None
        self.selection: Selection | None = None
        self._callbacks: defaultdict[str, list[Callable[..., None]]] = defaultdict(list)
        self._progress: dict[str, Any] = {"kind": "progress", "on": False}
        self._enabled: dict[str, Any] | None = None
        self._look: tuple[float, float] | None = None
        self._page_has_audio = False
        self._export: dict[str, Any] | None = None
        self._settings: dict[str, Any] | None = None
        self._asker = ""
        self._instead: dict[str, Any] | None = None
        self._status = ""
        self._complained = False
        self._later = Later()
        self.busy = Computing(self._tell_busy, Later())  # the other's thread may itself compute
        self._stops = on_stop(stop)
        self._flow = Flow(
            self._deliver,
            alarm=lambda delay: self._later(self._pump, delay),
            room=lambda: self._call("room"),
        )
        super().__init__(**kwargs)
        self.on_msg(self._receive)

    def show(self, frame: Frame) -> None:
        """Show a frame as soon as the page can draw it; an older one that waits is dropped."""
        if self._complained:
            self._complained = False
            self.set_status("")
        self.selection = frame.selection or self.selection
        self._flow.push(frame, paced=cell_is_running())

    def turn_back(self, frame: Frame) -> None:
        """Show a frame in place of what a page asks to see: the answer tells it that range."""
        self._instead = frame.range
        self.show(frame)

    @property
    def behind(self) -> bool:
        """Whether a person still waits for what has been shown: the newest value is soon enough.

        Not while a cell runs, which is to find everything as it has set it.
        """
        return not cell_is_running() and self._flow.behind

    def on_room(self, callback: Callable[[], None]) -> None:
        """Call ``callback()`` when the page is not `behind` any more."""
        self._callbacks["room"].append(callback)

    def on_view(self, callback: Callable[[View], None]) -> None:
        """Call ``callback(view)`` when the page comes up or shows another range, size or panel."""
        self._callbacks["view"].append(callback)

    def on_return(self, callback: Callable[[], None]) -> None:
        """Call ``callback()`` when a page had lost its connection, and what was sent with it."""
        self._callbacks["return"].append(callback)

    def on_audio(self, callback: Callable[[str, bool], None]) -> None:
        """Call ``callback(track, matched)`` when the page needs audio: then `send_audio`."""
        self._callbacks["audio"].append(callback)

    def send_audio(self, wav: bytes, name: str = "", track: str = "", matched: bool = True) -> None:
        """Give the page's player the bytes of a WAV file, and say which track it is."""
        self._page_has_audio = True
        self.send({"kind": "audio", "track": track, "matched": matched, "name": name}, [wav])

    def refuse_audio(self, why: str, track: str = "", matched: bool = True) -> None:
        """Tell the page's player that this audio cannot be had, and a person why."""
        self.send({"kind": "silence", "track": track, "matched": matched})
        self.set_status(f"The sound cannot be played: {why}")

    def invalidate_audio(self) -> None:
        """Tell the page that the audio which it holds is no longer what the panels show."""
        if self._page_has_audio:
            self._page_has_audio = False
            self.send({"kind": "stale"})

    def on_action(self, callback: Callable[[dict[str, Any], list[memoryview]], None]) -> None:
        """Call ``callback(content, buffers)`` when a button asks for ``content["name"]``."""
        self._callbacks["action"].append(callback)

    def enable(self, names: Sequence[str]) -> None:
        """Show the buttons, and say which of them there is something to do for."""
        enabled = {"kind": "actions", "enabled": list(names)}
        if enabled != self._enabled:
            self._enabled = enabled
            self.send(enabled)

    def keep(self, design: dict[str, Any], opened: dict[str, Any]) -> None:
        """Have the page keep the settings, and those of the beginning, for another kernel."""
        settings = {"kind": "settings", "design": design, "opened": opened}
        if settings != self._settings:
            self._settings = settings
            self.send(settings)

    @contextlib.contextmanager
    def complaining(self) -> Iterator[None]:
        """Show an error of the ``with`` block in the page, where nobody sees one raised."""
        try:
            yield
        except BaseException as error:  # also an interrupt
            self.complain(error)
            raise

    def complain(self, error: BaseException) -> None:
        """Show an error until the next frame."""
        self.remark(message(error))

    def remark(self, text: str) -> None:
        """Show a line under the panels until the next frame."""
        self.set_status(text)
        self._complained = True

    def progress(
        self, fraction: float | None, seconds_left: float | None = None, text: str = "Computing"
    ) -> None:
        """Show how far a computation is (None: nobody knows), and a button that stops it.

        The page shows nothing of what ends within half a second.
        """
        how = {"fraction": fraction, "left": seconds_left, "text": text}
        self._progress = {"kind": "progress", "on": True, **how}
        self.send(self._progress)

    def end_progress(self) -> None:
        """The computation is over: take its bar away."""
        if self._progress["on"]:
            self._progress = {"kind": "progress", "on": False}
            self.send(self._progress)

    def look(self, first: float, last: float) -> None:
        """Have the page show a range of seconds, also one that comes up later."""
        self._look = float(first), float(last)
        self.send({"kind": "look", "first": self._look[0], "last": self._look[1]})

    def on_stop(self, callback: Callable[[], None]) -> None:
        """Call ``callback()`` when a person wants the computation to stop."""
        self._callbacks["stop"].append(callback)

    def send_file(
        self, name: str, kind: str, content: bytes, to: str = "", action: str = "download"
    ) -> None:
        """Have the page that asked (``to``) save a file; ``kind`` is its media type.

        ``action`` is the name of the button that it comes of.
        """
        head = {"kind": "file", "name": name, "type": kind, "to": to, "action": action}
        self.send(head, [content])

    def show_export(self, panel: dict[str, Any]) -> None:
        """Show in the panel of exports what there is to choose, what goes on, what came of it."""
        self._export = {"kind": "export", **panel}
        self.send(self._export)

    def send_copy(self, text: str, to: str = "") -> None:
        """Have the page that asked put a text into the clipboard."""
        self.send({"kind": "copy", "text": text, "to": to})

    def on_select(self, callback: Callable[[Selection | None], None]) -> None:
        """Call ``callback(selection)`` when a person marks a region, changes it or takes it away.

        While one is dragged the page waits for the callbacks to return and then sends the newest.
        """
        self._callbacks["select"].append(callback)

    def select(self, selection: Selection | None) -> None:
        """Mark a region in the page, or none; nobody is called back."""
        self.selection = selection
        self.send({"kind": "select", "selection": selection and asdict(selection)})

    def set_status(self, text: str) -> None:
        """Show a line under the panels, such as an error; an empty text takes it away."""
        self._status = text
        self.send({"kind": "status", "text": text})

    def _tell_busy(self, number: int | None) -> None:
        """Say which computation lasts, by the number with which the page can stop it."""
        self.send({"kind": "busy", "number": number, "stops": self._stops})

    def _deliver(self, number: int, frame: Frame, paced: bool) -> None:
        content, buffers = frame.encode()
        head = {"kind": "frame", "id": number, "paced": paced, "for": self._asker}
        self.send({**head, **content}, buffers)

    def _call(self, what: str, *said: Any) -> None:
        for callback in self._callbacks[what]:
            callback(*said)

    def _pump(self) -> None:
        with self.complaining():
            self._flow.pump()

    def _receive(self, _widget: Any, content: dict[str, Any], buffers: list[memoryview]) -> None:
        with self.complaining():
            self._take(content, buffers)

    def _take(self, content: dict[str, Any], buffers: list[memoryview]) -> None:
        kind = content.get("kind")
        if kind == "drawn":
            self._flow.acknowledge(content["id"])
        elif kind == "hello":
            self._greet(content)
        elif kind == "view":
            self._look = None  # a page has taken it, or a person has looked elsewhere since
            with self._answering(content):
                self._look_at(content)
        elif kind == "audio":
            self._call("audio", content.get("track", ""), content.get("matched", True))
        elif kind == "select":
            self._change_selection(content)
        elif kind == "stop":
            self._call("stop")
        elif kind == "action":
            self._call("action", content, buffers)

    def _greet(self, content: dict[str, Any]) -> None:
        """Tell a page that comes up, or is connected again, what it does not know."""
        returned = content.get("returned", False)
        if returned:
            self.send({"kind": "stale"})
            self.set_status(self._status)
        if returned or self.busy.told is not None:
            self._tell_busy(self.busy.told)
        for told in (self._enabled, self._settings, self._export):
            if told is not None:
                self.send(told)
        if self.selection or returned:
            self.select(self.selection)
        if self._progress["on"] or returned:
            self.send(self._progress)
        with self._answering(content), self._flow.anew():
            self._look_at(content, self._kept())
        if returned:
            self._call("return")

    def _kept(self) -> dict[str, Any] | None:
        """What a page that comes up shows of all that there is: what was shown before."""
        frame = self._flow.newest
        if frame is None:
            return None
        look = {"first": self._look[0], "last": self._look[1]} if self._look else {}
        return frame.range | look

    def _look_at(self, content: dict[str, Any], instead: dict[str, Any] | None = None) -> None:
        """Pass a page's view on, in another range if there is one to be shown ``instead``.

        Of several pages the one that has asked last determines what all of them show.
        """
        self._asker = content.get("from", "")
        self._instead = instead
        self.view = View.asked(content | (instead or {}))
        self._call("view", self.view)

    @contextlib.contextmanager
    def _answering(self, content: dict[str, Any]) -> Iterator[None]:
        """Tell a page that its question is seen to, after the frame: it then asks the next."""
        try:
            yield
        finally:
            self.send({"kind": "viewed", "id": content["id"], "instead": self._instead})

    def _change_selection(self, content: dict[str, Any]) -> None:
        """Pass the page's selection on, and say when that is done: the page then sends the next."""
        names = ("panel", "first", "last", "low", "high")
        there = content["panel"] is not None
        self.selection = Selection(*(content[name] for name in names)) if there else None
        try:
            if content["by_hand"]:  # or other panels came
                self._call("select", self.selection)
        finally:
            self.send({"kind": "selected", "id": content["id"]})
