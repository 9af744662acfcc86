"""Showing in a control what is so already, which is no change to tell anybody of."""

from threading import local
from types import TracebackType


class Silence(local):
    """True while the thread that asks holds it, which it may do several times.

    What a thread shows meanwhile is told nobody; what a person moves in the same moment, while
    something goes on beside, comes on another thread and is told.
    """

    _depth = 0

    def __bool__(self) -> bool:
        return self._depth > 0

    def __enter__(self) -> None:
        self._depth += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._depth -= 1
