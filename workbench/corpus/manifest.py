"""`manifest.jsonl`: a line per recording, with where it lies, its part, and what became of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.checked_json import Check, Fields, brief, count, index, parse, text
from workbench.corpus.recordings import FAILED, OK, PENDING, Outcome, Recording
from workbench.errors import ParameterError

NAME = "manifest.jsonl"


@dataclass(frozen=True)
class Line:
    """A recording, the number of its part, and what became of it."""

    recording: Recording
    part: int
    outcome: Outcome

    def as_dict(self) -> dict[str, Any]:
        """The line, as JSON takes it."""
        each = self.recording
        where = {"path": each.path, "label": each.label}
        span = {"start": each.start, "end": each.end, "bytes": each.size}
        said = {key: value for key, value in self.outcome.as_dict().items() if key != "number"}
        return where | span | {"part": self.part} | said


def written(lines: Iterable[Line]) -> bytes:
    """The bytes of a manifest."""
    return "".join(f"{json.dumps(line.as_dict())}\n" for line in lines).encode()


def read_lines(folder: Path) -> Iterator[Line]:
    """The lines of the manifest of a folder; of one that has none, none.

    Raises:
        ParameterError: A line is not as `written` makes it.
    """
    path = folder / NAME
    for number, line in enumerate(path.read_bytes().splitlines() if path.exists() else ()):
        yield _line(number, parse(line))


def _line(number: int, line: Any) -> Line:
    fields = Fields(f"{NAME}, line {number + 1}:", line)
    recording = Recording(
        number,
        fields.take("path", text),
        fields.take("label", _or_none(text)),
        fields.take("start", _seconds),
        fields.take("end", _or_none(_seconds)),
        fields.take("bytes", index),
    )
    part = fields.take("part", index)
    outcome = Outcome(
        number,
        fields.take("status", _status),
        fields.take("reason", _or_none(text)),
        fields.take("sample_rate", _or_none(count)),
        fields.take("channels", _or_none(count)),
        fields.take("samples", _or_none(index)),
        fields.take("sha256", _or_none(text)),
    )
    return Line(recording, part, outcome)


def _status(name: str, value: Any) -> str:
    if value not in (OK, FAILED, PENDING):
        raise ParameterError(name, f"be {OK!r}, {FAILED!r} or {PENDING!r}", brief(value))
    return str(value)


def _or_none(check: Check) -> Check:
    return lambda name, value: None if value is None else check(name, value)


def _seconds(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        raise ParameterError(name, "be a number of seconds", brief(value))
    return float(value)
