"""Ops: declared functions on signals, checked, documented and registered.

`@op` reads a function's signature (see `workbench.params`) and makes an op of it. Layers,
dashboards and contract tests find the ops, and what each declares, here.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from workbench.axes import Space
from workbench.errors import ParameterTypeError, naming
from workbench.params import REQUIRED, Declared, describe, read_parameters
from workbench.reach import Reach
from workbench.recall import recalled
from workbench.specification import Op
from workbench.tensors import (
    as_lengths,
    as_operand,
    as_rows,
    as_signal,
    is_tensor,
    silence_beyond,
    time_back,
    time_last,
    whole_lengths,
    working_type,
)

_registry: dict[str, Op] = {}
_silenced = recalled(silence_beyond)  # the same tensor again: what is made of it may be shared


def registry() -> dict[str, Op]:
    """The ops declared so far, by name: `workbench.core` declares those of the package."""
    return dict(_registry)


def declared(op: Callable[..., Any] | Op) -> dict[str, Declared]:
    """The declared parameters of an op, by name.

    >>> from workbench.core.spectral import stft
    >>> declared(stft)["frame_length"].param.unit
    'samples'
    """
    return dict(spec(op).parameters)


def spec(op: Callable[..., Any] | Op) -> Op:
    """The specification of an op.

    Raises:
        TypeError: It is not an op.
    """
    found = op if isinstance(op, Op) else getattr(op, "spec", None)
    if not isinstance(found, Op):
        raise TypeError(f"{op!r} is not an op: a function declared with @op.")
    return found


def unchanged_space(given: Space, values: Mapping[str, Any]) -> Space:
    """The space of an op that changes numbers and nothing else."""
    return given


def unchanged_length(length: Any, values: Mapping[str, Any]) -> Any:
    """The length of an op that keeps every step of time."""
    return length


def reach_of_one_step(values: Mapping[str, Any]) -> Reach:
    """The reach of an op that works on each step of time by itself."""
    return Reach(0, 0)


def op(
    *,
    takes: int = 1,
    space: Callable[[Space, Mapping[str, Any]], Space] = unchanged_space,
    length: Callable[[Any, Mapping[str, Any]], Any] = unchanged_length,
    valid: Callable[[Any, Mapping[str, Any]], Any] | None = None,
    reach: Callable[[Mapping[str, Any]], Reach] | None = None,
    linear: bool = False,
    of_complex: bool = False,
    returns_lengths: bool = False,
    keeps_padding: bool = False,
    extends: Callable[..., Any] | None = None,
    built_on: bool = False,
) -> Callable[[Callable[..., tf.Tensor]], Callable[..., tf.Tensor]]:
    """Declares the decorated function as an op, and checks its calls.

    The function is written for time in the last dimension(s) and for checked values. The op made
    of it also takes `axis=`, accepts any floating-point type (half precision is computed in
    float32), converts NumPy arrays, and names itself in errors. With `lengths=` the rows of a batch
    end where it says: what lies beyond is taken as silence, and the lengths of the result are
    returned with it. A function whose ends are not silent (a mirror, a mean) has a parameter
    `lengths` behind its tensors: integers that broadcast to the rows, or None where a call gives
    none. Without that default it is given them always: they also tell its rows, the dimensions
    before time, from channels, which come after it.

    Args:
        takes: Dimensions it works on: 0 makes a signal, 1 is time, 2 is frames and bins.
        space: What comes out, given what goes in and the parameters.
        length: How many steps come out, given how many go in and the parameters.
        valid: How many of them are valid, where padding is counted too. None: `length`.
        reach: How far it looks along time, given the parameters. None: over all of it.
        linear: Whether it is linear in the signal.
        of_complex: Whether it takes complex numbers.
        returns_lengths: Whether a call returns the lengths also where it gives none.
        keeps_padding: Whether what lies beyond the end of a row stays as it is, and is no silence.
        extends: An op whose parameters are taken over, for a function that ends in `**options`.
        built_on: Whether other ops build on its result, and may share it (see `workbench.recall`).
    """

    def declare(function: Callable[..., tf.Tensor]) -> Callable[..., tf.Tensor]:
        positional = _positional(function)
        made = Op(
            name=function.__name__,
            function=recalled(function) if built_on else function,
            parameters=_all_parameters(function, extends),
            operands=tuple(name for name in list(positional)[1:] if name != "lengths"),
            takes=takes,
            space_rule=space,
            length_rule=length,
            valid_rule=valid,
            reach_rule=reach,
            linear=linear,
            of_complex=of_complex,
            returns_lengths=returns_lengths,
            keeps_padding=keeps_padding,
            uses_lengths="lengths" in positional,
            needs_lengths=positional.get("lengths", None) is REQUIRED,
        )
        _registry[made.name] = made
        call = _source_call(made) if takes == 0 else _signal_call(made)
        functools.update_wrapper(call, function)
        call.__signature__ = _signature(made)  # type: ignore[attr-defined]
        call.__doc__ = _documentation(made)
        public = tf.autograph.experimental.do_not_convert(call)  # it would convert `function`
        public.spec = made
        return public

    return declare


def _source_call(made: Op) -> Callable[..., tf.Tensor]:
    def call(**values: Any) -> tf.Tensor:
        with naming(made.name):
            return made.function(**made.check(values))

    return call


def _signal_call(made: Op) -> Callable[..., Any]:
    def call(
        signal: Any, *operands: Any, axis: int = -made.takes, lengths: Any = None, **values: Any
    ) -> Any:
        named = {name: values.pop(name) for name in made.operands if name in values}
        checked = made.check(values)
        with naming(made.name):
            given = as_signal(signal, rank=made.takes, of_complex=made.of_complex)
            beside = [
                as_operand(value, name, given, axis, made.takes)
                for name, value in _paired(made, operands, named)
            ]
            placed = {
                name: as_operand(value, name, given, axis, made.takes)
                if made.parameters[name].param.varies and is_tensor(value)
                else value
                for name, value in checked.items()
            }
            work = time_last(tf.cast(given, working_type(given.dtype)), axis, made.takes)
            told = lengths is not None or made.returns_lengths
            if lengths is not None:
                lengths = as_lengths(lengths, given, axis)
                silent, rows = _silenced(work, lengths, made.takes)
                work = work if made.keeps_padding else silent
                beside += [rows] if made.uses_lengths else []
            elif made.needs_lengths:
                lengths = whole_lengths(given, axis)
                beside.append(as_rows(lengths, work, made.takes))
            result = time_back(made.function(work, *beside, **placed), given, axis, made.takes)
            narrow = work.dtype != given.dtype and not result.dtype.is_complex
            result = tf.cast(result, given.dtype) if narrow else result
            return (result, made.valid(lengths, checked)) if told else result

    return call


def _paired(made: Op, operands: tuple[Any, ...], named: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The tensors beside the signal with their names, in order."""
    given = dict(zip(made.operands, operands, strict=False)) | dict(named)
    if len(given) != len(made.operands) or len(operands) > len(made.operands):
        wanted = ", ".join(("signal", *made.operands))
        raise ParameterTypeError(
            wanted, "be given, and nothing else by position", len(operands) + 1
        )
    return [(name, given[name]) for name in made.operands]


def _positional(function: Callable[..., Any]) -> dict[str, Any]:
    """The tensors that a function takes, each with its default."""
    kind, parameters = (
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        inspect.signature(function).parameters,
    )
    return {name: p.default for name, p in parameters.items() if p.kind == kind}


def _all_parameters(
    function: Callable[..., Any], extends: Callable[..., Any] | None
) -> dict[str, Declared]:
    kinds = {p.kind for p in inspect.signature(function).parameters.values()}
    if (inspect.Parameter.VAR_KEYWORD in kinds) != (extends is not None):
        raise TypeError(f"{function.__name__}: **options and extends= belong together.")
    own = read_parameters(function)
    inherited = declared(extends) if extends else {}
    return {name: d for name, d in inherited.items() if name not in own} | own


def _signature(made: Op) -> inspect.Signature:
    keyword = inspect.Parameter.KEYWORD_ONLY
    listed = made.keywords()
    if made.takes:
        by_position = inspect.Parameter.POSITIONAL_OR_KEYWORD
        tensors = [inspect.Parameter(name, by_position) for name in ("signal", *made.operands)]
        axis = inspect.Parameter("axis", keyword, default=-made.takes, annotation=int)
        lengths = inspect.Parameter("lengths", keyword, default=None)
        listed = [*tensors, *listed, axis, lengths]
    return inspect.Signature(listed)


def _documentation(made: Op) -> str:
    text = inspect.cleandoc(made.function.__doc__ or made.name)
    lines = ["Args:"]
    if made.takes:
        shape = "[..., time]" if made.takes == 1 else "[..., frames, bins]"
        lines.append(
            f"    signal: {'Complex' if made.of_complex else 'Floating-point'} tensor {shape}."
        )
        lines += [f"    {name}: Floating-point tensor, as said above." for name in made.operands]
    lines += [describe(d) for d in made.parameters.values()]
    if made.takes:
        what = "time" if made.takes == 1 else "frames (bins right after)"
        lines.append(f"    axis: Dimension of {what}; what comes out is put there.")
        then = "" if made.returns_lengths else " then"
        lines.append("    lengths: Where the rows of a padded batch end, integers `[batch]`; the")
        lines.append(f"        result is{then} a pair: with the lengths of what comes out.")
    section = "\n".join(lines)
    head, mark, rest = text.partition("\nReturns:")
    return f"{head.rstrip()}\n\n{section}\n{mark}{rest}"
