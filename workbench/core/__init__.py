"""The tested heart: pure functions on tensors, each an op (see `workbench.ops`)."""

from workbench.core import (
    cepstral,
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
