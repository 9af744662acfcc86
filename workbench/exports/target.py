"""What a kind of file must be able to do, and what it can't hold."""

from __future__ import annotations

import abc
import importlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from workbench.errors import ExportError
from workbench.exports.subject import Subject

Run = Callable[[np.ndarray], np.ndarray]


class Target(abc.ABC):
    """One kind of file: how it is written, read in its own runtime, and what is in it.

    Attributes:
        format: Its name in code and on the command line.
        title: Its name for readers.
        suffix: How the names of its files end; nothing for a folder.
        purpose: Where it is taken to.
        packages: What must be importable, each with the name that pip knows it by.
        has_complex: Whether it computes with complex numbers.
        has_doubles: Whether it computes in double precision.
        has_state: Whether a layer may keep something from call to call.
        has_random: Whether it draws random numbers as TensorFlow does.
        has_compiled_loops: Whether loops that XLA compiles stay as they are.
        any_length: Whether one file takes signals of any length.
        by_tensorflow: Whether TensorFlow runs it, on whatever device there is.
    """

    format: ClassVar[str]
    title: ClassVar[str]
    suffix: ClassVar[str]
    purpose: ClassVar[str]
    packages: ClassVar[dict[str, str]] = {}
    has_complex: ClassVar[bool] = True
    has_doubles: ClassVar[bool] = True
    has_state: ClassVar[bool] = False
    has_random: ClassVar[bool] = True
    has_compiled_loops: ClassVar[bool] = False
    any_length: ClassVar[bool] = True
    by_tensorflow: ClassVar[bool] = False

    @classmethod
    def label(cls) -> str:
        """Its name where it stands alone, as in a list."""
        return cls.title.removeprefix("a ")

    @classmethod
    def missing(cls) -> list[str]:
        """The packages that it needs and that are not there, as pip knows them."""
        return [name for module, name in cls.packages.items() if not _importable(module)]

    @classmethod
    def require(cls) -> None:
        """Refuses what can't be written here.

        Raises:
            ExportError: A package is missing.
        """
        if missing := cls.missing():
            remedy = "Run: pip install 'workbench[export]'."
            rule = f"be there to write and check {cls.title}"
            raise ExportError("packages", rule, f"no {', '.join(missing)}", remedy)

    @abc.abstractmethod
    def write(self, subject: Subject, design: str, path: Path) -> None:
        """Writes a file (or folder) at a path where nothing is."""

    @abc.abstractmethod
    def load(self, path: Path) -> Run:
        """The file in its own runtime, as a function of arrays."""

    @abc.abstractmethod
    def ops(self, path: Path) -> Counter[str]:
        """The operations in it, and how many there are of each."""

    @abc.abstractmethod
    def design(self, path: Path) -> str | None:
        """The design that was written with it, as text."""


def _importable(module: str) -> bool:
    try:
        importlib.import_module(module)
    except ImportError:
        return False
    return True


def stacked(values: Any) -> np.ndarray:
    """Complex numbers as real ones, with a last axis of the real and the imaginary part."""
    array = np.asarray(values)
    return np.stack([array.real, array.imag], -1) if np.iscomplexobj(array) else array


def named_in(said: str, subject: Subject) -> str:
    """The layer that a converter's message speaks of; its operations bear the layer's name."""
    names = [layer.name for layer in subject.layers]
    found = [name for name in names if name in said] or (names if len(names) == 1 else [])
    return f"layer {max(found, key=len)!r}" if found else "the model"


def first_line(said: str) -> str:
    """The beginning of a long message."""
    return (said.strip().splitlines() or ["no reason"])[0][:200]
