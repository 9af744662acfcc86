"""JSON that others wrote, loaded within limits and checked key by key.

A check takes the name that a value has in messages and the value, and returns what it stands for:
`check(name, value)`. `Fields` is one itself.
"""

from __future__ import annotations

import json
import numbers
import os
import re
import reprlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from workbench.errors import ParameterError

Check = Callable[[str, Any], Any]

MOST_BYTES = 64 << 20  # a million float32 weights, written out, take about 22 MB
REQUIRED: Any = object()
_SHORT = reprlib.Repr()
_SHORT.maxlist, _SHORT.maxstring = 12, 60


def brief(value: Any) -> str:
    """A value as a message can hold it, however long it is.

    >>> brief(list(range(100)))
    '[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, ...]'
    """
    return _SHORT.repr(value)


def load(path: str | os.PathLike[str]) -> Any:
    """Return what a JSON file holds.

    Raises:
        ParameterError: not JSON in UTF-8, nested too deep, too large, or a key twice in an object.
        FileNotFoundError: there is no such file.
    """
    if os.path.isdir(path):
        raise ParameterError("path", "lead to a file", "a folder")
    with open(path, "rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ParameterError("path", f"lead to a file of at most {MOST_BYTES} bytes", "more")
    return parse(content)


def parse(content: bytes) -> Any:
    """Return what the bytes of a JSON file hold.

    Raises:
        ParameterError: not JSON in UTF-8, nested too deep, or a key twice in an object.
    """
    try:
        return json.loads(content.decode("utf-8-sig"), object_pairs_hook=_without_doubles)
    except ParameterError:
        raise
    except (ValueError, RecursionError) as error:
        raise ParameterError("path", "lead to a file of JSON", f"({error})") from error


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ParameterError(brief(key), "stand once in its object", "it twice")
        found[key] = value
    return found


class Fields:
    """A JSON object, of which each key is taken once and none may be left.

    >>> size = Fields("size", {"width": 3})
    >>> size.take("width", count)
    3
    >>> size.take("height", count)
    Traceback (most recent call last):
    workbench.errors.ParameterError: size must have the key 'height'; got ['width'].

    Attributes:
        values: The object itself.
    """

    def __init__(self, name: str, values: Any):
        self._name = name
        if not isinstance(values, dict):
            raise ParameterError(self._title, "be a JSON object", brief(values))
        self.values = values
        self._known: list[str] = []

    @property
    def _title(self) -> str:
        return self._name or "the file"

    def take(self, key: str, check: Check, default: Any = REQUIRED) -> Any:
        """Return the checked value of a key, or the default where the key is missing."""
        self._known.append(key)
        if key in self.values:
            return check(f"{self._name}[{key!r}]" if self._name else key, self.values[key])
        if default is REQUIRED:
            raise ParameterError(self._title, f"have the key {key!r}", brief(list(self.values)))
        return default

    def close(self) -> None:
        """Refuse what was not taken."""
        for key in self.values:
            if key not in self._known:
                known = ", ".join(map(repr, self._known))
                raise ParameterError(self._title, f"have no keys but {known}", brief(key))


def count(name: str, value: Any) -> int:
    """A whole number of at least 1."""
    if not _is_whole(value) or value < 1:
        raise ParameterError(name, "be a whole number of at least 1", brief(value))
    return int(value)


def index(name: str, value: Any) -> int:
    """A whole number of at least 0."""
    if not _is_whole(value) or value < 0:
        raise ParameterError(name, "be a whole number of at least 0", brief(value))
    return int(value)


def switch(name: str, value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise ParameterError(name, "be true or false", brief(value))
    return value


def text(name: str, value: Any) -> str:
    """A text that says something."""
    if not isinstance(value, str) or not value.strip():
        raise ParameterError(name, "be a text", brief(value))
    return value


def gain(name: str, value: Any) -> float:
    """A gain in dB."""
    if not _is_number(value) or not abs(value) <= 200:
        raise ParameterError(name, "be a number of dB from -200 to 200", brief(value))
    return float(value)


def rate(name: str, value: Any) -> int:
    """A sample rate in Hz: a whole number, or the text of one.

    >>> rate("samplerate", "48000.0")
    48000
    """
    number = value
    if isinstance(value, str) and re.fullmatch(r"\d{1,9}(\.0*)?", value.strip(), re.ASCII):
        number = float(value)
    if not _is_whole(number) or not 1 <= number < 1e9:
        raise ParameterError(name, "be a positive whole number of hertz", brief(value))
    return int(number)


def anything(name: str, value: Any) -> Any:
    """The value as it is."""
    return value


def listed(name: str, value: Any) -> list[Any]:
    """An array."""
    if not isinstance(value, list):
        raise ParameterError(name, "be an array", brief(value))
    return value


def filled(name: str, value: Any) -> list[Any]:
    """A list with something in it."""
    if not isinstance(value, list) or not value:
        raise ParameterError(name, "be a list with at least one entry", brief(value))
    return value


def one_of(words: Sequence[str]) -> Check:
    """One of these words."""

    def check(name: str, value: Any) -> str:
        if not isinstance(value, str) or value not in words:
            raise ParameterError(name, f"be one of {', '.join(map(repr, words))}", brief(value))
        return value

    return check


def array(*shape: int) -> Check:
    """Nested lists of numbers that are finite in float32, of this shape of rank 1 or 2."""

    def check(name: str, value: Any) -> np.ndarray:
        found = _shape(value)
        if found != list(shape):
            raise ParameterError(name, f"have shape {list(shape)}", found or brief(value))
        flat = []
        for row in value if len(shape) == 2 else [value]:
            if not isinstance(row, list) or len(row) != shape[-1]:
                raise ParameterError(name, f"have {shape[-1]} numbers in each row", brief(row))
            flat += row
        for number in flat:
            if not _is_number(number) or not abs(number) <= _LARGEST:
                raise ParameterError(name, "hold numbers that are finite in float32", brief(number))
        return np.array(flat, np.float64).reshape(shape)

    return check


_LARGEST = float(np.finfo(np.float32).max)


def _shape(value: Any) -> list[int]:
    sizes = []
    while isinstance(value, list):
        sizes.append(len(value))
        value = value[0] if value else None
    return sizes


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    return _is_number(value) and (isinstance(value, int) or float(value).is_integer())
