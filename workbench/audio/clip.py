"""What is read and written: sound in memory, what a header says of a file, what is wrong with one.

Here too: the checks of rate and signal that reading and writing share.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

THEIR_SUBTYPES = {  # where libsndfile's name is not ours in capitals
    ("WAV", "pcm_8"): "PCM_U8",
    ("FLAC", "pcm_8"): "PCM_S8",
    ("MP3", "mp3"): "MPEG_LAYER_III",
}


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
        signal = checked_signal("Clip", self.signal, ranks=(2,))
        object.__setattr__(self, "signal", signal.astype(np.float32, copy=False))
        object.__setattr__(self, "sample_rate", checked_rate("Clip", self.sample_rate))
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


def checked_rate(op: str, rate: Any) -> int:
    """Return a sample rate as an `int`.

    >>> checked_rate("Clip", 8000.0)
    8000

    Raises:
        ValueError: rate is not a positive whole number below 2**31.
    """
    number = isinstance(rate, int | float | np.integer | np.floating) and not isinstance(rate, bool)
    if not number or not 0 < rate < 2**31 or rate != int(rate):
        raise ValueError(f"{op}: sample_rate must be a positive whole number; got {rate!r}.")
    return int(rate)


def checked_signal(
    op: str, signal: Any, ranks: tuple[int, ...] = (1, 2), most_channels: float = np.inf
) -> np.ndarray:
    """Return signal as an array, after a look at its type and shape, not at its values.

    `ranks` is `(1, 2)` for `[time]` or `[channels, time]`, `(2,)` for the latter alone.

    >>> checked_signal("write", [0.5, -0.5])
    array([ 0.5, -0.5])

    Raises:
        TypeError: signal is not floating point.
        ValueError: signal has another rank, no samples, or too many channels.
    """
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


def not_finite(finite: np.ndarray) -> str:
    """Say how many samples of `[channels, time]` are not finite, and where the first is.

    >>> not_finite(np.isfinite([[0.0, np.nan, np.inf]]))
    '2 NaN or infinite of 3, the first at [0, 1]'
    """
    time = int(np.argmin(finite.all(axis=0)))
    channel = int(np.argmin(finite[:, time]))
    count = finite.size - int(np.count_nonzero(finite))
    return f"{count} NaN or infinite of {finite.size}, the first at [{channel}, {time}]"
