"""The tested heart: pure functions on tensors, each an op (see `workbench.ops`)."""

from workbench.core import levels, mel, resampling, signals, spectral, varispeed

__all__ = ["levels", "mel", "resampling", "signals", "spectral", "varispeed"]
