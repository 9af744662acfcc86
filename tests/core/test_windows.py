import numpy as np
import pytest
import scipy.signal
import tensorflow as tf

import workbench as wb
from workbench.core.windows import design_window, window_of
from workbench.ops import spec

WINDOWS = ("hann", "hamming", "blackman", "kaiser", "gaussian", "povey", "boxcar")
X = np.random.default_rng(0).standard_normal(3000)


def values(**given):
    return spec(wb.stft).check(given)


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("length", [1, 2, 7, 8, 401, 1024])
@pytest.mark.parametrize(
    ("window", "beta"),
    [("hann", 0), ("hamming", 0), ("blackman", 0), ("boxcar", 0), ("kaiser", 0), ("kaiser", 12.0)],
)
def test_windows_equal_scipy(window, beta, length, symmetric):
    wanted = (window, beta) if window == "kaiser" else window
    expected = scipy.signal.get_window(wanted, length, fftbins=not symmetric)
    found = design_window(window, symmetric, length, kaiser_beta=beta)
    np.testing.assert_allclose(found, expected, atol=2e-15)


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("std", [0.1, 0.4, 2.0])
def test_a_gaussian_window_is_as_wide_as_a_part_of_half_its_length(std, symmetric):
    samples = std * (400 - symmetric) / 2
    expected = scipy.signal.windows.gaussian(400, samples, sym=symmetric)
    found = design_window("gaussian", symmetric, 400, gaussian_std=std)
    np.testing.assert_allclose(found, expected, atol=1e-15)


def test_the_povey_window_is_kaldis():
    n = np.arange(400)
    expected = (0.5 - 0.5 * np.cos(2 * np.pi * n / 399)) ** 0.85  # feature-window.cc
    np.testing.assert_allclose(design_window("povey", True, 400), expected, atol=1e-15)


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize(("frame", "length"), [(400, 400), (400, 256), (401, 5), (64, 2), (65, 1)])
def test_a_whole_window_length_gives_that_window_with_zeros_around(
    window, frame, length, symmetric
):
    around = (frame - length) // 2
    shape = design_window(window, symmetric, length)
    if length == 1 and not symmetric:  # the periodic formula gives its value at the first sample
        shape = design_window(window, False, 2)[:1]
    expected = np.pad(shape, around)
    found = design_window(window, symmetric, frame, float(length))
    np.testing.assert_allclose(found, expected, atol=1e-15)


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize(
    ("name", "at"), [("window_length", 300.3), ("kaiser_beta", 8.6), ("gaussian_std", 0.3)]
)
def test_windows_of_tensors_are_those_of_numbers_with_exact_slopes(window, symmetric, name, at):
    def shape(value):
        given = {"frame_length": 400, "window": window, "window_symmetric": symmetric}
        return window_of(values(**given) | {name: value}, tf.float64)

    weights = np.random.default_rng(0).standard_normal(400)
    variable = tf.constant(at, tf.float64)
    np.testing.assert_allclose(shape(variable), shape(at), atol=1e-15)
    with tf.GradientTape() as tape:
        tape.watch(variable)
        total = tf.reduce_sum(weights * shape(variable))
    slope = tape.gradient(total, variable, unconnected_gradients="zero")
    change = np.sum(weights * (shape(at + 1e-5) - shape(at - 1e-5))) / 2e-5
    assert float(slope) == pytest.approx(change, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("at", [1.0, 1.5, 2.0, 7.5, 64.0])
def test_slopes_are_finite_at_the_edges(window, at):
    variable = [tf.constant(v, tf.float64) for v in (at, 12.0, 0.4)]
    for symmetric in (False, True):
        with tf.GradientTape() as tape:
            tape.watch(variable)
            names = ("window_length", "kaiser_beta", "gaussian_std")
            given = values(frame_length=64, window=window, window_symmetric=symmetric)
            shape = window_of(given | dict(zip(names, variable, strict=True)), tf.float64)
        slopes = tape.gradient(shape, variable, unconnected_gradients="zero")
        assert np.all(np.isfinite([*slopes, np.sum(shape)]))


def test_one_trace_serves_all_window_lengths_and_xla_agrees():
    traces = []

    def run(length):
        traces.append(length)
        return wb.stft(X, window="kaiser", window_length=length)

    for compiled in (tf.function(run), tf.function(run, jit_compile=True)):
        traces.clear()
        for length in (1024.0, 700.7, 2.0):
            found = compiled(tf.constant(length, tf.float64))
            np.testing.assert_allclose(found, wb.stft(X, window="kaiser", window_length=length))
        assert len(traces) == 1


def test_a_window_longer_than_the_frame_is_refused():
    message = r"stft: window_length must be at most frame_length, 512: .*; got 600\.0\."
    with pytest.raises(ValueError, match=message):
        wb.stft(X, frame_length=512, fft_length=1024, window_length=600.0)
