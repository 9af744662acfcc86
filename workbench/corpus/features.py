"""A recording's results: at once where it is short, chunk by chunk where it is long.

On a processor each recording is computed alone, so that its numbers depend on nothing but itself.
On a GPU recordings of one rate and length are computed as a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import tensorflow as tf

from workbench import audio, layers
from workbench.chain import Chain
from workbench.corpus.recordings import Recording
from workbench.errors import ParameterError, ParameterTypeError
from workbench.streaming import Stream

SHORT = 1 << 21  # samples, of all channels, that are computed at once: 48 s at 44.1 kHz
LONGEST_WHOLE = 1 << 24  # those of a design that cannot stream: 6 minutes
CHUNK = 1 << 18  # samples in a step of a stream
PIECE = 1 << 22  # values in a row of the output: 16 MB, 14 minutes of 80 bands at 62.5 Hz
MOST_TIMES = 64  # between the rate of a file and that of the design
GPU_BATCH = 64
Pieces = Iterator[np.ndarray]
Heard = Callable[[float], None]


class Features:
    """A chain over recordings of any rate.

    Args:
        chain: The design. A recording at another rate is resampled to the chain's first.
        split: Channels each by itself; otherwise their mean.
        batch: Recordings computed at once; None: one, or 64 on a GPU.
    """

    def __init__(self, chain: Chain, *, split: bool = False, batch: int | None = None):
        self._chain, self._split = chain, split
        self.dtype = np.float64 if chain.compute_dtype == "float64" else np.float32
        self.batch = batch or (GPU_BATCH if tf.config.list_physical_devices("GPU") else 1)
        self._at = lru_cache(maxsize=16)(self._chain_at)
        self._compiled = lru_cache(maxsize=16)(self._compile)

    def of(
        self,
        recordings: Sequence[Recording],
        infos: Sequence[audio.AudioInfo],
        heard: Heard = lambda seconds: None,
    ) -> list[list[np.ndarray] | Pieces | Exception]:
        """The results of some recordings: each a list of one piece, or the error that it met.

        A piece is `[rows, steps, ...]`, rows being channels or one. Of a long recording it is an
        iterator of pieces that follow in time, computed while it runs; `heard` is then told every
        few seconds how many more of them have been heard.
        """
        signals = [_tried(self._short, *each) for each in zip(recordings, infos, strict=True)]
        groups: dict[tuple[int, ...], list[int]] = {}
        found: list[Any] = []
        for i, (signal, info) in enumerate(zip(signals, infos, strict=True)):
            found.append(signal)
            if signal is None:
                found[i] = self._long(recordings[i], info, heard)
            elif isinstance(signal, np.ndarray):
                groups.setdefault((info.sample_rate, *signal.shape), []).append(i)
        for (rate, rows, _), members in groups.items():
            signal = np.concatenate([signals[i] for i in members])
            made = _tried(self._whole, signal, rate)
            for k, i in enumerate(members):
                failed = isinstance(made, Exception)
                found[i] = made if failed else [made[k * rows : (k + 1) * rows]]
        return found

    def _long(self, recording: Recording, info: audio.AudioInfo, heard: Heard) -> Pieces:
        """A long recording's results, piece by piece."""
        chain = self._at(info.sample_rate)
        try:
            stream = Stream(chain)
        except (ParameterError, ParameterTypeError) as error:
            yield self._whole_long(recording, info, str(error))
            return
        yield from _cut(self._pushed(stream, recording, info, heard))

    def _short(self, recording: Recording, info: audio.AudioInfo) -> np.ndarray | None:
        """The rows of a recording that is short enough to be computed at once."""
        self._check_rate(info.sample_rate)
        if recording.frames(info) * self._growth(info.sample_rate) * info.channels > SHORT:
            return None
        return self._rows(audio.read(recording.path, **recording.span).signal)

    def _whole_long(self, recording: Recording, info: audio.AudioInfo, why: str) -> np.ndarray:
        growth = self._growth(info.sample_rate)
        samples = recording.frames(info) * growth * info.channels
        if samples > LONGEST_WHOLE:
            most = LONGEST_WHOLE / growth / info.channels / info.sample_rate
            rule = f"last at most {most:.0f} s, since this design is computed at once"
            seconds = f"{recording.frames(info) / info.sample_rate:.0f} s"
            raise ParameterError("recording", rule, seconds, f"({why})").named("extract")
        signal = self._rows(audio.read(recording.path, **recording.span).signal)
        return self._whole(signal, info.sample_rate)

    def _pushed(
        self, stream: Stream, recording: Recording, info: audio.AudioInfo, heard: Heard
    ) -> Pieces:
        growth = self._growth(info.sample_rate)
        frames = max(1, int(CHUNK / growth / info.channels))
        for block in audio.blocks(recording.path, frames=frames, **recording.span):
            yield stream.push(self._rows(block)).numpy()
            heard(block.shape[1] / info.sample_rate)
        yield stream.finish().numpy()

    def _whole(self, signal: np.ndarray, rate: int) -> np.ndarray:
        """The results of rows of one rate, no more of them at once than a batch."""
        run = self._compiled(rate)
        batches = [signal[i : i + self.batch] for i in range(0, len(signal), self.batch)]
        return np.concatenate([run(tf.constant(each)).numpy() for each in batches])

    def _rows(self, signal: np.ndarray) -> np.ndarray:
        return signal if self._split else signal.mean(axis=0, keepdims=True, dtype=np.float32)

    def _growth(self, rate: int) -> float:
        """How many samples one becomes, at least 1."""
        return max(1.0, self._chain.sample_rate / rate)

    def _check_rate(self, rate: int) -> None:
        own = self._chain.sample_rate
        if max(rate / own, own / rate) > MOST_TIMES:
            rule = f"be at most {MOST_TIMES} times the design's {own} Hz, or that part of it"
            raise ParameterError("sample_rate", rule, f"{rate} Hz").named("extract")

    def _chain_at(self, rate: int) -> Chain:
        own = self._chain.sample_rate
        if rate == own:
            return self._chain
        return Chain([layers.Resample(target_rate=own), *self._chain.layers], sample_rate=rate)

    def _compile(self, rate: int) -> Callable[[tf.Tensor], tf.Tensor]:
        chain = self._at(rate)
        signature = [tf.TensorSpec([None, None], tf.float32)]
        return tf.function(lambda signal: chain(signal), input_signature=signature)


def _tried(function: Callable[..., Any], *arguments: Any) -> Any:
    """What a function returns, or the error that it raises: one recording stops no other."""
    try:
        return function(*arguments)
    except Exception as error:
        return error


def _cut(made: Iterable[np.ndarray]) -> Pieces:
    """Results `[rows, steps, ...]` put together along time, cut where a row would be too long."""
    held: list[np.ndarray] = []
    steps, any_out = 0, False
    for chunk in made:
        most = max(1, PIECE // max(1, int(np.prod(chunk.shape[2:]))))
        while steps + chunk.shape[1] > most:
            yield np.concatenate([*held, chunk[:, : most - steps]], axis=1)
            chunk, held, steps, any_out = chunk[:, most - steps :], [], 0, True
        held, steps = [*held, chunk], steps + chunk.shape[1]
    if steps or not any_out:  # a recording without steps has a row too
        yield np.concatenate(held, axis=1)
