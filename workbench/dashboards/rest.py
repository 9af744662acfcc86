"""When dashboards rest, what they needed for a moment goes back to the system."""

from __future__ import annotations

import ctypes
import functools
import sys
import time
from collections.abc import Callable

from workbench.dashboards.later import Alarm

PATIENCE = 2.0  # seconds without a change
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # as mallopt numbers them


class Rest:
    """Calls a function when nothing has changed for some seconds.

    Args:
        due: What is called.
        patience: So many seconds after the last change.
        meanwhile: What is called with each change.
    """

    def __init__(
        self,
        due: Callable[[], object],
        patience: float = PATIENCE,
        meanwhile: Callable[[], object] = lambda: None,
    ):
        self._due, self._patience, self._meanwhile = due, patience, meanwhile
        self._end = 0.0
        self._alarm = Alarm(self._ring)

    def changed(self) -> None:
        """Something has changed: the time begins anew."""
        self._meanwhile()
        self._end = time.monotonic() + self._patience
        self._alarm(self._patience)

    def _ring(self) -> None:
        left = self._end - time.monotonic()
        if left > 0:
            self._alarm(left)
        else:
            self._due()


def keep() -> None:
    """What is freed is kept until `give_back`, however large it is.

    The C library would ask the system for each block of some 30 MB, and give it back: in a drag
    that is every spectrogram, and each of its pages costs time when it is first touched.
    """
    _tune(2**30, 2**30)


def give_back() -> None:
    """Gives free memory back to the system.

    The C library keeps what is freed below something that is still used, between two changes for
    good reason: asking the system for it again costs time. Over hours it would be the most that was
    ever needed at once, of each thread. Elsewhere than with glibc nothing happens.
    """
    _tune(2**25, 2**26)  # the most that it comes to by itself
    trim = _of_glibc("malloc_trim")
    if trim is not None:
        trim(0)


def _tune(mapped: int, trimmed: int) -> None:
    """From how many bytes on a block is mapped by itself, and the free top is given back."""
    tune = _of_glibc("mallopt")
    if tune is not None:
        tune(_MMAP_THRESHOLD, mapped) or tune(_MMAP_THRESHOLD, 2**25)  # an older one's most
        tune(_TRIM_THRESHOLD, trimmed)


@functools.cache
def _of_glibc(name: str) -> Callable[..., object] | None:
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None


resting = Rest(give_back, meanwhile=keep)  # of all dashboards: they share the memory
