"""A picture that a change leaves unfinished is completed by the worker."""

from __future__ import annotations

from typing import Any

from workbench.dashboards.controllers.controller import Controller
from workbench.dashboards.jobs import Job, Worker
from workbench.dashboards.long_files.overview import Overview
from workbench.dashboards.long_files.visible import VisibleFirst
from workbench.dashboards.scope import Scope

_REST = 0.2  # seconds without a change before the first piece


class Completion:
    """Has the worker add the pieces that a picture lacks, and shows each as it comes.

    Args:
        controller: Whose picture it is; nothing happens where it computes everything at once.
        worker: Of the dashboard.
        scope: Where it is shown.
    """

    def __init__(self, controller: Controller[Any], worker: Worker, scope: Scope):
        self._controller, self._worker, self._scope = controller, worker, scope
        self._picture: Overview | None = None
        self._job: Job | None = None

    def follow(self) -> None:
        """Starts with a new picture; the job of an older one is cancelled."""
        controller = self._controller
        if not isinstance(controller, VisibleFirst) or controller.picture is self._picture:
            return
        picture = self._picture = controller.picture
        if self._job is not None:
            self._job.cancel()
        if picture is None or not picture.missing:
            return
        self._job = self._worker.start(
            controller.pieces(picture),
            total=len(picture.missing),
            text="Computing the picture",
            on_step=lambda made: self._scope.show(controller.frame),
            on_end=lambda job: self._ended(job, controller, picture),
            rest=_REST,
        )

    def _ended(self, job: Job, controller: VisibleFirst, picture: Overview) -> None:
        if job.state in ("stopped", "failed"):
            controller.give_up(picture)
            self._scope.show(controller.frame)
        if job.state == "stopped":
            self._scope.remark("Stopped: the dimmed part is not computed.")
