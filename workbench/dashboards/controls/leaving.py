"""Widgets that leave the page are closed: the kernel keeps an open one for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from anywidget import AnyWidget

from workbench.dashboards.controls.looks import are_shared
from workbench.dashboards.flow import Alarm


def close_tree(widget: Any) -> None:
    """Closes a widget with all that it holds."""
    for part in _parts(widget):
        part.close()


def put_away(widget: Any) -> None:
    """Closes a widget with all that it holds, until `bring_back`.

    What runs a module of its own in the page stays open: a page keeps every module that it has
    loaded, and would load it anew.
    """
    for part in _parts(widget, whole=False):
        part.close()


def bring_back(widget: Any) -> None:
    """Opens what `put_away` has closed, with all that has been set meanwhile."""
    for part in _parts(widget, whole=False):
        part.open()
        vars(part).pop("_repr_mimebundle_", None)  # a closed widget has none


def _parts(widget: Any, *, whole: bool = True) -> Iterator[Any]:
    """A widget and its own looks, after all that it holds; without modules unless `whole`."""
    if not whole and isinstance(widget, AnyWidget):
        return
    for child in getattr(widget, "children", ()):
        yield from _parts(child, whole=whole)
    for part in (getattr(widget, "style", None), widget.layout, widget):
        if part is not None and not are_shared(part):
            yield part


class Leaving:
    """What has left the page, to be closed a while later.

    The page may still be reading a message that names it, and would not find it.

    Args:
        close: Closes one of those.
        most: How many wait at most; an older one is closed before its time.
    """

    PATIENCE = 10.0  # seconds

    def __init__(self, close: Callable[[Any], None] = close_tree, most: int | None = None) -> None:
        self._close, self._most = close, most
        self._left: list[tuple[float, Any]] = []
        self._lock = threading.RLock()
        self._alarm = Alarm(lambda: self.close(self.PATIENCE))

    def add(self, left: Any) -> None:
        """Takes what nothing shows any more."""
        with self._lock:
            self._left.append((time.monotonic(), left))
            while self._most is not None and len(self._left) > self._most:
                self._close(self._left.pop(0)[1])
            self.close(self.PATIENCE)

    def take_back(self, shown: Any) -> None:
        """What is shown again is not closed."""
        with self._lock:
            self._left = [each for each in self._left if each[1] is not shown]

    def close(self, patience: float = 0.0) -> None:
        """Closes those that left so many seconds ago."""
        with self._lock:
            now = time.monotonic()
            for left, old in self._left:
                if now - left >= patience:
                    self._close(old)
            self._left = [each for each in self._left if now - each[0] < patience]
            if self._left:
                self._alarm(patience - (now - self._left[0][0]))
