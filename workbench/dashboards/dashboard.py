"""The dashboard: controls, controller and scope, wired together."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Hashable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from IPython.display import Image, display
from matplotlib.figure import Figure

from workbench.dashboards.actions import Actions
from workbench.dashboards.alerts import interrupted, message, refused
from workbench.dashboards.arrangement import arranged
from workbench.dashboards.controllers.controller import Controller
from workbench.dashboards.controls.control import Control
from workbench.dashboards.controls.leaving import bring_back, close_tree, put_away
from workbench.dashboards.controls.panel import ControlPanel
from workbench.dashboards.designs import design_of, read_design, write_design
from workbench.dashboards.downloads import download
from workbench.dashboards.exporting import taken
from workbench.dashboards.frames import Selection, View
from workbench.dashboards.history import History
from workbench.dashboards.jobs import Worker
from workbench.dashboards.long_files.completion import Completion
from workbench.dashboards.moments import at_first, bearable, heard, moment
from workbench.dashboards.ongoing import Ongoing
from workbench.dashboards.publication import figure as publication
from workbench.dashboards.rest import resting
from workbench.dashboards.scope import Scope
from workbench.dashboards.sources import Source
from workbench.dashboards.turns import Turns
from workbench.exports.export import export, target_of
from workbench.exports.report import Report


class Dashboard:
    """A live picture of what is done to a signal.

    Attributes:
        controller: The state and the computation.
        panel: The controls.
        scope: The live plot.
        worker: What computes beside the callbacks.
        widget: All of it, as a page shows it.
    """

    def __init__(self, controller: Controller[Any]):
        self.controller = controller
        self.scope = Scope()
        self._lock = Turns()
        self.worker = Worker(self._lock, self.scope)
        self._ongoing = Ongoing(controller, self.worker, self._worked, self._rested)
        self._completion = Completion(controller, self.worker, self.scope)
        self._actions = Actions(self, self._lock)
        self.panel = ControlPanel(
            controller,
            self._changing,
            self._changed,
            self._actions.enable,
            lambda: not self._ongoing.begun and self.scope.behind,
        )
        self._opened = controller.state()
        self._history = History(moment(self.controller), bearable=bearable)
        self.widget = arranged(controller.title, controller.about, self.panel.widget, self.scope)
        self._apart = False  # from a gallery
        self.scope.on_view(self._look)
        self.scope.on_audio(self._send_audio)
        self.scope.on_select(self._selected)
        self.scope.on_stop(self.worker.stop)
        self.scope.on_room(self.panel.catch_up)
        self.scope.on_return(self.panel.tell)
        self._draw()

    @property
    def controls(self) -> dict[tuple[int, str], Control]:
        """The control of each parameter, by stage and name.

        The stage of the source's is -1, of what is shown and heard -2, of how it is shown -3.
        """
        return self.panel.controls

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
        self.panel.catch_up()

    def change_source(self, source: Any) -> None:
        """Takes another signal: all that `explore` takes.

        Raises:
            TypeError, ValueError, FileNotFoundError: It cannot be had, or a stage cannot take it.
        """
        self.panel.change_source(source)

    def look(self, first_seconds: float, last_seconds: float) -> None:
        """Zooms to a range of time."""
        self.scope.look(first_seconds, last_seconds)

    def figure(self) -> Figure:
        """The picture on screen as a Matplotlib figure."""
        with self._settled():
            self._complete(self.controller.view)
            return publication.draw(self.controller.frame)

    def picture(self) -> bytes:
        """What is on screen as a PNG file."""
        return publication.png(self.figure())

    def code(self) -> str:
        """The lines of Python that compute what is on screen."""
        with self._settled():
            return self.controller.code()

    def download(self, kind: str) -> bytes:
        """What is shown or heard as a file.

        Args:
            kind: "wav" (what is heard), "png" or "svg" (what is seen), "csv" (the lines that are
                seen, point by point) or "npz" (all that was computed, with its axes).

        Raises:
            ValueError: There is no such kind.
        """
        with self._settled():
            self._complete(self.controller.view)
            return download(self.controller, kind)

    def export(self, path: str | os.PathLike[str], *, format: str | None = None) -> Report:
        """Exports what is done to the signal, checked with the signal, as `wb.export` does.

        Raises:
            ExportError, ParameterError: As `wb.export`.
        """
        with self._settled():
            model, signal = taken(self.controller, target_of(path, format))
        return export(model, path, check=signal, format=format)

    def close(self) -> None:
        """Takes the dashboard out of the page, and its widgets out of the kernel."""
        self.worker.close()
        self._actions.close()
        self.panel.close()
        close_tree(self.widget)

    def rest(self) -> None:
        """Stops what goes on by itself, such as learning, as a person does."""
        self._ongoing.stop()

    def put_away(self) -> None:
        """Takes its widgets out of the kernel until `bring_back`; nothing else of it changes.

        A page that is loaded again makes all there are. What is shown outside a gallery too stays.
        """
        with self._lock:
            self.panel.let_go()
            if not self._apart:
                put_away(self.widget)

    def bring_back(self) -> None:
        """Puts back what `put_away` has taken, as things are now."""
        with self._lock:
            bring_back(self.widget)

    def _ipython_display_(self) -> None:
        """Shows the live page, and after it the picture that stays when no kernel runs."""
        self._apart = True
        self.bring_back()
        display(self.widget)
        display(Image(self.picture(), format="png"))

    def undo(self) -> None:
        """Goes back to before the last change; where there was none, nothing happens."""
        self._go(-1)

    def redo(self) -> None:
        """Takes back the last `undo`."""
        self._go(+1)

    def reset(self) -> None:
        """Puts all parameters back to those at the beginning; the source and its channel stay.

        A test signal gets its own back too: those of the beginning, or its defaults.

        Raises:
            TypeError, ValueError: They do not fit the source; nothing is changed.
        """
        with self._changing():
            self._restore(at_first(self.controller, self._opened))
            self._changed()

    @property
    def possible(self) -> tuple[str, ...]:
        """Which of "undo", "redo" and "reset" would change something."""
        now = self.controller.state()
        changed = self.panel.refused or at_first(self.controller, self._opened) != now
        before = self._history.peek(-1) or self._history.now.state != now
        there = {"undo": before, "redo": self._history.peek(+1), "reset": changed}
        return tuple(name for name, something in there.items() if something)

    def design(self) -> bytes:
        """What `save` writes."""
        with self._settled():
            return write_design(self.controller)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Saves all that was chosen as a design: a small file of JSON."""
        Path(path).write_bytes(self.design())

    def load(self, design: str | os.PathLike[str] | bytes, *, sound: bool = True) -> None:
        """Takes all that a design says; it can be undone.

        Args:
            design: A file that `save` has written, or its bytes.
            sound: Whether its source is taken too. False: the present one stays.

        Raises:
            TypeError, ValueError, FileNotFoundError: It is none, it is one of another kind of
                dashboard, or its source is not to be had. Nothing is changed.
        """
        with self._changing():
            state = read_design(design, self.controller.kind)
            self._restore(state if sound else state | heard(self.controller))
            self._changed()

    def _go(self, by: int) -> None:
        with self._changing():
            self._history.record(moment(self.controller))  # what goes on by itself has not
            step = self._history.peek(by)
            if step is not None:
                self._restore(step.state, *([step.recording] if step.recording else []))
                self._history.go(by)
                self._settle()
                self._ongoing.begin()

    def _restore(self, state: dict[str, Any], *known: Source) -> None:
        self.controller.restore(state, *known)
        self.panel.show()

    @contextlib.contextmanager
    def _settled(self) -> Iterator[None]:
        """Nobody else changes anything, and no control waits for the page."""
        with self._lock:
            self.panel.settle()
            yield

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        with self._settled(), self.scope.busy(), interrupted(self.panel.show, self.scope.complain):
            yield

    def _changed(self, moved: Hashable = None) -> None:
        """After a change: one can go back to before it."""
        with self.scope.complaining():
            self._history.record(moment(self.controller), moved)
            self._settle()
            self._ongoing.begin()

    def _settle(self) -> None:
        """After a change: the sound is stale, the picture new, old complaints are void."""
        self.scope.invalidate_audio()
        self._actions.settle()
        self._draw()

    def _worked(self) -> None:
        self.panel.show()
        self._draw()

    def _rested(self) -> None:
        """What has gone on is over: it is one step that can be undone."""
        self.controller.pause()
        self._history.record(moment(self.controller), None)
        self.panel.show()
        self._settle()

    def _selected(self, selection: Selection | None) -> None:
        with self._changing(), refused(self.scope.complain):  # no control to stand beside
            if self.controller.select(selection):
                self.panel.show()
                self._changed("selection")

    def _look(self, view: View) -> None:
        with self._lock, self.scope.busy():
            try:
                self._complete(view)
            except (TypeError, ValueError, KeyboardInterrupt) as error:  # there is no picture
                self.scope.turn_back(replace(self.controller.frame, late=False))
                self.scope.complain(error)

    def _complete(self, view: View) -> None:
        """Draws what a view wants; what was off the screen may have been late."""
        if self.controller.follow(view):
            self._draw()

    def _draw(self) -> None:
        self.scope.show(self.controller.frame)  # first: it is what is waited for
        self.panel.follow()
        self._actions.enable()
        self.scope.keep(design_of(self.controller.state()), design_of(self._opened))
        self._completion.follow()
        resting.changed()

    def _send_audio(self, track: str, matched: bool) -> None:
        with self._changing():
            try:
                wav = self.controller.sound(track, matched=matched)
                self.scope.send_audio(wav, self.controller.source.name, track, matched)
            except (Exception, KeyboardInterrupt) as error:  # the page waits for an answer
                self.scope.refuse_audio(message(error), track, matched)
