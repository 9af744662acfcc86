"""Train the recurrent model of this folder, a tiny amplifier: `python data/make_model.py [folder]`.

A network with one LSTM learns a diode clipper at 44.1 kHz, from the workbench's own test signals.
It takes a few minutes on two cores; the seeds are fixed.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import workbench as wb
from workbench.core import signals

FOLDER = Path(__file__).parent
NAME = "diode_clipper.json"
RATE = 44100
UNITS = 24
ROWS, WINDOW, WINDOWS = 32, 512, 48  # a row is 0.56 s; the state is carried through its windows
EPOCHS = 40
OVERSAMPLING = 8
COUPLING_HERTZ = 60.0  # below it, the coupling capacitor lets nothing through
CORNER_HERTZ = 7000.0  # of the low-pass that the diodes discharge
DRIVE = 3.0  # volts at the clipper for a full-scale input
LEAK, THERMAL = 1.1e-5, 0.0453  # volts: resistance times leakage current, and where diodes bend
HELD = 0.6  # volts that the diodes let through at most: the output's full scale
DIGITS = 6


def clipper(signal: np.ndarray) -> np.ndarray:
    """What the amplifier makes of signals `[rows, time]` at 44.1 kHz.

    A coupling capacitor, then a low-pass with two opposite diodes across its capacitor:
    `v' = corner (u - v - leak sinh(v / thermal))`, solved at eight times the rate by steps that
    are exact for the equation linearised (exponential Rosenbrock-Euler), for it is stiff.
    """
    fast = OVERSAMPLING * RATE
    high = wb.resample(np.float64(signal), orig_rate=RATE, target_rate=fast).numpy()
    before = np.pad(high, ((0, 0), (1, 0)))[:, :-1]
    coupling = 1 - np.exp(-2 * np.pi * COUPLING_HERTZ / fast)
    corner = 2 * np.pi * CORNER_HERTZ / fast
    mean = v = np.zeros(len(high))
    out = np.empty_like(high.T)
    for n, now in enumerate(DRIVE * (before + high).T / 2):
        mean = mean + coupling * (now - mean)
        force = corner * (now - mean - v - LEAK * np.sinh(v / THERMAL))
        slope = -corner * (1 + LEAK / THERMAL * np.cosh(v / THERMAL))
        v = v + force / slope * np.expm1(slope)
        out[n] = v
    return wb.resample(out.T, orig_rate=fast, target_rate=RATE).numpy() / HELD


def sound(random: np.random.Generator) -> np.ndarray:
    """A chord of plucked strings, a chirp or a burst of noise, of any level: `[time]`."""
    seconds = WINDOW * WINDOWS / RATE
    pitch = 80 * 2 ** random.uniform(0, 3.5)
    kind = random.choice(["strings", "chirp", "noise"], p=[0.6, 0.2, 0.2])
    if kind == "strings":
        notes = pitch * np.array([1, 1.5, 2])[: random.integers(1, 4)]
        out = sum(pluck(note, seconds, random) for note in notes)
    elif kind == "chirp":
        ends = {"start_hertz": pitch, "stop_hertz": 15000.0}
        out = signals.chirp(sample_rate=RATE, seconds=seconds, sweep="exponential", **ends).numpy()
    else:
        colour, seed = random.choice(["pink", "brown"]), int(random.integers(1 << 30))
        out = signals.noise(sample_rate=RATE, seconds=seconds, colour=colour, seed=seed).numpy()
        out = out * np.exp(-random.uniform(0, 8) * np.arange(len(out)) / RATE)
    out = np.roll(out, random.integers(len(out) // 2))
    return out / np.abs(out).max() * 10 ** random.uniform(-1.2, 0)


def pluck(hertz: float, seconds: float, random: np.random.Generator) -> np.ndarray:
    """A string, plucked anywhere."""
    given = {"position": random.uniform(0.05, 0.5), "decay_seconds": random.uniform(0.5, 4)}
    made = signals.plucked_string(
        sample_rate=RATE, seconds=seconds, frequency_hertz=float(hertz), **given
    )
    return random.uniform(0.3, 1) * made.numpy()


def sounds(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and outputs of the amplifier, float32 `[rows, time]`."""
    random = np.random.default_rng(seed)
    x = np.stack([sound(random) for _ in range(ROWS)])
    return np.float32(x), np.float32(clipper(x))


def build() -> keras.Model:
    """The network; its state outlives a call."""
    keras.utils.set_random_seed(4)
    return keras.Sequential(
        [
            keras.Input((None, 1), batch_size=ROWS),
            keras.layers.LSTM(UNITS, return_sequences=True, stateful=True),
            keras.layers.Dense(1),
        ]
    )


def error_to_signal(found: tf.Tensor, expected: tf.Tensor) -> tf.Tensor:
    """Power of the error over that of the signal."""
    return tf.reduce_sum((expected - found) ** 2) / tf.reduce_sum(expected**2)


def loss(found: tf.Tensor, expected: tf.Tensor) -> tf.Tensor:
    """Error to signal, as it is and with the high frequencies raised, where the ear hears it."""
    raised = [wave[:, 1:] - 0.95 * wave[:, :-1] for wave in (found, expected)]
    return error_to_signal(found, expected) + error_to_signal(*raised)


def windows(*waves: np.ndarray) -> Iterator[tuple[tf.Tensor, ...]]:
    """One window after the other, `[rows, time, 1]` each."""
    for start in range(0, WINDOW * WINDOWS, WINDOW):
        yield tuple(tf.constant(wave[:, start : start + WINDOW, None]) for wave in waves)


def train(model: keras.Model, x: np.ndarray, y: np.ndarray) -> None:
    """Back-propagation through the windows; the states of the rows run on from one to the next."""
    rates = keras.optimizers.schedules.CosineDecay(8e-3, EPOCHS * WINDOWS, alpha=0.02)
    adam = keras.optimizers.Adam(rates, clipnorm=1.0)
    adam.build(model.trainable_variables)

    @tf.function(jit_compile=True)
    def gradients(heard: tf.Tensor, wanted: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor]]:
        with tf.GradientTape() as tape:
            error = loss(model(heard), wanted)
        return error, tape.gradient(error, model.trainable_variables)

    for epoch in range(EPOCHS):
        model.layers[0].reset_states()
        total = 0
        for heard, wanted in windows(x, y):
            error, slopes = gradients(heard, wanted)
            adam.apply(slopes, model.trainable_variables)
            total += float(error)
        print(f"epoch {epoch + 1} of {EPOCHS}: loss {total / WINDOWS:.5f}", flush=True)


def error_on(model: keras.Model, x: np.ndarray, y: np.ndarray) -> float:
    """Error to signal on sounds that it never heard."""
    model.layers[0].reset_states()
    found = np.concatenate([model(heard).numpy() for (heard,) in windows(x)], axis=1)
    return float(error_to_signal(found[..., 0], y))


def written(model: keras.Model, error: float) -> str:
    """The model in JSON, in Keras' order of gates and weights; the gains are in dB."""
    lstm, dense = model.layers
    layers = [
        {
            "type": name,
            "activation": "",
            "shape": [None, None, layer.units],
            "weights": [rounded(weight) for weight in layer.get_weights()],
        }
        for name, layer in (("lstm", lstm), ("dense", dense))
    ]
    metadata = {"name": "Diode clipper", "samplerate": str(RATE), "error_to_signal": rounded(error)}
    gains = {"in_skip": 0, "in_gain": 0, "out_gain": 0}
    parts = {"in_shape": [None, None, 1], **gains, "metadata": metadata, "layers": layers}
    return json.dumps(parts) + "\n"


def rounded(values: np.ndarray | float) -> Any:
    """Nested lists of numbers of a few digits."""
    if np.ndim(values):
        return [rounded(value) for value in values]
    return float(f"{values:.{DIGITS}g}")


def main(folder: Path = FOLDER) -> None:
    """Train the model, say how good it is, and write it."""
    model = build()
    train(model, *sounds(seed=1))
    error = error_on(model, *sounds(seed=2))
    print(f"error to signal on sounds it never heard: {error:.4f} ({10 * np.log10(error):.1f} dB)")
    (folder / NAME).write_text(written(model, error), encoding="utf-8")


if __name__ == "__main__":
    tf.config.experimental.enable_op_determinism()
    main(*map(Path, sys.argv[1:]))
