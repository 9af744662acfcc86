"""What the tests of streams run on: ops that only they know, signals, chunks."""

import math

import numpy as np
import tensorflow as tf

import workbench as wb
from tests.ops import LAYERED, needed
from workbench import ops
from workbench.errors import ParameterError
from workbench.layers import OpLayer, layer_of
from workbench.reach import Reach

VARIANTS = {  # beside the defaults
    "saturate": [{"drive_db": 12.0}],
    "stft": [
        {"pad_mode": "constant"},
        {"center": False},
        {"frame_length": 401, "frame_step": 160, "fft_length": 512},
        {"frame_length": 400, "frame_step": 100, "fft_length": 513, "center": False},
        {"frame_length": 255, "frame_step": 64},
        {"frame_length": 255, "frame_step": 64, "pad_mode": "constant"},
        {"frame_length": 64, "frame_step": 300},
        {"frame_length": 64, "frame_step": 300, "center": False},
        {"frame_length": 1, "frame_step": 1},
    ],
    "resample": [
        {"orig_rate": 44100, "target_rate": 16000},
        {"orig_rate": 16000, "target_rate": 48000},
        {"orig_rate": 16000, "target_rate": 44100, "kind": "linear"},
        {"orig_rate": 300, "target_rate": 301},
        {"orig_rate": 8000, "target_rate": 8000},
    ],
    "spectrogram": [{"power": 0.7}],
    "mel_spectrogram": [{"mel_norm": "slaney", "center": False}],
    "log_mel_spectrogram": [{"frame_length": 200, "frame_step": 80}],
    "decibels": [{"reference": 3.0}],
    "delta": [{"width": 5, "order": 2}],
    "mfcc": [{"frame_length": 200, "frame_step": 80, "center": False}],
    "pcen": [{"time_constant_seconds": 0.2}],
    "fractional_delay": [
        {"delay": 0.0},
        {"delay": 100.25, "kind": "lagrange", "order": 5},
        {"delay": 100.25, "kind": "sinc"},
        {"delay": 3.4, "kind": "thiran", "order": 3},
        {"delay": 700.0, "kind": "hermite"},
    ],
    "inverse_stft": [
        {"frame_length": 64, "frame_step": 20, "center": False},
        {"frame_length": 63, "frame_step": 20, "fft_length": 64},
        {"frame_length": 64, "frame_step": 64, "window": "boxcar"},
    ],
}
SHORT = {  # in place of long defaults
    "inverse_stft": {"frame_length": 64, "frame_step": 16},
    "pcen": {"time_constant_seconds": 0.05},
}
BINS = {False: 5, True: 33}  # of frames, and of complex ones, which are those of 64 samples


def unregistered(**options):
    """A layer of an op that only these tests know."""

    def declare(function):
        before = dict(ops._registry)
        made = ops.op(**options)(function)
        ops._registry.clear()
        ops._registry.update(before)
        return type(function.__name__.title(), (OpLayer,), {"function": staticmethod(made)})

    return declare


def at(signal, positions):
    """The samples at whole positions, 0 beyond the ends."""
    length = tf.shape(signal)[-1]
    inside = (positions >= 0) & (positions < length)
    read = tf.gather(signal, tf.clip_by_value(positions, 0, length - 1), axis=-1)
    return tf.where(inside, read, tf.zeros([], signal.dtype))


@unregistered(length=lambda n, values: -(-3 * n // 2), reach=lambda _: Reach(2 / 3, 2 / 3, 2, 3))
def between(signal):
    """Linear interpolation, three samples for two."""
    outputs = tf.range(-(-3 * tf.shape(signal)[-1] // 2))
    share = tf.cast(2 * outputs % 3, signal.dtype) / 3
    return (1 - share) * at(signal, 2 * outputs // 3) + share * at(signal, 2 * outputs // 3 + 1)


@unregistered(length=lambda n, values: -(-n // 4), reach=lambda _: Reach(2, 1, 4))
def fewer(signal):
    """The mean of four, every four."""
    outputs = 4 * tf.range(-(-tf.shape(signal)[-1] // 4))
    return tf.add_n([at(signal, outputs + k) for k in (-2, -1, 0, 1)]) / 4


@unregistered(reach=lambda _: Reach(8, -7))
def later(signal):
    """A delay by 7 and 8 samples: the first outputs need no input."""
    outputs = tf.range(tf.shape(signal)[-1])
    return at(signal, outputs - 7) + 2 * at(signal, outputs - 8)


@unregistered(reach=lambda _: Reach(1, 1, ends=9))
def steady(signal):
    """The mean of three; beyond the ends, that of the nine samples there."""
    ends = [tf.reduce_mean(part, -1, keepdims=True) for part in (signal[..., :9], signal[..., -9:])]
    held = tf.concat([ends[0], signal, ends[1]], -1)
    return (held[..., :-2] + held[..., 1:-1] + held[..., 2:]) / 3


@unregistered()
def louder(signal):
    """As loud as can be: every sample depends on all others."""
    return signal / tf.reduce_max(tf.abs(signal), -1, keepdims=True)


LOCAL = (between, fewer, later, steady)


def streams(op):
    try:
        op.reach(op.check(needed(op)))
    except ParameterError:
        return False
    return True


STREAMED = [op for op in LAYERED if streams(op)]
WHOLE = [(layer_of(op), needed(op)) for op in LAYERED if not streams(op)] + [(louder, {})]
DEFAULTS = [(layer_of(op), needed(op) | SHORT.get(op.name, {})) for op in STREAMED]
DEFAULTS += [(layer, {}) for layer in LOCAL]
OTHERS = [(layer_of(op), needed(op) | v) for op in STREAMED for v in VARIANTS.get(op.name, ())]
TIGHT = [  # inverse_stft waits for frames of which it sees the zero of the window
    (layer, values)
    for layer, values in DEFAULTS
    if layer in LOCAL or layer.spec.name in VARIANTS.keys() - {"inverse_stft"}
]
CHAINS = {
    "frames": lambda: [wb.layers.Saturate(), wb.layers.STFT(frame_length=64, frame_step=24)],
    "levels": lambda: [
        fewer(),
        wb.layers.Spectrogram(frame_length=32, frame_step=8),
        wb.layers.Decibels(),
    ],
    "grids": lambda: [between(), fewer(), between(), steady()],
    "delays": lambda: [
        later(),
        between(),
        later(),
        fewer(),
        wb.layers.STFT(frame_length=9, frame_step=5),
    ],
}


def signal(spec, length, dtype=np.float64, seed=0):
    """Two rows of levels that lie decades apart."""
    shape = (2, length) if spec.takes == 1 else (2, length, BINS[spec.of_complex])
    rng, levels = np.random.default_rng(seed), np.reshape([1.0, 1e-3], (2, *[1] * spec.takes))
    noise = levels * rng.standard_normal(shape)
    if spec.of_complex:
        turned = noise * np.exp(2j * np.pi * rng.random(shape))
        return turned.astype(np.result_type(dtype, np.complex64))
    return (np.abs(noise) if spec.takes == 2 else noise).astype(dtype)


def cut(x, size, axis=1):
    """Chunks of a size, or of random sizes, some of them empty."""
    length, places = x.shape[axis], [0]
    rng = np.random.default_rng(length)
    while places[-1] < length:
        step = rng.choice([0, 0, 1, 2, 5, 60, 700, 5000]) if size == "random" else size
        places.append(min(length, places[-1] + step))
    return np.split(x, places[1:-1], axis)


def together(stream, chunks, axis=1):
    return tf.concat([*(stream.push(chunk) for chunk in chunks), stream.finish()], axis)


def arrivals(stream, x):
    """For each step, the index of the sample that brought it."""
    found = []
    for i in range(x.shape[1]):
        found += [i] * stream.push(x[:, i : i + 1]).shape[1]
    return np.array(found)


def enough(reaches):
    """Samples after which two periods of the grids have come that see nothing of the start."""
    count = 2 * math.prod(reach.target for reach in reaches)
    for r in reversed(reaches):
        count = math.ceil(count * r.orig / r.target + r.before + max(0, r.after) + r.ends)
    return count
