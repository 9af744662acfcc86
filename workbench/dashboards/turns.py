"""Whose turn it is to compute: a dashboard's callbacks go before what it does beside them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator


class Turns:
    """A lock for callbacks and a worker: whoever else wants it goes before the worker.

    Callbacks hold it by `with turns:`, as often within each other as they like; the worker by
    `with turns.last():`.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._nobody = threading.Condition()
        self._waiting = 0

    def __enter__(self) -> None:
        with self._nobody:
            self._waiting += 1
        try:
            self._lock.acquire()
        finally:  # an interrupt may come while it waits
            with self._nobody:
                self._waiting -= 1
                self._nobody.notify_all()

    def __exit__(self, *raised: object) -> None:
        self._lock.release()

    @contextlib.contextmanager
    def last(self) -> Iterator[None]:
        """Holds the lock as soon as nobody else wants it."""
        self._lock.acquire()
        while self._waiting:
            self._lock.release()
            with self._nobody:
                self._nobody.wait_for(lambda: not self._waiting)
            self._lock.acquire()
        try:
            yield
        finally:
            self._lock.release()
