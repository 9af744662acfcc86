"""The two ways to compute a Fourier transform."""

import numpy as np
import pytest
import tensorflow as tf

import workbench as wb
from tests.numbers import relative

NOISE = np.random.default_rng(11).standard_normal((2, 3000)) * [[1.0], [1e-3]]
SIZES = [  # fft_length, frame_length, frame_step: powers of two, and none
    (1024, 1024, 256),
    (512, 401, 160),
    (1000, 1000, 250),
    (7, 5, 3),
    (1, 1, 1),
]
sizes = pytest.mark.parametrize(("fft_length", "frame_length", "frame_step"), SIZES)


def value_and_gradient(read, x, **options):
    with tf.GradientTape() as tape:
        tape.watch(x)
        out = read(x, **options)
        total = tf.reduce_sum(tf.square(tf.math.real(out)) + 2 * tf.square(tf.math.imag(out)))
    return out.numpy(), tape.gradient(total, x).numpy()


@sizes
@pytest.mark.parametrize("position", ["center", "start"])
@pytest.mark.parametrize("read", [wb.stft, wb.spectrogram], ids=["stft", "spectrogram"])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("float64", 1e-12)])
def test_both_give_the_same(fft_length, frame_length, frame_step, position, read, dtype, tolerance):
    options = {"fft_length": fft_length, "frame_length": frame_length, "frame_step": frame_step}
    options |= {"window_position": position, "window": "hamming"}
    for row in NOISE.astype(dtype):
        fast = value_and_gradient(read, tf.constant(row), **options)
        plain = value_and_gradient(read, tf.constant(row), impl="dft", **options)
        for found, expected in zip(plain, fast, strict=True):
            assert relative(found, expected) <= tolerance


@pytest.mark.parametrize(("dtype", "tolerance"), [("complex64", 1e-5), ("complex128", 1e-12)])
@pytest.mark.parametrize("fft_length", [512, 401])
def test_both_give_the_same_back(fft_length, dtype, tolerance):
    rng = np.random.default_rng(0)
    shape = (2, 20, fft_length // 2 + 1)
    z = tf.constant((rng.standard_normal(shape) + 1j * rng.standard_normal(shape)).astype(dtype))
    options = {"fft_length": fft_length, "frame_length": 400, "frame_step": 100}
    fast = value_and_gradient(wb.inverse_stft, z, **options)
    plain = value_and_gradient(wb.inverse_stft, z, impl="dft", **options)
    for found, expected in zip(plain, fast, strict=True):
        assert relative(found, expected) <= tolerance


@pytest.mark.parametrize("compiled", [False, True])
def test_a_spectrogram_by_products_meets_no_transform_and_no_complex_number(compiled):
    @tf.function(input_signature=[tf.TensorSpec([None, None])], jit_compile=compiled)
    def run(x):
        return wb.spectrogram(x, frame_length=400, frame_step=160, impl="dft")

    graph = run.get_concrete_function().graph
    assert not [op.name for op in graph.get_operations() if "FFT" in op.type]
    assert not [t for op in graph.get_operations() for t in op.outputs if t.dtype.is_complex]
    x = NOISE.astype(np.float32)
    np.testing.assert_allclose(
        run(x), wb.spectrogram(x, frame_length=400, frame_step=160), rtol=1e-3, atol=1e-6
    )
