"""The Export panel: what is done to the signal as a checked file, made beside everything else."""

from __future__ import annotations

import io
import tempfile
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from workbench.checked_json import one_of
from workbench.dashboards.alerts import message
from workbench.dashboards.controllers.controller import Controller
from workbench.dashboards.downloads import file_name
from workbench.dashboards.jobs import Worker
from workbench.dashboards.turns import Turns
from workbench.exports.check import beginning
from workbench.exports.export import TARGETS, export_steps
from workbench.exports.subject import copied
from workbench.exports.target import Target

if TYPE_CHECKING:
    from workbench.dashboards.dashboard import Dashboard

_NOTHING: dict[str, Any] = {
    "title": "",  # of the last report,
    "rows": [],  # and what it says: pairs of texts
    "problem": "",  # why there is no file
    "old": False,  # whether something has changed since
}


def taken(controller: Controller[Any], target: Target) -> tuple[keras.layers.Layer, np.ndarray]:
    """A copy of what is done to the signal, and as much of that as an export checks with."""
    model, source = copied(controller.layer), controller.source
    signal = beginning(model, source.signal(), source.sample_rate, target.any_length)
    return model, signal


class Exporter:
    """Makes one file at a time, in turns of its own: the dashboard goes on meanwhile.

    What the panel shows is the kernel's, so that a page which comes up later shows it too.

    Args:
        dashboard: Whose panel it is.
        turns: The dashboard's lock: held for as long as a copy takes.
    """

    def __init__(self, dashboard: Dashboard, turns: Turns):
        self._dashboard, self._turns = dashboard, turns
        self._worker = Worker(Turns(), self)
        self._code = ""  # of what was exported last
        self._telling = threading.Lock()
        targets = [[each.format, _entry(each), each.purpose] for each in TARGETS.values()]
        self._panel: dict[str, Any] = {"targets": targets, "going": None, **_NOTHING}
        self._tell()

    def start(self, format: str, to: str) -> None:
        """Begins to make a file of what is shown now, for the page that asks.

        Raises:
            ParameterError: There is no such format.
        """
        target = TARGETS[one_of(list(TARGETS))("format", format)]
        self._tell(going="Beginning", **_NOTHING)
        try:
            with self._turns:
                self._code = self._dashboard.code()
                model, check = taken(self._dashboard.controller, target)
                name = file_name(self._dashboard.controller, target.suffix[1:] or "zip")
        except Exception as error:  # the page waits for an answer
            self.complain(error)
            return
        self._worker.start(self._steps(target, model, check, name, to), on_step=self._go_on)

    def stop(self) -> None:
        """Ends what is being made; no file comes of it."""
        self._worker.stop()

    def follow(self) -> None:
        """After a change: what was exported is no longer what is shown."""
        said = self._panel["title"] or self._panel["problem"]
        with self._turns:
            old = bool(said) and self._dashboard.controller.code() != self._code
        if old != self._panel["old"]:
            self._tell(old=old)

    def close(self) -> None:
        """Ends what is being made; nothing else will be."""
        self._worker.close()

    def _steps(
        self, target: Target, model: keras.layers.Layer, check: np.ndarray, name: str, to: str
    ) -> Iterator[str]:
        with tempfile.TemporaryDirectory(prefix="workbench-") as folder:
            path = Path(folder) / (name if target.suffix else Path(name).stem)
            report = yield from export_steps(model, path, check=check, format=target.format)
            content = path.read_bytes() if path.is_file() else _zipped(path)
        report = replace(report, path=Path(name))
        self._tell(title=report.title, rows=[list(row) for row in report.rows])
        self.follow()
        self._dashboard.scope.send_file(name, "application/octet-stream", content, to, "export")

    # what the worker shows

    def _go_on(self, text: str) -> None:
        self._tell(going=text)

    def progress(self, fraction: float | None, seconds_left: float | None, text: str) -> None:
        """How far it is: the steps themselves say it."""

    def end_progress(self) -> None:
        """Nothing is being made any more."""
        self._tell(going=None)

    def complain(self, error: Exception) -> None:
        """Why there is no file."""
        self._tell(going=None, problem=message(error))

    def _tell(self, **changed: Any) -> None:
        with self._telling:
            self._panel = self._panel | changed
            self._dashboard.scope.show_export(self._panel)


def _entry(target: Target) -> str:
    return f"{target.label()} ({target.suffix})" if target.suffix else target.label()


def _zipped(folder: Path) -> bytes:
    """A folder as one file, which unpacks to a folder of its name."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder.parent))
    return buffer.getvalue()
