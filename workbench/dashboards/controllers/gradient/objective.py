"""The scalar that the dashboard of gradients looks at, from its settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from workbench import clips
from workbench.audio import Clip
from workbench.axes import Space
from workbench.chain import Chain
from workbench.core.resampling import resample
from workbench.dashboards.controllers.gradient.code import by_stage
from workbench.dashboards.scene import Memory
from workbench.learning.distance import Distance
from workbench.learning.learner import Parameter
from workbench.objectives import Cell, Objective, RectangleEnergy

Targets = Mapping[Parameter, float | None]
_Places = tuple[tuple[str, Mapping[str, float]], ...]
_PLACES: Mapping[str, _Places] = {  # what must lie inside the signal, and where else it is put
    "region": (
        ("first_seconds", {"first_seconds": 0.3, "last_seconds": 0.6}),
        ("low_hertz", {"low_hertz": 0.25, "high_hertz": 0.5}),
    ),
    "one cell": (
        ("cell_seconds", {"cell_seconds": 0.5}),
        ("cell_hertz", {"cell_hertz": 0.25}),
    ),
}


def objective_of(
    chain: Chain,
    x: tf.Tensor,
    rate: int,
    settings: Mapping[str, Any],
    targets: Targets,
    memory: Memory,
) -> str | Objective:
    """A word or a declared objective, as `Chain.gradients` takes it.

    Args:
        chain: What `x` goes through.
        x: The signal.
        rate: Its samples per second.
        settings: The settings of the dashboard.
        targets: Values of parameters in the target; None: as they are.
        memory: Keeps the target for as long as it is the same.
    """
    scalar = settings["scalar"]
    if scalar == "target":
        changed = {key: value for key, value in targets.items() if value is not None}
        distance = _distance(chain, x, changed, memory)
    elif scalar == "other clip":
        other = _clip(settings["other_clip"], rate, x.shape[-1], memory)
        distance = _distance(chain, other, {}, memory)
    else:
        return _declared(scalar, settings, bins=len(chain.spaces[-1].axes) > 1)
    return distance.smoothed(settings["smoothing_seconds"])


def lines_of(
    x: tf.Tensor, rate: int, space: Space, settings: Mapping[str, Any], targets: Targets
) -> list[str]:
    """The lines of Python that make that objective, of a chain's result in `space`."""
    scalar, smoothed = settings["scalar"], f".smoothed({settings['smoothing_seconds']!r})"
    if scalar == "target":
        changes = by_stage({key: value for key, value in targets.items() if value is not None})
        return [f"objective = wb.Distance.to(chain, x, {changes}, cropped=True){smoothed}"]
    if scalar == "other clip":
        clip, count = clips.clip(settings["other_clip"]), x.shape[-1]
        rates = f"orig_rate={clip.sample_rate}, target_rate={rate}"
        signal = f"clip.signal[:1, :{_count(clip, rate, count)}]"
        lines = [f"clip = wb.clip({settings['other_clip']!r})"]
        lines.append(f"other = wb.resample({signal}, {rates})[:, :{count}]")
        if _count(clip, rate, count) > clip.signal.shape[1]:
            lines.append(f"other = np.pad(other, [(0, 0), (0, {count} - other.shape[1])])")
            lines.insert(0, "import numpy as np")
        return [*lines, f"objective = wb.Distance.to(chain, other, cropped=True){smoothed}"]
    found = _declared(scalar, settings, bins=len(space.axes) > 1)
    return [f"objective = {f'wb.{found!r}' if isinstance(found, Objective) else repr(scalar)}"]


def placed(
    settings: Mapping[str, Any], values: Mapping[str, Any], x: tf.Tensor, rate: int
) -> dict[str, Any]:
    """The settings, with the places of their scalar inside the signal where they lay outside.

    Args:
        settings: The settings, with the scalar.
        values: Those that were set by hand: they stay.
        x: The signal.
        rate: Its samples per second.
    """
    names = _PLACES.get(settings["scalar"], ())
    found: dict[str, float] = {}
    for first, part in names:
        end = x.shape[-1] / rate if first.endswith("_seconds") else rate / 2
        here = settings[first]
        if here is not None and here >= end and first not in values:
            found |= {name: end * share for name, share in part.items()}
    return {**settings, **found}


def identity_of(objective: str | Objective) -> tuple[Any, ...]:
    """What tells objectives apart."""
    if isinstance(objective, Distance):
        return objective.target, objective.smoothing_seconds
    return (objective,)


def _declared(scalar: str, settings: Mapping[str, Any], *, bins: bool) -> str | Objective:
    if scalar == "region":
        ends = (settings["low_hertz"], settings["high_hertz"]) if bins else (None, None)
        return RectangleEnergy(settings["first_seconds"], settings["last_seconds"], *ends)
    if scalar == "one cell":
        return Cell(settings["cell_seconds"], settings["cell_hertz"] if bins else None)
    return scalar


def _distance(
    chain: Chain, x: tf.Tensor, changed: Mapping[Parameter, float], memory: Memory
) -> Distance:
    changes = by_stage(changed)
    values = tuple(
        (stage, name, value)
        for stage, layer in enumerate(chain.layers)
        for name, value in (layer.values | changes.get(stage, {})).items()
    )
    return memory.recall(
        "target", (x, values), lambda: Distance.to(chain, x, changes, cropped=True)
    )


def _clip(name: str, rate: int, length: int, memory: Memory) -> tf.Tensor:
    """The beginning of a clip at the signal's rate, with silence behind it where it is short."""

    def make() -> tf.Tensor:
        clip = clips.clip(name)
        signal = clip.signal[:1, : _count(clip, rate, length)]
        found = resample(signal, orig_rate=clip.sample_rate, target_rate=rate)[:, :length]
        return tf.pad(found, [(0, 0), (0, length - found.shape[1])])

    return memory.recall("other clip", (name, rate, length), make)


def _count(clip: Clip, rate: int, length: int) -> int:
    """How many samples of a clip last as long as `length` at a rate."""
    return round(length / rate * clip.sample_rate)
