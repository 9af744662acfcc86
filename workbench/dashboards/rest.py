"""When dashboards rest, what they needed for a moment goes back to the system."""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Callable

from workbench.dashboards.later import Alarm

PATIENCE = 2.0  # seconds without a change


class Rest:
    """Calls a function when nothing has changed for some seconds.

    Args:
        due: What is called.
        patience: So many seconds after the last change.
    """

    def __init__(self, due: Callable[[], object], patience: float = PATIENCE):
        self._due, self._patience = due, patience
        self._end = 0.0
        self._alarm = Alarm(self._ring)

    def changed(self) -> None:
        """Something has changed: the time begins anew."""
        self._end = time.monotonic() + self._patience
        self._alarm(self._patience)

    def _ring(self) -> None:
        left = self._end - time.monotonic()
        if left > 0:
            self._alarm(left)
        else:
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
