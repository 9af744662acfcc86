"""What goes on by itself after a change, such as learning: it ends with the next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.dashboards.controllers.controller import Controller
from workbench.dashboards.jobs import Job, Worker


class Ongoing:
    """What a controller does in steps beside the callbacks.

    Args:
        controller: Says what goes on, if anything does.
        worker: Does it.
        worked: Called after each step.
        rested: Called when it has ended, unless something else goes on instead.
    """

    def __init__(
        self,
        controller: Controller[Any],
        worker: Worker,
        worked: Callable[[], None],
        rested: Callable[[], None],
    ):
        self._controller, self._worker = controller, worker
        self._worked, self._rested = worked, rested
        self._job: Job | None = None

    @property
    def begun(self) -> bool:
        """Whether anything has gone on yet."""
        return self._job is not None

    def begin(self) -> None:
        """Lets go on what does after a change; what went on before ends."""
        work = self._controller.work()
        if self._job is not None:
            self._job.cancel()
        if work is None:
            return
        self._job = self._worker.start(
            work.steps,
            total=work.total,
            text=work.text,
            on_step=lambda _: self._worked(),
            on_end=self._ended,
            pace=work.pace,
        )

    def stop(self) -> None:
        """Ends it, as a person does."""
        if self._job is not None:
            self._job.stop()

    def _ended(self, job: Job) -> None:
        if job.state != "replaced":
            self._rested()
