"""Computations in many steps beside a dashboard's callbacks: shown, stopped, one at a time."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from workbench.dashboards.turns import Turns

ENDED = ("done", "stopped", "replaced", "failed")


class Job:
    """A computation in steps, as `Worker.start` begins it; each `next` of `steps` is one.

    Attributes:
        text: What it does, in a word or two.
        total: How many steps it takes; None where nobody knows.
        done: How many it has taken.
        due: When its next step may begin, on the clock of `time.monotonic`.
        state: "running" or "paused"; at the end "done", "stopped" (by hand), "replaced" (by a newer
            job) or "failed".
    """

    def __init__(
        self,
        worker: Worker,
        steps: Iterable[Any],
        total: int | None,
        text: str,
        on_step: Callable[[Any], object],
        on_end: Callable[[Job], object],
        pace: Callable[[], float],
    ):
        self.due = -math.inf
        self._pace = pace
        self.text, self.total, self.done, self.state = text, total, 0, "running"
        self._worker = worker
        self._steps = iter(steps)
        self._on_step, self._on_end = on_step, on_end
        self._seconds = 0.0  # that it has run, waiting for its turn included
        self._resumed = time.monotonic()

    @property
    def ended(self) -> bool:
        """Whether no step will come any more."""
        return self.state in ENDED

    @property
    def fraction(self) -> float | None:
        """How much of it is done; None where nobody knows."""
        return None if self.total is None else min(1.0, self.done / max(self.total, 1))

    @property
    def seconds_left(self) -> float | None:
        """How long it will go on at the speed so far; None where nobody knows."""
        if not self.total or not self.done:
            return None
        return self.seconds / self.done * max(self.total - self.done, 0)

    @property
    def seconds(self) -> float:
        """How long it has run, pauses aside."""
        going = self.state == "running"
        return self._seconds + (time.monotonic() - self._resumed if going else 0.0)

    def pause(self) -> None:
        """Takes no further step until `resume`."""
        if self._become("paused", "running"):
            self._worker.tell(self)

    def resume(self) -> None:
        """Goes on."""
        self._become("running", "paused")

    def stop(self) -> None:
        """Ends it after the step that it is in."""
        self._become("stopped", "running", "paused")

    def cancel(self) -> None:
        """Ends it likewise, since what it computes is wanted no longer."""
        self._become("replaced", "running", "paused")

    def _become(self, state: str, *before: str) -> bool:
        """Changes the state if it was one of those before; the worker is told."""
        with self._worker.wake:
            if self.state not in before:
                return False
            now = time.monotonic()
            self._seconds += now - self._resumed if self.state == "running" else 0.0
            self._resumed = now
            self.state = state
            self._worker.wake.notify_all()
            return True

    def _step(self) -> None:
        """Takes a step, unless it was to end or to pause while it waited for its turn."""
        if self.state != "running":
            return
        self.due = time.monotonic() + self._pace()
        try:
            made = next(self._steps)
        except StopIteration:
            self._become("done", "running")
        else:
            self.done += 1
            self._on_step(made)

    def _finish(self) -> None:
        """Lets the steps clean up, and tells whoever wants to know."""
        try:
            close = getattr(self._steps, "close", None)
            if close is not None:
                close()
        finally:
            self._on_end(self)


class Shows(Protocol):
    """Where the progress of a job is seen, and an error: a `Scope`."""

    def progress(self, fraction: float | None, seconds_left: float | None, text: str) -> None:
        """How far it is."""

    def end_progress(self) -> None:
        """Nothing is going on any more."""

    def complain(self, error: Exception) -> None:
        """What went wrong."""


class Worker:
    """A dashboard's one thread beside its callbacks: the newest job runs, step by step.

    Each step has its turn when no callback wants to compute, and callbacks wait while it runs. The
    thread is a daemon, begins with a job and ends some seconds after the last one.

    Args:
        turns: The dashboard's lock.
        shows: Where progress and errors are seen.
    """

    LINGER = 5.0
    PACE = 0.1  # seconds between two messages about progress

    def __init__(self, turns: Turns, shows: Shows):
        self.wake = threading.Condition(threading.RLock())
        self._turns, self._shows = turns, shows
        self._jobs: list[Job] = []  # those that have not ended, the newest last
        self._thread: threading.Thread | None = None
        self._closed = False
        self._told = -math.inf

    @property
    def job(self) -> Job | None:
        """The one that is running or paused."""
        with self.wake:
            newest = self._jobs[-1] if self._jobs else None
            return newest if newest and not newest.ended else None

    def start(
        self,
        steps: Iterable[Any],
        *,
        total: int | None = None,
        text: str = "Computing",
        on_step: Callable[[Any], object] = lambda made: None,
        on_end: Callable[[Job], object] = lambda job: None,
        rest: float = 0.0,
        pace: Callable[[], float] = lambda: 0.0,
    ) -> Job:
        """Starts a job; the one that is running is replaced, after the step that it is in.

        Args:
            steps: Each `next` computes one step. A generator is closed at the end, however that
                comes about.
            total: How many steps there are, where it is known.
            text: What it does, in a word or two.
            on_step: Called with what each step gives, in the same turn.
            on_end: Called once with the job when it has ended; its `state` says how. An error of
                the steps or of `on_step` is shown behind it.
            rest: Seconds before the first step, for a job that is likely to be replaced by then.
            pace: Seconds from the beginning of a step to that of the next, at least.
        """
        job = Job(self, steps, total, text, on_step, on_end, pace)
        job.due = time.monotonic() + rest
        with self.wake:
            self.cancel()
            if self._closed:
                job.state = "stopped"
                return job
            self._jobs.append(job)
            if self._thread is None:
                self._begin()
            self.wake.notify_all()
        self._pace(job)
        return job

    def cancel(self) -> None:
        """Ends the job that there is, since what it computes is wanted no longer."""
        with self.wake:
            for job in self._jobs:
                job.cancel()

    def stop(self) -> None:
        """Ends the job that there is, as a person wants it."""
        job = self.job
        if job is not None:
            job.stop()

    def close(self) -> None:
        """Ends the job and the thread; no other job will start."""
        with self.wake:
            self._closed = True
            self.cancel()
            self.wake.notify_all()

    def _begin(self) -> None:
        self._thread = threading.Thread(target=self._run, name="job", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            while (job := self._next()) is not None:
                with self._turns.last():
                    self._go_on(job)
        finally:  # also where nothing can be shown any more: another thread has what is left
            with self.wake:
                if self._thread is threading.current_thread():
                    self._thread = None
                    if self._jobs:
                        self._begin()

    def _go_on(self, job: Job) -> None:
        wrong = None
        try:
            if not job.ended:
                job._step()
        except Exception as error:
            job._become("failed", "running", "paused", "stopped", "replaced")
            wrong = error
        self._settle(job)
        if wrong is not None:  # after all that the end shows
            self._shows.complain(wrong)

    def _settle(self, job: Job) -> None:
        """After a step: what became of the job is told, and shown."""
        if job.ended:
            with self.wake:
                self._jobs.remove(job)
            try:
                job._finish()
            except Exception as error:
                self._shows.complain(error)
        if job.state == "stopped" or self.job is None:
            self._told = -math.inf
            self._shows.end_progress()
        if self.job is not None:
            self._pace(self.job)

    def _pace(self, job: Job) -> None:
        """Shows how far a job is, unless that was shown just now."""
        now = time.monotonic()
        if now - self._told >= self.PACE:
            self._told = now
            self.tell(job)

    def tell(self, job: Job) -> None:
        """Shows how far a job is."""
        text = f"{job.text} (paused)" if job.state == "paused" else job.text
        self._shows.progress(job.fraction, job.seconds_left, text)

    def _next(self) -> Job | None:
        """The job whose turn it is, the oldest first: it ends; None if there has been none long."""
        idle = time.monotonic() + self.LINGER
        with self.wake:
            while True:
                now = time.monotonic()
                going = [job for job in self._jobs if job.state != "paused"]
                for job in going:
                    if job.ended or job.due <= now:
                        return job
                if not self._jobs and (self._closed or idle <= now):
                    self._thread = None
                    return None
                ends = [job.due for job in going] if self._jobs else [idle]
                self.wake.wait(min(ends) - now if ends else None)
