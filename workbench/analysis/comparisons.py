"""How far a signal is from another one, and what a transform and its inverse leave of a signal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from workbench.analysis.spectra import level_curves, mean_spectra
from workbench.core.inversion import inverse_stft
from workbench.core.spectral import stft
from workbench.curves import Curves
from workbench.errors import ParameterError
from workbench.ops import declared


def difference(reference: np.ndarray, found: np.ndarray) -> np.ndarray:
    """What a signal has more than its reference, in their own type.

    `signal_to_error` of `workbench.measurements` says in one figure how large it is.

    Raises:
        ParameterError: They differ in shape.

    >>> difference(np.array([[1.0, 2.0]]), np.array([[1.0, 1.5]])).tolist()
    [[0.0, -0.5]]
    """
    if reference.shape != found.shape:
        rule = f"have the shape of the reference, {reference.shape}"
        raise ParameterError("found", rule, found.shape, "Cut both to what they share.")
    return found - reference


def error_levels(
    reference: np.ndarray, found: np.ndarray, rate: float, start: float = 0.0
) -> Curves:
    """Levels over time of a reference `[channels, time]` and of what differs from it, in dB.

    Raises:
        ParameterError: They differ in shape.
    """
    both = {"reference": reference, "error": difference(reference, found)}
    return level_curves(both, rate, start)


def error_spectra(
    reference: np.ndarray, found: np.ndarray, rate: float, frame: int = 4096
) -> Curves:
    """Average spectra of a reference `[channels, time]` and of what differs from it, in dB.

    Raises:
        ParameterError: They differ in shape.
    """
    both = {"reference": reference, "error": difference(reference, found)}
    return mean_spectra(both, rate, frame)


def reconstruction(signal: np.ndarray, values: Mapping[str, Any]) -> np.ndarray:
    """What `inverse_stft` makes of the `stft` of a signal `[..., time]`: of its shape and type.

    Args:
        signal: Its type is that of the computation.
        values: The parameters of the `stft`, or of an op that extends it.

    Raises:
        ParameterError: Windows at this step leave samples out.

    >>> sound = np.ones((1, 2000), np.float32)
    >>> made = reconstruction(sound, {"frame_length": 512, "frame_step": 128})
    >>> bool(np.max(np.abs(made - sound)) < 1e-6)
    True
    """
    shared = {name: values[name] for name in declared(stft) if name in values}
    return inverse_stft(stft(signal, **shared), length=signal.shape[-1], **shared).numpy()
