import librosa
import numpy as np
import pytest
import tensorflow as tf

import workbench as wb
from workbench.core.mel_scale import design_mel_matrix, hertz_to_mel, mel_matrix, mel_to_hertz


@pytest.mark.parametrize("mel_scale", ["htk", "slaney"])
@pytest.mark.parametrize("mel_norm", [None, "slaney"])
@pytest.mark.parametrize(("low", "high", "bands"), [(0.0, 8000.0, 128), (50.0, 7000.0, 40)])
@pytest.mark.parametrize("fft_length", [1024, 501])
def test_matrices_equal_librosa(mel_scale, mel_norm, low, high, bands, fft_length):
    found = design_mel_matrix(fft_length, 16000, bands, low, high, mel_scale, mel_norm, "hertz")
    expected = librosa.filters.mel(
        sr=16000, n_fft=fft_length, n_mels=bands, fmin=low, fmax=high,
        htk=mel_scale == "htk", norm=mel_norm, dtype=np.float64,
    )  # fmt: skip
    assert np.max(np.abs(found - expected.T)) <= 1e-12


@pytest.mark.parametrize(("low", "high", "bands"), [(0.0, 8000.0, 80), (80.0, 7600.0, 40)])
@pytest.mark.parametrize("fft_length", [512, 1024])
def test_triangles_straight_in_mel_equal_tensorflow(low, high, bands, fft_length):
    found = design_mel_matrix(fft_length, 16000, bands, low, high, "htk", None, "mel")
    expected = tf.signal.linear_to_mel_weight_matrix(
        bands, fft_length // 2 + 1, 16000, low, high, tf.float64
    )
    # 1e-11: TensorFlow's factor is 1127, ours 2595 / ln 10, the same number but for rounding
    assert np.max(np.abs(found - expected)) <= 1e-11
    straight_in_hertz = design_mel_matrix(fft_length, 16000, bands, low, high, "htk", None, "hertz")
    assert np.max(np.abs(straight_in_hertz - expected)) >= 1e-3


@pytest.mark.parametrize(("low", "high", "bands"), [(20.0, 8000.0, 23), (20.0, 7800.0, 40)])
def test_triangles_straight_in_mel_equal_kaldi(low, high, bands):
    """Kaldi's `MelBanks`, written out."""

    def mel(hertz):
        return 1127.0 * np.log(1.0 + hertz / 700.0)

    step = (mel(high) - mel(low)) / (bands + 1)
    expected = np.zeros((257, bands))
    for band in range(bands):
        left = mel(low) + band * step
        for k in range(256):  # Kaldi leaves the last bin out
            place = mel(k * 16000 / 512)
            if left < place <= left + step:
                expected[k, band] = (place - left) / step
            elif left + step < place < left + 2 * step:
                expected[k, band] = (left + 2 * step - place) / step
    found = design_mel_matrix(512, 16000, bands, low, high, "htk", None, "mel")
    assert np.max(np.abs(found - expected)) <= 1e-11


@pytest.mark.parametrize("mel_scale", ["htk", "slaney"])
def test_mel_scale_has_an_inverse(mel_scale):
    hertz = np.linspace(0, 20000, 101)
    np.testing.assert_allclose(
        mel_to_hertz(hertz_to_mel(hertz, mel_scale), mel_scale), hertz, rtol=1e-12, atol=1e-9
    )


@pytest.mark.parametrize("mel_scale", ["htk", "slaney"])
@pytest.mark.parametrize("mel_norm", [None, "slaney"])
@pytest.mark.parametrize("mel_slope", ["hertz", "mel"])
@pytest.mark.parametrize("edge", [0, 1])
def test_gradients_of_edges_equal_central_differences(mel_scale, mel_norm, mel_slope, edge):
    edges = [123.4, 6543.2]
    weights = np.random.default_rng(3).standard_normal((257, 40))

    def total(value):
        lower, upper = (value if i == edge else edges[i] for i in range(2))
        matrix = mel_matrix(512, 16000, 40, lower, upper, mel_scale, mel_norm, mel_slope)
        return tf.reduce_sum(weights * matrix)

    variable = tf.constant(edges[edge], tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(variable)
        value = total(variable)
    found = float(tape.gradient(value, variable))
    difference = float(total(variable + 1e-3) - total(variable - 1e-3)) / 2e-3
    assert found == pytest.approx(difference, rel=1e-5)


@pytest.mark.parametrize("mel_slope", ["hertz", "mel"])
@pytest.mark.parametrize("edges", [(3000.0, 3000.0), (5000.0, 1000.0), (0.0, 20000.0)])
def test_learnt_edges_out_of_order_give_finite_results_and_gradients(mel_slope, edges):
    lower, upper = (tf.constant(edge) for edge in edges)
    x = tf.constant(np.random.default_rng(0).standard_normal(4000))
    with tf.GradientTape() as tape:
        tape.watch([x, lower, upper])
        bands = wb.mel_spectrogram(
            x, sample_rate=16000, num_mel_bins=20, mel_slope=mel_slope,
            lower_edge_hertz=lower, upper_edge_hertz=upper,
        )  # fmt: skip
    empty = np.max(bands, axis=0) == 0
    assert np.all(empty) if edges[0] >= edges[1] else not np.any(empty[:10])
    for gradient in tape.gradient(bands, [x, lower, upper]):
        assert np.all(np.isfinite(gradient))


@pytest.mark.parametrize("jit_compile", [False, True])
def test_edges_given_as_tensors_equal_plain_ones(jit_compile):
    x = np.random.default_rng(0).standard_normal(4000)

    @tf.function(jit_compile=jit_compile)
    def run(lower, upper):
        return wb.mel_spectrogram(
            x, sample_rate=16000, lower_edge_hertz=lower, upper_edge_hertz=upper
        )

    found = run(tf.constant(40.0, tf.float64), tf.constant(7000.0, tf.float64))
    plain = wb.mel_spectrogram(x, sample_rate=16000, lower_edge_hertz=40.0, upper_edge_hertz=7000.0)
    np.testing.assert_allclose(found, plain, rtol=1e-9, atol=1e-9)
