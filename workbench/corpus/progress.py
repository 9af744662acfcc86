"""How far an extraction is: told by workers, shown as a bar on a terminal or in plain lines."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, TextIO

_TOLD_EVERY = 0.5  # seconds between a worker's words
_DRAWN_EVERY = {True: 0.2, False: 10.0}  # on a terminal, elsewhere
_WIDTH = 24


class Teller:
    """A worker's words on how far it is with a part: files done, and seconds of audio heard."""

    def __init__(self, part: int, topic: str, tell: Callable[[dict[str, Any]], None] | None):
        self._part, self._tell = part, tell or _listeners(topic)
        self._files, self._seconds, self._partly = 0, 0.0, 0.0
        self._told = time.monotonic()

    def heard(self, seconds: float) -> None:
        """So much of a long recording has been heard."""
        self._partly += seconds
        self._say()

    def done(self, seconds: float) -> None:
        """A recording of so many seconds is done."""
        self._files, self._seconds, self._partly = self._files + 1, self._seconds + seconds, 0.0
        self._say()

    def _say(self) -> None:
        now = time.monotonic()
        if now - self._told >= _TOLD_EVERY:
            self._told = now
            seconds = self._seconds + self._partly
            self._tell({"part": self._part, "files": self._files, "seconds": seconds})


class Progress:
    """The bar, or the lines.

    Args:
        files: How many there are to do.
        size: Their bytes, by which the time left is estimated.
        stream: Where to show it; None: nowhere.
    """

    def __init__(self, files: int, size: int, stream: TextIO | None = sys.stderr):
        self._files, self._size, self._stream = files, size, stream
        self._terminal = bool(stream and stream.isatty())
        self._begun = self._drawn = time.monotonic()
        self._under_way: dict[int, tuple[int, float]] = {}
        self._done, self._bytes, self.seconds = 0, 0, 0.0

    def told(self, word: dict[str, Any]) -> None:
        """Takes what a worker tells."""
        self._under_way[word["part"]] = (word["files"], word["seconds"])
        self._draw()

    def finished(self, part: int, files: int, size: int, seconds: float) -> None:
        """A part is finished."""
        self._under_way.pop(part, None)
        self._done, self._bytes = self._done + files, self._bytes + size
        self.seconds += seconds
        self._draw()

    def end(self) -> None:
        """Shows the last state, and leaves the line."""
        self._under_way.clear()
        self._draw(now=True)
        if self._terminal and self._stream:
            self._stream.write("\n")

    def line(self) -> str:
        """The state in words."""
        passed = max(1e-9, time.monotonic() - self._begun)
        files = self._done + sum(count for count, _ in self._under_way.values())
        seconds = self.seconds + sum(heard for _, heard in self._under_way.values())
        rates = f"{files / passed:.1f} files/s, {seconds / 3600 / passed:.2g} h of audio/s"
        return f"{files} of {self._files} files, {rates}{self._left(passed)}"

    def _left(self, passed: float) -> str:
        """The time left, by bytes, once a part is done."""
        if not self._bytes or self._bytes >= self._size:
            return ""
        left = passed * (self._size - self._bytes) / self._bytes
        return f", {_clock(left)} left"

    def _draw(self, now: bool = False) -> None:
        at = time.monotonic()
        if not self._stream or (not now and at - self._drawn < _DRAWN_EVERY[self._terminal]):
            return
        self._drawn = at
        if self._terminal:
            share = self._done / self._files if self._files else 1.0
            full = round(share * _WIDTH)
            bar = f"[{'=' * full}{' ' * (_WIDTH - full)}]"
            self._stream.write(f"\r\x1b[K{bar} {self.line()}")
        else:
            self._stream.write(f"{self.line()}\n")
        self._stream.flush()


def _clock(seconds: float) -> str:
    """A time in hours, minutes and seconds.

    >>> _clock(3725.0), _clock(8.4)
    ('1:02:05', '0:08')
    """
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    minutes = f"{rest // 60:02d}" if hours else f"{rest // 60}"
    return f"{hours}:{minutes}:{rest % 60:02d}" if hours else f"{minutes}:{rest % 60:02d}"


def _listeners(topic: str) -> Callable[[dict[str, Any]], None]:
    """Tells the client's subscribers, from a worker; nobody from anywhere else."""
    try:
        from distributed import get_worker

        worker = get_worker()
    except (ModuleNotFoundError, ValueError):
        return lambda word: None
    return lambda word: worker.log_event(topic, word)
