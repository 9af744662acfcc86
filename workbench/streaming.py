"""Layers on a signal that comes in chunks: the same numbers as on all of it at once."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from workbench import shapes
from workbench.axes import waveform_space
from workbench.chain import Chain
from workbench.declared_layer import DeclaredLayer
from workbench.errors import ParameterError, ParameterTypeError, naming
from workbench.layers import OpLayer, RateIndependent
from workbench.reach import Reach, cannot_stream, latency
from workbench.recurrent_model import RecurrentModel
from workbench.tensors import as_signal


class Stream:
    """A layer, or a chain of layers, on a signal that comes in chunks.

    What `push` returns chunk after chunk and `finish` at the end is, put together along time, what
    the layer makes of the whole signal. A step comes out as soon as the samples that it depends on
    have come. The stream keeps what later steps need, back to where a step lies on a sample, and
    computes nothing while no step is due.

    The parameters are those that the layer has now; a later `layer.set` or training step changes
    nothing here, but for the weights of recurrent layers. No gradients reach learnt parameters.

    Args:
        layer: A layer of `wb.layers`, a recurrent model, or a `wb.Chain` of such.

    Raises:
        ParameterTypeError: A layer isn't one of `wb.layers`, so nothing says how far it looks.
        ParameterError: An op can't come in chunks, with its parameters or ever.

    >>> import workbench as wb
    >>> stream = wb.Stream(wb.layers.STFT(frame_length=512, frame_step=100))
    >>> signal = wb.noise(sample_rate=8000, seconds=0.25)[None]
    >>> [stream.push(chunk).shape[1] for chunk in tf.split(signal, 4, axis=1)]
    [3, 5, 5, 5]
    >>> stream.finish().shape
    TensorShape([1, 3, 257])
    >>> stream.latency
    255
    """

    def __init__(self, layer: keras.layers.Layer):
        self._parts = [_part_of(each) for each in _row(layer)]
        self._dtype = layer.compute_dtype
        self._begun = self._finished = False

    @property
    def latency(self) -> int:
        """Samples of the signal by which results lag at most.

        The step at sample t (rounded down) is out when sample t + latency has been pushed; for the
        latest of the steps not before. Near the start a mirror may hold steps back for longer.
        """
        return latency([part.reach for part in self._parts])

    @property
    def held(self) -> int:
        """Samples (and steps between the layers of a chain) that are kept for what is to come."""
        return sum(part.held for part in self._parts)

    def push(self, chunk: Any) -> tf.Tensor:
        """Takes the next samples and returns the steps that are known now.

        Args:
            chunk: Any number of samples, also none, in the shape that the layer takes: `[batch,
                time]` or `[batch, time, channels]`, of which only time may differ between chunks.

        Returns:
            The next steps, in the shape and type that the layer gives; often none.

        Raises:
            ParameterError: The shape isn't that of the chunks before, or the stream has ended.
        """
        if self._finished:
            raise _error("chunk", "come before finish()", "one after it", "reset() starts again.")
        signal = self._signal(chunk)
        for part in self._parts:
            signal = part.push(signal)
        self._begun = True
        return signal

    def finish(self) -> tf.Tensor:
        """Ends the signal and returns the steps that waited for more of it.

        Raises:
            ParameterError: Nothing was pushed, or the stream has already ended.
        """
        if not self._begun:
            raise _error("chunk", "be pushed before finish()", "none")
        if self._finished:
            raise _error("finish()", "be called once", "a second call", "reset() starts again.")
        self._finished = True
        rest = None
        for part in self._parts:
            rest = part.finish(rest)
        return rest

    def reset(self) -> None:
        """Forgets the signal: the next chunk is the first of another, of any shape."""
        for part in self._parts:
            part.reset()
        self._begun = self._finished = False

    def _signal(self, chunk: Any) -> tf.Tensor:
        """A chunk in the type of the layer, safe from the caller's writing to its array later."""
        part = self._parts[0]
        with naming("Stream"):
            signal = as_signal(chunk, rank=part.takes, of_complex=part.of_complex)
        return tf.cast(signal, self._dtype) if signal.dtype.is_floating else signal


class _Part:
    """One op of a stream: the part of its signal that is still needed, and how much has come out.

    The op is applied to that part, which begins at a sample where an output lies, so that the
    outputs are those of the whole. The first of them see an end that isn't there; they came out
    before, when there was more to see.
    """

    def __init__(self, layer: OpLayer):
        self._layer = layer
        self._values = layer.values
        self.op = layer.spec
        self.takes, self.of_complex = self.op.takes, self.op.of_complex
        self.reach = self.op.reach(self._values)
        self.reset()

    def reset(self) -> None:
        """Forgets the signal."""
        self._kept: list[tf.Tensor] = []
        self._first = self._count = self._made = 0  # samples dropped and taken; steps put out
        self._nothing: tf.Tensor | None = None  # a result without steps

    @property
    def held(self) -> int:
        """How many samples are kept."""
        return self._count - self._first

    def push(self, chunk: tf.Tensor) -> tf.Tensor:
        """The steps that are known with `chunk`."""
        self._take(chunk)
        return self._put_out(min(self.reach.known(self._count), self._steps()))

    def finish(self, chunk: tf.Tensor | None) -> tf.Tensor:
        """All further steps, `chunk` being the last."""
        if chunk is not None:
            self._take(chunk)
        return self._put_out(self._steps())

    def _steps(self) -> int:
        """How many come out if the signal ends here."""
        return int(self.op.length(self._count, self._values)) if self._count else 0

    def _take(self, chunk: tf.Tensor) -> None:
        axis = self._layer.axis % chunk.shape.rank
        shape = _shape_without_time(chunk, axis)
        if self._nothing is None:
            made = self._apply(tf.zeros([1 if n is None else n for n in shape], chunk.dtype))
            self._nothing, self._axis, self._shape = shapes.part(made, axis, 0, 0), axis, shape
        _check_shape(chunk, shape, self._shape)
        if count := chunk.shape[axis]:
            self._kept.append(chunk)
            self._count += count

    def _put_out(self, until: int) -> tf.Tensor:
        """The steps from the last one put out to `until`."""
        if until <= self._made:
            return self._nothing
        signal = tf.concat(self._kept, self._axis)
        dropped = self._first // self.reach.orig * self.reach.target  # steps
        made = shapes.part(
            self._apply(signal), self._axis, self._made - dropped, until - self._made
        )
        self._made = until
        first = self.reach.start(self._made, self._count)
        self._kept = [shapes.part(signal, self._axis, first - self._first, self._count - first)]
        self._first = first
        return made

    def _apply(self, signal: tf.Tensor) -> tf.Tensor:
        return self._layer.apply(signal, self._values)


class _StatePart:
    """A recurrent layer of a stream: every step comes out at once, and the state is kept."""

    takes, of_complex, held = 1, False, 0
    reach = Reach(0, 0)

    def __init__(self, layer: Any):
        self._layer, self._values = layer, layer.values
        self.reset()

    def reset(self) -> None:
        """Forgets the signal."""
        self._memory: Any = None
        self._nothing: tf.Tensor | None = None  # a result without steps
        self._shape: list[int | None] = []

    def push(self, chunk: tf.Tensor) -> tf.Tensor:
        """The steps of `chunk`."""
        shape = _shape_without_time(chunk, 1)
        if self._nothing is None:
            self._nothing, self._memory = self._layer.advance(
                shapes.part(chunk, 1, 0, 0), tensors=self._values
            )
            self._shape = shape
        _check_shape(chunk, shape, self._shape)
        if chunk.shape[1] == 0:
            return self._nothing
        made, self._memory = self._layer.advance(chunk, self._memory)
        return made

    def finish(self, chunk: tf.Tensor | None) -> tf.Tensor:
        """The steps of the last chunk."""
        return self._nothing if chunk is None else self.push(chunk)


def _shape_without_time(chunk: tf.Tensor, axis: int) -> list[int | None]:
    return [None if i == axis else n for i, n in enumerate(chunk.shape)]


def _check_shape(chunk: tf.Tensor, shape: list[int | None], wanted: list[int | None]) -> None:
    if shape != wanted:
        words = ", ".join("time" if n is None else str(n) for n in wanted)
        rule = f"have the shape [{words}] of the chunks before it"
        raise _error("chunk", rule, chunk.shape.as_list())


def _part_of(layer: DeclaredLayer) -> _Part | _StatePart:
    return _Part(layer) if isinstance(layer, OpLayer) else _StatePart(layer)


def _row(layer: keras.layers.Layer) -> list[DeclaredLayer]:
    """The layers that a signal passes, each with the sample rate that reaches it."""
    if not isinstance(layer, Chain):
        return [_streamable(layer)]
    if not layer.layers:
        raise _error("layer", "hold at least one layer", "an empty chain")
    space = waveform_space(layer.sample_rate)
    for each in layer.layers:
        _streamable(each).follow(space)
        space = each.space(space)
    return list(layer.layers)


def _streamable(layer: Any) -> DeclaredLayer:
    if isinstance(layer, RateIndependent) and not layer.return_sequences:
        error = cannot_stream("return_sequences", "be True", "each step comes out", False)
        raise error.named("Stream")
    if isinstance(layer, (OpLayer, RateIndependent, RecurrentModel)):
        return layer
    rule = "be of wb.layers, or a wb.Chain of such: no other layer says how far it looks along time"
    remedy = "Give the layers before it, and call it on what comes out."
    raise ParameterTypeError("layer", rule, type(layer).__name__, remedy).named("Stream")


def _error(name: str, rule: str, got: Any, remedy: str = "") -> ParameterError:
    return ParameterError(name, rule, got, remedy).named("Stream")
