import librosa
import numpy as np
import pytest
import tensorflow as tf

import workbench as wb

RATE = 16000
NOISE = np.random.default_rng(7).standard_normal((2, 8000)) * [[1.0], [1e-3]]
WINDOWS = ("hann", "hamming", "blackman", "kaiser", "gaussian", "povey", "boxcar")


def angle(difference):
    """Round the circle."""
    return np.abs((difference + np.pi) % (2 * np.pi) - np.pi)


def loud(x, below=1e-3, **options):
    magnitude = wb.spectrogram(x, power=1.0, **options).numpy()
    return magnitude > below * magnitude.max()


@pytest.mark.parametrize("impl", ["fft", "dft"])
@pytest.mark.parametrize(("fft_length", "frame_length"), [(1024, 1024), (512, 401)])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-3), ("float64", 1e-11)])
def test_phase_equals_librosa(fft_length, frame_length, impl, dtype, tolerance):
    sizes = {"fft_length": fft_length, "frame_length": frame_length, "frame_step": 160}
    x = NOISE[0].astype(dtype)
    found = wb.phase(x, **sizes, impl=impl, pad_mode="constant")
    z = librosa.stft(NOISE[0], n_fft=fft_length, win_length=frame_length, hop_length=160).T
    z_loud = np.abs(z) > 1e-2 * np.abs(z).max()  # the error is that of z over its magnitude
    assert np.max(angle(found - np.angle(z)) * z_loud) <= tolerance
    assert np.all((found > -np.pi) & (found <= np.asarray(np.pi, dtype)))


@pytest.mark.parametrize("power", [0.0, 1e-7])
def test_the_phase_of_silence_is_zero_and_its_frequency_that_of_the_bin(power):
    x = power * np.sin(np.arange(3000)) / 1000
    assert not np.any(wb.phase(x))
    found = wb.instantaneous_frequency(x, sample_rate=RATE)
    np.testing.assert_array_equal(found[3], np.arange(513) * RATE / 1024)


@pytest.mark.parametrize("read", ["phase", "instantaneous_frequency"])
def test_gradients_equal_central_differences_where_there_is_energy(read):
    options = {"frame_length": 64, "frame_step": 16}
    rate = {"sample_rate": RATE} if read == "instantaneous_frequency" else {}
    x = NOISE[0, :300]
    weights = np.random.default_rng(0).standard_normal((19, 33)) * loud(x, 0.1, **options)

    def total(x):
        out = getattr(wb, read)(x, **rate, **options)
        return tf.reduce_sum(weights * (tf.sin(out) if read == "phase" else out / RATE))

    variable = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(variable)
        value = total(variable)
    found = tape.gradient(value, variable).numpy()
    for place in (0, 1, 150, 299):
        step = np.zeros(300)
        step[place] = 1e-6
        difference = float(total(x + step) - total(x - step)) / 2e-6
        assert found[place] == pytest.approx(difference, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("window", ["hann", "blackman", "kaiser", "povey"])
@pytest.mark.parametrize("hertz", [1234.567, 4000.3, 4123.4])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_steady_tone_has_its_own_frequency_in_the_bins_beside_it(window, hertz, dtype):
    # a real tone is two complex ones: these windows keep the other one 120 dB down
    near = np.abs(np.arange(513) * RATE / 1024 - hertz) < RATE / 1024
    x = np.cos(2 * np.pi * hertz / RATE * np.arange(8000) + 0.7).astype(dtype)
    found = wb.instantaneous_frequency(x, sample_rate=RATE, window=window).numpy()[4:-4, near]
    assert np.max(np.abs(found / hertz - 1)) <= 1e-6


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("hertz", [0.0, RATE / 2])
def test_a_single_complex_tone_is_exact_in_every_bin_whatever_the_window(window, symmetric, hertz):
    x = np.cos(2 * np.pi * hertz / RATE * np.arange(3000))
    options = {"frame_length": 400, "fft_length": 512, "window": window, "pad_mode": "reflect"}
    options |= {"window_symmetric": symmetric}
    found = wb.instantaneous_frequency(x, sample_rate=RATE, **options).numpy()
    heard = loud(x, 1e-3, **options)
    # half the rate and minus half the rate are the same frequency
    error = np.abs((found - hertz + RATE / 2) % RATE - RATE / 2)
    assert np.sum(heard) > 2 * len(found)
    assert np.max(error * heard) <= 1e-6 * RATE


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("fft_length", [400, 512])
def test_single_precision_keeps_a_frequency(symmetric, fft_length):
    options = {"frame_length": 400, "frame_step": 160, "fft_length": fft_length}
    x = np.cos(2 * np.pi * 1234.567 / RATE * np.arange(8000)).astype(np.float32)
    options |= {"window": "blackman", "window_symmetric": symmetric}
    found = wb.instantaneous_frequency(x, sample_rate=RATE, **options)
    peak = round(1234.567 / RATE * fft_length)
    # the difference of two phases, each to 1e-7 of a turn, would be 1e-5 away
    assert np.max(np.abs(found[4:-4, peak] / 1234.567 - 1)) <= 2e-6


def test_a_chirp_is_followed_at_the_middle_of_its_frames():
    time = np.arange(2 * RATE) / RATE
    x = np.sin(2 * np.pi * (2000 * time + 0.5 * 50 * time**2))  # 2000 Hz + 50 Hz a second
    found = wb.instantaneous_frequency(x, sample_rate=RATE).numpy()
    middle = np.arange(len(found)) * 256 / RATE
    peak = np.argmax(wb.spectrogram(x), axis=1)
    at_peak = found[np.arange(len(found)), peak]
    error = (at_peak - (2000 + 50 * middle))[4:-4]
    # a bin beside the chirp sees it a little later or sooner
    assert np.max(np.abs(error)) <= 0.02
    assert abs(np.mean(error)) <= 1e-3  # half a frame step would be 0.4 Hz, a sample 3e-3


def test_the_phase_advances_by_the_frequency():
    hop = {"frame_step": 1}
    x = NOISE[0, :1500]
    phases = wb.phase(x, **hop).numpy()
    frequency = wb.instantaneous_frequency(x, sample_rate=RATE, **hop).numpy()
    advance = np.diff(phases, axis=0)
    between = (frequency[1:] + frequency[:-1]) / 2
    heard = loud(x, 0.1, **hop)
    error = angle(advance - 2 * np.pi / RATE * between) * heard[1:] * heard[:-1]
    assert np.max(error[:, 1:-1]) <= 2e-3  # its window is a sample shorter


def test_a_frame_of_one_sample_is_refused():
    message = r"instantaneous_frequency: frame_length must be at least 2: .*; got 1\."
    with pytest.raises(ValueError, match=message):
        wb.instantaneous_frequency(NOISE, sample_rate=RATE, frame_length=1)
    with pytest.raises(TypeError, match="instantaneous_frequency: sample_rate must be given"):
        wb.instantaneous_frequency(NOISE)
