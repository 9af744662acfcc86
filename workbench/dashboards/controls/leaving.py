"""Widgets that leave the page are closed: the kernel keeps an open one for ever."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from anywidget import AnyWidget

from workbench.dashboards.controls.looks import are_shared


class Leaving:
    """Widgets that have left the page: they are closed a while later.

    The page may still be reading a message that names one, and would not find it.
    """

    PATIENCE = 10.0  # seconds

    def __init__(self) -> None:
        self._left: list[tuple[float, Any]] = []

    def add(self, widget: Any) -> None:
        """Takes a widget that nothing shows any more; closes those that left long ago."""
        self.close(self.PATIENCE)
        self._left.append((time.monotonic(), widget))

    def close(self, patience: float = 0.0) -> None:
        """Closes those that left so many seconds ago."""
        now = time.monotonic()
        for left, widget in self._left:
            if now - left >= patience:
                close_tree(widget)
        self._left = [each for each in self._left if now - each[0] < patience]


def close_tree(widget: Any) -> None:
    """Closes a widget with all that it holds: the kernel keeps an open one for ever."""
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


def tell_again(widget: Any) -> None:
    """Tells the page all that a widget is, with all that it holds: what was told may be lost."""
    for part in _parts(widget, whole=False):
        part.send_state()


def _parts(widget: Any, *, whole: bool = True) -> Iterator[Any]:
    """A widget and its own looks, after all that it holds; without modules unless `whole`."""
    if not whole and isinstance(widget, AnyWidget):
        return
    for child in getattr(widget, "children", ()):
        yield from _parts(child, whole=whole)
    for part in (getattr(widget, "style", None), widget.layout, widget):
        if part is not None and not are_shared(part):
            yield part
