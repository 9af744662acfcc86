"""A computation that nobody waits for any more ends between two of its steps."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar

STOP = "workbench_stop"  # the type of the message that says so, as `interjections.js` sends it
_unwanted: ContextVar[Callable[[], bool] | None] = ContextVar("workbench-stop", default=None)


class Stopped(KeyboardInterrupt):
    """A person has stopped a computation: as after an interrupt nothing of it is kept."""


@contextlib.contextmanager
def stoppable(unwanted: Callable[[], bool], *, quietly: bool = True) -> Iterator[None]:
    """Ends what the block computes, in this thread, at the next `may_stop` once it is `unwanted`.

    Of several blocks in one another the outermost counts.

    Args:
        unwanted: Says whether it is.
        quietly: The block is left without an error; else `Stopped` is raised.
    """
    if _unwanted.get() is not None:
        yield
        return
    token = _unwanted.set(unwanted)
    try:
        yield
    except Stopped:
        if not quietly:
            raise
    finally:
        _unwanted.reset(token)


def may_stop() -> None:
    """Marks a place between two steps, at which a computation can be left.

    Raises:
        Stopped: It is not wanted any more.
    """
    unwanted = _unwanted.get()
    if unwanted is not None and unwanted():
        raise Stopped
