"""Manifests: CSV with a head, or JSON in lines; `path`, and `label`, `start`, `end` if there are.

Each row stands for itself: a malformed one is a fault with its line number, the others are used.
Text is all that is taken from a manifest; nothing in it is run.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

from workbench import checked_json
from workbench.checked_json import brief
from workbench.datasets.entries import Entry, Fault, Listing
from workbench.errors import ParameterError

_UNKNOWN = "\ufffd"  # where bytes were no UTF-8
Row = dict[str, Any] | ParameterError


def is_manifest(path: Path) -> bool:
    """Whether a path ends as that of a manifest does.

    >>> is_manifest(Path("clips.CSV")), is_manifest(Path("clips.wav"))
    (True, False)
    """
    return path.suffix.lower() in _READERS


def read_manifest(path: Path) -> Listing:
    """What a manifest lists; its paths are relative to its own folder.

    Raises:
        ParameterError: A CSV file has no head with `path`.
        OSError: It cannot be read.
    """
    listing = Listing()
    with open(path, encoding="utf-8-sig", errors="replace", newline="") as file:
        for line, row in _READERS[path.suffix.lower()](file):
            place = f"{path}, line {line}"
            try:
                if isinstance(row, ParameterError):
                    raise row
                listing.entries.append(_entry(row, path.parent, place))
            except ParameterError as error:
                listing.faults.append(Fault(place, str(error)))
    return listing


def _entry(row: dict[str, Any], folder: Path, place: str) -> Entry:
    path = _path("path", row.get("path"))
    start = _seconds("start", row.get("start")) or 0.0
    end = _seconds("end", row.get("end"))
    label = _label("label", row.get("label"))
    if end is not None and end <= start:
        raise ParameterError(("start", "end"), "be in this order", f"{start:g} and {end:g}")
    return Entry(folder / path, label, start, end, f"{place}, {path}")


def _path(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise ParameterError(name, "be the path of a file", brief(value))
    return value


def _label(name: str, value: Any) -> str | None:
    """A text; a whole number, which JSON may hold, is one too."""
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return None if value is None else str(value)
    return checked_json.text(name, value).strip()


def _seconds(name: str, value: Any) -> float | None:
    """A time in seconds, as a number or the text of one; nothing stands for None."""
    if value is None:
        return None
    try:
        seconds = float(value) if isinstance(value, str | int | float) else math.nan
    except (ValueError, OverflowError):
        seconds = math.nan
    if isinstance(value, bool) or not 0 <= seconds < math.inf:
        raise ParameterError(name, "be a number of seconds, at least 0", brief(value))
    return seconds


def _of_json(file: TextIO) -> Iterator[tuple[int, Row]]:
    for number, line in enumerate(file, 1):
        if line.strip():
            yield number, _object(line)


def _object(line: str) -> Row:
    try:
        found = checked_json.parse(line.encode())
    except ParameterError as error:
        return ParameterError("the line", "be JSON", f"({error.__cause__ or error})")
    if _UNKNOWN in line or not isinstance(found, dict):
        return ParameterError("the line", "be a JSON object in UTF-8", brief(found))
    return found


def _of_csv(file: TextIO) -> Iterator[tuple[int, Row]]:
    reader = csv.reader(file, strict=True)
    head = next((cells for _, cells in _filled(reader)), [])
    names = [name.strip() for name in head] if isinstance(head, list) else []
    if "path" not in names or len(set(names)) < len(names):
        rule = "begin with a line of different names, 'path' one of them"
        raise ParameterError("source", rule, brief(names))
    for number, cells in _filled(reader):
        yield number, _named(names, cells) if isinstance(cells, list) else cells


def _filled(reader: Any) -> Iterator[tuple[int, list[str] | ParameterError]]:
    """The rows that are not empty, each with the number of its last line."""
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield reader.line_num, ParameterError("the line", "be CSV", f"({error})")
        else:
            if cells:
                yield reader.line_num, cells


def _named(names: list[str], cells: list[str]) -> Row:
    if len(cells) != len(names):
        return ParameterError("the line", f"have {len(names)} cells, as the first", brief(cells))
    if any(_UNKNOWN in cell for cell in cells):
        return ParameterError("the line", "be text in UTF-8", brief(cells))
    return {name: cell.strip() or None for name, cell in zip(names, cells, strict=True)}


_READERS: dict[str, Callable[[TextIO], Iterator[tuple[int, Row]]]] = {
    ".csv": _of_csv,
    ".jsonl": _of_json,
    ".ndjson": _of_json,
}
