import librosa
import numpy as np
import pytest
import tensorflow as tf

import workbench as wb
from tests.numbers import relative
from workbench.core.windows import design_window
from workbench.ops import spec

RNG = np.random.default_rng(3)
NOISE = RNG.standard_normal((2, 20000)) * [[1.0], [1e-3]]
CONFIGURATIONS = [  # fft_length, frame_length, frame_step
    (1024, 1024, 256),
    (1024, 800, 200),
    (512, 400, 160),
    (512, 401, 160),
    (1000, 1000, 250),
    (64, 64, 1),  # many overlapping frames: another way of cutting
]


@pytest.mark.parametrize(("fft_length", "frame_length", "frame_step"), CONFIGURATIONS)
@pytest.mark.parametrize("pad_mode", ["reflect", "constant"])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-6), ("float64", 1e-12)])
def test_stft_equals_librosa(fft_length, frame_length, frame_step, pad_mode, dtype, tolerance):
    for row in NOISE.astype(dtype):
        found = wb.stft(
            row,
            frame_length=frame_length,
            frame_step=frame_step,
            fft_length=fft_length,
            pad_mode=pad_mode,
        )
        expected = librosa.stft(
            row, n_fft=fft_length, win_length=frame_length, hop_length=frame_step, pad_mode=pad_mode
        )
        assert relative(found.numpy(), expected.T) <= tolerance


def test_stft_without_centring_equals_librosa():
    found = wb.stft(NOISE[0], frame_length=512, frame_step=128, center=False)
    expected = librosa.stft(NOISE[0], n_fft=512, hop_length=128, center=False)
    assert relative(found.numpy(), expected.T) <= 1e-12


@pytest.mark.parametrize(("fft_length", "frame_length", "frame_step"), CONFIGURATIONS[:3])
@pytest.mark.parametrize("length", [1024, 1025, 5000, 20000])
def test_a_window_at_the_start_equals_tensorflow(fft_length, frame_length, frame_step, length):
    sizes = {"frame_length": frame_length, "frame_step": frame_step, "fft_length": fft_length}
    found = wb.stft(NOISE[:, :length], **sizes, center=False, window_position="start")
    expected = tf.signal.stft(NOISE[:, :length], **sizes)  # its window of an odd length is another
    assert found.shape == expected.shape
    # its window is computed in float32
    assert relative(found.numpy(), expected.numpy()) <= 1e-6


@pytest.mark.parametrize("length", [1, 399, 400, 559, 560, 16000])
def test_a_window_at_the_start_is_counted_as_kaldi_does(length):
    sizes = {"frame_length": 400, "frame_step": 160, "fft_length": 512}
    found = wb.stft(NOISE[0, :length], **sizes, center=False, window_position="start")
    assert found.shape[0] == max(1, 1 + (length - 400) // 160)  # snip_edges=True


@pytest.mark.parametrize("window_position", ["center", "start"])
@pytest.mark.parametrize("fft_length", [400, 512])
def test_mean_and_preemphasis_act_on_the_samples_under_the_window(window_position, fft_length):
    x = NOISE[0, :3000] + 1.0
    options = {"frame_length": 400, "fft_length": fft_length, "frame_step": 160, "center": False}
    conditioned = {"remove_mean": True, "preemphasis": 0.97, "window": "povey"}
    found = wb.spectrogram(x, **options, **conditioned, window_position=window_position)
    first = (fft_length - 400) // 2 if window_position == "center" else 0
    expected = []
    for t in range(len(found)):
        frame = x[t * 160 + first :][:400]
        frame = frame - frame.mean()
        frame = frame - 0.97 * np.concatenate([frame[:1], frame[:-1]])
        tapered = frame * design_window("povey", False, 400)
        expected.append(np.abs(np.fft.rfft(tapered, fft_length)) ** 2)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def test_preemphasis_has_an_exact_gradient():
    c = tf.constant(0.9, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(c)
        total = tf.reduce_sum(wb.spectrogram(NOISE[0], preemphasis=c))
    either = [tf.reduce_sum(wb.spectrogram(NOISE[0], preemphasis=0.9 + d)) for d in (-1e-5, 1e-5)]
    change = float(either[1] - either[0]) / 2e-5
    assert float(tape.gradient(total, c)) == pytest.approx(change, rel=1e-8)


@pytest.mark.parametrize("length", [1, 2, 3, 511, 512, 513, 1024])
@pytest.mark.parametrize("pad_mode", ["reflect", "constant"])
@pytest.mark.parametrize("center", [True, False])
def test_short_signals_give_a_defined_result(length, pad_mode, center):
    x = NOISE[0, :length]
    found = wb.stft(x, frame_length=1024, frame_step=300, pad_mode=pad_mode, center=center)
    mode = (
        "edge" if length == 1 and pad_mode == "reflect" else pad_mode
    )  # NumPy reflects one sample as itself
    padded = np.pad(x, 512, mode=mode) if center else x
    padded = np.pad(padded, (0, max(0, 1024 - len(padded))))
    assert found.shape == (1 + (len(padded) - 1024) // 300, 513)
    taper = design_window("hann", False, 1024)
    expected = [
        np.fft.rfft(taper * padded[i : i + 1024]) for i in range(0, len(padded) - 1023, 300)
    ]
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("fft_length", [1, 2, 7, 8, 63])
def test_gradient_of_the_transform_equals_central_differences(fft_length):
    x = RNG.standard_normal(150)
    shape = wb.stft(x, frame_length=fft_length, frame_step=5).shape
    weights = RNG.standard_normal(shape), RNG.standard_normal(shape)

    def total(x):
        z = wb.stft(x, frame_length=fft_length, frame_step=5)
        real, imaginary = tf.math.real(z), tf.math.imag(z)
        return tf.reduce_sum(tf.sin(real) * weights[0] + tf.square(imaginary) * weights[1])

    variable = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(variable)
        value = total(variable)
    found = tape.gradient(value, variable).numpy()
    for place in (0, 1, 74, 149):
        step = np.zeros(150)
        step[place] = 1e-6
        difference = (total(x + step) - total(x - step)) / 2e-6
        assert found[place] == pytest.approx(float(difference), rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("power", [0.3, 1.0, 2.0, 2.7])
def test_power_is_the_exponent_of_the_magnitude(power):
    found = wb.spectrogram(NOISE[0], power=power)
    np.testing.assert_allclose(found, np.abs(wb.stft(NOISE[0])) ** power, rtol=1e-10, atol=1e-12)


def test_time_and_frequency_axes():
    from workbench.axes import waveform_space

    values = {"frame_length": 400, "frame_step": 160, "fft_length": 512}
    op = spec(wb.stft)
    space = op.space(waveform_space(16000), op.check(values))
    time, frequency = space.axes
    assert (time.start, time.step) == (0.0, 0.01)
    assert frequency.positions(257)[-1] == 8000.0
    space = op.space(waveform_space(16000), op.check(values | {"center": False}))
    assert space.time.start == pytest.approx(256 / 16000)


def test_a_tone_stands_at_its_frequency_and_time():
    tone = np.asarray(wb.tone(sample_rate=16000, seconds=2.0, frequency_hertz=3000.0)).copy()
    tone[:16000] = 0.0
    s = wb.spectrogram(tone).numpy()
    assert np.argmax(s[-20]) * 16000 / 1024 == 3000.0
    loud = np.flatnonzero(s[:, 192] > s.max() / 2)
    assert loud[0] * 256 / 16000 == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("power", [0.3, 1.0, 1.5])
def test_silence_is_exactly_zero_and_nothing_jumps_near_it(power):
    assert np.all(wb.spectrogram(np.zeros(2000), power=power).numpy() == 0)
    levels = np.geomspace(1e-7, 1e-5, 41)  # the linear continuation begins at 1e-6
    x = np.zeros((len(levels), 8))
    x[:, 0] = levels  # an impulse under a window of 1: its magnitude is its level
    options = {"frame_length": 8, "center": False, "window": "boxcar", "power": power}
    found = wb.spectrogram(x, **options).numpy()[:, 0, 1]
    assert np.all(np.diff(found) > 0)
    above = levels > 1.01e-6
    np.testing.assert_allclose(found[above], levels[above] ** power, rtol=1e-9)
    assert np.max(np.diff(np.log(found))) < 2 * np.max(np.diff(np.log(levels))) * max(1, power)
