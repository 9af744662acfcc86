"""Files into tensors: `wb.dataset` beside TensorFlow's own WAV decoder and beside plain threads.

Generated files of 10 s, mono, 44.1 kHz, in the system's cache; all of them read in each round.
"""

import os
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import soundfile as sf
import tensorflow as tf

import workbench as wb
from benchmarks.report import Report
from benchmarks.timing import fastest
from workbench.datasets.inventory import take_inventory

RATE, SECONDS, BATCH = 44100, 10, 32
COUNTS = {"wav": 192, "flac": 64, "ogg": 64, "mp3": 64}
ROUNDS = 8
FASTER_THAN_DECODE_WAV, OF_THREADS = 1.5, 0.75


def main(report: Report) -> None:
    """Print files per second of each way to read, and with features made of them."""
    with tempfile.TemporaryDirectory() as folder:
        paths = {kind: _files(Path(folder) / kind, kind, n) for kind, n in COUNTS.items()}
        found = {kind: _reading(kind, paths[kind]) for kind in COUNTS}
        with_features = _features(paths["wav"])
    head = ["format", "wb.dataset", "decode_wav", "threads of soundfile", "headers alone"]
    rows = [[kind, *(speeds.get(name, "") for name in head[1:])] for kind, speeds in found.items()]
    load = os.getloadavg()[0]
    report.table(f"Files of 10 s per second ({os.cpu_count()} cores, load {load:.1f})", head, rows)
    report.table("with log-mel features, WAV", list(with_features), [list(with_features.values())])
    for kind, speeds in found.items():
        ratio = speeds["wb.dataset"] / speeds["threads of soundfile"]
        if kind == "wav":
            ratio = speeds["wb.dataset"] / speeds["decode_wav"]
            report.target("WAV files/s", ratio, ">=", FASTER_THAN_DECODE_WAV, "x decode_wav")
        else:
            report.target(f"{kind} files/s", ratio, ">=", OF_THREADS, "x plain threads")


def _files(folder: Path, kind: str, count: int) -> list[str]:
    """Tones with noise, so that codecs have something to do."""
    folder.mkdir()
    rng, time = np.random.default_rng(0), np.arange(SECONDS * RATE) / RATE
    paths = [str(folder / f"{number:03}.{kind}") for number in range(count)]
    for number, path in enumerate(paths):
        tone = 0.3 * np.sin(2 * np.pi * (200 + number) * (1 + 0.05 * time) * time)
        sf.write(path, tone + 0.02 * rng.standard_normal(len(time)), RATE)
    return paths


def _reading(kind: str, paths: Sequence[str]) -> dict[str, float]:
    """Files per second."""
    ours = wb.dataset(paths, sample_rate=RATE, length_seconds=SECONDS, batch_size=BATCH)
    runs = {
        "wb.dataset": lambda: _drain(ours),
        "threads of soundfile": lambda: _by_threads(paths),
        "headers alone": lambda: take_inventory(paths, None, None, "mix", False),
    }
    if kind == "wav":
        theirs = _decoded(paths).batch(BATCH).prefetch(tf.data.AUTOTUNE)
        runs["decode_wav"] = lambda: _drain(theirs)
    return {name: 1e3 * len(paths) / found for name, found in fastest(runs, ROUNDS).items()}


def _features(paths: Sequence[str]) -> dict[str, float]:
    """Files per second with log-mel features, by the same layer in both pipelines."""
    layer = wb.layers.LogMelSpectrogram(frame_length=1024, frame_step=512, num_mel_bins=80)
    chain = wb.Chain([layer], sample_rate=RATE)
    ours = wb.dataset(paths, chain, length_seconds=SECONDS, batch_size=BATCH)
    theirs = _decoded(paths).batch(BATCH).map(chain, tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)
    runs = {"wb.dataset": lambda: _drain(ours), "decode_wav": lambda: _drain(theirs)}
    return {name: 1e3 * len(paths) / found for name, found in fastest(runs, ROUNDS).items()}


def _decoded(paths: Sequence[str]) -> tf.data.Dataset:
    """Without Python: 16-bit WAV alone."""

    def decode(path: tf.Tensor) -> tf.Tensor:
        samples, _ = tf.audio.decode_wav(tf.io.read_file(path))
        return tf.ensure_shape(samples[:, 0], [SECONDS * RATE])

    return tf.data.Dataset.from_tensor_slices(paths).map(decode, tf.data.AUTOTUNE)


def _by_threads(paths: Sequence[str]) -> None:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        _drain(pool.map(lambda path: sf.read(path, dtype="float32"), paths))


def _drain(things: Iterable) -> None:
    for _ in things:
        pass
