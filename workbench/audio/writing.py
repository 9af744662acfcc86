"""Write sound files, or the bytes of one."""

import io
import os
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import soundfile as sf

from workbench.audio.clip import (
    THEIR_SUBTYPES,
    AudioError,
    checked_rate,
    checked_signal,
    not_finite,
)
from workbench.whole_files import whole_file

# extension -> libsndfile's container, most channels, subtypes (the first is the default).
# libsndfile itself crashes on more than 255 channels of Vorbis.
_FORMATS = {
    ".wav": ("WAV", 1024, ("pcm_16", "pcm_8", "pcm_24", "pcm_32", "float", "double")),
    ".flac": ("FLAC", 8, ("pcm_16", "pcm_8", "pcm_24")),
    ".ogg": ("OGG", 255, ("vorbis", "opus")),
    ".mp3": ("MP3", 2, ("mp3",)),
}
_PEAKS = {"float": float(np.finfo(np.float32).max), "double": np.inf}  # any other subtype: 1
_BLOCK = 65536  # frames per write: libsndfile's Vorbis encoder puts a whole block on the stack
_WAV_BYTES = 2**32 - 2**12  # what a 32-bit header can count, less room for the header


def write(
    path: str | os.PathLike[str], signal: Any, *, sample_rate: int, subtype: str | None = None
) -> None:
    """Write a signal to a sound file; the extension says which format.

    `signal` is `[time]` or `[channels, time]`, floating point, anything `numpy.asarray` takes. The
    file appears whole or not at all: when writing fails, one that was there before stays.

    Subtypes by the extension, the first one being the default:

    - `.wav`: `pcm_16`, `pcm_8`, `pcm_24`, `pcm_32`, `float`, `double`
    - `.flac`: `pcm_16`, `pcm_8`, `pcm_24`
    - `.ogg`: `vorbis`, `opus`
    - `.mp3`: `mp3`

    Samples beyond ±1 are refused, except as float or double. Exactly +1 becomes the largest whole
    number, which is one step below it.

    >>> import tempfile
    >>> from workbench.audio import read
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(f"{folder}/a.flac", [[0.5, -0.5]], sample_rate=8000)
    ...     read(f"{folder}/a.flac")
    Clip('a.flac', 1 channel, 0.000 s at 8000 Hz)

    Raises:
        AudioError: the format does not take this rate or layout.
        FileNotFoundError: the folder does not exist.
        TypeError: signal is not floating point.
        ValueError: anything else about an argument.
    """
    target = Path(os.path.realpath(path))  # through a link: the link stays
    container, most_channels, subtype = _checked_format(target, subtype)
    rate = checked_rate("write", sample_rate)
    samples = np.atleast_2d(checked_signal("write", signal, most_channels=most_channels))
    if container == "WAV" and samples.size * _bits(subtype) // 8 > _WAV_BYTES:
        raise ValueError(
            f"write: signal must fit into the 4 GiB of a WAV file; got shape "
            f"{list(samples.shape)}. Write it as .flac or in parts."
        )
    _check_samples("write", samples, _PEAKS.get(subtype, 1.0))
    if not target.parent.is_dir():
        raise FileNotFoundError(f"write: the folder {target.parent} must exist. Make it first.")
    try:
        with whole_file(target) as temporary:
            _encode(temporary, samples, rate, container, subtype)
    except sf.LibsndfileError as error:
        raise AudioError(
            f"write: {target.name} could not be written as {container} ({subtype}), {len(samples)} "
            f"channel(s) at {rate} Hz: {error.error_string}"
        ) from error


def wav_bytes(signal: Any, sample_rate: int) -> bytes:
    """Return the bytes of a 16-bit WAV file, for a player in a page.

    `signal` is as in `write`. A peak beyond 1 is scaled to 1, the whole signal with it: never
    clipped, never made louder.

    >>> wav_bytes([0.0, 0.5], sample_rate=8000)[:4]
    b'RIFF'

    Raises:
        TypeError, ValueError: as in `write`.
    """
    rate = checked_rate("wav_bytes", sample_rate)
    samples = np.atleast_2d(checked_signal("wav_bytes", signal, most_channels=1024))
    _check_samples("wav_bytes", samples, np.inf)
    samples = samples / max(1.0, float(np.abs(samples).max()))
    stream = io.BytesIO()
    _encode(stream, samples, rate, "WAV", "pcm_16")
    return stream.getvalue()


def _encode(
    target: Path | BinaryIO, samples: np.ndarray, rate: int, container: str, subtype: str
) -> None:
    theirs = THEIR_SUBTYPES.get((container, subtype), subtype.upper())
    with sf.SoundFile(target, "w", rate, len(samples), theirs, format=container) as file:
        for start in range(0, samples.shape[1], _BLOCK):
            block = samples[:, start : start + _BLOCK].T
            if subtype.startswith("pcm"):
                # libsndfile would scale floats by 2**(b - 1) - 1 and read them back by 2**(b - 1);
                # it takes the top b bits of whole numbers of 32.
                bits = _bits(subtype)
                whole = np.rint(block.astype(np.float64) * 2.0 ** (bits - 1))
                whole = np.minimum(whole, 2.0 ** (bits - 1) - 1)
                block = whole.astype(np.int32) << (32 - bits)
            else:
                block = block.astype(np.float64 if subtype == "double" else np.float32)
            file.write(block)


def _bits(subtype: str) -> int:
    return {"pcm_8": 8, "pcm_16": 16, "pcm_24": 24, "double": 64}.get(subtype, 32)


def _checked_format(target: Path, subtype: str | None) -> tuple[str, int, str]:
    """Return libsndfile's container, the most channels, and the subtype in our words."""
    if target.suffix.lower() not in _FORMATS:
        raise ValueError(
            f"write: path must end in one of {', '.join(_FORMATS)}; got {target.name!r}."
        )
    container, most_channels, subtypes = _FORMATS[target.suffix.lower()]
    subtype = subtypes[0] if subtype is None else subtype
    if subtype not in subtypes:
        raise ValueError(
            f"write: subtype must be one of {', '.join(subtypes)} for {target.suffix}; "
            f"got {subtype!r}."
        )
    return container, most_channels, subtype


def _check_samples(op: str, samples: np.ndarray, highest: float) -> None:
    finite = np.isfinite(samples)
    if not finite.all():
        raise ValueError(f"{op}: signal must be finite; got {not_finite(finite)}.")
    peak = float(np.abs(samples).max())
    if peak > highest:
        remedy = 'divide it by its peak, or write a .wav with subtype="float"'
        raise ValueError(
            f"{op}: signal must lie within ±{highest:g} in this format; got a peak of {peak:g}. "
            f"So that nothing is clipped, {remedy}."
        )
