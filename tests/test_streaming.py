"""A stream equals its layer on the whole signal: every op that says how far it looks."""

import math
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

import workbench as wb
from tests.numbers import relative
from tests.ops import RATE
from tests.streams import (
    CHAINS,
    DEFAULTS,
    OTHERS,
    TIGHT,
    WHOLE,
    arrivals,
    between,
    cut,
    enough,
    signal,
    together,
    unregistered,
)  # fmt: skip
from workbench.errors import ParameterError
from workbench.reach import Reach, latency

LENGTHS = {  # of signals, for each size of chunks
    1: (1, 2, 100, 1023),
    37: (1, 2, 100, 1023, 5000),
    441: (1, 2, 100, 1023, 5000, 20000),
    4096: (1, 2, 100, 1023, 5000, 20000),
    "random": (1, 2, 100, 1023, 5000, 20000),
}
LIMIT = {"float32": 1e-6, "float64": 1e-12}  # sums may be split otherwise than in the whole


def shown(case):
    layer, values = case
    changed = {name: value for name, value in values.items() if name != "sample_rate"}
    return "-".join([layer.__name__.lower(), *(f"{n}={v}" for n, v in changed.items())])


defaults = pytest.mark.parametrize("case", DEFAULTS, ids=shown)
variants = pytest.mark.parametrize("case", OTHERS, ids=shown)
chains = pytest.mark.parametrize("chain", CHAINS.values(), ids=CHAINS)


def check(layer, size):
    stream, limit = wb.Stream(layer), LIMIT[layer.compute_dtype]
    lengths = LENGTHS[size]
    if size == 1:  # a few times what a step sees: more takes long and says no more
        longest = max(100, 4 * enough([layer.spec.reach(layer.values)]))
        lengths = {min(length, longest) for length in lengths}
    for length in lengths:
        x = signal(layer.spec, length, layer.compute_dtype)
        whole = layer(x)
        out = together(stream, cut(x, size))
        stream.reset()
        assert out.dtype == whole.dtype
        assert out.shape == whole.shape
        assert out.shape[1] == layer.spec.length(length, layer.values)
        for row in range(2 if out.shape[1] else 0):
            assert relative(out[row], whole[row]) <= limit


SIZES = [(size, dtype) for size in LENGTHS for dtype in LIMIT]
SIZES.remove((1, "float32"))  # a thousand pushes, that tell no more of a type than fewer do


@defaults
@pytest.mark.parametrize(("size", "dtype"), SIZES)
def test_chunks_equal_the_whole(case, dtype, size):
    check(case[0](**case[1], dtype=dtype), size)


@variants
@pytest.mark.parametrize("size", [441, "random"])
def test_chunks_equal_the_whole_whatever_the_parameters(case, size):
    check(case[0](**case[1], dtype="float64"), size)


@chains
@pytest.mark.parametrize("size", [37, 441, "random"])
def test_a_chain_in_chunks_equals_the_whole(chain, size):
    chain = wb.Chain(chain(), sample_rate=RATE)
    for length in LENGTHS[size][-3:]:
        x = signal(chain.layers[0].spec, length, np.float32)
        whole = chain(x)
        out = together(wb.Stream(chain), cut(x, size))
        assert out.shape == whole.shape
        assert relative(out, whole) <= 1e-6


@pytest.mark.parametrize("case", TIGHT, ids=shown)
def test_a_step_comes_with_the_last_sample_that_it_depends_on(case):
    layer = case[0](**case[1], dtype="float64")
    reach = layer.spec.reach(layer.values)
    x = signal(layer.spec, enough([reach]))[:1]
    arrived = arrivals(wb.Stream(layer), x)
    for step in range(len(arrived) - reach.target, len(arrived)):
        with tf.GradientTape() as tape:
            variable = tf.constant(x)
            tape.watch(variable)
            weight = tf.reduce_sum(tf.abs(layer(variable)[:, step]))
        gradient = np.reshape(tape.gradient(weight, variable), (x.shape[1], -1))
        last = np.flatnonzero(np.any(gradient, axis=1))[-1]
        assert arrived[step] == max(last, step * reach.orig // reach.target)


@pytest.mark.parametrize("case", DEFAULTS + OTHERS, ids=shown)
def test_latency_is_that_of_the_latest_step(case):
    check_latency(layer := case[0](**case[1]), [layer.spec.reach(layer.values)], layer.spec)


@chains
def test_latency_of_a_chain_is_that_of_the_latest_step(chain):
    chain = wb.Chain(chain(), sample_rate=RATE)
    reaches = [layer.spec.reach(layer.values) for layer in chain.layers]
    check_latency(chain, reaches, chain.layers[0].spec)


def check_latency(layer, reaches, spec):
    stream = wb.Stream(layer)
    arrived = arrivals(stream, signal(spec, enough(reaches), np.float32))
    orig, target = math.prod(r.orig for r in reaches), math.prod(r.target for r in reaches)
    lags = arrived - np.arange(len(arrived)) * orig // target
    assert stream.latency == max(lags[-target:])  # the last steps see nothing of the start


def test_latency_in_closed_form():
    assert latency([Reach(0, 3.9)]) == 3
    assert latency([Reach(0, -3.9)]) == 0
    assert latency([Reach(0, 0.5, 441, 160)]) == 1  # the output at time x.99375 needs sample x + 1
    assert latency([Reach(2, 2), Reach(0, 3, orig=4), Reach(5, 5, orig=10)]) == 2 + 3 + 4 * 5
    big = [Reach(0, 30.2, 44100, 44101), Reach(0, 30.2, 16000, 16001)]
    assert latency(big[:1]) == 31
    assert 61 <= latency([big[0], replace(big[1], orig=160, target=161)]) <= 62


@pytest.mark.parametrize("case", WHOLE, ids=shown)
def test_an_op_that_cannot_stream_says_so(case):
    layer = case[0](**case[1])
    with pytest.raises(ParameterError, match=f"^{layer.spec.name}: .* must "):
        wb.Stream(layer)


def test_values_that_cannot_stream_say_so():
    layer = wb.layers.LogMelSpectrogram(sample_rate=RATE, top_db=80.0)
    with pytest.raises(ValueError, match=r"log_mel_spectrogram: top_db must be None in a stream"):
        wb.Stream(layer)
    with pytest.raises(ValueError, match="must be None in a stream"):
        wb.Stream(wb.Chain([layer], sample_rate=RATE))


def test_a_delay_that_is_too_long_is_refused_before_the_first_chunk():
    layer = wb.layers.ModulatedDelay(sample_rate=96000, motion="still", delay_seconds=20.0)
    with pytest.raises(ValueError, match="must come to at most 1048576 samples at 96000 Hz"):
        wb.Stream(layer)


@pytest.mark.parametrize("size", [1, 441, 4096])
def test_nothing_is_computed_before_a_step_is_due_and_little_is_kept(size, monkeypatch):
    layer = wb.layers.STFT(frame_length=256, frame_step=100)
    stream, applied, came, held = wb.Stream(layer), [], [], []
    apply = layer.apply
    monkeypatch.setattr(layer, "apply", lambda *given: applied.append(given) or apply(*given))
    for _ in range((3000 if size == 1 else 100_000) // size):
        came.append(stream.push(np.zeros((1, size), np.float32)).shape[1])
        held.append(stream.held)
    assert len(applied) == 1 + np.count_nonzero(came)  # the first tells the shape
    assert max(held) <= 256 + 129 + 2 * 100
    assert max(np.shape(signal)[1] for signal, _ in applied) <= max(held) + size


def test_later_changes_of_the_layer_do_not_reach_a_stream():
    layer = wb.layers.Saturate(drive_db=6.0, learn=("drive_db",))
    x = signal(layer.spec, 300, np.float32)
    layer(x)
    layer.trainable_weights[0].assign(12.0)
    whole = layer(x)
    stream = wb.Stream(layer)
    first = stream.push(x[:, :100])
    layer.set(drive_db=-20.0)
    out = tf.concat([first, stream.push(x[:, 100:])], 1)
    assert relative(out, whole) <= 1e-6
    assert relative(wb.Stream(layer).push(x), layer(x)) <= 1e-6


@pytest.mark.parametrize(("axis", "shape"), [(1, (2, 900, 3)), (2, (2, 3, 900)), (-1, (3, 900))])
def test_time_and_channels_are_where_the_layer_has_them(axis, shape):
    layer = wb.layers.STFT(axis=axis, frame_length=64, frame_step=10)
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    whole = layer(x)
    axis %= len(shape)
    out = together(wb.Stream(layer), cut(x, 60, axis), axis)
    assert out.shape == whole.shape
    assert relative(out, whole) <= 1e-6


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float64"])
def test_types_are_those_of_the_layer(policy):
    chain = wb.Chain([between(dtype=policy), wb.layers.STFT(frame_length=64)], sample_rate=RATE)
    for layer in (chain.layers[0], chain):
        x = signal(between.spec, 500)
        whole = layer(x)
        out = together(wb.Stream(layer), cut(x, "random"))
        assert out.dtype == whole.dtype
        assert relative(*(tf.cast(tf.abs(y), "float64") for y in (out, whole))) <= 1e-6


def test_a_chain_rounds_a_signal_to_its_own_type_first():
    chain = wb.Chain([wb.layers.Saturate(dtype="float64")], sample_rate=RATE)
    x = signal(chain.layers[0].spec, 50)
    np.testing.assert_array_equal(wb.Stream(chain).push(x), chain(x))


def test_a_chain_gives_its_rate_to_a_layer_that_was_elsewhere():
    layer = wb.layers.MelSpectrogram(frame_length=64, num_mel_bins=8)
    chain = wb.Chain([layer], sample_rate=RATE)
    x = signal(layer.spec, 500, np.float32)
    whole = chain(x)
    wb.Chain([layer], sample_rate=2 * RATE)
    assert relative(together(wb.Stream(chain), [x]), whole) <= 1e-6


def test_an_array_may_be_written_again_after_it_was_pushed():
    layer = wb.layers.STFT(frame_length=1024, frame_step=1024)
    x = signal(layer.spec, 8192, np.float32)
    stream, buffer, out = wb.Stream(layer), np.empty((2, 512), np.float32), []
    for first in range(0, 8192, 512):
        buffer[:] = x[:, first : first + 512]
        out.append(stream.push(buffer))
    buffer[:] = 7.0
    assert relative(tf.concat([*out, stream.finish()], 1), layer(x)) <= 1e-6


def test_never_more_steps_than_the_whole_has():
    @unregistered(reach=lambda _: Reach(0, 0), length=lambda n, values: max(1, n - 3))
    def shorter(signal):
        """Without the last three."""
        return signal[..., : tf.maximum(1, tf.shape(signal)[-1] - 3)]

    x = signal(shorter.spec, 20, np.float32)
    stream = wb.Stream(shorter())
    assert [stream.push(x[:, i : i + 1]).shape[1] for i in range(20)] == [1] + 3 * [0] + 16 * [1]
    assert stream.finish().shape[1] == 0


def test_no_samples_make_no_steps():
    stream = wb.Stream(wb.Chain([between(), wb.layers.STFT(frame_length=64)], sample_rate=RATE))
    for out in (stream.push(np.zeros((2, 0), np.float32)), stream.finish()):
        assert out.shape == (2, 0, 33)
        assert out.dtype == "complex64"


def pushed(*chunks, finish=0):
    stream = wb.Stream(wb.layers.STFT())
    for chunk in chunks:
        stream.push(chunk)
    for _ in range(finish):
        stream.finish()
    return stream


ROWS = np.zeros((2, 9), np.float32)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: pushed(ROWS, ROWS[:1]), ValueError,
         r"Stream: chunk must have the shape \[2, time\] of the chunks before it; got \[1, 9\]\."),
        (lambda: pushed(ROWS, ROWS[..., None]), ValueError, r"\[2, time\] .* got \[2, 9, 1\]"),
        (lambda: pushed(ROWS[0]), ValueError, "stft: axis must name 1 dimension"),
        (lambda: pushed(ROWS.astype(np.int16)), TypeError,
         r"Stream: signal must be floating point; got int16\. Scale it .* 32768"),
        (lambda: pushed(ROWS, finish=1).push(ROWS), ValueError,
         r"Stream: chunk must come before finish\(\); got one after it\. reset\(\) starts again\."),
        (lambda: pushed(ROWS, finish=2), ValueError, r"Stream: finish\(\) must be called once"),
        (lambda: pushed(finish=1), ValueError,
         r"Stream: chunk must be pushed before finish\(\); got none\."),
        (lambda: wb.Stream(wb.Chain([], sample_rate=RATE)), ValueError, "got an empty chain"),
        (lambda: wb.Stream(wb.stft), TypeError, "Stream: layer must be of wb.* got function"),
        (lambda: wb.Stream(wb.Chain([wb.layers.STFT(), keras.layers.Dense(3)], sample_rate=RATE)),
         TypeError, "no other layer says how far it looks along time; got Dense. Give the layers"),
        (lambda: wb.Stream(wb.layers.MelSpectrogram()), TypeError,
         "mel_spectrogram: sample_rate must be given"),
    ],
)  # fmt: skip
def test_bad_calls(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


def test_reset_starts_another_signal_of_any_shape():
    stream = pushed(ROWS, finish=1)
    stream.reset()
    x = signal(wb.layers.STFT.spec, 3000, np.float32)[:1]
    assert relative(together(stream, cut(x, 100)), wb.layers.STFT()(x)) <= 1e-6
