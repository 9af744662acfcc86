"""Computing one layer again and again while its parameters move: never wait for a trace.

A parameter that moves and is differentiable travels as a tensor, so that one trace serves all its
values. The others are built into the trace: while one of them moves, its layer runs eagerly; as
soon as they rest, they are traced aside, in a thread, and run compiled from then on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from workbench.declared_layer import DeclaredLayer
from workbench.masks import carry, mask_of, valid_steps
from workbench.stopping import may_stop
from workbench.traces import Overtaken, Traces


class Finish(NamedTuple):
    """What `Stage.finish` computes: gradients are those of `value`."""

    result: tf.Tensor
    value: tf.Tensor
    of_result: tf.Tensor
    of_signal: tf.Tensor
    of_parameters: dict[str, tf.Tensor]


class Stage:
    """A layer with its compiled traces, its last result, and its vector-Jacobian product.

    A result carries its Keras mask, where what it was made of does, as that of a layer's call.

    Attributes:
        layer: The layer.
        seconds: What computing its last result has taken; with the gradients, where it is the last.
    """

    def __init__(self, layer: keras.layers.Layer):
        self.layer = layer
        self._first = self._values()
        self._moving: set[str] = set()
        self._traces = Traces()
        self._last: tuple[Any, Any, Any] | None = None
        self.seconds = 0.0

    def forward(self, x: tf.Tensor) -> tf.Tensor:
        """The layer's result; the last one again if neither `x` nor a parameter has changed."""
        if not getattr(self.layer, "pure", False):  # its weights may change without our knowing
            return self._timed(None, self._forward, x)
        state = self._values()
        if self._last is not None and self._last[0] is x and self._last[1] == state:
            return self._last[2]
        result = self._timed("forward", self._forward, x)
        self._last = (x, state, result)
        return result

    def time_again(self, x: tf.Tensor) -> None:
        """Times its result once more: a first call also makes what later ones find there."""
        self._timed(None, self._forward, x)

    def at(self, x: tf.Tensor, others: Mapping[str, float]) -> tf.Tensor:
        """The layer's result with other values of differentiable parameters; nothing is kept."""
        self._moving |= set(others)
        return self._run("forward", self._forward, x, others=others)

    def backward(
        self, x: tf.Tensor, upstream: tf.Tensor, wanted: tuple[str, ...] = ()
    ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Gradients with respect to `x` and the `wanted` parameters, given that of the result."""
        self._moving |= set(wanted)
        names = tuple(sorted(wanted))

        def pull(values: Mapping[str, Any], x: tf.Tensor, upstream: tf.Tensor) -> Any:
            sources = [x, *(values[name] for name in names)]
            with tf.GradientTape() as tape:
                tape.watch(sources)
                y = self._applied(values, x)
            return tape.gradient(
                y, sources, upstream, unconnected_gradients=tf.UnconnectedGradients.ZERO
            )

        first, *rest = self._run(("backward", names), pull, x, upstream)
        return first, dict(zip(names, rest, strict=True))

    def finish(
        self,
        x: tf.Tensor,
        loss: Callable[..., tf.Tensor],
        beside: tuple[tf.Tensor, ...] = (),
        wanted: tuple[str, ...] = (),
    ) -> Finish:
        """The last stage of a chain, the scalar of its result, and all gradients, in one go.

        The scalar is that of the result and the tensors beside it. Only a loss that is known to
        depend on nothing else (`pure`) is compiled: a trace would freeze whatever it looks at.
        """
        self._moving |= set(wanted)
        names = tuple(sorted(wanted))

        def whole(values: Mapping[str, Any], x: tf.Tensor, *beside: tf.Tensor) -> Any:
            sources = [x, *(values[name] for name in names)]
            with tf.GradientTape() as tape:
                tape.watch(sources)
                y = self._forward(values, x)
                value = loss(y, *beside)
            zero = tf.UnconnectedGradients.ZERO
            return y, value, *tape.gradient(value, [y, *sources], unconnected_gradients=zero)

        pure = getattr(loss, "pure", False)
        task = ("finish", loss, names) if pure else None
        state = self._values()
        y, value, upstream, first, *rest = self._timed(task, whole, x, *beside)
        self._last = (x, state, y)
        return Finish(y, value, upstream, first, dict(zip(names, rest, strict=True)))

    @property
    def differentiable(self) -> tuple[str, ...]:
        """Names of the parameters that have a value and a gradient."""
        return self._differentiable(self._values())

    def _differentiable(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        if not isinstance(self.layer, DeclaredLayer):
            return ()
        return tuple(n for n, d in self.layer.declared.items() if d.has_slope(values))

    def _values(self) -> dict[str, Any]:
        return dict(self.layer.values) if isinstance(self.layer, DeclaredLayer) else {}

    def _forward(self, values: Mapping[str, Any], x: tf.Tensor) -> tf.Tensor:
        """The layer's result with its mask; layers that aren't ours have put it on themselves."""
        result = self._applied(values, x)
        if not isinstance(self.layer, DeclaredLayer):
            return result
        return carry(result, self.layer.mask_after(x, mask_of(x), values))

    def _applied(self, values: Mapping[str, Any], x: tf.Tensor) -> tf.Tensor:
        if not isinstance(self.layer, DeclaredLayer):
            return self.layer(x)
        return self.layer.apply(x, values, valid_steps(mask_of(x)))

    def _timed(self, task: Any, function: Callable[..., Any], *tensors: tf.Tensor) -> Any:
        begun = time.perf_counter()
        made = self._run(task, function, *tensors)
        self.seconds = time.perf_counter() - begun
        return made

    def _run(
        self,
        task: Any,
        function: Callable[..., Any],
        *tensors: tf.Tensor,
        others: Mapping[str, float] | None = None,
    ) -> Any:
        may_stop()
        values = self._values() | dict(others or {})
        able = self._differentiable(values)
        self._moving |= {n for n in able if values[n] != self._first.get(n)}
        live = {n: tf.constant(values[n], tf.float64) for n in able if n in self._moving}
        fixed = {n: v for n, v in values.items() if n not in live}

        held = getattr(self.layer, "held", None)

        def whole(live: Mapping[str, tf.Tensor], *tensors: tf.Tensor) -> Any:
            made = function({**fixed, **live}, *tensors)
            if getattr(self.layer, "held", None) != held:
                raise Overtaken
            return made

        if task is None or not isinstance(self.layer, DeclaredLayer):
            return whole(live, *tensors)
        forms = tuple((each.dtype, each.shape.rank, mask_of(each) is None) for each in tensors)
        key = (task, tuple(sorted(fixed.items())), held, tuple(live), forms)
        return self._traces.call(task, key, whole, (live, *tensors))
