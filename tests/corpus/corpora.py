"""What the tests of corpora run on: a design, files of noise, extraction without a cluster."""

import contextlib
import hashlib

import numpy as np

import workbench as wb
from workbench import audio
from workbench.corpus import cluster, work


def design(**options):
    return wb.Chain([wb.layers.LogMelSpectrogram(num_mel_bins=20, **options)], sample_rate=8000)


def write_noise(path, samples, *, rate=8000, channels=1, seed=0, **options):
    signal = 0.1 * np.random.default_rng(seed).standard_normal((channels, samples))
    path.parent.mkdir(parents=True, exist_ok=True)
    audio.write(path, signal.astype(np.float32), sample_rate=rate, **options)
    return path


def write_corpus(folder, count, *, samples=2000, rate=8000):
    """Files of noise that differ in length."""
    return [
        write_noise(folder / f"{i:03d}.wav", samples + 100 * (i % 5), rate=rate, seed=i)
        for i in range(count)
    ]


def parts(out):
    """The parts that are finished."""
    return list((out / "parts").glob("part-*"))


def digests(out):
    """The bytes of every part."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in parts(out)}


def run_here(monkeypatch):
    """Lets parts be made in this process, without Dask."""

    def results(client, tasks):
        for task in tasks:
            try:
                yield task["part"], work.make_part(task)
            except Exception as error:
                yield task["part"], error

    monkeypatch.setattr(cluster, "connected", lambda *_: contextlib.nullcontext())
    monkeypatch.setattr(cluster, "listen", lambda *_: None)
    monkeypatch.setattr(cluster, "results", results)
