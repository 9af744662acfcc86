"""The tested heart: pure functions on tensors, each an op (see `workbench.ops`)."""

from workbench.core import (
    cepstral,
    delay,
    inversion,
    lengths,
    levels,
    masking,
    mel,
    modulation,
    pcen,
    phase,
    resampling,
    signals,
    spectral,
    standardizing,
    varispeed,
)

__all__ = [
    "cepstral",
    "delay",
    "inversion",
    "lengths",
    "levels",
    "masking",
    "mel",
    "modulation",
    "pcen",
    "phase",
    "resampling",
    "signals",
    "spectral",
    "standardizing",
    "varispeed",
]
