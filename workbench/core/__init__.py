"""The tested heart: pure functions on tensors, each an op (see `workbench.ops`)."""

from workbench.core import (
    cepstral,
    delay,
    lengths,
    levels,
    masking,
    mel,
    pcen,
    resampling,
    signals,
    spectral,
    varispeed,
)

__all__ = [
    "cepstral",
    "delay",
    "lengths",
    "levels",
    "masking",
    "mel",
    "pcen",
    "resampling",
    "signals",
    "spectral",
    "varispeed",
]
