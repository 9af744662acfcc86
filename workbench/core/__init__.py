"""The tested heart: pure functions on tensors, each an op (see `workbench.ops`)."""

from workbench.core import (
    inversion,
    lengths,
    levels,
    masking,
    mel,
    phase,
    resampling,
    signals,
    spectral,
    varispeed,
)

__all__ = [
    "inversion",
    "lengths",
    "levels",
    "masking",
    "mel",
    "phase",
    "resampling",
    "signals",
    "spectral",
    "varispeed",
]
