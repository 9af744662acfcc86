"""What a pipeline is told: the arguments of `wb.dataset`, checked."""

from __future__ import annotations

import numbers
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras

from workbench.chain import Chain
from workbench.checked_json import brief
from workbench.datasets.steps import Augmentation, acts_in_training, takes_seed
from workbench.errors import ParameterError, ParameterTypeError

_WORDS = {
    "channels": ("mix", "split", "keep"),
    "keep": ("start", "center", "end", "random"),
    "on_error": ("raise", "skip"),
}
_OF_SOUND = {"sample_rate": None, "channels": "mix", "length_seconds": None, "keep": "start"}
_LARGEST_SEED = 2**31 - 1


@dataclass(frozen=True)
class Options:
    """As in `wb.dataset`."""

    chain: Chain | None
    sample_rate: int | None
    channels: str
    length_seconds: float | None
    keep: str
    augment: Augmentation | Sequence[Augmentation]
    training: bool
    masks: bool
    batch_size: int | None
    shuffle: bool
    cache: bool
    seed: int | None
    deterministic: bool
    on_error: str
    extracted_rate: int | None = None  # of the design, where the source is its features

    def __post_init__(self) -> None:
        if self.chain is not None and not isinstance(self.chain, Chain):
            rule = "be a wb.Chain or None"
            raise ParameterTypeError("chain", rule, type(self.chain).__name__)
        if self.extracted_rate is not None:
            self._refuse_sound()
        elif (self.chain is None) == (self.sample_rate is None):
            rule = "be given if there is no chain, and only then"
            raise ParameterError("sample_rate", rule, self.sample_rate)
        for name, words in _WORDS.items():
            if getattr(self, name) not in words:
                rule = f"be one of {', '.join(map(repr, words))}"
                raise ParameterError(name, rule, brief(getattr(self, name)))
        for name in ("sample_rate", "batch_size"):
            _check_whole(name, getattr(self, name), 1)
        _check_whole("seed", self.seed, 0)
        if self.keep == "random" and (self.cache or self.length_seconds is None):
            rule = "not be 'random' with a cache or without length_seconds"
            raise ParameterError("keep", rule, repr(self.keep))
        for layer in self.augmentations:
            if isinstance(layer, keras.layers.Layer) and not takes_seed(layer):
                rule = "be layers that take a seed, as wb.layers.SpecAugment, or functions"
                raise ParameterError("augment", rule, type(layer).__name__)
            if not callable(layer):
                raise ParameterTypeError("augment", "be layers or functions", brief(layer))
        if self.length is not None and self.length < 1:
            raise ParameterError("length_seconds", "be at least one sample", self.length_seconds)

    @property
    def rate(self) -> int:
        """Samples per second of what the chain is given."""
        of_chain = self.chain.sample_rate if self.chain is not None else None
        rate = self.extracted_rate or self.sample_rate or of_chain
        assert rate is not None  # as is checked first of all
        return rate

    @property
    def length(self) -> int | None:
        """Samples of each signal, if they are all of one length."""
        if self.length_seconds is None:
            return None
        seconds = self.length_seconds
        if not isinstance(seconds, numbers.Real) or isinstance(seconds, bool):
            raise ParameterTypeError("length_seconds", "be a number or None", brief(seconds))
        if not 0 < seconds < 2**31 / self.rate:
            raise ParameterError("length_seconds", "be a number of seconds above 0", seconds)
        return round(seconds * self.rate)

    @property
    def augmentations(self) -> tuple[Augmentation, ...]:
        """What is done to features in training, in a row."""
        several = isinstance(self.augment, list | tuple)
        return tuple(self.augment) if several else (self.augment,)  # type: ignore

    @property
    def skip(self) -> bool:
        """Whether what cannot be used is left out."""
        return self.on_error == "skip"

    def halves(self) -> tuple[list[keras.layers.Layer], list[keras.layers.Layer]]:
        """The layers before the first that acts in training alone; that one and the rest."""
        layers = list(self.chain.layers) if self.chain is not None else []
        acting = (i for i, layer in enumerate(layers) if self.training and acts_in_training(layer))
        at = next(acting, len(layers))
        return layers[:at], layers[at:]

    def _refuse_sound(self) -> None:
        """Refuses what is for sound, and too late for features that are extracted."""
        remedies = {
            "sample_rate": "It is that of their design.",
            "channels": "Extract them with channels='split' for an example of each.",
            "length_seconds": "Begin the chain with wb.layers.FitLength, which counts their steps.",
            "keep": "Begin the chain with wb.layers.FitLength, which has a keep of its own.",
        }
        for name, remedy in remedies.items():
            if getattr(self, name) != _OF_SOUND[name]:
                rule = f"be left {_OF_SOUND[name]!r} for features that are extracted"
                raise ParameterError(name, rule, brief(getattr(self, name)), remedy)

    def drawn_seed(self) -> int:
        """The seed; another one each time where none was given."""
        return secrets.randbelow(_LARGEST_SEED) if self.seed is None else self.seed


def _check_whole(name: str, value: Any, least: int) -> None:
    if value is None:
        return
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not whole or not least <= value <= _LARGEST_SEED:
        rule = f"be a whole number of at least {least}, or None"
        raise ParameterError(name, rule, brief(value))
