"""A stream equals its layer on the whole signal: every op that says how far it looks."""

import math
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

import workbench as wb
from tests.test_contract import ON_SIGNALS, RATE, needed, relative
from workbench import ops
from workbench.errors import ParameterError
from workbench.layers import OpLayer, layer_of
from workbench.reach import Reach, latency

LENGTHS = (1, 2, 100, 1023, 5000, 20000)
CHUNKS = (1, 37, 441, 4096, "random")
LIMIT = {"float32": 1e-6, "float64": 1e-12}
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
    "spectrogram": [{"power": 0.7}],
    "mel_spectrogram": [{"mel_norm": "slaney", "center": False}],
    "log_mel_spectrogram": [{"frame_length": 200, "frame_step": 80}],
    "decibels": [{"reference": 3.0}],
}


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


LOCAL = (between, fewer, later, steady)


def streams(op):
    try:
        op.reach(op.check(needed(op)))
    except ParameterError:
        return False
    return True


STREAMED = [op for op in ON_SIGNALS if streams(op)]
WHOLE = [op for op in ON_SIGNALS if not streams(op)]
CASES = [(layer_of(op), needed(op)) for op in STREAMED] + [(layer, {}) for layer in LOCAL]
TIGHT = [(layer, values) for layer, values in CASES if layer in LOCAL or layer.spec.name in VARIANTS]
CASES += [(layer_of(op), needed(op) | v) for op in STREAMED for v in VARIANTS.get(op.name, ())]
CHAINS = {
    "frames": lambda: [wb.layers.Saturate(), wb.layers.STFT(frame_length=64, frame_step=24)],
    "levels": lambda: [fewer(), wb.layers.Spectrogram(frame_length=32), wb.layers.Decibels()],
    "grids": lambda: [between(), fewer(), between(), steady()],
    "delays": lambda: [later(), between(), later(), fewer(), wb.layers.STFT(frame_length=9)],
}


def shown(case):
    layer, values = case
    changed = {name: value for name, value in values.items() if name != "sample_rate"}
    return "-".join([layer.__name__.lower(), *(f"{n}={v}" for n, v in changed.items())])


cases = pytest.mark.parametrize("case", CASES, ids=shown)
chains = pytest.mark.parametrize("chain", CHAINS.values(), ids=CHAINS)


def signal(spec, length, dtype=np.float64, seed=0):
    """Two rows of levels that lie decades apart."""
    shape = (2, length) if spec.takes == 1 else (2, length, 5)
    noise = np.random.default_rng(seed).standard_normal(shape) * np.reshape(
        [1.0, 1e-3], (2, *[1] * spec.takes)
    )
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
    """For each step, the index of the sample that brought it, and how many steps there are."""
    found = []
    for i in range(x.shape[1]):
        found += [i] * stream.push(x[:, i : i + 1]).shape[1]
    return np.array(found), len(found) + stream.finish().shape[1]


@cases
@pytest.mark.parametrize("dtype", LIMIT)
@pytest.mark.parametrize("size", CHUNKS)
def test_chunks_equal_the_whole(case, dtype, size):
    layer = case[0](**case[1], dtype=dtype)
    stream = wb.Stream(layer)
    for length in LENGTHS[:4] if size == 1 else LENGTHS:
        x = signal(layer.spec, length, dtype)
        whole = layer(x)
        out = together(stream, cut(x, size))
        stream.reset()
        assert out.dtype == whole.dtype
        assert out.shape == whole.shape
        assert out.shape[1] == layer.spec.length(length, layer.values)
        for row in range(2):
            assert relative(out[row], whole[row]) <= LIMIT[dtype]


@chains
@pytest.mark.parametrize("size", CHUNKS)
def test_a_chain_in_chunks_equals_the_whole(chain, size):
    chain = wb.Chain(chain(), sample_rate=RATE)
    for length in LENGTHS[:5]:
        x = signal(chain.layers[0].spec, length, np.float32)
        whole = chain(x)
        out = together(wb.Stream(chain), cut(x, size))
        assert out.shape == whole.shape
        assert relative(out, whole) <= 1e-6


@pytest.mark.parametrize("case", TIGHT, ids=shown)
def test_a_step_comes_with_the_last_sample_that_it_depends_on(case):
    layer = case[0](**case[1], dtype="float64")
    reach = layer.spec.reach(layer.values)
    x = signal(layer.spec, 3000)[:1]
    arrived, _ = arrivals(wb.Stream(layer), x)
    first = math.ceil((1200 if layer.spec.takes == 1 else 10) * reach.target / reach.orig)
    for step in range(first, first + reach.target):
        with tf.GradientTape() as tape:
            variable = tf.constant(x)
            tape.watch(variable)
            weight = tf.reduce_sum(tf.abs(layer(variable)[:, step]))
        gradient = np.reshape(tape.gradient(weight, variable), (len(x[0]), -1))
        last = np.flatnonzero(np.any(gradient, axis=1))[-1]
        assert arrived[step] == max(last, step * reach.orig // reach.target)


@cases
def test_latency_is_that_of_the_latest_step(case):
    layer = case[0](**case[1])
    reach, stream = layer.spec.reach(layer.values), wb.Stream(layer)
    arrived, _ = arrivals(stream, signal(layer.spec, 3000, np.float32))
    assert stream.latency == latest(arrived, reach.orig, reach.target)


@chains
def test_latency_of_a_chain_is_that_of_the_latest_step(chain):
    stream = wb.Stream(chain := wb.Chain(chain(), sample_rate=RATE))
    reaches = [layer.spec.reach(layer.values) for layer in chain.layers]
    grids = [math.prod(reach.orig for reach in reaches), math.prod(r.target for r in reaches)]
    arrived, _ = arrivals(stream, signal(chain.layers[0].spec, 3000, np.float32))
    assert stream.latency == latest(arrived, *grids)


def latest(arrived, orig, target):
    """The largest lag of a step that lies away from the start."""
    times = np.arange(len(arrived)) * orig // target
    return max((arrived - times)[times > 1000])


def test_latency_in_closed_form():
    assert latency([Reach(0, 3.9)]) == 3
    assert latency([Reach(0, -3.9)]) == 0
    assert latency([Reach(0, 0.5, 441, 160)]) == 1  # the output at time x.99375 needs sample x + 1
    assert latency([Reach(2, 2), Reach(0, 3, orig=4), Reach(5, 5, orig=10)]) == 2 + 3 + 4 * 5
    big = [Reach(0, 30.2, 44100, 44101), Reach(0, 30.2, 16000, 16001)]
    assert latency(big[:1]) == 31
    assert 61 <= latency([big[0], replace(big[1], orig=160, target=161)]) <= 62


@pytest.mark.parametrize("op", WHOLE, ids=lambda op: op.name)
def test_an_op_that_cannot_stream_says_so(op):
    with pytest.raises(ParameterError, match=f"^{op.name}: .* must "):
        wb.Stream(layer_of(op)(**needed(op)))


def test_values_that_cannot_stream_say_so():
    layer = wb.layers.LogMelSpectrogram(sample_rate=RATE, top_db=80.0)
    with pytest.raises(ValueError, match=r"log_mel_spectrogram: top_db must be None in a stream"):
        wb.Stream(layer)
    with pytest.raises(ValueError, match="must be None in a stream"):
        wb.Stream(wb.Chain([layer], sample_rate=RATE))
