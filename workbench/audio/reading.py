"""Read sound files, whole or a part, and what their headers say."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile as sf

from workbench.audio import containers
from workbench.audio.clip import THEIR_SUBTYPES, AudioError, AudioInfo, Clip, not_finite

Source = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO


def read(
    source: Source,
    *,
    name: str | None = None,
    start_seconds: float = 0.0,
    seconds: float | None = None,
) -> Clip:
    """Read a sound file, or the bytes of one, into a `Clip`.

    `source` is a path, the bytes of a file, or an open binary file. `name` is what to call it in
    messages and titles; a path has one already. Reading begins at `start_seconds`, rounded to the
    nearest sample, and takes `seconds`, or what is left if that is less. PCM of 32 bits and double
    are rounded to float32, all other samples are exact.

    A file that ends early is an error even where the part asked for is there. That is found in WAV,
    RF64, AIFF (header against length), FLAC, OGG, and MP3 with a Xing or LAME header.

    >>> from workbench.audio import wav_bytes
    >>> read(wav_bytes([0.5, -0.5], sample_rate=8000), name="two samples").signal
    array([[ 0.5, -0.5]], dtype=float32)

    Raises:
        AudioError: empty, shortened, damaged, not audio, no samples, NaN or infinite samples, or
            start_seconds is at or beyond the end.
        FileNotFoundError: there is no such file.
        TypeError: source is neither a path nor bytes nor a binary file.
        ValueError: start_seconds is negative or seconds is not positive.
    """
    _check_span(start_seconds, seconds)
    with _opened("read", source, name) as (file, subject):
        rate, total = file.samplerate, file.frames
        first = round(start_seconds * rate)
        if first >= total:
            raise AudioError(
                f"{subject} is {total / rate:.3f} s long; start_seconds must be below that; "
                f"got {start_seconds!r}."
            )
        count = total - first
        if seconds is not None:
            count = min(count, max(1, round(min(seconds, total / rate) * rate)))
        signal = _samples(file, subject, first, count)
    finite = np.isfinite(signal)
    if not finite.all():
        raise AudioError(f"{subject} has samples that are not finite: {not_finite(finite)}.")
    path = Path(source) if isinstance(source, str | os.PathLike) else None
    return Clip(signal, rate, path, _label(source, name))


def info(source: Source, *, name: str | None = None) -> AudioInfo:
    """Return rate, length and format of a sound file without reading its samples.

    >>> from workbench.audio import wav_bytes
    >>> info(wav_bytes([0.5, -0.5], sample_rate=8000)).subtype
    'pcm_16'

    Raises:
        AudioError, FileNotFoundError, TypeError: as in `read`.
    """
    with _opened("info", source, name) as (file, _):
        rate, frames = file.samplerate, file.frames
        subtype = next(
            (ours for (_, ours), theirs in THEIR_SUBTYPES.items() if theirs == file.subtype),
            file.subtype.lower(),
        )
        return AudioInfo(rate, file.channels, frames, frames / rate, file.format.lower(), subtype)


def _check_span(start_seconds: float, seconds: float | None) -> None:
    if not 0 <= start_seconds < np.inf:
        raise ValueError(
            f"read: start_seconds must be finite and not negative; got {start_seconds!r}."
        )
    if seconds is not None and not seconds > 0:
        raise ValueError(f"read: seconds must be positive; got {seconds!r}.")


def _label(source: Source, name: str | None) -> str:
    if name is not None:
        return name
    path = source if isinstance(source, str | os.PathLike) else getattr(source, "name", None)
    return Path(path).name if isinstance(path, str | os.PathLike) else "unnamed"


@contextmanager
def _opened(op: str, source: Source, name: str | None) -> Iterator[tuple[sf.SoundFile, str]]:
    """Open a source whose end is known to be there; also give the subject of its messages."""
    subject = f"{op}: {_label(source, name)}"
    with _stream(subject, source) as stream:
        if stream.seek(0, os.SEEK_END) == 0:
            raise AudioError(f"{subject} is empty: it has 0 bytes.")
        wrong = containers.incomplete(stream)
        if wrong:
            raise AudioError(f"{subject} {wrong}.")
        stream.seek(0)
        handle = stream if isinstance(stream, io.BytesIO) else stream.fileno()
        try:  # libsndfile reads a file by itself; a Python object is asked for every block
            file = sf.SoundFile(handle, closefd=False)
        except sf.LibsndfileError as error:
            raise AudioError(
                f"{subject} is not a sound file that can be read, or its header is damaged."
            ) from error
        with file:
            _check_end(file, subject)
            yield file, subject


@contextmanager
def _stream(subject: str, source: Source) -> Iterator[BinaryIO]:
    if isinstance(source, bytes | bytearray | memoryview):
        yield io.BytesIO(source)
    elif isinstance(source, str | os.PathLike):
        if not os.path.exists(source):
            raise FileNotFoundError(f"{subject} does not exist: there is no {os.fspath(source)}.")
        if os.path.isdir(source):
            raise AudioError(f"{subject} is a directory, not a sound file.")
        with open(source, "rb", buffering=0) as stream:
            yield stream
    else:
        data = source.read() if hasattr(source, "read") else None
        if not isinstance(data, bytes):
            raise TypeError(
                f"{subject}: source must be a path, bytes or a binary file; got {source!r}."
            )
        yield io.BytesIO(data)


def _check_end(file: sf.SoundFile, subject: str) -> None:
    """Check the length, and decode the last frame of FLAC, which may end before it."""
    if file.frames == 0:
        raise AudioError(f"{subject} has a header and 0 samples.")
    if file.frames >= 2**62:
        raise AudioError(
            f"{subject} does not say how long it is, as one written into a pipe. Encode it again."
        )
    if file.format == "FLAC":
        _samples(file, subject, file.frames - 1, 1)


def _samples(file: sf.SoundFile, subject: str, first: int, count: int) -> np.ndarray:
    """Return float32 `[channels, count]` from frame `first` on."""
    # An MP3 frame needs bits of those before it: after a seek its samples would be wrong.
    skip = first if file.format == "MP3" else 0
    try:
        if not skip:
            file.seek(first)
        samples = file.read(skip + count, dtype="float32", always_2d=True)[skip:]
    except (sf.LibsndfileError, MemoryError):  # a damaged length can be huge
        samples = np.empty((0, 1))
    if len(samples) < count:
        raise AudioError(
            f"{subject} is truncated or damaged: its header promises {file.frames} samples, "
            f"they cannot be decoded to the end."
        )
    return np.ascontiguousarray(samples.T)
