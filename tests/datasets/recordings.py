"""Sound files for the tests of pipelines, and what a pipeline should make of them."""

from pathlib import Path

import numpy as np
import soundfile as sf

import workbench as wb

RATE = 8000  # of the chain
FORMATS = {  # name: (ending, container, coding)
    "WAV, 8 bits": ("wav", "WAV", "PCM_U8"),
    "WAV, 16 bits": ("wav", "WAV", "PCM_16"),
    "WAV, 24 bits": ("wav", "WAV", "PCM_24"),
    "WAV, 32 bits": ("wav", "WAV", "PCM_32"),
    "WAV, float": ("wav", "WAV", "FLOAT"),
    "WAV, double": ("wav", "WAV", "DOUBLE"),
    "WAV, u-law": ("wav", "WAV", "ULAW"),
    "WAV, A-law": ("wav", "WAV", "ALAW"),
    "WAVEX": ("wav", "WAVEX", "PCM_24"),
    "RF64": ("wav", "RF64", "PCM_16"),
    "FLAC": ("flac", "FLAC", "PCM_16"),
    "FLAC, 24 bits": ("flac", "FLAC", "PCM_24"),
    "OGG": ("ogg", "OGG", "VORBIS"),
    "Opus": ("opus", "OGG", "OPUS"),
    "MP3": ("mp3", "MP3", "MPEG_LAYER_III"),
}


def record(path, seconds=0.5, rate=RATE, channels=1, seed=0, format=None, subtype=None):
    """Writes a sweep with noise, another one for each seed and channel; the path."""
    rng = np.random.default_rng([seed, channels])
    time = np.arange(round(seconds * rate)) / rate
    tones = [
        np.sin(2 * np.pi * (150 + 40 * seed + 300 * c + 500 * time) * time) for c in range(channels)
    ]
    signal = 0.3 * np.stack(tones, -1) + 0.05 * rng.standard_normal((len(time), channels))
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    sf.write(path, signal, rate, format=format, subtype=subtype)
    return path


def signal_of(path, rate=RATE):
    """The mean of a file's channels at a rate, `[1, time]`: by soundfile, then by our resampler."""
    samples, own = sf.read(path, dtype="float32", always_2d=True)
    return wb.resample(samples.mean(1)[np.newaxis], orig_rate=own, target_rate=rate)


def worst(found, expected):
    """The largest difference, relative to the largest number."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape
    return np.max(np.abs(found - expected)) / np.max(np.abs(expected))


def rows(data):
    """All elements of a dataset of batches without labels, one below the other."""
    return np.concatenate([np.asarray(batch) for batch in data])
