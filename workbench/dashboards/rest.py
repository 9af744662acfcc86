"""When dashboards rest, what they needed for a moment goes back to the system."""

from __future__ import annotations

import ctypes
import sys
import threading
import time
from collections.abc import Callable

PATIENCE = 2.0  # seconds without a change


class Rest:
    """Calls a function when nothing has changed for some seconds, in a thread that then ends.

    Args:
        due: What is called.
        patience: So many seconds after the last change.
    """

    def __init__(self, due: Callable[[], object], patience: float = PATIENCE):
        self._due, self._patience = due, patience
        self._lock = threading.Lock()
        self._end = 0.0
        self._thread: threading.Thread | None = None

    def changed(self) -> None:
        """Something has changed: the time begins anew."""
        with self._lock:
            self._end = time.monotonic() + self._patience
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="rest", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            with self._lock:
                left = self._end - time.monotonic()
                if left <= 0:
                    self._thread = None
                    break
            time.sleep(left)
        self._due()


def give_back() -> None:
    """Gives free memory back to the system.

    The C library keeps what is freed below something that is still used, between two changes for
    good reason: asking the system for it again costs time. Over hours it would be the most that was
    ever needed at once, of each thread. Elsewhere than with glibc nothing happens.
    """
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


resting = Rest(give_back)  # of all dashboards: they share the memory
