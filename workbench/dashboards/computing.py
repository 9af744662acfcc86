"""Whether the kernel computes something that lasts."""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Callable, Iterator

from workbench.dashboards.flow import cell_is_running
from workbench.dashboards.later import Later
from workbench.stopping import stoppable

LASTING = 0.5  # seconds after which a person wonders whether anything goes on
_numbers = itertools.count(1)  # of the computations of all dashboards
_lasting: dict[int, Computing] = {}  # by number, those of which a page has been told


class Computing:
    """Tells the page of computations, but of none that is over soon; a person can stop it.

    Args:
        tell: Called with the number of one that lasts, and then with None when it is over.
        later: Where it is asked for.
    """

    def __init__(self, tell: Callable[[int | None], None], later: Later) -> None:
        self._tell, self._later = tell, later
        self._lock = threading.Lock()
        self._count = 0  # one in another
        self._number = 0
        self._told: int | None = None
        self._stopped = False

    @contextlib.contextmanager
    def __call__(self) -> Iterator[None]:
        """For as long as the ``with`` block runs something is computed."""
        with self._lock:
            self._count += 1
            if self._count == 1:
                self._number = next(_numbers)
                self._stopped = False
                self._later(self._lasts, LASTING)
        try:
            with stoppable(self._unwanted, quietly=not cell_is_running()):
                yield
        finally:
            with self._lock:
                self._count -= 1
                if self._count == 0:
                    self._later.forget(self._lasts)
                    if self._told is not None:
                        self._say(None)

    @property
    def told(self) -> int | None:
        """The number of the one that lasts, which the page has been told; None for none."""
        return self._told

    def stop(self, number: int) -> None:
        """Ends the computation of that number between two of its steps, if it still goes on.

        The block is left without an error, but in a cell, which then ends.
        """
        with self._lock:
            self._stopped = self._stopped or self._told == number

    def _unwanted(self) -> bool:
        """Whether it is to stop, said once: who goes on all the same has a reason."""
        stopped, self._stopped = self._stopped, False
        return stopped

    def _lasts(self) -> None:
        with self._lock:
            if self._count and self._told is None:
                self._say(self._number)

    def _say(self, number: int | None) -> None:
        if number is None:
            _lasting.pop(self._number, None)
        else:
            _lasting[number] = self
        self._told = number
        self._tell(number)


def stop(number: int) -> None:
    """Ends the computation of that number, whichever dashboard's it is, if it still goes on."""
    computing = _lasting.get(number)
    if computing is not None:
        computing.stop(number)
