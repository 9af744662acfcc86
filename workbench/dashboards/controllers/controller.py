"""A dashboard without widgets: state, computation, and the view model that comes of them.

A kind of dashboard is a `Controller`: it says which parameters it has (`groups`), computes with
them and draws panels. Sources, views and all-or-nothing changes are the same in all of them.
"""

from __future__ import annotations

import contextlib
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import keras
import numpy as np

from workbench import audio
from workbench.analysis.loudness import common_gain, equal_gains
from workbench.checked_json import Fields, anything, index, one_of
from workbench.dashboards.controllers.drawing import Drawing, Result
from workbench.dashboards.controllers.forms import (
    LOOKS,
    SHOWN,
    SOURCE,
    Group,
    Work,
    name_of,
    plain,
    values_of,
)
from workbench.dashboards.controllers.looking import DECLARED, USUAL
from workbench.dashboards.frames import Selection
from workbench.dashboards.sources import Source, source_again
from workbench.errors import ParameterError, naming
from workbench.params import Declared


class Controller(Drawing[Result]):
    """A source, what is done to it, and what is shown of it.

    Every change is all or nothing: where a value is illegal, a computation fails, or its result has
    no picture, everything stays as it was and the error is raised.

    Attributes:
        kind: What a state calls this kind of dashboard.
        title: What stands over it; empty for none.
        about: What to try, and what is seen then.
        source: Where the signal comes from.
        channel: The one that is shown where only one can be.
        channel_of: What the choice of the channel is called.
    """

    kind: str
    title = ""
    about = ""
    channel_of = "channel"

    def __init__(self, source: Source):
        self.source = source
        self.channel = 0
        super().__init__()
        with self._changing():
            pass

    # what a kind of dashboard says of itself

    @property
    @abstractmethod
    def groups(self) -> Sequence[Group]:
        """Its parameters, in the order in which they are shown."""

    @property
    @abstractmethod
    def tracks(self) -> tuple[str, ...]:
        """What can be heard; the first is what one hears if one doesn't choose."""

    @property
    @abstractmethod
    def layer(self) -> keras.layers.Layer:
        """What is done to the signal, as it can be taken away; not to be changed."""

    @abstractmethod
    def code(self) -> str:
        """The lines of Python that compute what is shown."""

    @abstractmethod
    def arrays(self) -> dict[str, np.ndarray]:
        """All that was computed, and the positions on its axes (see `with_axes`), by name."""

    @abstractmethod
    def _set(self, stage: int, values: Mapping[str, Any]) -> None:
        """Changes parameters of a stage."""

    @abstractmethod
    def _restoring(self) -> AbstractContextManager[None]:
        """Puts all parameters back if the block raises."""

    @abstractmethod
    def _compute(self) -> Result:
        """Computes with the source and the parameters of now."""

    @abstractmethod
    def _wave(self, track: str) -> tuple[np.ndarray, int]:
        """What is heard of the last result, `[channels, time]`, and its sample rate."""

    def _described(self) -> dict[str, Any]:
        """All that `_take` needs to have the parameters of now again, as JSON holds it."""
        found: dict[str, dict[str, Any]] = {}
        for group in self.groups:
            own = {name: group.values[name] for name in group.declared}
            found.setdefault(name_of(group.stage), {}).update(own)
        return found

    def _take(self, described: Fields) -> None:
        """Takes the parameters that `_described` has told; what it lacks gets its default."""
        for stage in dict.fromkeys(group.stage for group in self.groups):
            self._set(stage, described.take(name_of(stage), values_of(self._declared(stage))))

    def _declared(self, stage: int) -> dict[str, Declared]:
        """The parameters of a stage that have a control, of all its groups."""
        groups = [group.declared for group in self.groups if group.stage == stage]
        return {name: each for declared in groups for name, each in declared.items()}

    # what all of them do

    @property
    def notes(self) -> Mapping[str, str]:
        """What there is to say of the last result below a group of parameters, by its title."""
        return {}

    @property
    def controls(self) -> list[Group]:
        """Its parameters, and how its pictures are looked at."""
        return [*self.groups, self.looking.group]

    def set(self, stage: int, **values: Any) -> None:
        """Changes parameters of a stage, of the source (`SOURCE`), what is shown (`SHOWN`) and how.

        Panels that are not on the screen may stay as they were: then the frame is `late`.

        How, which is `LOOKS`, changes nothing that is computed.

        Raises:
            ParameterError, ParameterTypeError: A value is illegal, here or for a later stage.
        """
        with self._changing(moving=stage not in (SHOWN, LOOKS)):
            if stage == SOURCE:
                self.source.set(**values)
            elif stage == LOOKS:
                self.looking.set(values)
            else:
                self._set(stage, values)

    def act(self, stage: int, tool: str) -> None:
        """Does what a group's tool says with its stage.

        Raises:
            ParameterError: The stage has no such tool, or what comes of it does not fit.
        """
        raise ParameterError("tool", "be one of the group's", repr(tool)).named("act")

    def select(self, selection: Selection | None) -> bool:
        """Takes a region that a person has marked; says whether that has changed anything."""
        return False

    def work(self) -> Work | None:
        """What goes on after a change, in steps beside the callbacks; None for nothing."""
        return None

    def pause(self) -> None:
        """What goes on ends where it is."""

    def change_source(self, source: Source) -> None:
        """Takes another source.

        Raises:
            ParameterError: What is done to it does not fit, as to its sample rate.
        """
        with self._changing():
            self.source = source
            self.channel = min(self.channel, source.signal().shape[0] - 1)

    def choose_channel(self, channel: int) -> None:
        """Chooses the channel that is shown where only one can be."""
        with self._changing():
            self.channel = channel

    def state(self) -> dict[str, Any]:
        """All that was chosen, as JSON holds it: the source, the channel, every parameter."""
        chosen = {"kind": self.kind, "source": self.source.state(), "channel": self.channel}
        return plain(chosen | {"looks": self.looking.values} | self._described())

    def restore(self, state: Any, *known: Source) -> None:
        """Takes all that a state says; where some of it is not to be had, nothing is changed.

        Args:
            state: What `state` has returned, here or in another session.
            *known: Sources that it may mean beside that of now: what was given as an array or
                uploaded cannot be had again from its name alone.

        Raises:
            ParameterError, ParameterTypeError: It is malformed, or of another kind of dashboard;
                or what it says cannot be.
            FileNotFoundError, AudioError: The file of its source is gone, or is none.
        """
        with naming("restore"), self._changing():
            fields = Fields("state", state)
            fields.take("kind", one_of((self.kind,)))
            self.source = source_again(fields.take("source", anything), *known, self.source)
            self.channel = fields.take("channel", index, 0)
            if self.channel >= (channels := self.source.signal().shape[0]):
                raise ParameterError("state['channel']", f"be below {channels}", self.channel)
            self.looking.set(fields.take("looks", values_of(DECLARED), USUAL))
            self._take(fields)
            fields.close()

    def adopt(self, state: Any) -> None:
        """Takes the parameters that a state says, but not its source; nothing is computed.

        Raises:
            ParameterError, ParameterTypeError: As `restore`.
        """
        fields = Fields("state", state)
        fields.take("kind", one_of((self.kind,)))
        fields.take("source", anything)
        fields.take("channel", index, 0)
        fields.take("looks", anything, {})
        with self._restoring():
            self._take(fields)
        fields.close()

    def sound(self, track: str, *, matched: bool = True) -> bytes:
        """A track as a WAV file.

        Args:
            track: One of `tracks`.
            matched: Whether it is as loud as the others, which tells them apart by anything but
                the level. False: as loud as it is, or all of them quieter where one would be
                clipped.

        Raises:
            ParameterError: There is no such track.
        """
        if track not in self.tracks:
            rule = f"be one of {', '.join(self.tracks)}"
            raise ParameterError("track", rule, repr(track)).named("sound")
        waves, rates = zip(*map(self._wave, self.tracks), strict=True)
        number = self.tracks.index(track)
        gain = equal_gains(waves, rates)[number] if matched else common_gain(waves)
        return audio.wav_bytes(gain * waves[number], rates[number])

    @property
    def seconds(self) -> float:
        """Length of the signal."""
        return self.source.signal().shape[-1] / self.source.sample_rate

    @property
    def values(self) -> dict[str, Any]:
        """All parameters, named `stage.parameter`, as they are in the last result."""
        found = {f"source.{name}": value for name, value in self.source.values.items()}
        for group in self.groups:
            stage = name_of(group.stage)
            found |= {f"{stage}.{name}": value for name, value in group.values.items()}
        return found

    @contextlib.contextmanager
    def _changing(self, moving: bool = False) -> Iterator[None]:
        """Makes a change and draws it (moving: what is visible); a failure puts all back."""
        source, values, channel = self.source, dict(self.source.values), self.channel
        looks = self.looking.values
        try:
            with self._restoring():
                yield
                result = self._compute()
                frame = self._frame(result, self.view if moving else self.view.complete)
        except BaseException:  # also an interrupt
            self.source, self.channel = source, channel
            source.values = values
            self.looking.values = looks
            raise
        self._show(result, frame)
