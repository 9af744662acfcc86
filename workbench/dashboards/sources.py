"""Where a dashboard's signal comes from: a recording, or a test signal with parameters."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from workbench import audio, clips
from workbench.checked_json import Fields, anything, brief, one_of, text
from workbench.core import signals
from workbench.dashboards import folder
from workbench.errors import ParameterError, ParameterTypeError
from workbench.ops import Op, spec
from workbench.params import Declared

TEST_SIGNALS = (
    signals.siren,
    signals.plucked_string,
    signals.chirp,
    signals.tone,
    signals.noise,
    signals.impulse,
)


_KINDS = ("clip", "path", "given", "signal")  # the first key of a state


class ClipSource:
    """A recording.

    Args:
        clip: The recording.
        code: The Python that makes `x`, where there is one.
        origin: How to have it again: `{"clip": name}` or `{"path": path}`; None for an array or an
            upload, of which there is only the name.
    """

    declared: Mapping[str, Declared] = {}

    def __init__(
        self, clip: audio.Clip, code: str = "", *, origin: Mapping[str, str] | None = None
    ):
        self.clip = clip
        self.name = clip.name
        self.values: dict[str, Any] = {}
        self._signal = tf.constant(clip.signal)
        self._code = code
        self._origin = dict(origin or {"given": self.name})

    @property
    def sample_rate(self) -> int:
        """Samples per second, Hz."""
        return self.clip.sample_rate

    @property
    def size(self) -> int:
        """Bytes of the clip and of its tensor."""
        return self.clip.signal.nbytes + self._signal.shape.num_elements() * self._signal.dtype.size

    def set(self, **values: Any) -> None:
        """Refuses: a recording has no parameters.

        Raises:
            ParameterError: Always.
        """
        rule = "belong to a test signal"
        raise ParameterError(tuple(values), rule, self.name).named("source")

    def signal(self) -> tf.Tensor:
        """float32 `[channels, time]`, the same object each time."""
        return self._signal

    def state(self) -> dict[str, Any]:
        """What says which source it is, as JSON holds it."""
        return dict(self._origin)

    def code(self) -> str:
        """The Python that makes `x`."""
        return self._code or f"x = clip.signal  # the clip that was given: {self.name}"


class SignalSource:
    """A test signal: a source op and the values of its parameters."""

    def __init__(self, op: Callable[..., tf.Tensor], **values: Any):
        self.function = op
        self.op: Op = spec(op)
        self.values = self.op.check({"sample_rate": 44100} | values)
        self.name = self.op.name.replace("_", " ")
        self._made: tuple[dict[str, Any], tf.Tensor] | None = None

    @property
    def declared(self) -> Mapping[str, Declared]:
        """The declarations of the parameters, by name."""
        return self.op.parameters

    @property
    def sample_rate(self) -> int:
        """Samples per second, Hz."""
        return self.values["sample_rate"]

    def set(self, **values: Any) -> None:
        """Changes parameters; wrong values change nothing.

        Raises:
            ParameterError, ParameterTypeError: As the op raises them.
        """
        self.values = self.op.check(self.values | values)

    def signal(self) -> tf.Tensor:
        """float32 `[1, time]`, the same object until a parameter changes."""
        if self._made is None or self._made[0] != self.values:
            made = self.op.function(**self.values)[tf.newaxis]
            self._made = (dict(self.values), made)
        return self._made[1]

    def state(self) -> dict[str, Any]:
        """What says which source it is, as JSON holds it."""
        return {"signal": self.op.name, "values": dict(self.values)}

    def code(self) -> str:
        """The Python that makes `x`."""
        said = {
            name: value
            for name, value in self.values.items()
            if self.declared[name].required or value != self.declared[name].default
        }
        arguments = ", ".join(f"{name}={value!r}" for name, value in said.items())
        return f"x = wb.{self.op.name}({arguments})[None]"


Source = ClipSource | SignalSource


def source_of(audio_or_name: Any) -> Source:
    """The source that a person means.

    Args:
        audio_or_name: The name of a clip that comes along ("siren"), a path, a `Clip`, a pair
            `(signal, sample_rate)` with `[time]` or `[channels, time]`, or a test signal such as
            `wb.chirp`. None is the first clip.

    Raises:
        ParameterTypeError: It is none of these.
    """
    known = clips.clips()
    if audio_or_name is None:
        audio_or_name = next(iter(known))
    if isinstance(audio_or_name, (ClipSource, SignalSource)):
        return audio_or_name
    if isinstance(audio_or_name, str) and audio_or_name in known:
        return _known_clip(audio_or_name)
    if isinstance(audio_or_name, (str, Path)):
        name = folder.name_of(audio_or_name)
        code = f"x = wb.audio.read({name!r}).signal"
        return ClipSource(audio.read(audio_or_name), code, origin={"path": name})
    if isinstance(audio_or_name, audio.Clip):
        return ClipSource(audio_or_name)
    if isinstance(audio_or_name, tuple) and len(audio_or_name) == 2:
        signal = np.atleast_2d(np.asarray(audio_or_name[0]))
        clip = audio.Clip(signal, audio_or_name[1], name="signal")
        return ClipSource(clip, "x = signal  # the array that was given, [channels, time]")
    if callable(audio_or_name) and getattr(audio_or_name, "spec", None) is not None:
        if audio_or_name.spec.takes == 0:
            return SignalSource(audio_or_name)
    rule = "be a clip's name, a path, a Clip, (signal, sample_rate) or a test signal"
    raise ParameterTypeError("audio", rule, repr(audio_or_name)).named("explore")


@functools.cache
def _known_clip(name: str) -> ClipSource:
    """A clip that comes along: the same source again, as each step of a history keeps its own."""
    return ClipSource(clips.clip(name), f"x = wb.clip({name!r}).signal", origin={"clip": name})


def source_again(state: Any, *known: Source) -> Source:
    """The source that a state says.

    Args:
        state: What `state` of a source has returned, or a file says.
        *known: Sources that may be meant, the likeliest first: what was given as an array or
            uploaded is found only among them. A test signal among them takes the values.

    Raises:
        ParameterError, ParameterTypeError: It says none, or one that cannot be had again, or a file
            that the page may not choose.
        FileNotFoundError, AudioError: Its file is gone, or is none.
    """
    for source in known:
        if source.state() == state:
            return source
    fields = Fields("source", state)
    kind = next((each for each in _KINDS if each in fields.values), _KINDS[0])
    if kind == "signal":
        name = fields.take("signal", one_of([op.__name__ for op in TEST_SIGNALS]))
        values = Fields("source['values']", fields.take("values", anything)).values
        fields.close()
        return _signal_again(name, values, known)
    name = fields.take(kind, one_of(list(clips.clips())) if kind == "clip" else text)
    fields.close()
    if kind == "given":
        rule = "be at hand: it was given as an array, or uploaded. Give it again"
        raise ParameterError("source", rule, brief(name))
    return source_of(folder.chosen(name) if kind == "path" else name)


def _signal_again(name: str, values: dict[str, Any], known: Sequence[Source]) -> SignalSource:
    """A test signal: the one that is at hand, with other values, or a new one."""
    for source in known:
        if isinstance(source, SignalSource) and source.op.name == name:
            source.values = source.op.check(values)
            return source
    return SignalSource(next(op for op in TEST_SIGNALS if op.__name__ == name), **values)
