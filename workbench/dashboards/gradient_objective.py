"""The scalar that the dashboard of gradients looks at, from its settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from workbench import clips
from workbench.chain import Chain
from workbench.core.resampling import resample
from workbench.dashboards.scene import Memory
from workbench.distance import Distance
from workbench.learning import Parameter
from workbench.objectives import Cell, Objective, RectangleEnergy


def objective_of(
    chain: Chain,
    x: tf.Tensor,
    rate: int,
    settings: Mapping[str, Any],
    targets: Mapping[Parameter, float | None],
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
    scalar, bins = settings["scalar"], len(chain.spaces[-1].axes) > 1
    if scalar == "region":
        ends = (settings["low_hertz"], settings["high_hertz"]) if bins else (None, None)
        return RectangleEnergy(settings["first_seconds"], settings["last_seconds"], *ends)
    if scalar == "one cell":
        return Cell(settings["cell_seconds"], settings["cell_hertz"] if bins else None)
    if scalar == "target":
        changed = {key: value for key, value in targets.items() if value is not None}
        distance = _distance(chain, x, changed, memory)
    elif scalar == "other clip":
        other = _clip(settings["other_clip"], rate, x.shape[-1], memory)
        distance = _distance(chain, other, {}, memory)
    else:
        return str(scalar)
    return distance.smoothed(settings["smoothing_seconds"])


def identity_of(objective: str | Objective) -> tuple[Any, ...]:
    """What tells objectives apart."""
    if isinstance(objective, Distance):
        return objective.target, objective.smoothing_seconds
    return (objective,)


def _distance(
    chain: Chain, x: tf.Tensor, changed: Mapping[Parameter, float], memory: Memory
) -> Distance:
    changes: dict[int, dict[str, float]] = {}
    for (stage, name), value in changed.items():
        changes.setdefault(stage, {})[name] = value
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
        seconds = length / rate
        signal = clip.signal[:1, : round(seconds * clip.sample_rate)]
        found = resample(signal, orig_rate=clip.sample_rate, target_rate=rate)[:, :length]
        return tf.pad(found, [(0, 0), (0, length - found.shape[1])])

    return memory.recall("other clip", (name, rate, length), make)
