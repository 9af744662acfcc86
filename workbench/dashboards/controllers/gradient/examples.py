"""What gradients can find: a chain, what is to become small, and which parameters may move."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import keras

from workbench import layers
from workbench.learning.learner import Parameter


@dataclass(frozen=True)
class Example:
    """A chain with a scalar of its result.

    Attributes:
        layers: Makes the layers of the chain.
        scalar: Which scalar is looked at, as the dashboard calls it.
        learnt: Parameters that are learnt.
        targets: Values that make the target.
        smoothing_seconds: With which a distance begins.
        usual: For a stage, which parameters are in daily use.
    """

    layers: Callable[[], Sequence[keras.layers.Layer]]
    scalar: str
    learnt: tuple[Parameter, ...]
    targets: Mapping[Parameter, float] = field(default_factory=dict)
    smoothing_seconds: float = 0.0
    usual: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


EXAMPLES: dict[str, Example] = {
    "find a delay": Example(
        lambda: [layers.FractionalDelay(delay=2.0)],
        "target",
        ((0, "delay"),),
        {(0, "delay"): 12.37},
        smoothing_seconds=0.001,
    ),
    "find an echo": Example(
        lambda: [
            layers.ModulatedDelay(motion="still", delay_seconds=0.0002, dry=1.0, wet=0.3),
        ],
        "target",
        ((0, "delay_seconds"), (0, "wet")),
        {(0, "delay_seconds"): 0.00053, (0, "wet"): 0.6},
        smoothing_seconds=0.001,
        usual={0: ("delay_seconds", "wet", "dry", "motion", "kind")},
    ),
    "find a rate drift": Example(
        lambda: [layers.Resample(ratio=0.9998)],
        "target",
        ((0, "ratio"),),
        {(0, "ratio"): 1.0005},
        smoothing_seconds=0.001,
        usual={0: ("ratio", "kind")},
    ),
    "find mel edges": Example(
        lambda: [
            layers.LogMelSpectrogram(
                num_mel_bins=40, lower_edge_hertz=200.0, upper_edge_hertz=3000.0
            )
        ],
        "target",
        ((0, "lower_edge_hertz"), (0, "upper_edge_hertz")),
        {(0, "lower_edge_hertz"): 80.0, (0, "upper_edge_hertz"): 3700.0},
        usual={0: ("lower_edge_hertz", "upper_edge_hertz", "num_mel_bins")},
    ),
    "quieten a region": Example(  # a comb's notches move onto it
        lambda: [
            layers.ModulatedDelay(motion="still", delay_seconds=0.0003, dry=0.5, wet=0.5),
            layers.Spectrogram(frame_length=512),
        ],
        "region",
        ((0, "delay_seconds"),),
        usual={
            0: ("delay_seconds", "wet", "dry", "motion", "kind"),
            1: ("window", "frame_length", "frame_step"),
        },
    ),
}
