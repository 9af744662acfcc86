"""Layouts and styles, shared by all widgets that look the same.

Each is a widget of its own, and a page that is loaded again has to make all of them.
"""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets

_shared: dict[tuple[type, tuple[tuple[str, str], ...]], Any] = {}


def looks(kind: type[Any], *, words: str = "", **layout: str) -> dict[str, Any]:
    """The arguments `layout` and `style` of a widget, which is not to change them.

    Args:
        kind: The class of the widget.
        words: The width of its description; empty for that of the theme.
        **layout: What its layout says.
    """
    found = {"layout": _the(widgets.Layout, layout)}
    if hasattr(kind, "style"):
        found["style"] = _the(kind.style.klass, {"description_width": words} if words else {})
    return found


def are_shared(part: Any) -> bool:
    """Whether a layout or a style may be that of other widgets too."""
    return any(part is each for each in _shared.values())


def _the(kind: type[Any], values: dict[str, str]) -> Any:
    """The one of its kind that has these values."""
    key = kind, tuple(sorted(values.items()))
    if key not in _shared or _shared[key].comm is None:  # somebody may have closed all widgets
        _shared[key] = kind(**values)
    return _shared[key]
