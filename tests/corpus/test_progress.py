"""The bar and the lines."""

import io

import pytest

from workbench.corpus import progress as rooms
from workbench.corpus.progress import Progress, Teller


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands until it is set."""
    now = [0.0]
    monkeypatch.setattr(rooms.time, "monotonic", lambda: now[0])
    return now


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


def test_lines_say_how_far_and_how_fast_and_how_long_still(clock):
    stream = io.StringIO()
    progress = Progress(100, 1000, stream)
    clock[0] = 20.0
    progress.finished(0, 20, 250, 7200.0)
    line = "20 of 100 files, 1.0 files/s, 0.1 h of audio/s, 1:00 left\n"
    assert stream.getvalue() == line
    clock[0] = 21.0
    progress.told({"part": 1, "files": 3, "seconds": 60.0})
    assert stream.getvalue() == line  # not more often than every ten seconds
    clock[0] = 40.0
    progress.told({"part": 1, "files": 20, "seconds": 7200.0})
    assert stream.getvalue().splitlines()[1].startswith("40 of 100 files, 1.0 files/s, 0.1 h")


def test_a_terminal_has_one_line_that_changes(clock):
    stream = Terminal()
    progress = Progress(4, 4, stream)
    for i in range(4):
        clock[0] += 1.0
        progress.finished(i, 1, 1, 1.0)
    progress.end()
    assert stream.getvalue().count("\n") == 1
    bars = [each[:26] for each in stream.getvalue().split("\r\x1b[K")[1:]]
    assert bars == ["[" + "=" * n + " " * (24 - n) + "]" for n in (6, 12, 18, 24, 24)]


def test_a_worker_tells_at_most_twice_a_second(clock):
    told = []
    teller = Teller(3, "topic", told.append)
    for _ in range(10):
        clock[0] += 0.2
        teller.heard(1.0)
    clock[0] += 0.6
    teller.done(10.0)
    assert [word["seconds"] for word in told] == [3.0, 6.0, 9.0, 10.0]
    assert told[-1] == {"part": 3, "files": 1, "seconds": 10.0}
