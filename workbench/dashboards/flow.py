"""Frames on their way to the page: never more than it can draw, and the newest wins."""

import contextlib
import math
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from workbench.dashboards.frames import Frame
from workbench.dashboards.later import Alarm


class Flow:
    """Frames on their way to the page: at most two, and the newest wins.

    Two, so that the kernel computes while the page draws; one where the page is slow to draw, as on
    a crowded machine, since the second would only be older when it is seen. Whoever would make
    another frame meanwhile can wait (`behind`) and is called when there is room.

    The page acknowledges what it drew. Frames that a running cell pushes are paced by time
    instead and not acknowledged, since the page's messages arrive only after the cell. A frame
    that cannot go yet waits, is replaced by a newer one, and leaves with the next
    acknowledgement or when the alarm rings, so that the last frame always arrives.
    """

    LIMIT = 2
    EXPIRY = 1.0
    PACE = 1 / 25
    SLOW = 0.1
    KNOWN = 8  # frames of which it is known when they were sent, although there may be no page

    def __init__(
        self,
        deliver: Callable[[int, Frame, bool], None],
        clock: Callable[[], float] = time.monotonic,
        alarm: Callable[[float], None] | None = None,
        room: Callable[[], None] = lambda: None,
    ) -> None:
        self._deliver = deliver
        self._room = room
        self._clock = clock
        self._alarm = alarm or Alarm(self.pump)
        self._lock = threading.RLock()
        self._newest: Frame | None = None
        self._waiting = False
        self._paced = False
        self._count = 0
        self._sent = -math.inf
        self._under_way: dict[int, float] = {}
        self._limit: float = math.inf  # until there is a page that says what it has drawn
        self._awaited = False

    @property
    def newest(self) -> Frame | None:
        """The frame that was pushed last."""
        return self._newest

    def push(self, frame: Frame, *, paced: bool = False) -> None:
        """Send a frame now, or as soon as the page can take it; it replaces one that waits."""
        with self._lock:
            self._newest, self._waiting, self._paced = frame, True, paced
            self._send()

    def acknowledge(self, number: int) -> None:
        """The page has drawn this frame, and with it all frames before."""
        with self._lock:
            if (sent := self._under_way.get(number)) is not None:
                self._limit = 1 if self._clock() - sent > self.SLOW else self.LIMIT
            self._under_way = {n: sent for n, sent in self._under_way.items() if n > number}
        self.pump()

    @property
    def behind(self) -> bool:
        """Whether the page has yet to draw what is on its way; `room` is called when it has."""
        with self._lock:
            delay = self._full(self._clock(), self._limit)
            if delay > 0:
                self._awaited = True
                self._alarm(delay)
            return delay > 0

    @contextlib.contextmanager
    def anew(self) -> Iterator[None]:
        """A page has come up that has nothing: forget what was under way.

        Where the block pushes no frame for it, it is sent the newest afterwards.
        """
        with self._lock:
            self._under_way.clear()
            self._waiting = False
            count = self._count
        try:
            yield
        finally:
            with self._lock:
                if self._count == count:
                    self._waiting, self._paced = self._newest is not None, False
                self._send()

    def pump(self) -> None:
        """Send the frame that waits if it may go, otherwise set the alarm; tell who waits."""
        with self._lock:
            self._send()
            if not self._awaited or self.behind:
                return
            self._awaited = False
        self._room()  # it takes locks of its own

    def _send(self) -> None:
        if not self._waiting or self._newest is None:
            return
        now = self._clock()
        delay = self._delay(now)
        if delay > 0:
            self._alarm(delay)
            return
        self._waiting = False
        self._count += 1
        self._sent = now
        if not self._paced:
            newest = [*self._under_way.items()][1 - self.KNOWN :]
            self._under_way = {**dict(newest), self._count: now}
        self._deliver(self._count, self._newest, self._paced)

    def _delay(self, now: float) -> float:
        """Seconds until the waiting frame may go."""
        if self._paced:
            return self._sent + self.PACE - now
        return self._full(now, self.LIMIT)

    def _full(self, now: float, limit: float) -> float:
        """Seconds until there is room, unless the page says so earlier."""
        live = [sent for sent in self._under_way.values() if now - sent < self.EXPIRY]
        return min(live) + self.EXPIRY - now if len(live) >= limit else 0.0


class _Kernel(Protocol):
    def get_parent(self) -> dict[str, Any]: ...


def _kernel() -> _Kernel | None:
    """Return the kernel that this process is, without importing one."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return getattr(shell, "kernel", None)


def cell_is_running() -> bool:
    """Say whether a notebook cell calls this, so that the page's messages have to wait.

    Only the main thread runs cells; the kernel tells other threads the parent of the last cell.
    """
    kernel = _kernel()
    if kernel is None or threading.current_thread() is not threading.main_thread():
        return False
    header = (kernel.get_parent() or {}).get("header") or {}
    return header.get("msg_type") == "execute_request"
