import librosa
import numpy as np
import pytest
import tensorflow as tf

import workbench as wb
from workbench.core.chance import uniform

RATE = 16000
SIREN = np.asarray(wb.siren(sample_rate=RATE, seconds=1.0), np.float64)
PLUCKED = np.asarray(wb.plucked_string(sample_rate=RATE, seconds=1.0), np.float64)


def convergence(signal, magnitude, **options):
    """Distance of the magnitudes, relative to the magnitude asked for."""
    made = wb.spectrogram(signal, power=1.0, **options)
    return float(np.linalg.norm(made - magnitude) / np.linalg.norm(magnitude))


class FirstPhases(np.random.RandomState):
    """Gives librosa the first phases of `griffin_lim`, in turns."""

    def random(self, size):
        bins, frames = size
        return uniform([0, 0], [frames, bins]).numpy().astype(np.float64).T


@pytest.mark.parametrize("x", [SIREN, PLUCKED], ids=["siren", "plucked string"])
@pytest.mark.parametrize("num_iterations", [1, 8, 32])
@pytest.mark.parametrize("momentum", [0.0, 0.99])
def test_it_equals_librosa_from_the_same_phases_on(x, num_iterations, momentum):
    magnitude = wb.spectrogram(x, power=1.0).numpy()
    length = 256 * (len(magnitude) - 1)
    found = wb.griffin_lim(magnitude, num_iterations=num_iterations, momentum=momentum)
    expected = librosa.griffinlim(
        magnitude.T,
        n_iter=num_iterations,
        hop_length=256,
        momentum=momentum,
        pad_mode="reflect",
        length=length,
        random_state=FirstPhases(),
    )
    # librosa goes on turning bins below 1e-6
    assert np.linalg.norm(found - expected) <= 1e-6 * np.linalg.norm(expected)


def test_iterations_and_momentum_help():
    magnitude = wb.spectrogram(PLUCKED, power=1.0)
    reached = [
        convergence(wb.griffin_lim(magnitude, num_iterations=n, momentum=m, length=RATE), magnitude)
        for n, m in ((0, 0.0), (8, 0.0), (32, 0.0), (32, 0.99))
    ]
    assert reached == sorted(reached, reverse=True)
    assert reached[-1] < 0.5 * reached[0]


@pytest.mark.parametrize(
    "options",
    [
        {"frame_length": 400, "frame_step": 100, "fft_length": 512},
        {"frame_length": 512, "frame_step": 128, "center": False, "window": "hamming"},
        {"frame_length": 400, "frame_step": 160, "fft_length": 512, "window_position": "start"},
        {"frame_length": 255, "frame_step": 64, "impl": "dft", "pad_mode": "constant"},
    ],
    ids=str,
)
def test_other_frames_converge_too(options):
    magnitude = wb.spectrogram(SIREN, power=1.0, **options)
    start = wb.griffin_lim(magnitude, num_iterations=0, length=RATE, **options)
    found = wb.griffin_lim(magnitude, length=RATE, **options)
    assert found.shape == (RATE,)
    assert convergence(found, magnitude, **options) < 0.6 * convergence(start, magnitude, **options)


def test_a_seed_gives_the_same_signal_in_eager_graph_and_xla():
    magnitude = wb.spectrogram(SIREN[:4000], power=1.0)

    def run(magnitude):
        return wb.griffin_lim(magnitude, seed=3, num_iterations=4)

    found = run(magnitude)
    np.testing.assert_array_equal(found, run(magnitude))
    for compiled in (False, True):
        again = tf.function(run, jit_compile=compiled)(magnitude)
        np.testing.assert_allclose(again, found, atol=1e-9)
    other = wb.griffin_lim(magnitude, seed=4, num_iterations=4)
    assert np.max(np.abs(other - found)) > 0.1


def test_rows_that_end_are_what_they_are_alone():
    magnitude = wb.spectrogram(np.stack([SIREN, PLUCKED]), power=1.0)
    batch, made = wb.griffin_lim(magnitude, lengths=[40, 63], num_iterations=8)
    assert made.numpy().tolist() == [39 * 256, 62 * 256]
    for row, frames in enumerate((40, 63)):
        alone = wb.griffin_lim(magnitude[row, :frames], num_iterations=8)
        np.testing.assert_allclose(batch[row, : len(alone)], alone, atol=1e-9)


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_few_frames_are_no_error(frames):
    found = wb.griffin_lim(np.ones((frames, 513)), num_iterations=2, length=600)
    assert found.shape == (600,)
    assert np.all(np.isfinite(found))


@pytest.mark.parametrize("level", [0.0, 1e-20, 1.0])
def test_gradients_are_finite(level):
    magnitude = tf.constant(level * wb.spectrogram(PLUCKED[:2000], power=1.0))
    with tf.GradientTape() as tape:
        tape.watch(magnitude)
        total = tf.reduce_sum(tf.square(wb.griffin_lim(magnitude, num_iterations=8)))
    assert np.all(np.isfinite(tape.gradient(total, magnitude)))


def test_wrong_values_are_refused():
    with pytest.raises(ValueError, match=r"griffin_lim: num_iterations must .* at least 0"):
        wb.griffin_lim(np.ones((3, 513)), num_iterations=-1)
    with pytest.raises(ValueError, match=r"griffin_lim: window and .* 'hann', 1024 and 1024"):
        wb.griffin_lim(np.ones((3, 513)), frame_step=1024)
    with pytest.raises(TypeError, match="griffin_lim: signal must be floating point"):
        wb.griffin_lim(np.ones((3, 513), np.complex64))
