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

_SKIPPED = 1 << 20  # frames read at once to come to a place without seeking

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
        first, count = _span(file, subject, start_seconds, seconds)
        signal = _samples(file, subject, first, count)
        _check_finite(subject, signal)
        path = Path(source) if isinstance(source, str | os.PathLike) else None
        return Clip(signal, file.samplerate, path, _label(source, name))


def blocks(
    source: Source,
    *,
    frames: int,
    name: str | None = None,
    start_seconds: float = 0.0,
    seconds: float | None = None,
) -> Iterator[np.ndarray]:
    """Read a sound file `frames` at a time: float32 `[channels, frames]`, the last one shorter.

    Put together along time the blocks are what `read` gives; no more than one is in memory.

    >>> from workbench.audio import wav_bytes
    >>> file = wav_bytes([0.5, -0.5, 0.25], sample_rate=8000)
    >>> [block.shape for block in blocks(file, frames=2)]
    [(1, 2), (1, 1)]

    Raises:
        AudioError, FileNotFoundError, TypeError, ValueError: as `read`; what lies later in the file
            is found when it is come to.
    """
    _check_span(start_seconds, seconds)
    if frames < 1:
        raise ValueError(f"blocks: frames must be at least 1; got {frames!r}.")
    with _opened("blocks", source, name) as (file, subject):
        first, count = _span(file, subject, start_seconds, seconds)
        for block in _blocks(file, subject, first, count, frames):
            _check_finite(subject, block)
            yield block


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


class _SoundFile(sf.SoundFile):
    """A sound file in which nobody seeks where that spoils the samples.

    An MP3 frame needs bits of those before it: after a seek its samples would be wrong, and
    soundfile seeks after each read in a file that it takes for seekable.
    """

    def seekable(self) -> bool:
        return self.format != "MP3" and bool(super().seekable())


def _check_span(start_seconds: float, seconds: float | None) -> None:
    if not 0 <= start_seconds < np.inf:
        raise ValueError(
            f"read: start_seconds must be finite and not negative; got {start_seconds!r}."
        )
    if seconds is not None and not seconds > 0:
        raise ValueError(f"read: seconds must be positive; got {seconds!r}.")


def _span(
    file: sf.SoundFile, subject: str, start_seconds: float, seconds: float | None
) -> tuple[int, int]:
    """The first frame of a part of a file, and how many there are."""
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
    return first, count


def _check_finite(subject: str, signal: np.ndarray) -> None:
    finite = np.isfinite(signal)
    if not finite.all():
        raise AudioError(f"{subject} has samples that are not finite: {not_finite(finite)}.")


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
            file = _SoundFile(handle, closefd=False)
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
    return next(_blocks(file, subject, first, count, count))


def _blocks(
    file: sf.SoundFile, subject: str, first: int, count: int, size: int
) -> Iterator[np.ndarray]:
    """Yield float32 `[channels, size]` from frame `first` on until there were `count` frames."""
    if file.seekable():
        _seek(file, subject, first)
    else:
        for begin in range(0, first, _SKIPPED):
            _frames(file, subject, min(_SKIPPED, first - begin))
    for begin in range(0, count, size):
        samples = _frames(file, subject, min(size, count - begin))
        yield np.ascontiguousarray(samples.T)


def _seek(file: sf.SoundFile, subject: str, first: int) -> None:
    try:
        file.seek(first)
    except sf.LibsndfileError as error:
        raise AudioError(_damaged(file, subject)) from error


def _frames(file: sf.SoundFile, subject: str, count: int) -> np.ndarray:
    """Return the next `count` frames, float32 `[count, channels]`."""
    try:
        samples = file.read(count, dtype="float32", always_2d=True)
    except (sf.LibsndfileError, MemoryError):  # a damaged length can be huge
        samples = np.empty((0, 1))
    if len(samples) < count:
        raise AudioError(_damaged(file, subject))
    return samples


def _damaged(file: sf.SoundFile, subject: str) -> str:
    return (
        f"{subject} is truncated or damaged: its header promises {file.frames} samples, "
        f"they cannot be decoded to the end."
    )
