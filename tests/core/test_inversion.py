import librosa
import numpy as np
import pytest
import tensorflow as tf

import workbench as wb
from tests.numbers import relative
from workbench.axes import waveform_space
from workbench.core.inversion import _added_squares
from workbench.ops import spec

RNG = np.random.default_rng(5)
NOISE = RNG.standard_normal((2, 10007)) * [[1.0], [1e-3]]
SPEECH = {"frame_length": 400, "frame_step": 160, "fft_length": 512}
CONFIGURATIONS = [
    {},
    {"frame_length": 800, "frame_step": 200, "fft_length": 1024, "pad_mode": "constant"},
    {**SPEECH, "frame_length": 401, "window": "hamming"},
    {"frame_length": 1000, "frame_step": 250, "impl": "dft"},
    {"frame_length": 501, "frame_step": 77, "window": "kaiser", "kaiser_beta": 8.0},
    {**SPEECH, "window": "povey", "window_symmetric": True, "window_position": "start"},
    {"frame_length": 256, "frame_step": 3, "window": "gaussian", "impl": "dft"},
    {"frame_length": 512, "frame_step": 100, "window_length": 300.5},
    {"frame_length": 64, "frame_step": 32, "window": "boxcar"},
    {"frame_length": 64, "frame_step": 64, "window": "boxcar", "center": False},
    {"frame_length": 512, "frame_step": 128, "window": "hamming", "center": False},
    {**SPEECH, "window": "hamming", "center": False, "window_position": "start"},
]


def covered(options, length):
    """Samples that a frame saw: without centring, not those beside the frames."""
    values = spec(wb.stft).check(options)
    if values["center"]:
        return slice(0, length)
    span = values["frame_length"]
    first = 0
    if values["window_position"] == "center" and values["fft_length"]:
        first = (values["fft_length"] - span) // 2
    frames = int(spec(wb.stft).length(length, values))
    return slice(first, first + (frames - 1) * values["frame_step"] + span)


@pytest.mark.parametrize("options", CONFIGURATIONS, ids=str)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 5e-6), ("float64", 1e-12)])
@pytest.mark.parametrize("length", [10007, 4096, 1500, 700])
def test_every_sample_comes_back(options, dtype, tolerance, length):
    for row in NOISE[:, :length].astype(dtype):
        found = wb.inverse_stft(wb.stft(row, **options), length=length, **options)
        assert found.dtype == dtype
        seen = covered(options, length)
        assert np.max(np.abs(found - row)[seen]) <= tolerance * np.max(np.abs(row))


@pytest.mark.parametrize(("center", "length"), [(True, None), (True, 9999), (False, None)])
def test_any_spectrum_gives_what_librosa_makes_of_it(center, length):
    z = RNG.standard_normal((513, 30)) + 1j * RNG.standard_normal((513, 30))
    z[[0, -1]] = z[[0, -1]].real  # a real frame has no imaginary part there; nor has librosa's
    found = wb.inverse_stft(z.T, center=center, length=length)
    expected = librosa.istft(z, hop_length=256, center=center, length=length)
    assert found.shape == expected.shape
    inner = slice(None) if center else slice(16, -16)  # where the window is next to nothing
    assert relative(found.numpy()[inner], expected[inner]) <= 1e-12


def test_it_is_the_signal_whose_transform_is_nearest():
    options = {"frame_length": 64, "frame_step": 16, "center": False, "window": "hamming"}
    z = RNG.standard_normal((9, 33)) + 1j * RNG.standard_normal((9, 33))
    basis = np.eye(8 * 16 + 64)
    spectra = wb.stft(basis, **options).numpy().reshape(len(basis), -1)
    weights = np.tile(np.r_[1.0, np.full(31, 2.0), 1.0], 9) ** 0.5  # a bin and its mirror image
    stacked = np.concatenate([(spectra * weights).real, (spectra * weights).imag], axis=1)
    wanted = z.ravel() * weights
    expected = np.linalg.lstsq(stacked.T, np.r_[wanted.real, wanted.imag], rcond=None)[0]
    np.testing.assert_allclose(wb.inverse_stft(z, **options), expected, atol=1e-12)


@pytest.mark.parametrize("length", [1, 2, 100, 511, 513])
@pytest.mark.parametrize("pad_mode", ["reflect", "constant"])
def test_short_signals_come_back(length, pad_mode):
    z = wb.stft(NOISE[0, :length], pad_mode=pad_mode)
    found = wb.inverse_stft(z, length=length)
    np.testing.assert_allclose(found, NOISE[0, :length], atol=1e-12)


def test_length_pads_or_crops_and_none_keeps_whole_steps():
    z = wb.stft(NOISE[0, :2000])
    assert wb.inverse_stft(z).shape == (7 * 256,)
    long = wb.inverse_stft(z, length=4000).numpy()
    assert long.shape == (4000,)
    assert not np.any(long[2000 + 512 :])
    np.testing.assert_array_equal(wb.inverse_stft(z, length=100), long[:100])


def test_without_centring_only_the_ends_of_the_windows_are_lost():
    x = NOISE[0]
    found = wb.inverse_stft(wb.stft(x, center=False), center=False, length=len(x)).numpy()
    last = 256 * ((len(x) - 1024) // 256) + 1024
    assert found[0] == 0.0  # a periodic hann window begins with 0
    assert not np.any(found[last:])
    np.testing.assert_allclose(found[40 : last - 40], x[40 : last - 40], atol=1e-12)


def test_time_axis_is_that_of_the_signal():
    given = waveform_space(44100)
    for options in ({}, {"center": False}, {"center": False, "window_position": "start"}):
        values = spec(wb.stft).check(options)
        frames = spec(wb.stft).space(given, values)
        back = spec(wb.inverse_stft).space(frames, values | {"length": None})
        assert back.time.rate == 44100
        assert back.time.start == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("compiled", [False, True])
def test_graphs_of_any_length_and_xla_agree(compiled):
    @tf.function(jit_compile=compiled, input_signature=[tf.TensorSpec([None, None])])
    def there_and_back(x):
        return wb.inverse_stft(wb.stft(x, **SPEECH), **SPEECH)

    for length in (5000, 700):
        x = NOISE[:, :length].astype(np.float32)
        found = there_and_back(x).numpy()
        assert found.shape == (2, length // 160 * 160)
        np.testing.assert_allclose(found, x[:, : found.shape[1]], atol=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"frame_length": 512, "frame_step": 512},
            r"window and frame_length and frame_step must .*512 and 512",
        ),
        (
            {"frame_length": 256, "frame_step": 300, "window": "boxcar"},
            r".*'boxcar', 256 and 300\.",
        ),
        ({"window_length": 200.0}, r"window and window_length and frame_step must .* 200\.0 and 2"),
        ({"frame_length": 512, "fft_length": 256}, "frame_length must be at most fft_length"),
    ],
)
def test_windows_that_leave_samples_out_are_refused(options, message):
    bins = options.get("frame_length", 1024) // 2 + 1
    z = np.zeros((5, bins), np.complex64)
    with pytest.raises(ValueError, match="inverse_stft: " + message):
        wb.inverse_stft(z, **options)


def test_other_bins_than_the_transform_has_are_refused():
    with pytest.raises(ValueError, match=r"inverse_stft: signal must have 513 bins, .*; got 512\."):
        wb.inverse_stft(np.zeros((5, 512), np.complex64))
    with pytest.raises(ValueError, match=r"griffin_lim: signal must have 513 bins"):
        wb.griffin_lim(np.zeros((5, 512)))
    with pytest.raises(TypeError, match="inverse_stft: signal must be complex; got float32"):
        wb.inverse_stft(np.zeros((5, 513), np.float32))


@pytest.mark.parametrize("length", [1, 50, 100, 399])
def test_signals_shorter_than_a_frame_come_back(length):
    x = np.random.default_rng(0).standard_normal(length)
    options = {"frame_length": 400, "fft_length": 512, "frame_step": 160, "center": False}
    found = wb.inverse_stft(wb.stft(x, **options), length=length, **options)
    seen = slice(57, None)  # the window begins behind 56 zeros, and with a 0
    np.testing.assert_allclose(found[seen], x[seen], atol=1e-9)
    assert wb.inverse_stft(wb.stft(x[:100])).shape[0] >= 1


@pytest.mark.parametrize(("size", "step", "count"), [(8, 4, 5), (9, 4, 1), (7, 7, 3), (5, 1, 4)])
def test_squares_of_windows_are_added_where_their_frames_lie(size, step, count):
    window = np.random.default_rng(2).uniform(0.1, 1.0, size)
    blocks = count - 1 + -(-size // step)

    def by_hand(frames):
        total = np.zeros(blocks * step)
        for frame in range(frames):
            total[frame * step : frame * step + size] += window**2
        return total

    found = _added_squares(tf.constant(window), step, count, None)
    np.testing.assert_allclose(found, by_hand(count), rtol=1e-15)  # a sum of few, all positive
    counts = tf.constant([0, 1, count])
    for room in (count, tf.constant(count)):  # as outside of graphs, and as in them
        found = _added_squares(tf.constant(window), step, room, counts)
        np.testing.assert_allclose(found, [by_hand(n) for n in (0, 1, count)], rtol=1e-15)
