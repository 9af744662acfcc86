"""What a parameter is: declared once, in the signature of its op, and read back from there.

A parameter is `Annotated[type, Param(...)]`. Checks and their messages, layers, controls,
documentation and code snippets all come from that one place.
"""

from __future__ import annotations

import inspect
import math
import numbers
import textwrap
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from workbench.errors import ParameterError, ParameterTypeError
from workbench.tensors import form_of, is_tensor

REQUIRED: Any = inspect.Parameter.empty


@dataclass(frozen=True)
class Param:
    """What a parameter means and which values it takes.

    Attributes:
        doc: One sentence.
        unit: As "Hz", "dB", "s" or "samples"; empty for a bare number.
        words: What a control calls it where the words of its name would not say it.
        low: Smallest legal value (itself legal unless `open_low`).
        high: Largest legal value.
        open_low: `low` itself is not legal.
        slider: Suggested range of a slider, inside the legal one; or all values that it offers.
        start: Where a dashboard begins, for want of a default.
        scale: "linear" or "log": how a slider runs through its range.
        choices: The legal words, for a `str`.
        automatic: What None stands for, given all parameters; shown while it is chosen.
        none: What a control calls None.
        most: Largest legal value, given all parameters; what is learnt does not exceed it.
        differentiable: A tensor is accepted, and gradients reach it.
        slope_only: It has a slope only while the parameter of this name is one of these words; a
            tensor is refused otherwise.
        varies: That tensor may hold a value for each row, or for each sample.
        detail: Rarely changed: a dashboard folds it away.
        only: It acts only while the parameter of this name is one of these words.
        follows: "rate" if a chain sets it to the sample rate that reaches the layer.
        remedy: What to do about a number that is not whole, added to the message.
    """

    doc: str
    unit: str = ""
    words: str = ""
    low: float | None = None
    high: float | None = None
    open_low: bool = False
    slider: tuple[float, ...] | None = None
    start: Any = None
    scale: str = "linear"
    choices: tuple[str, ...] | None = None
    automatic: Callable[[Mapping[str, Any]], Any] | None = None
    none: str = "auto"
    most: Callable[[Mapping[str, Any]], float] | None = None
    differentiable: bool = False
    slope_only: tuple[str, tuple[str, ...]] | None = None
    varies: bool = False
    detail: bool = False
    only: tuple[str, tuple[str, ...]] | None = None
    follows: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class Declared:
    """A parameter of an op: its name, type and default, and its `Param`.

    A parameter of several numbers is declared as `tuple[int, int]`: `kind` and the legal range are
    those of each of them, `count` is how many.
    """

    name: str
    param: Param
    kind: type
    optional: bool
    default: Any
    count: int = 1

    @property
    def required(self) -> bool:
        """Whether a call must give it."""
        return self.default is REQUIRED

    def has_slope(self, values: Mapping[str, Any]) -> bool:
        """Whether results can be differentiated by it, given all parameters."""
        only = self.param.slope_only
        able = self.param.differentiable and values[self.name] is not None
        return able and (only is None or values[only[0]] in only[1])

    @property
    def annotation(self) -> Any:
        """Its type as a signature shows it."""
        kind = (
            self.kind if self.count == 1 else types.GenericAlias(tuple, (self.kind,) * self.count)
        )
        return kind | None if self.optional else kind

    @property
    def rule(self) -> str:
        """What a legal value is, in words."""
        noun = {int: "a whole number", float: "a finite number", bool: "True or False"}
        if self.param.choices:
            words = "one of " + ", ".join(repr(choice) for choice in self.param.choices)
        else:
            words = noun.get(self.kind, f"a {self.kind.__name__}")
        if self.count > 1:
            words = f"{self.count} {words.partition(' ')[2]}s"
        units = {"Hz": "hertz", "s": "seconds"}
        words += f" of {units.get(self.param.unit, self.param.unit)}" if self.param.unit else ""
        limits = []
        if self.param.low is not None:
            limits.append(f"{'above' if self.param.open_low else 'at least'} {self.param.low:.10g}")
        if self.param.high is not None:
            limits.append(f"at most {self.param.high:.10g}")
        words += (", each " if self.count > 1 else ", ") * bool(limits) + " and ".join(limits)
        return words + " or None" * self.optional

    def check(self, value: Any) -> Any:
        """Returns `value` as the op takes it.

        Raises:
            ParameterTypeError: It is of another type.
            ParameterError: It is outside the legal range.
        """
        if value is None and self.optional:
            return None
        if is_tensor(value):
            return self._check_tensor(value)
        if self.count > 1:
            return self._check_several(value)
        if self.kind in (int, float):
            return self._check_number(value)
        if not isinstance(value, self.kind):
            raise ParameterTypeError(self.name, f"be {self.rule}", repr(value))
        if self.param.choices and value not in self.param.choices:
            raise ParameterError(self.name, f"be {self.rule}", repr(value))
        return value

    def _check_several(self, value: Any) -> tuple[Any, ...]:
        if not isinstance(value, (tuple, list)) or len(value) != self.count:
            raise ParameterTypeError(self.name, f"be {self.rule}", repr(value))
        return tuple(self._check_number(one) for one in value)

    def _check_tensor(self, value: Any) -> Any:
        dtype, shape = form_of(value)
        got = f"a tensor {dtype.name} of shape {shape}"
        if self.count > 1:
            if not dtype.is_integer or not shape.is_compatible_with([self.count]):
                raise ParameterTypeError(self.name, f"be {self.rule}, or a tensor of them", got)
        elif not self.param.differentiable:
            remedy = "It is not differentiable; give a plain number."
            raise ParameterTypeError(self.name, f"be {self.rule}", got, remedy)
        elif not (dtype.is_floating or dtype.is_integer):
            raise ParameterTypeError(self.name, f"be {self.rule}", got)
        elif shape.rank and not self.param.varies:
            raise ParameterError(self.name, f"be {self.rule}", got, "It takes one number.")
        return value

    def _check_number(self, value: Any) -> Any:
        if not isinstance(value, numbers.Real) or isinstance(value, bool):
            raise ParameterTypeError(self.name, f"be {self.rule}", repr(value))
        number = _as_float(value)
        low, high = self.param.low, self.param.high
        fits = (
            math.isfinite(number)
            and (self.kind is float or number == int(number))
            and (low is None or (number > low if self.param.open_low else number >= low))
            and (high is None or number <= high)
        )
        if not fits:
            remedy = self.param.remedy if number % 1 else ""
            raise ParameterError(self.name, f"be {self.rule}", value, remedy)
        return self.kind(value)


def _as_float(value: Any) -> float:
    """A real number as a float; one that is too large for it as infinity."""
    try:
        return float(value)
    except OverflowError:
        return math.inf


def describe(d: Declared) -> str:
    """The lines of a docstring about one parameter."""
    default = "" if d.required else f" Default: {d.default!r}."
    tensor = "a number, one per row or one per sample" if d.param.varies else "a tensor"
    accepted = f" Differentiable: {tensor} is accepted." * d.param.differentiable
    accepted += " A tensor of them is accepted." * (d.count > 1)
    text = f"{d.name}: {d.param.doc} Must be {d.rule}.{default}{accepted}"
    return textwrap.fill(text, 96, initial_indent="    ", subsequent_indent="        ")


def read_parameters(function: Callable[..., Any]) -> dict[str, Declared]:
    """The parameters that a function declares, by name: its keyword-only ones."""
    hints = typing.get_type_hints(function, include_extras=True)
    return {
        name: _read_parameter(name, hints[name], parameter.default)
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }


def _read_parameter(name: str, hint: Any, default: Any) -> Declared:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        (hint,) = [part for part in typing.get_args(hint) if part is not type(None)]
        optional = True
    else:
        optional = False
    if typing.get_origin(hint) is not typing.Annotated:
        raise TypeError(f"{name} must be declared as Annotated[type, Param(...)].")
    kind, param = typing.get_args(hint)[:2]
    several = typing.get_args(kind) if typing.get_origin(kind) is tuple else (kind,)
    return Declared(name, param, several[0], optional, default, len(several))
