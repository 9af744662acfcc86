"""Frames with known contents, as a dashboard would make them."""

import io
import wave

import numpy as np

from workbench.axes import Axis
from workbench.dashboards.frames import Frame
from workbench.dashboards.panels import ImagePanel, LinesPanel, WavePanel
from workbench.dashboards.zplane_panel import ZPlane, ZPlanePanel

SECONDS = 10.0
RATE = 48000


def chirp(level: float = 0.9) -> np.ndarray:
    time = np.arange(int(SECONDS * RATE)) / RATE
    fade = 0.2 + 0.8 * np.abs(np.sin(0.9 * time))
    sound = fade * np.sin(2 * np.pi * (40 * time + 30 * time**2))
    return (level * np.stack([sound, 0.5 * np.roll(sound, RATE)])).astype(np.float32)


def envelope(signal: np.ndarray, columns: int) -> np.ndarray:
    parts = signal[:, : signal.shape[1] // columns * columns].reshape(len(signal), columns, -1)
    return np.stack([parts.min(-1), parts.max(-1)], axis=-1)


def frame(
    columns: int = 800, *, level: float = 0.9, phase: float = 0.0, time: float = SECONDS
) -> Frame:
    """Return a stereo waveform, a spectrogram, a mel picture, a gradient as wave and as image."""
    step = time / columns
    signal = chirp(level)
    row, column = np.mgrid[0:257, 0:1000]
    ridge = 30 + 0.2 * column + 12 * np.sin(column / 40 + phase)
    spectrum = 255 * np.exp(-(((row - ridge) / 9) ** 2)) + 40 * np.exp(-row / 90)
    mel = 700 * (10 ** (np.linspace(60, 2840, 80) / 2595) - 1)
    bands = np.exp(-(((np.arange(80)[:, None] - 10 - np.arange(500) / 8) / 4) ** 2))
    slope = envelope(signal[:1], columns) * 3e-4
    swing = np.sin(np.arange(40)[:, None] / 5 + np.arange(300) / 20 + phase)
    shape = ("float32", "uint8")
    panels = (
        WavePanel(
            "Signal", "amplitude", "", -1, 1, 0, step, envelope(signal, columns).astype(shape[0])
        ),
        ImagePanel(
            "Spectrogram",
            "level",
            "dB",
            -100,
            0,
            0,
            time / 1000,
            np.clip(spectrum, 0, 255).astype(shape[1]),
            "frequency",
            "Hz",
            np.arange(257) * RATE / 512,
        ),
        ImagePanel(
            "Mel spectrogram",
            "level",
            "dB",
            -80,
            20,
            0,
            time / 500,
            (255 * bands).astype(shape[1]),
            "mel band centre",
            "Hz",
            mel,
            height=150,
        ),
        WavePanel("Gradient of the loss", "gradient", "", -3e-4, 3e-4, 0, step, slope, height=80),
        ImagePanel(
            "Gradient of the coefficients",
            "gradient",
            "",
            -2e-5,
            2e-5,
            0,
            time / 300,
            (127.5 + 127 * swing).astype(shape[1]),
            "coefficient",
            "",
            np.arange(40.0),
            colormap="diverging",
            height=120,
        ),
    )
    values = {"level": level, "phase": phase}
    return Frame(panels, (0, time), (0, time), "A chirp from 40 Hz to 640 Hz.", values)


def samples(first: float, count: int = 40) -> Frame:
    """Return single samples of the same chirp."""
    start = round(first * RATE)
    signal = chirp()[:, start : start + count]
    panel = WavePanel("Signal", "amplitude", "", -1, 1, start / RATE, 1 / RATE, signal, height=110)
    last = (start + count - 1) / RATE
    return Frame((panel, *frame().panels[1:]), (0, SECONDS), (start / RATE, last), "Samples.")


def still(columns: int = 800, *, largest: float = 0.97) -> Frame:
    """Return named waves, spectra on both scales, and six planes of which one is chosen.

    `largest` is the largest magnitude of a pole in the plane that is called lagrange 5.
    """
    signal = chirp()[0]
    waves = envelope(np.stack([signal, 0.6 * np.roll(signal, 9000)]), columns)
    wave = WavePanel(
        "Output at 48 kHz", "amplitude", "", -1, 1, 0, SECONDS / columns, waves,
        names=("naive", "corrected"),
    )  # fmt: skip
    names, styles = ("resampled base", "naive", "corrected"), ("reference", "solid", "solid")
    hertz = np.arange(600) * RATE / 1200
    base = -20 - 60 * hertz / RATE + 25 * np.exp(-(((hertz % 1760) / 90) ** 2))
    noise = np.random.default_rng(0).normal(0, 2, (3, 600))
    spectra = base + noise + np.array([[0.0], [14.0], [1.0]])
    panels = [
        LinesPanel(
            title, "level", "dB", -100, 20, Axis("frequency", "Hz", 0.0, RATE / 1200),
            spectra, names, styles, logarithmic=logarithmic,
        )
        for title, logarithmic in (("Aliasing", False), ("Aliasing over octaves", True))
    ]  # fmt: skip
    titles = ("naive", "stn", "linear", "cubic", "lagrange 5", "minimax 3")
    planes = [
        ZPlane(
            title, {"silence": _poles(80 - 40 * (number > 0), 0.9, number),
                    "extra": _poles(40 * (number > 0), largest if number == 4 else 0.6, number)},
            chosen=title == "cubic",
        )
        for number, title in enumerate(titles)
    ]  # fmt: skip
    poles = ZPlanePanel("Poles", tuple(planes), sample_rate=RATE)
    return Frame((wave, *panels, poles), (0, SECONDS), (0, SECONDS), "Named waves and more.")


def _poles(count: int, largest: float, seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    size = largest * np.sqrt(generator.uniform(0, 1, count // 2))
    size[:1] = largest
    half = size * np.exp(1j * generator.uniform(0, np.pi, count // 2))
    return np.concatenate([half, half.conj()])


def tone(seconds: float = 2.0, rate: int = 8000) -> bytes:
    """Return a quiet tone as the bytes of a WAV file."""
    sound = 3000 * np.sin(2 * np.pi * 440 * np.arange(int(seconds * rate)) / rate)
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(sound.astype("<i2").tobytes())
    return file.getvalue()
