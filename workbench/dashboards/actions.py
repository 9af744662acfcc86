"""What the buttons of the page do: each is a method of the dashboard, the answer a file or text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.checked_json import one_of
from workbench.dashboards.alerts import message
from workbench.dashboards.downloads import KINDS, file_name
from workbench.dashboards.exporting import Exporter
from workbench.dashboards.turns import Turns

if TYPE_CHECKING:
    from workbench.dashboards.dashboard import Dashboard

ALWAYS = ("copy", "save", "load", "download", "export", "stop_export")
NAMES = ("undo", "redo", "reset", *ALWAYS)


class Actions:
    """Does what the page asks for, answers, and shows what went wrong in the status line."""

    def __init__(self, dashboard: Dashboard, turns: Turns):
        self._dashboard = dashboard
        self._exporter = Exporter(dashboard, turns)
        self._said = False
        dashboard.scope.on_action(self._act)

    def enable(self) -> None:
        """Shows which buttons there is something to do for."""
        self._dashboard.scope.enable([*self._dashboard.possible, *ALWAYS])

    def settle(self) -> None:
        """Takes the message about an action away: something else has been done since."""
        if self._said:
            self._dashboard.scope.set_status("")
        self._said = False
        self._exporter.follow()

    def close(self) -> None:
        """Ends what is being made for the page."""
        self._exporter.close()

    def _act(self, content: dict[str, Any], buffers: list[memoryview]) -> None:
        self.settle()
        try:
            name = one_of(NAMES)("action", content.get("name"))
            say = getattr(self, f"_{name}")(content, buffers)
        except Exception as error:  # the page has nobody else to tell it
            say = message(error)
        if say:
            self._dashboard.scope.set_status(say)
            self._said = True

    def _undo(self, content: dict[str, Any], buffers: list[memoryview]) -> None:
        self._dashboard.undo()

    def _redo(self, content: dict[str, Any], buffers: list[memoryview]) -> None:
        self._dashboard.redo()

    def _reset(self, content: dict[str, Any], buffers: list[memoryview]) -> None:
        self._dashboard.reset()

    def _copy(self, content: dict[str, Any], buffers: list[memoryview]) -> None:
        self._dashboard.scope.send_copy(self._dashboard.code(), content["from"])

    def _save(self, content: dict[str, Any], buffers: list[memoryview]) -> None:
        self._send(content, "json", "application/json", self._dashboard.design())

    def _load(self, content: dict[str, Any], buffers: list[memoryview]) -> str:
        design = bytes(buffers[0])
        try:
            self._dashboard.load(design)
        except (TypeError, ValueError, OSError) as error:
            # a sound that was given, or uploaded, ends with its kernel
            self._dashboard.load(design, sound=False)
            return f"All was taken but the sound. {message(error)}"
        return ""

    def _download(self, content: dict[str, Any], buffers: list[memoryview]) -> None:
        kind = str(content.get("form"))
        with self._dashboard._changing():
            made = self._dashboard.download(kind)
            self._send(content, kind, KINDS[kind][0], made)

    def _export(self, content: dict[str, Any], buffers: list[memoryview]) -> None:
        self._exporter.start(content.get("form", ""), content["from"])

    def _stop_export(self, content: dict[str, Any], buffers: list[memoryview]) -> None:
        self._exporter.stop()

    def _send(self, content: dict[str, Any], ending: str, kind: str, made: bytes) -> None:
        name = file_name(self._dashboard.controller, ending)
        self._dashboard.scope.send_file(name, kind, made, content["from"], content["name"])
