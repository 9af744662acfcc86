"""Errors of one form: `op: name must <rule>; got <value>.` and the remedy."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Self


class _Complaint(Exception):
    """What is wrong with a parameter; the op that was called adds its own name.

    Keras raises errors again as `type(error)(message)`, so a message alone is accepted too.

    Attributes:
        parameters: Names of the parameters at fault.
    """

    def __init__(
        self, parameters: str | tuple[str, ...], rule: str = "", got: Any = "", remedy: str = ""
    ):
        self.parameters = (parameters,) if isinstance(parameters, str) else tuple(parameters)
        if not rule:
            super().__init__(parameters)
            return
        names = " and ".join(self.parameters)
        super().__init__(f"{names} must {rule}; got {got}.{' ' if remedy else ''}{remedy}")

    def named(self, op: str) -> Self:
        """This error with the name of the op in front, where none stands yet."""
        if not getattr(self, "op", ""):
            self.op = op
            self.args = (f"{op}: {self}",)
        return self


class ParameterError(_Complaint, ValueError):
    """A value that the declaration does not allow.

    >>> print(ParameterError("orig_rate", "be positive", -1))
    orig_rate must be positive; got -1.
    """


class ParameterTypeError(_Complaint, TypeError):
    """A value of a type that the declaration does not allow."""


class ExportError(_Complaint, RuntimeError):
    """What a file can't hold, or holds otherwise than it should."""


@contextlib.contextmanager
def naming(op: str) -> Iterator[None]:
    """Puts the name of what was called in front of an error that its body raises.

    >>> with naming("resample"):
    ...     raise ParameterError("orig_rate", "be positive", -1)
    Traceback (most recent call last):
    workbench.errors.ParameterError: resample: orig_rate must be positive; got -1.
    """
    try:
        yield
    except _Complaint as error:
        error.named(op)
        raise
