"""Whether the kernel computes something that lasts."""

import contextlib
import threading
from collections.abc import Callable, Iterator

from workbench.dashboards.later import Later

LASTING = 0.5  # seconds after which a person wonders whether anything goes on


class Computing:
    """Tells the page of computations, but of none that is over soon.

    Args:
        tell: Called with True when one lasts, and then with False when it is over.
        later: Where it is asked for.
    """

    def __init__(self, tell: Callable[[bool], None], later: Later) -> None:
        self._tell, self._later = tell, later
        self._lock = threading.Lock()
        self._count = 0  # one in another
        self._told = False

    @contextlib.contextmanager
    def __call__(self) -> Iterator[None]:
        """For as long as the ``with`` block runs something is computed."""
        with self._lock:
            self._count += 1
            if self._count == 1:
                self._later(self._lasts, LASTING)
        try:
            yield
        finally:
            with self._lock:
                self._count -= 1
                if self._count == 0:
                    self._later.forget(self._lasts)
                    if self._told:
                        self._say(False)

    @property
    def told(self) -> bool:
        """Whether the page has been told that one lasts."""
        return self._told

    def _lasts(self) -> None:
        with self._lock:
            if self._count and not self._told:
                self._say(True)

    def _say(self, lasting: bool) -> None:
        self._told = lasting
        self._tell(lasting)
