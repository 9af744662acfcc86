"""What need not be done at once, and may never have to be."""

import math
import threading
import time
from collections.abc import Callable


class Alarm:
    """Calls a function when it is due, on one thread that ends after some idle seconds.

    One thread rather than a timer per frame: the kernel opens a socket for each thread that sends.
    """

    LINGER = 5.0

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._wake = threading.Condition()
        self._due = math.inf
        self._thread: threading.Thread | None = None

    def __call__(self, delay: float) -> None:
        """Ring after ``delay`` seconds, or earlier where an earlier call said so."""
        due = time.monotonic() + delay
        with self._wake:
            if due >= self._due:
                return
            self._due = due
            if self._thread is None:
                self._begin()
            else:
                self._wake.notify()

    def _begin(self) -> None:
        self._thread = threading.Thread(target=self._run, name="scope", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            while self._wait():
                self._ring()
        finally:  # also where ringing fails: another thread has what is due then
            with self._wake:
                if self._thread is threading.current_thread():
                    self._thread = None
                    if self._due < math.inf:
                        self._begin()

    def _wait(self) -> bool:
        with self._wake:
            idle = time.monotonic() + self.LINGER
            while (left := self._until(idle) - time.monotonic()) > 0:
                self._wake.wait(left)
            if self._due == math.inf:
                self._thread = None
                return False
            self._due = math.inf
            return True

    def _until(self, idle: float) -> float:
        return idle if self._due == math.inf else self._due


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
