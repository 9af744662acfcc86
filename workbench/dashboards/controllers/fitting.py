"""Whether stages fit one behind the other, in the words of a person who arranges them."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from workbench.axes import Space, waveform_space
from workbench.declared_layer import DeclaredLayer
from workbench.errors import ParameterError
from workbench.layers import OpLayer


def takes(kind: type[OpLayer], space: Space) -> bool:
    """Whether a layer works on what lies in a space: a waveform, or frames and bins."""
    fits = len(space.axes) == kind.spec.takes
    return fits and (not kind.spec.of_complex or _is_complex(space))


def check_fit(layers: Sequence[keras.layers.Layer], sample_rate: int) -> None:
    """Checks that each layer is given what it works on, as far as that is known.

    Behind a layer that is not ours nothing is.

    Raises:
        ParameterError: One is not.
    """
    space, giver = waveform_space(sample_rate), "the source"
    for layer in layers:
        if not isinstance(layer, DeclaredLayer):
            return
        name = type(layer).__name__
        if isinstance(layer, OpLayer) and not _fits(layer, space):
            given = f"{_words(space)}, from {giver}"
            remedy = f"Switch {name} off, or remove it, before."
            raise ParameterError(name, f"be given {wanted(type(layer))}", given, remedy).named(
                "chain"
            )
        layer.follow(space)
        space, giver = layer.space(space), name


def _fits(layer: OpLayer, space: Space) -> bool:
    """Whether it takes what lies in a space; bins are channels to what asks for no sample rate."""
    along_time = layer.spec.takes == 1 and not layer.spec.of_complex
    return takes(type(layer), space) or (along_time and not layer.following)


def wanted(kind: type[OpLayer]) -> str:
    """What a layer works on, in words."""
    words = "a waveform" if kind.spec.takes == 1 else "frames and bins"
    return f"{words} of complex numbers" if kind.spec.of_complex else words


def _words(space: Space) -> str:
    words = "a waveform" if len(space.axes) == 1 else "frames and bins"
    return f"{words} of complex numbers" if _is_complex(space) else words


def _is_complex(space: Space) -> bool:
    return space.quantity == "complex amplitude"
