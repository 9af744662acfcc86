"""The tested heart: pure functions on tensors, each an op (see `workbench.ops`)."""

from workbench.core import inversion, levels, mel, phase, resampling, signals, spectral

__all__ = ["inversion", "levels", "mel", "phase", "resampling", "signals", "spectral"]
