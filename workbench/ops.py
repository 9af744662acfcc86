"""Ops: declared functions on signals, checked, documented and registered.

`@op` reads a function's signature (see `workbench.params`) and makes an op of it. Layers,
dashboards and contract tests find the ops, and what each declares, here.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from workbench.axes import Space
from workbench.errors import ParameterError, ParameterTypeError
from workbench.params import Declared, describe, read_parameters
from workbench.tensors import as_signal, time_back, time_last, working_type


@dataclass(frozen=True)
class Op:
    """The specification of an op, read from its signature.

    Attributes:
        name: The function's name.
        function: The function itself, unchecked.
        parameters: Its declared parameters, in order.
        takes: Dimensions of the signal that it works on: 0 (a source), 1 (time), 2 (frames, bins).
        space_rule: What comes out, given what goes in and the parameters.
        length_rule: How many steps of time come out, given how many go in and the parameters.
    """

    name: str
    function: Callable[..., tf.Tensor]
    parameters: Mapping[str, Declared]
    takes: int
    space_rule: Callable[[Space, Mapping[str, Any]], Space]
    length_rule: Callable[[Any, Mapping[str, Any]], Any]

    def space(self, given: Space, values: Mapping[str, Any]) -> Space:
        """What comes out, given what goes in."""
        with _naming(self):
            return self.space_rule(given, values)

    def length(self, length: Any, values: Mapping[str, Any]) -> Any:
        """How many steps of time come out, given how many go in (a number or a tensor)."""
        with _naming(self):
            return self.length_rule(length, values)

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
        with _naming(self):
            for name, parameter in self.parameters.items():
                if name in values:
                    checked[name] = parameter.check(values[name])
                elif parameter.required:
                    raise ParameterTypeError(name, "be given", "nothing")
                else:
                    checked[name] = parameter.default
        return checked


_registry: dict[str, Op] = {}


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


def op(
    *,
    takes: int = 1,
    space: Callable[[Space, Mapping[str, Any]], Space] = unchanged_space,
    length: Callable[[Any, Mapping[str, Any]], Any] = unchanged_length,
    extends: Callable[..., Any] | None = None,
) -> Callable[[Callable[..., tf.Tensor]], Callable[..., tf.Tensor]]:
    """Declares the decorated function as an op, and checks its calls.

    The function is written for time in the last dimension(s) and for checked values. The op made
    of it also takes `axis=`, accepts any floating-point type (half precision is computed in
    float32), converts NumPy arrays, and names itself in errors.

    Args:
        takes: Dimensions it works on: 0 makes a signal, 1 is time, 2 is frames and bins.
        space: What comes out, given what goes in and the parameters.
        length: How many steps come out, given how many go in and the parameters.
        extends: An op whose parameters are taken over, for a function that ends in `**options`.
    """

    def declare(function: Callable[..., tf.Tensor]) -> Callable[..., tf.Tensor]:
        parameters = _all_parameters(function, extends)
        made = Op(function.__name__, function, parameters, takes, space, length)
        _registry[made.name] = made
        call = _source_call(made) if takes == 0 else _signal_call(made)
        functools.update_wrapper(call, function)
        call.__signature__ = _signature(made)  # type: ignore[attr-defined]
        call.__doc__ = _documentation(made)
        call.spec = made  # type: ignore[attr-defined]
        return call

    return declare


def _source_call(made: Op) -> Callable[..., tf.Tensor]:
    def call(**values: Any) -> tf.Tensor:
        with _naming(made):
            return made.function(**made.check(values))

    return call


def _signal_call(made: Op) -> Callable[..., tf.Tensor]:
    def call(signal: Any, *, axis: int = -made.takes, **values: Any) -> tf.Tensor:
        checked = made.check(values)
        with _naming(made):
            given = as_signal(signal, rank=made.takes)
            work = tf.cast(given, working_type(given.dtype))
            result = made.function(time_last(work, axis, made.takes), **checked)
            result = time_back(result, given, axis, made.takes)
        narrow = work.dtype != given.dtype and not result.dtype.is_complex
        return tf.cast(result, given.dtype) if narrow else result

    return call


@contextlib.contextmanager
def _naming(made: Op) -> Iterator[None]:
    """Names the op that was called in an error that its body raises."""
    try:
        yield
    except (ParameterError, ParameterTypeError) as error:
        error.named(made.name)
        raise


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
    listed = [
        inspect.Parameter(d.name, keyword, default=d.default, annotation=d.annotation)
        for d in made.parameters.values()
    ]
    if made.takes:
        signal = inspect.Parameter("signal", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        axis = inspect.Parameter("axis", keyword, default=-made.takes, annotation=int)
        listed = [signal, *listed, axis]
    return inspect.Signature(listed)


def _documentation(made: Op) -> str:
    text = inspect.cleandoc(made.function.__doc__ or made.name)
    lines = ["Args:"]
    if made.takes:
        shape = "[..., time]" if made.takes == 1 else "[..., frames, bins]"
        lines.append(f"    signal: Floating-point tensor {shape}.")
    lines += [describe(d) for d in made.parameters.values()]
    if made.takes:
        what = "time" if made.takes == 1 else "frames (bins right after)"
        lines.append(f"    axis: Dimension of {what}; what comes out is put there.")
    section = "\n".join(lines)
    head, mark, rest = text.partition("\nReturns:")
    return f"{head.rstrip()}\n\n{section}\n{mark}{rest}"
