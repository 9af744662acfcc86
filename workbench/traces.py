"""Compiled functions of stages: made aside, in a thread, and let go where they take too much."""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import tensorflow as tf
from tensorflow.python.framework import ops

from workbench.masks import Masks, carrying, masks_among

_ROOM = 256 * 2**20  # bytes that all traces may take
_LEAST = 2 * 2**20  # bytes of a trace without a constant
_COPIES = 5  # of each constant of a graph: in Python, in the library, optimized, in the kernels
_OWN = "_gradient_op_type"  # of a node: the name of its gradient, where that was made for it
_tracer = ThreadPoolExecutor(1, thread_name_prefix="workbench-trace")


class Overtaken(Exception):
    """While it was traced a layer has changed what its traces hold fast."""


class Traces:
    """Compiled functions by key, as many as there is room for among those of all stages."""

    def __init__(self) -> None:
        self._latest: dict[Any, Any] = {}
        self._futures: dict[Any, Future[_Trace]] = {}

    def call(
        self, task: Any, key: Any, function: Callable[..., Any], arguments: tuple[Any, ...]
    ) -> Any:
        """Calls `function`, compiled if it has been traced for `key`.

        A trace is worth making when a task comes twice in a row with the same key: then something
        else is moving. While the key itself moves, tracing aside would only slow it down.
        """
        settled = self._latest.get(task) == key
        self._latest[task] = key
        future = self._futures.get(key)
        if future is not None:
            if future.done() and not future.exception():
                _kept.used(self, key)
                return future.result()(*arguments)
            if future.done() and isinstance(future.exception(), Overtaken):
                self.drop(key)
        elif settled:
            self._futures[key] = _tracer.submit(self._trace, key, function, arguments)
        return function(*arguments)  # where the trace failed, this raises or is right

    def drop(self, key: Any) -> None:
        """Lets go of what was traced for `key`, if it was."""
        self._futures.pop(key, None)

    def _trace(self, key: Any, function: Callable[..., Any], arguments: tuple[Any, ...]) -> _Trace:
        size = _LEAST  # also where it fails: the error has a traceback
        try:
            made = _compiled(function, arguments)
            size = made.size
            return made
        finally:
            _kept.add(self, key, size)


class _Kept:
    """What the traces of all stages take: the least recently used go where it is too much.

    One bound for all: a stage alone has no use for more than a few, ten dashboards of four stages
    would hold a gigabyte of them.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sizes: OrderedDict[tuple[weakref.ref[Traces], Any], int] = OrderedDict()

    def used(self, traces: Traces, key: Any) -> None:
        """The trace of that key has been called."""
        with self._lock:
            if (entry := (weakref.ref(traces), key)) in self._sizes:
                self._sizes.move_to_end(entry)

    def add(self, traces: Traces, key: Any, size: int) -> None:
        """A trace of that key has been made, of so many bytes; it stays, however large it is."""
        with self._lock:
            for dead in [entry for entry in self._sizes if entry[0]() is None]:
                del self._sizes[dead]
            self._sizes.pop(entry := (weakref.ref(traces), key), None)
            self._sizes[entry] = size
            while len(self._sizes) > 1 and sum(self._sizes.values()) > _ROOM:
                (owner, oldest), _ = self._sizes.popitem(last=False)
                if (holder := owner()) is not None:
                    holder.drop(oldest)


_kept = _Kept()


def settle() -> None:
    """Waits until everything that is being traced is ready."""
    _tracer.submit(lambda: None).result()


def _compiled(function: Callable[..., Any], arguments: tuple[Any, ...]) -> _Trace:
    """A graph of `function` for tensors of these types and ranks, of any size, warmed up.

    Masks go in and come out beside the tensors that carry them, which in a graph are others.
    """

    def masked(masks: Masks, *arguments: Any) -> tuple[Any, Masks]:
        made = function(*carrying(masks, arguments))
        return made, masks_among(made)

    signature = tf.nest.map_structure(
        lambda tensor: tf.TensorSpec([None] * tensor.shape.rank, tensor.dtype),
        (masks_among(arguments), *arguments),
    )
    graph = tf.function(masked, input_signature=signature, autograph=False)
    concrete = graph.get_concrete_function()

    made = _Trace(concrete)
    made(*arguments)
    return made


class _Trace:
    """A graph that can be called, and that leaves nothing behind.

    Attributes:
        size: About how many bytes it takes.
    """

    def __init__(self, concrete: Any):
        described = concrete.graph.as_graph_def()
        self.size = _LEAST + _COPIES * described.ByteSize()
        self._concrete = concrete
        weakref.finalize(self, _forget, _own_gradients(described))

    def __call__(self, *arguments: Any) -> Any:
        made, masks = self._concrete(masks_among(arguments), *arguments)
        return carrying(masks, made)


def _own_gradients(described: Any) -> list[str]:
    """The names under which TensorFlow holds the gradients that were defined for a graph alone."""
    inner = [node for function in described.library.function for node in function.node_def]
    nodes = [*described.node, *inner]
    return [node.attr[_OWN].s.decode() for node in nodes if _OWN in node.attr]


def _forget(gradients: list[str]) -> None:
    """Lets go of such gradients: they would be held for ever, and their graph with them."""
    for name in gradients:
        ops.gradient_registry._registry.pop(name, None)
