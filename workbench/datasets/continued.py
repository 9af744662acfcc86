"""A chain that goes on where a design has ended: its layers are given features."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from workbench.axes import Space
from workbench.chain import Chain
from workbench.errors import ParameterError
from workbench.op_layer import OpLayer


class Continued(Chain):
    """Layers that are given what a design makes, with its axes and its frames per second."""

    before: Space | None = None

    @property
    def _given(self) -> Space:
        return self.before or super()._given


def continued(design: Chain, layers: Sequence[keras.layers.Layer]) -> Continued:
    """Layers behind a design.

    Raises:
        ParameterError: One of them wants to hear the sound, where the design has made features.
    """
    made = Continued([], sample_rate=design.sample_rate)
    made.before = design.spaces[-1]
    for layer in layers:
        _check(layer, made.spaces[-1], made.spaces[0])
        made.add(layer, rebuild=False)
    return made


def _check(layer: keras.layers.Layer, given: Space, features: Space) -> None:
    """Refuses what makes frames of samples where there are frames already."""
    if not isinstance(layer, OpLayer) or layer.spec.takes != 1 or len(given.axes) < 2:
        return
    if len(layer.space(Space(given.axes[:1])).axes) > 1:
        made = " by ".join(axis.label for axis in features.axes)
        remedy = "Make the dataset of the sound files, or leave the layer out."
        rule = f"take the features that are extracted, {made}"
        raise ParameterError("chain", rule, f"{type(layer).__name__}, which takes sound", remedy)
