"""The specification of an op: its parameters, what comes out of it, how far it looks."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from workbench.axes import Space
from workbench.errors import ParameterTypeError, naming
from workbench.params import Declared
from workbench.reach import Reach, cannot_stream


@dataclass(frozen=True)
class Declaration:
    """Parameters that are declared together.

    Attributes:
        name: Of what has them, as errors say it.
        parameters: The declared parameters, by name and in order.
    """

    name: str
    parameters: Mapping[str, Declared]

    def keywords(self) -> list[inspect.Parameter]:
        """Its declared parameters as a signature shows them."""
        kind = inspect.Parameter.KEYWORD_ONLY
        return [
            inspect.Parameter(d.name, kind, default=d.default, annotation=d.annotation)
            for d in self.parameters.values()
        ]

    def check(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """All parameters, defaults filled in, each checked.

        Raises:
            TypeError: A name is unknown, a required one is missing, or a type is wrong.
            ValueError: A value is outside its legal range.
        """
        for name in values:
            if name not in self.parameters:
                known = ", ".join(self.parameters)
                raise TypeError(f"{self.name}: there is no parameter {name!r}. Known: {known}.")
        checked = {}
        with naming(self.name):
            for name, parameter in self.parameters.items():
                if name in values:
                    checked[name] = parameter.check(values[name])
                elif parameter.required:
                    raise ParameterTypeError(name, "be given", "nothing")
                else:
                    checked[name] = parameter.default
        return checked


@dataclass(frozen=True)
class Op(Declaration):
    """The specification of an op, read from its signature.

    Attributes:
        function: The function itself, unchecked.
        operands: Names of the tensors that it takes beside the signal, by position.
        takes: Dimensions of the signal that it works on: 0 (a source), 1 (time), 2 (frames, bins).
        space_rule: What comes out, given what goes in and the parameters.
        length_rule: How many steps of time come out, given how many go in and the parameters.
        valid_rule: How many of them are valid in a row of which so many are, where that differs.
        reach_rule: How far it looks along time, given the parameters; None: over all of it.
        linear: Whether it is linear in the signal.
        of_complex: Whether it takes complex numbers.
        returns_lengths: Whether a call returns the lengths also where it gives none.
        keeps_padding: Whether what lies beyond the end of a row stays as it is.
        uses_lengths: Whether the function itself wants to know where padded rows end.
        needs_lengths: Whether it must know them also where a call gives none.
    """

    function: Callable[..., tf.Tensor]
    operands: tuple[str, ...]
    takes: int
    space_rule: Callable[[Space, Mapping[str, Any]], Space]
    length_rule: Callable[[Any, Mapping[str, Any]], Any]
    valid_rule: Callable[[Any, Mapping[str, Any]], Any] | None
    reach_rule: Callable[[Mapping[str, Any]], Reach] | None
    linear: bool
    of_complex: bool
    returns_lengths: bool
    keeps_padding: bool
    uses_lengths: bool
    needs_lengths: bool

    def space(self, given: Space, values: Mapping[str, Any]) -> Space:
        """What comes out, given what goes in."""
        with naming(self.name):
            return self.space_rule(given, values)

    def length(self, length: Any, values: Mapping[str, Any]) -> Any:
        """How many steps of time come out, given how many go in (a number or a tensor)."""
        with naming(self.name):
            return self.length_rule(length, values)

    def valid(self, lengths: tf.Tensor, values: Mapping[str, Any]) -> tf.Tensor:
        """How many steps come out of each row, of which so many are valid; nothing from nothing."""
        with naming(self.name):
            made = (self.valid_rule or self.length_rule)(lengths, values)
            return tf.where(lengths > 0, made, tf.zeros([], lengths.dtype))

    def reach(self, values: Mapping[str, Any]) -> Reach:
        """How far it looks along time.

        Raises:
            ParameterError: With these values, or ever, a result depends on the whole signal.
        """
        with naming(self.name):
            if self.reach_rule is None:
                why = "every result depends on all of it"
                raise cannot_stream("signal", "be whole, not", why, "chunks")
            return self.reach_rule(values)
