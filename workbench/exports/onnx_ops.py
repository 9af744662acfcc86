"""Operations that tf2onnx lacks, or computes otherwise than TensorFlow.

Its division of negative whole numbers rounds towards 0, and its remainder follows; `log1p` and
`expm1` are missing. The forms here keep every digit: with `u = 1 + x` rounded, `log(u) / (u - 1)`
is exact although `u` is not, and so is `(u - 1) / log(u)` for `u = exp(x)`.

Source: Kahan, "Interval arithmetic options in the proposed IEEE floating point arithmetic
standard", 1980 (for both forms).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

_FLOATS = (1, 10, 11)  # ONNX's float, float16 and double
_DTYPES = {1: np.float32, 10: np.float16, 11: np.float64}


def handlers() -> dict[str, tuple[Callable[..., None], list[Any]]]:
    """What `tf2onnx.convert` takes as `custom_op_handlers`."""
    made = {"FloorDiv": _floor_div, "FloorMod": _floor_mod, "Log1p": _log1p, "Expm1": _expm1}
    return {name: (handler, []) for name, handler in made.items()}


class _Node:
    """One TensorFlow node that others take the place of."""

    def __init__(self, ctx: Any, node: Any):
        self.ctx, self.inputs, self.output = ctx, list(node.input), node.output[0]
        self.kind = ctx.get_dtype(node.output[0])
        self.shape = ctx.get_shape(node.output[0])
        self.name = node.name
        ctx.remove_node(node.name)

    def make(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """The output of a new node."""
        return str(self.ctx.make_node(kind, list(inputs), attr=attributes).output[0])

    def number(self, value: float) -> str:
        """A constant of the node's type."""
        name = f"{self.name}_{len(self.ctx.get_nodes())}_{value:g}".replace(".", "_")
        kind = _DTYPES.get(self.kind)
        from tf2onnx import utils

        kind = kind or utils.map_onnx_to_numpy_type(self.kind)
        return str(self.ctx.make_const(utils.make_name(name), np.array(value, kind)).output[0])

    def give(self, result: str) -> None:
        """Puts a result in the node's place."""
        self.ctx.make_node(
            "Identity",
            [result],
            outputs=[self.output],
            name=self.name,
            shapes=[self.shape],
            dtypes=[self.kind],
        )


def _floor_div(ctx: Any, node: Any, name: str, args: Any) -> None:
    n = _Node(ctx, node)
    a, b = n.inputs
    if n.kind in _FLOATS:
        n.give(n.make("Floor", n.make("Div", a, b)))
        return
    # what remains, of the divisor's sign, goes into it without rounding
    n.give(n.make("Div", n.make("Sub", a, n.make("Mod", a, b)), b))


def _floor_mod(ctx: Any, node: Any, name: str, args: Any) -> None:
    n = _Node(ctx, node)
    a, b = n.inputs
    if n.kind in _FLOATS:
        n.give(n.make("Sub", a, n.make("Mul", b, n.make("Floor", n.make("Div", a, b)))))
        return
    n.give(n.make("Mod", a, b))


def _log1p(ctx: Any, node: Any, name: str, args: Any) -> None:
    n = _Node(ctx, node)
    (x,), one = n.inputs, n.number(1.0)
    u = n.make("Add", x, one)
    rest = n.make("Sub", u, one)
    small = n.make("Equal", u, one)
    ratio = n.make("Div", x, n.make("Where", small, one, rest))
    n.give(n.make("Where", small, x, n.make("Mul", n.make("Log", u), ratio)))


def _expm1(ctx: Any, node: Any, name: str, args: Any) -> None:
    n = _Node(ctx, node)
    (x,), one = n.inputs, n.number(1.0)
    u = n.make("Exp", x)
    rest = n.make("Sub", u, one)
    small, none = n.make("Equal", u, one), n.make("Equal", u, n.number(0.0))
    log = n.make("Log", n.make("Where", n.make("Or", small, none), n.number(2.0), u))
    exact = n.make("Div", n.make("Mul", rest, x), log)
    n.give(n.make("Where", small, x, n.make("Where", none, rest, exact)))
