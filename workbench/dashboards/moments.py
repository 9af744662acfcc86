"""What a dashboard goes back to: all that was chosen at a moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workbench.dashboards.controllers.controller import Controller
from workbench.dashboards.sources import ClipSource, SignalSource

MOST_BYTES = 128 * 2**20  # of recordings that only the way back needs


@dataclass(frozen=True)
class Moment:
    """A state, and the recording in it: what was uploaded cannot be had again by its name."""

    state: dict[str, Any]
    recording: ClipSource | None


def moment(controller: Controller[Any]) -> Moment:
    """How things are now."""
    source = controller.source
    return Moment(controller.state(), source if isinstance(source, ClipSource) else None)


def bearable(moments: Sequence[Moment]) -> bool:
    """Whether the recordings of the past, those of the last moment aside, take little enough."""
    held = {moment.recording for moment in moments if moment.recording is not None}
    return sum(each.size for each in held - {moments[-1].recording}) <= MOST_BYTES


def heard(controller: Controller[Any]) -> dict[str, Any]:
    """The part of a state that says what is heard: the source of now, and its channel."""
    return {"source": controller.source.state(), "channel": controller.channel}


def at_first(controller: Controller[Any], opened: dict[str, Any]) -> dict[str, Any]:
    """The parameters of the beginning, with the source and the channel of now.

    A test signal has its own of the beginning too; another one than then its defaults.
    """
    source, first = controller.source, opened["source"]
    if not isinstance(source, SignalSource):
        return opened | heard(controller)
    same = first.get("signal") == source.op.name
    own = first if same else SignalSource(source.function).state()
    return opened | heard(controller) | {"source": own}
