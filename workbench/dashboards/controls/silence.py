"""Showing in a control what is so already, which is no change to tell anybody of."""

from threading import get_ident
from types import TracebackType


class Silence:
    """True while the thread that asks holds it.

    What a thread shows meanwhile is told nobody; what a person moves in the same moment, while
    something goes on beside, comes on another thread and is told.
    """

    def __init__(self) -> None:
        self._thread: int | None = None

    def __bool__(self) -> bool:
        return self._thread == get_ident()

    def __enter__(self) -> None:
        self._thread = get_ident()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._thread = None
