"""Make the clips of this folder and their manifest: `python data/make.py [folder]`.

The same versions of libsndfile (FLAC) and, for the speech, of espeak-ng give the same bytes.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from workbench import audio
from workbench.core import signals

FOLDER = Path(__file__).parent
PEAK = 10 ** (-3 / 20)  # -3 dBFS
FADE_SECONDS = 0.02
SENTENCE = "Six voices sing: a vowel rings in harmonics, and a hiss is noise."


@dataclass(frozen=True)
class Recipe:
    """How a clip is made, `[time]` or `[channels, time]`, and what it is for."""

    title: str
    purpose: str
    sample_rate: int
    make: Callable[[int], np.ndarray]


def siren(rate: int) -> np.ndarray:
    """Two and a half swings, with the harmonics 2 and 3 of a horn."""
    parts = [
        signals.siren(
            sample_rate=rate,
            seconds=5.0,
            low_hertz=450.0 * harmonic,
            high_hertz=1500.0 * harmonic,
            rate_hertz=0.5,
            amplitude=1 / harmonic**2,
        ).numpy()
        for harmonic in (1, 2, 3)
    ]
    return np.sum(parts, axis=0, dtype=np.float64)


def plucked_string(rate: int) -> np.ndarray:
    """An arpeggio of C major over two octaves, each string left to ring."""
    notes = [130.81, 164.81, 196.00, 261.63, 329.63, 392.00, 523.25]
    out = np.zeros(5 * rate)
    for number, frequency in enumerate(notes):
        start = round((0.05 + 0.3 * number) * rate)
        out[start:] += signals.plucked_string(
            sample_rate=rate,
            seconds=(len(out) - start) / rate,
            frequency_hertz=frequency,
            position=0.15,
            decay_seconds=6.0 * (130.81 / frequency) ** 0.5,
        ).numpy()
    return out


def drums(rate: int) -> np.ndarray:
    """Two bars at 120 beats a minute: kick in the middle, snare left of it, hats to the right."""
    random = np.random.default_rng(1)
    time = np.arange(rate // 2) / rate
    kick = np.sin(2 * np.pi * (50 * time - 5 * np.exp(-30 * time))) * np.exp(-9 * time)
    rattle = random.standard_normal(len(time)) * np.exp(-16 * time)
    snare = 0.35 * rattle + 0.5 * np.sin(2 * np.pi * 190 * time) * np.exp(-22 * time)
    hiss = np.diff(random.standard_normal(len(time) + 2), 2)  # noise, less of its low end
    hat = 0.12 * hiss * np.exp(-45 * time)
    pattern = {  # strokes, in eighths of a bar of 2 s, and the share of the left channel
        "kick": (kick, [0, 3, 4, 8, 11, 12, 13], 0.5),
        "snare": (snare, [2, 6, 10, 14, 15], 0.65),
        "hat": (hat, range(16), 0.25),
    }
    out = np.zeros((2, 5 * rate))
    for sound, strokes, left in pattern.values():
        for stroke in strokes:
            start = rate // 10 + stroke * rate // 4
            out[:, start : start + len(time)] += np.sqrt([[left], [1 - left]]) * sound
    return out[:, : round(4.4 * rate)]


def chirp(rate: int) -> np.ndarray:
    """From 40 Hz to 20 kHz, nine octaves in as many half seconds."""
    return signals.chirp(
        sample_rate=rate, seconds=4.5, start_hertz=40.0, stop_hertz=20000.0, sweep="exponential"
    ).numpy()


def speech(rate: int) -> np.ndarray:
    """One sentence of a synthetic voice, at the rate at which the voice is made."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "speech.wav"
        subprocess.run(["espeak-ng", "-v", "en-gb", "-s", "150", "-w", file, SENTENCE], check=True)
        clip = audio.read(file)
    if clip.sample_rate != rate:
        raise RuntimeError(f"espeak-ng must speak at {rate} Hz; it spoke at {clip.sample_rate}.")
    return clip.signal[0]


RECIPES = {
    "siren": Recipe(
        "Siren",
        "A pitch that glides: a long window blurs the steep parts, a short one the harmonics.",
        44100,
        siren,
    ),
    "plucked_string": Recipe(
        "Plucked strings",
        "Sharp onsets, then steady harmonics that die away, the high ones first.",
        44100,
        plucked_string,
    ),
    "drums": Recipe(
        "Drums, stereo",
        "Transients in time and noise in frequency: see what windows and delays do to an onset.",
        44100,
        drums,
    ),
    "chirp": Recipe(
        "Chirp from 40 Hz to 20 kHz",
        "Every frequency once: what a resampler or a filter lets through, and where it aliases.",
        48000,
        chirp,
    ),
    "speech": Recipe(
        "Speech",
        f"“{SENTENCE}” Formants move through the vowels, s is noise above 4 kHz: for mel and MFCC.",
        22050,
        speech,
    ),
}


def finished(signal: np.ndarray, rate: int) -> np.ndarray:
    """Fade both ends by a raised cosine and bring the peak to -3 dBFS."""
    count = round(FADE_SECONDS * rate)
    fade = 0.5 - 0.5 * np.cos(np.pi * np.arange(count) / count)
    out = np.array(signal, np.float64)
    out[..., :count] *= fade
    out[..., -count:] *= fade[::-1]
    return out * PEAK / np.abs(out).max()


def make(name: str, folder: Path = FOLDER) -> dict[str, str | int | float]:
    """Write one clip and return its line of the manifest."""
    recipe = RECIPES[name]
    file = folder / f"{name}.flac"
    audio.write(
        file,
        finished(recipe.make(recipe.sample_rate), recipe.sample_rate),
        sample_rate=recipe.sample_rate,
    )
    found = audio.info(file)
    return {
        "file": file.name,
        "title": recipe.title,
        "purpose": recipe.purpose,
        "sample_rate": found.sample_rate,
        "channels": found.channels,
        "seconds": found.seconds,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
    }


def main(folder: Path = FOLDER) -> None:
    """Write every clip and the manifest."""
    lines = [make(name, folder) for name in RECIPES]
    text = json.dumps(lines, indent=2, ensure_ascii=False) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
