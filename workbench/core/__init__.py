"""The tested heart: pure functions on tensors, each an op (see `workbench.ops`)."""

from workbench.core import (
    lengths,
    levels,
    masking,
    mel,
    resampling,
    signals,
    spectral,
    varispeed,
)

__all__ = [
    "lengths",
    "levels",
    "masking",
    "mel",
    "resampling",
    "signals",
    "spectral",
    "varispeed",
]
