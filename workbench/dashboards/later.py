"""What need not be done at once, and may never have to be."""

import threading
import time
from collections.abc import Callable

from workbench.dashboards.flow import Alarm


class Later:
    """Calls functions some time after they were asked for, all of them on one thread."""

    def __init__(self) -> None:
        self._due: dict[Callable[[], None], float] = {}
        self._lock = threading.Lock()
        self._alarm = Alarm(self._ring)

    def __call__(self, function: Callable[[], None], delay: float) -> None:
        """Call ``function()`` after ``delay`` seconds, or earlier where an earlier call said so."""
        due = time.monotonic() + delay
        with self._lock:
            self._due[function] = min(due, self._due.get(function, due))
        self._alarm(delay)

    def forget(self, function: Callable[[], None]) -> None:
        """Do not call it."""
        with self._lock:
            self._due.pop(function, None)

    def _ring(self) -> None:
        now = time.monotonic()
        with self._lock:
            if not self._due:
                return
            function = min(self._due, key=self._due.__getitem__)
            ready = self._due[function] <= now
            if ready:
                del self._due[function]
            if self._due:  # told before the call, which may fail
                self._alarm(max(0.0, min(self._due.values()) - now))
        if ready:
            function()
