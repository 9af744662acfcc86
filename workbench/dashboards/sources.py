"""Where a dashboard's signal comes from: a recording, or a test signal with parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from workbench import audio, clips
from workbench.core import signals
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


class ClipSource:
    """A recording."""

    declared: Mapping[str, Declared] = {}

    def __init__(self, clip: audio.Clip, code: str = ""):
        self.clip = clip
        self.name = clip.name
        self.values: dict[str, Any] = {}
        self._signal = tf.constant(clip.signal)
        self._code = code

    @property
    def sample_rate(self) -> int:
        """Samples per second, Hz."""
        return self.clip.sample_rate

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

    def code(self) -> str:
        """The Python that makes `x`."""
        return self._code or f"x = clip.signal  # the clip that was given: {self.name}"


class SignalSource:
    """A test signal: a source op and the values of its parameters."""

    def __init__(self, op: Callable[..., tf.Tensor], **values: Any):
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
        return ClipSource(clips.clip(audio_or_name), f"x = wb.clip({audio_or_name!r}).signal")
    if isinstance(audio_or_name, (str, Path)):
        code = f"x = wb.audio.read({str(audio_or_name)!r}).signal"
        return ClipSource(audio.read(audio_or_name), code)
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
