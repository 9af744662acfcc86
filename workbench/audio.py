"""Read, write and inspect sound files: WAV, FLAC, OGG, MP3 and what else libsndfile knows.

Samples are float32 in memory, `[channels, time]`, full scale at ±1. A whole-number sample `k` of
`b` bits is `k / 2**(b - 1)` in both directions, so that PCM up to 24 bits passes through a read and
a write bit for bit. What is wrong with a file is said, not repaired: a shortened file is an error.
"""

import io
import os
import secrets
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import soundfile as sf

Source = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO

# extension -> libsndfile's container, most channels, subtypes (the first is the default).
# libsndfile itself crashes on more than 255 channels of Vorbis.
_FORMATS = {
    ".wav": ("WAV", 1024, ("pcm_16", "pcm_8", "pcm_24", "pcm_32", "float", "double")),
    ".flac": ("FLAC", 8, ("pcm_16", "pcm_8", "pcm_24")),
    ".ogg": ("OGG", 255, ("vorbis", "opus")),
    ".mp3": ("MP3", 2, ("mp3",)),
}
_THEIR_SUBTYPES = {  # where libsndfile's name is not ours in capitals
    ("WAV", "pcm_8"): "PCM_U8",
    ("FLAC", "pcm_8"): "PCM_S8",
    ("MP3", "mp3"): "MPEG_LAYER_III",
}
_PEAKS = {"float": float(np.finfo(np.float32).max), "double": np.inf}  # any other subtype: 1
_BLOCK = 65536  # frames per write: libsndfile's Vorbis encoder puts a whole block on the stack
_UNFILLED_SIZES = {0x7FFFF000, 0xFFFFFFFF}  # left in the header by writers into a pipe
_WAV_BYTES = 2**32 - 2**12  # what a 32-bit header can count, less room for the header


class AudioError(ValueError):
    """A sound file that is empty, shortened, damaged, or not one at all."""


@dataclass(frozen=True, eq=False)
class Clip:
    """A piece of sound and where it came from.

    `signal` is float32 `[channels, time]`, `sample_rate` in Hz, `path` the file, if there was one.
    `name` is for people: the file's name unless given.

    >>> Clip(np.zeros((1, 22050), np.float32), 44100, name="silence")
    Clip('silence', 1 channel, 0.500 s at 44100 Hz)

    Raises:
        TypeError: signal is not floating point.
        ValueError: signal is not `[channels, time]`, is empty, or sample_rate is not a positive
            whole number.
    """

    signal: np.ndarray
    sample_rate: int
    path: Path | None = None
    name: str = ""

    def __post_init__(self) -> None:
        signal = _checked_signal("Clip", self.signal, ranks=(2,))
        object.__setattr__(self, "signal", signal.astype(np.float32, copy=False))
        object.__setattr__(self, "sample_rate", _checked_rate("Clip", self.sample_rate))
        object.__setattr__(self, "name", self.name or (self.path.name if self.path else "unnamed"))

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self.signal.shape[0]

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.signal.shape[1] / self.sample_rate

    def __repr__(self) -> str:
        plural = "channel" if self.channels == 1 else "channels"
        return (
            f"Clip({self.name!r}, {self.channels} {plural}, "
            f"{self.seconds:.3f} s at {self.sample_rate} Hz)"
        )


@dataclass(frozen=True)
class AudioInfo:
    """What a file's header says: rate in Hz, length in frames (samples per channel) and seconds.

    `format` and `subtype` are lower case: "wav", "flac", "ogg", "mp3"; "pcm_16", "float", "vorbis".
    """

    sample_rate: int
    channels: int
    frames: int
    seconds: float
    format: str
    subtype: str


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
        raise AudioError(f"{subject} has samples that are not finite: {_not_finite(finite)}.")
    path = Path(source) if isinstance(source, str | os.PathLike) else None
    return Clip(signal, rate, path, _label(source, name))


def info(source: Source, *, name: str | None = None) -> AudioInfo:
    """Return rate, length and format of a sound file without reading its samples.

    >>> info(wav_bytes([0.5, -0.5], sample_rate=8000)).subtype
    'pcm_16'

    Raises:
        AudioError, FileNotFoundError, TypeError: as in `read`.
    """
    with _opened("info", source, name) as (file, _):
        rate, frames = file.samplerate, file.frames
        subtype = next(
            (ours for (_, ours), theirs in _THEIR_SUBTYPES.items() if theirs == file.subtype),
            file.subtype.lower(),
        )
        return AudioInfo(rate, file.channels, frames, frames / rate, file.format.lower(), subtype)


def write(
    path: str | os.PathLike[str], signal: Any, *, sample_rate: int, subtype: str | None = None
) -> None:
    """Write a signal to a sound file; the extension says which format.

    `signal` is `[time]` or `[channels, time]`, floating point, anything `numpy.asarray` takes. The
    file appears whole or not at all: when writing fails, one that was there before stays.

    | extension | subtype, the first is the default                   |
    |-----------|-----------------------------------------------------|
    | `.wav`    | `pcm_16`, `pcm_8`, `pcm_24`, `pcm_32`, `float`, `double` |
    | `.flac`   | `pcm_16`, `pcm_8`, `pcm_24`                         |
    | `.ogg`    | `vorbis`, `opus`                                    |
    | `.mp3`    | `mp3`                                               |

    Samples beyond ±1 are refused, except as float or double. Exactly +1 becomes the largest whole
    number, which is one step below it.

    >>> import tempfile
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
    rate = _checked_rate("write", sample_rate)
    samples = np.atleast_2d(_checked_signal("write", signal, most_channels=most_channels))
    if container == "WAV" and samples.size * _bits(subtype) // 8 > _WAV_BYTES:
        raise ValueError(
            f"write: signal must fit into the 4 GiB of a WAV file; got shape "
            f"{list(samples.shape)}. Write it as .flac or in parts."
        )
    _check_samples("write", samples, _PEAKS.get(subtype, 1.0))
    if not target.parent.is_dir():
        raise FileNotFoundError(f"write: the folder {target.parent} must exist. Make it first.")
    temporary = target.with_name(f".{secrets.token_hex(8)}{target.suffix}")
    try:
        _encode(temporary, samples, rate, container, subtype)
        os.replace(temporary, target)
    except sf.LibsndfileError as error:
        raise AudioError(
            f"write: {target.name} could not be written as {container} ({subtype}), {len(samples)} "
            f"channel(s) at {rate} Hz: {error.error_string}"
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def wav_bytes(signal: Any, sample_rate: int) -> bytes:
    """Return the bytes of a 16-bit WAV file, for a player in a page.

    `signal` is as in `write`. A peak beyond 1 is scaled to 1, the whole signal with it: never
    clipped, never made louder.

    >>> wav_bytes([0.0, 0.5], sample_rate=8000)[:4]
    b'RIFF'

    Raises:
        TypeError, ValueError: as in `write`.
    """
    rate = _checked_rate("wav_bytes", sample_rate)
    samples = np.atleast_2d(_checked_signal("wav_bytes", signal, most_channels=1024))
    _check_samples("wav_bytes", samples, np.inf)
    samples = samples / max(1.0, float(np.abs(samples).max()))
    stream = io.BytesIO()
    _encode(stream, samples, rate, "WAV", "pcm_16")
    return stream.getvalue()


def _encode(
    target: Path | BinaryIO, samples: np.ndarray, rate: int, container: str, subtype: str
) -> None:
    theirs = _THEIR_SUBTYPES.get((container, subtype), subtype.upper())
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


def _checked_rate(op: str, rate: Any) -> int:
    number = isinstance(rate, int | float | np.integer | np.floating) and not isinstance(rate, bool)
    if not number or not 0 < rate < 2**31 or rate != int(rate):
        raise ValueError(f"{op}: sample_rate must be a positive whole number; got {rate!r}.")
    return int(rate)


def _checked_signal(
    op: str, signal: Any, ranks: tuple[int, ...] = (1, 2), most_channels: float = np.inf
) -> np.ndarray:
    """Return signal as an array, after a look at its type and shape, not at its values."""
    array = np.asarray(signal)
    if array.dtype.kind != "f":
        bits = 8 * array.dtype.itemsize - 1
        remedy = f" Divide it by 2**{bits}, full scale." if array.dtype.kind == "i" else ""
        raise TypeError(f"{op}: signal must be floating point; got {array.dtype}.{remedy}")
    shape = list(array.shape)
    if array.ndim not in ranks:
        form = " or ".join(["[time]", "[channels, time]"][2 - len(ranks) :])
        raise ValueError(f"{op}: signal must be {form}; got shape {shape}.")
    if not array.size:
        raise ValueError(f"{op}: signal must hold at least one sample; got shape {shape}.")
    if array.ndim == 2 and len(array) > most_channels:
        raise ValueError(
            f"{op}: signal must be [channels, time] with at most {most_channels} channels in this "
            f"format; got shape {shape}. Transpose it if time comes first."
        )
    return array


def _check_samples(op: str, samples: np.ndarray, highest: float) -> None:
    finite = np.isfinite(samples)
    if not finite.all():
        raise ValueError(f"{op}: signal must be finite; got {_not_finite(finite)}.")
    peak = float(np.abs(samples).max())
    if peak > highest:
        remedy = 'divide it by its peak, or write a .wav with subtype="float"'
        raise ValueError(
            f"{op}: signal must lie within ±{highest:g} in this format; got a peak of {peak:g}. "
            f"So that nothing is clipped, {remedy}."
        )


def _not_finite(finite: np.ndarray) -> str:
    """Say how many samples of `[channels, time]` are not finite, and where the first is."""
    time = int(np.argmin(finite.all(axis=0)))
    channel = int(np.argmin(finite[:, time]))
    count = finite.size - int(np.count_nonzero(finite))
    return f"{count} NaN or infinite of {finite.size}, the first at [{channel}, {time}]"


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
        _check_container(stream, subject)
        stream.seek(0)
        try:
            file = sf.SoundFile(stream)
        except (sf.LibsndfileError, TypeError) as error:  # TypeError: the name ends in .raw
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
        with open(source, "rb") as stream:
            yield stream
    else:
        data = source.read() if hasattr(source, "read") else None
        if not isinstance(data, bytes):
            raise TypeError(
                f"{subject}: source must be a path, bytes or a binary file; got {source!r}."
            )
        yield io.BytesIO(data)


def _check_container(stream: BinaryIO, subject: str) -> None:
    """Compare what WAV, AIFF and MP3 promise with what is there; look for the last page of OGG.

    libsndfile silently shortens these.
    """
    stream.seek(0)
    magic = stream.read(12)[:4]
    if magic == b"OggS" and not _ogg_ends(stream):
        raise AudioError(f"{subject} is truncated: the last page of its OGG stream is missing.")
    order = {b"RIFF": "<", b"RF64": "<", b"FORM": ">"}.get(magic)
    promised, held, frame = _data_chunk(stream, order) if order else _mp3_bytes(stream)
    if promised // frame > held // frame and promised not in _UNFILLED_SIZES:
        unit = "samples" if frame > 1 else "bytes"
        raise AudioError(
            f"{subject} is truncated: its header promises {promised // frame} {unit}, "
            f"the file holds {held // frame}."
        )


def _data_chunk(stream: BinaryIO, order: str) -> tuple[int, int, int]:
    """Return bytes promised, bytes held, and bytes per frame (1: unknown) of RIFF, RF64 or AIFF."""
    end = stream.seek(0, os.SEEK_END)
    position, long_size, frame = 12, None, 1
    while position + 8 <= end:
        stream.seek(position)
        name, size = struct.unpack(order + "4sI", stream.read(8))
        held = end - position - 8
        if name in (b"data", b"SSND"):
            promised = long_size if size == 0xFFFFFFFF and long_size is not None else size
            return promised, held, frame
        body = stream.read(min(size, 24))
        if name == b"ds64" and len(body) >= 16:
            (long_size,) = struct.unpack("<Q", body[8:16])
        if name == b"fmt " and len(body) >= 16:
            tag, block = struct.unpack("<H10xH", body[:14])
            frame = max(1, block) if tag in (1, 3, 0xFFFE) else 1  # PCM, float, extensible
        position += 8 + size + size % 2
    return 0, 0, 1


def _mp3_bytes(stream: BinaryIO) -> tuple[int, int, int]:
    """Return bytes promised by a Xing or LAME header behind an ID3 tag, bytes held, and 1."""
    end = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    tag = stream.read(10)
    start = 0
    if tag[:3] == b"ID3" and len(tag) == 10:  # its size has 7 bits in each byte
        start = 10 + sum(byte << shift for byte, shift in zip(tag[6:], (21, 14, 7, 0), strict=True))
    stream.seek(start)
    frame = stream.read(64)
    at = max(frame.find(b"Xing"), frame.find(b"Info"))
    is_mp3 = frame[:1] == b"\xff" and 0 < at < len(frame) - 16
    if not is_mp3 or not frame[at + 7] & 2:  # bit 1: it says how many bytes; bit 0: frames, before
        return 0, 0, 1
    (promised,) = struct.unpack_from(">I", frame, at + 8 + 4 * (frame[at + 7] & 1))
    return promised, end - start, 1


def _ogg_ends(stream: BinaryIO) -> bool:
    """Whether the last page is whole and marked as the last (RFC 3533, section 6)."""
    end = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, end - 2 * 65307))  # a page has at most 65307 bytes
    tail = stream.read()
    page = tail[tail.rfind(b"OggS") :]
    if len(page) < 27 or len(page) < 27 + page[26]:
        return False
    length = 27 + page[26] + sum(page[27 : 27 + page[26]])
    return bool(page[5] & 4) and len(page) >= length


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
    except sf.LibsndfileError:
        samples = np.empty((0, 1))
    if len(samples) < count:
        raise AudioError(
            f"{subject} is truncated or damaged: its header promises {file.frames} samples, "
            f"they cannot be decoded to the end."
        )
    return np.ascontiguousarray(samples.T)
