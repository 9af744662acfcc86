import gc
import weakref

import keras
import numpy as np
import pytest
import tensorflow as tf

import workbench as wb
from workbench import traces
from workbench.stages import Stage

X = tf.constant(np.random.default_rng(0).standard_normal((1, 3000)).astype(np.float32))


@pytest.fixture
def counted(monkeypatch):
    """How often a function was traced, by the tests that ask for it."""
    traces.settle()  # what other tests have asked for
    counts = {"traced": 0}
    original = traces._compiled

    def compiled(*arguments):
        counts["traced"] += 1
        return original(*arguments)

    monkeypatch.setattr(traces, "_compiled", compiled)
    return counts


def test_an_unchanged_layer_gives_its_last_result():
    stage = Stage(wb.layers.Saturate(drive_db=3.0))
    assert stage.forward(X) is stage.forward(X)
    assert stage.forward(tf.identity(X)) is not stage.forward(X)


def test_one_trace_serves_all_values_of_a_continuous_parameter(counted):
    layer = wb.layers.Saturate(drive_db=0.0)
    stage = Stage(layer)
    for drive in range(1, 12):
        layer.set(drive_db=float(drive))
        found = stage.forward(X)
        traces.settle()
        np.testing.assert_allclose(found, wb.saturate(X, drive_db=float(drive)), rtol=1e-6)
    assert counted["traced"] == 1


def test_values_that_move_are_not_traced_and_those_that_rest_are(counted):
    layer = wb.layers.Spectrogram()
    stage = Stage(layer)
    for length in (64, 128, 64, 128, 256):
        layer.set(frame_length=length)
        stage.forward(X)
    assert counted["traced"] == 0
    layer.set(frame_length=64)
    for _ in range(3):
        x = tf.identity(X)
        np.testing.assert_allclose(
            stage.forward(x), wb.spectrogram(X, frame_length=64), rtol=1e-4, atol=1e-5
        )
        traces.settle()
    assert counted["traced"] == 1


def test_a_trace_keeps_the_values_that_it_was_made_for():
    layer = wb.layers.Spectrogram(frame_length=64)
    stage = Stage(layer)
    for _ in range(2):
        stage.forward(tf.identity(X))  # the second call starts a trace aside
    layer.set(frame_length=128)
    traces.settle()
    layer.set(frame_length=64)
    assert stage.forward(tf.identity(X)).shape[-1] == 33


def test_a_trace_that_fails_leaves_the_eager_result(monkeypatch):
    def fail(*arguments):
        raise RuntimeError("no trace")

    monkeypatch.setattr(traces, "_compiled", fail)
    stage = Stage(wb.layers.Saturate(drive_db=3.0))
    for _ in range(4):
        np.testing.assert_array_equal(stage.forward(tf.identity(X)), wb.saturate(X, drive_db=3.0))
        traces.settle()


def test_results_of_other_keras_layers_are_never_kept():
    layer = keras.layers.Rescaling(2.0)
    stage = Stage(layer)
    stage.forward(X)
    layer.scale = 5.0
    np.testing.assert_allclose(stage.forward(X), 5.0 * X, rtol=1e-6)


def test_backward_is_the_vector_jacobian_product():
    stage = Stage(wb.layers.Saturate(drive_db=6.0))
    upstream = tf.constant(np.random.default_rng(1).standard_normal((1, 3000)), tf.float32)
    for _ in range(3):  # eager, eager while tracing, compiled
        found, parameters = stage.backward(X, upstream, ("drive_db",))
        traces.settle()
        gain = 10**0.3
        slope = 1 - np.tanh(gain * X.numpy()) ** 2
        np.testing.assert_allclose(found, upstream * slope * gain, rtol=1e-4, atol=1e-5)
        expected = np.sum(upstream * slope * gain * np.log(10) / 20 * X.numpy(), dtype=np.float64)
        assert float(parameters["drive_db"]) == pytest.approx(float(expected), rel=1e-4)


@pytest.mark.parametrize("kind", ["sinc", "linear", "average", "nearest", "fft"])
def test_a_ratio_moves_with_every_kind(kind):
    """A kind whose result only jumps takes no tensor: there the ratio is a plain number."""
    layer = wb.layers.Resample(orig_rate=8000, ratio=0.5, kind=kind)
    stage = Stage(layer)
    x = tf.constant(np.random.default_rng(1).standard_normal((1, 800)), tf.float32)
    stage.forward(x)
    layer.set(ratio=0.75)
    moved = stage.forward(x)
    np.testing.assert_allclose(
        moved, wb.resample(x, orig_rate=8000, ratio=0.75, kind=kind), atol=1e-6
    )
    assert ("ratio" in stage.differentiable) == (kind in ("sinc", "linear", "average"))


@pytest.fixture
def graphs(monkeypatch):
    """Of all traces that are made."""
    made = []
    original = traces._compiled

    def compiled(*arguments):
        trace = original(*arguments)
        made.append(weakref.ref(trace._concrete.graph))
        return trace

    monkeypatch.setattr(traces, "_compiled", compiled)
    return made


def left(graphs):
    gc.collect()
    return sum(graph() is not None for graph in graphs)


def traced(stage, step):
    stage.layer.set(frame_step=step)
    for _ in range(2):
        found = stage.forward(tf.identity(X))
        traces.settle()
        stage.backward(X, found)
        traces.settle()


def test_a_trace_that_is_dropped_leaves_nothing_behind(graphs, monkeypatch):
    monkeypatch.setattr(traces, "_ROOM", 1)
    stage = Stage(wb.layers.STFT(frame_length=64))
    for step in (16, 24, 32, 40):
        traced(stage, step)
    assert len(graphs) == 8
    assert left(graphs) == 1  # the last stays, however large it is
    assert stage.backward(X, stage.forward(X))[0].shape == X.shape


def test_the_traces_of_all_stages_together_have_a_bound(graphs, monkeypatch):
    monkeypatch.setattr(traces, "_ROOM", 4 * traces._LEAST)
    stages = [Stage(wb.layers.STFT(frame_length=64)) for _ in range(4)]
    for step in (16, 24):
        for stage in stages:
            traced(stage, step)
    assert len(graphs) >= 16  # a thread of another test may make one
    assert 1 <= left(graphs) <= 3  # each is a little larger than the least
    assert graphs[-1]() is not None


def test_what_was_used_last_stays(graphs, monkeypatch):
    monkeypatch.setattr(traces, "_ROOM", 5 * traces._LEAST // 2)
    traces.settle()
    stages = [Stage(wb.layers.STFT(frame_length=64)) for _ in range(3)]

    def used(stage):
        stage.forward(tf.identity(X))
        traces.settle()

    for stage in stages[:2]:
        used(stage)
        used(stage)  # traced
    used(stages[0])
    used(stages[2])
    used(stages[2])
    gc.collect()
    assert [graph() is not None for graph in graphs] == [True, False, True]


def test_large_constants_count_for_what_they_take():
    x = tf.zeros([1, 4096])
    sizes = []
    for length in (64, 1024):
        layer = wb.layers.STFT(frame_length=length, impl="dft")
        sizes.append(traces._compiled(lambda x, layer=layer: layer(x), (x,)).size)
    assert sizes[1] - sizes[0] > 5 * 2 * 4 * 1024 * 513 * 0.99
