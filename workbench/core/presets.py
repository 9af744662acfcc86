"""Parameters that reproduce other libraries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from workbench.errors import ParameterError, naming
from workbench.ops import registry, spec
from workbench.specification import Op

_FRAMES = {"window": "hann", "window_symmetric": False, "window_position": "center"}
_LEVELS = {"reference": 1.0, "floor_db": -100.0, "top_db": 80.0, "log_scale": "decibel"}
_EDGES = {"lower_edge_hertz": 0.0, "upper_edge_hertz": None}

_FRONT_ENDS: dict[str, dict[str, Any]] = {
    "librosa": _FRAMES | _EDGES | _LEVELS | {
        "frame_length": 2048, "frame_step": 512, "fft_length": 2048,
        "center": True, "pad_mode": "constant", "power": 2.0,
        "num_mel_bins": 128, "mel_scale": "slaney", "mel_norm": "slaney", "mel_slope": "hertz",
        "num_mfccs": 20, "dct_norm": "ortho", "lifter": 0.0, "lifter_start": 1,
    },
    "torchaudio": _FRAMES | _EDGES | _LEVELS | {
        "frame_length": 400, "frame_step": 200, "fft_length": 400,
        "center": True, "pad_mode": "reflect", "power": 2.0,
        "num_mel_bins": 128, "mel_scale": "htk", "mel_norm": None, "mel_slope": "hertz",
        "num_mfccs": 40, "dct_norm": "ortho", "lifter": 0.0,
    },
    "tensorflow": _FRAMES | {
        "frame_length": 1024, "frame_step": 256, "fft_length": 1024,
        "window_position": "start", "center": False, "power": 1.0,
        "num_mel_bins": 80, "lower_edge_hertz": 80.0, "upper_edge_hertz": 7600.0,
        "mel_scale": "htk", "mel_norm": None, "mel_slope": "mel",
        "reference": 1.0, "floor_db": -60.0, "top_db": None, "log_scale": "natural",
        "num_mfccs": 13, "dct_norm": "htk", "lifter": 0.0,
    },
    "kaldi": {  # and the lengths of frames, which depend on the sample rate
        "window": "povey", "window_symmetric": True, "window_position": "start", "center": False,
        "remove_mean": True, "preemphasis": 0.97, "power": 2.0,
        "num_mel_bins": 23, "lower_edge_hertz": 20.0, "upper_edge_hertz": None,
        "mel_scale": "htk", "mel_norm": None, "mel_slope": "mel", "reference": 1.0,
        "floor_db": float(10 * np.log10(np.finfo(np.float32).eps)), "top_db": None,
        "log_scale": "natural",
        "num_mfccs": 13, "dct_norm": "ortho", "lifter": 22.0, "lifter_start": 0,
    },
}  # fmt: skip
_STEPS = ("stft", "spectrogram", "mel_spectrogram", "log_mel_spectrogram", "mfcc")
_OTHERS: dict[str, dict[str, dict[str, Any]]] = {
    "librosa": {
        "decibels": {"reference": 1.0, "floor_db": -100.0, "top_db": 80.0},
        "delta": {"width": 9, "order": 1, "mode": "interp"},
        "pcen": {
            "gain": 0.98, "bias": 2.0, "power": 0.5, "time_constant_seconds": 0.4, "eps": 1e-6,
        },
    },
    "torchaudio": {"delta": {"width": 5, "order": 1, "mode": "nearest"}},
    "tensorflow": {},
    "kaldi": {"delta": {"width": 5, "order": 1, "mode": "nearest"}},
}  # fmt: skip


def preset(
    op: str | Op | Callable[..., Any], library: str, *, sample_rate: int = 16000
) -> dict[str, Any]:
    """The parameters with which an op reproduces another library's defaults.

    A sample rate is not among them: give it to the op. Where it reads otherwise than here, that
    is all that is left:

    - librosa, torchaudio: `top_db` is theirs for one mono signal; they mix channels or a batch.
    - kaldi: dither 0 and `use_energy=false`; samples scaled to 16-bit integers,
      `signal * 32768`. It has no STFT of its own.
    - tensorflow: the pipeline of the documentation of `tf.signal.mfccs_from_log_mel_spectrograms`;
      it adds 1e-6 to the bands where the op limits them to 1e-6 from below.

    Args:
        op: An op, its name, or its layer.
        library: "librosa", "torchaudio", "kaldi" or "tensorflow".
        sample_rate: Kaldi's frames are 25 ms each 10 ms: in samples of this rate. The others' are
            counted in samples.

    Returns:
        Parameters by name, for `op(signal, **parameters)`; `parameters | {...}` changes some.

    Raises:
        ParameterError: There is none for this op and library.

    >>> preset("delta", "torchaudio")
    {'width': 5, 'order': 1, 'mode': 'nearest'}
    """
    with naming("preset"):
        return _preset(op if isinstance(op, str) else spec(op).name, library, sample_rate)


def libraries(op: str) -> tuple[str, ...]:
    """The libraries of which there is a preset for the op of this name.

    >>> libraries("stft")
    ('librosa', 'torchaudio', 'tensorflow')
    """
    return tuple(each for each in _FRONT_ENDS if op in _known_to(each))


def _known_to(library: str) -> tuple[str, ...]:
    """The ops for which there is a preset of a library."""
    return (*(_STEPS[1:] if library == "kaldi" else _STEPS), *_OTHERS[library])


def _preset(name: str, library: str, sample_rate: int) -> dict[str, Any]:
    if library not in _FRONT_ENDS:
        known = ", ".join(repr(word) for word in _FRONT_ENDS)
        raise ParameterError("library", f"be one of {known}", repr(library))
    if name in _OTHERS[library]:
        return dict(_OTHERS[library][name])
    if name not in _known_to(library):
        known = ", ".join(repr(word) for word in _known_to(library))
        raise ParameterError("op", f"be one of {known} for {library}", repr(name))
    values = _FRONT_ENDS[library]
    values = values | _kaldi_frames(sample_rate) if library == "kaldi" else values
    return {key: values[key] for key in registry()[name].parameters if key in values}


def _kaldi_frames(sample_rate: int) -> dict[str, int]:
    if sample_rate < 100:
        raise ParameterError("sample_rate", "be at least 100 Hz", sample_rate)
    frame_length = int(sample_rate * 0.001 * 25.0)  # cut off, not rounded, as in Kaldi
    return {
        "frame_length": frame_length,
        "frame_step": int(sample_rate * 0.001 * 10.0),
        "fft_length": 1 << (frame_length - 1).bit_length(),
    }
