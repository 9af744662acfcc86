"""What went wrong, as the page shows it and a screen reader says it."""

from __future__ import annotations

import contextlib
import html
from collections.abc import Callable, Iterator

from workbench.errors import ExportError, ParameterError, ParameterTypeError
from workbench.stopping import Stopped

_OPENING, _CLOSING = '<span role="alert">', "</span>"


def message(error: BaseException) -> str:
    """What an error says, with its kind where it isn't one that we raise."""
    if isinstance(error, KeyboardInterrupt):
        how = "Stopped" if isinstance(error, Stopped) else "Interrupted"
        return f"{how}: nothing has changed."
    known = isinstance(error, (ValueError, TypeError, OSError, ExportError))
    return str(error) if known else f"{type(error).__name__}: {error}"


def alert(text: str) -> str:
    """A message as the page shows it: text, never markup; read out by a screen reader."""
    return f"{_OPENING}{html.escape(text)}{_CLOSING}" if text else ""


def unalert(shown: str) -> str:
    """The text of such a message."""
    return html.unescape(shown.removeprefix(_OPENING).removesuffix(_CLOSING))


@contextlib.contextmanager
def interrupted(undo: Callable[[], None], tell: Callable[[BaseException], None]) -> Iterator[None]:
    """Undo and tell what a person interrupts, and raise it."""
    try:
        yield
    except KeyboardInterrupt as error:
        undo()
        tell(error)
        raise


@contextlib.contextmanager
def refused(tell: Callable[[Exception], None]) -> Iterator[None]:
    """Tell what the block refuses, and raise it no further."""
    try:
        yield
    except (ParameterError, ParameterTypeError) as error:
        tell(error)
