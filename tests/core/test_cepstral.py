import librosa
import numpy as np
import pytest
import scipy.fft
import tensorflow as tf

import workbench as wb
from workbench.axes import waveform_space
from workbench.core.cepstral import design_dct_matrix, design_slope
from workbench.ops import spec

NOISE = np.random.default_rng(6).standard_normal((2, 8000)) * [[1.0], [1e-3]]
FEATURES = np.random.default_rng(7).standard_normal((3, 40, 13)) * [[[1.0]], [[1e-2]], [[1e-4]]]


@pytest.mark.parametrize(("bands", "count"), [(40, 13), (23, 23), (1, 1)])
def test_cosines_equal_scipy(bands, count):
    expected = scipy.fft.dct(np.eye(bands), norm="ortho")[:, :count]
    found = design_dct_matrix(bands, count, "ortho")
    np.testing.assert_allclose(found, expected, atol=1e-14)


@pytest.mark.parametrize("dct_norm", ["ortho", "htk"])
def test_mfcc_is_the_cosine_transform_of_levels(dct_norm):
    given = {"sample_rate": 16000, "num_mel_bins": 40}
    levels = wb.log_mel_spectrogram(NOISE, **given)
    if dct_norm == "htk":
        expected = tf.signal.mfccs_from_log_mel_spectrograms(levels)
    else:
        expected = scipy.fft.dct(levels.numpy(), norm="ortho")
    found = wb.mfcc(NOISE, **given, num_mfccs=40, dct_norm=dct_norm)
    # TensorFlow's transform of float64 is one of float64
    np.testing.assert_allclose(found, expected, atol=1e-10)


@pytest.mark.parametrize("start", [0, 1])
def test_lifter(start):
    given = {"sample_rate": 16000, "num_mel_bins": 40, "num_mfccs": 20}
    n = np.arange(start, start + 20)
    expected = wb.mfcc(NOISE, **given) * (1 + 22 / 2 * np.sin(np.pi * n / 22))
    found = wb.mfcc(NOISE, **given, lifter=22.0, lifter_start=start)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-10)


def test_a_learnt_lifter_of_0_is_none_and_has_a_finite_gradient():
    lifter = tf.constant(0.0)
    with tf.GradientTape() as tape:
        tape.watch(lifter)
        found = wb.mfcc(NOISE, sample_rate=16000, lifter=lifter)
    np.testing.assert_array_equal(found, wb.mfcc(NOISE, sample_rate=16000))
    assert np.isfinite(tape.gradient(found, lifter))


def test_mfcc_space():
    op = spec(wb.mfcc)
    space = op.space(waveform_space(16000), op.check({"sample_rate": 16000}))
    assert [axis.label for axis in space.axes] == ["time (s)", "coefficient"]
    assert space.label == "cepstrum (dB)"


@pytest.mark.parametrize("mode", ["interp", "nearest"])
@pytest.mark.parametrize(("width", "order"), [(9, 1), (9, 2), (3, 1), (5, 3), (39, 1)])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("float64", 1e-10)])
def test_delta_equals_librosa(mode, width, order, dtype, tolerance):
    for row in FEATURES.astype(dtype):
        found = wb.delta(row, width=width, order=order, mode=mode)
        expected = librosa.feature.delta(
            row.astype(np.float64), width=width, order=order, mode=mode, axis=0
        )
        assert np.max(np.abs(found - expected)) <= tolerance * np.max(np.abs(row))


@pytest.mark.parametrize("mode", ["interp", "nearest"])
def test_each_padded_row_of_a_delta_ends_at_its_own_end(mode):
    lengths = [40, 17, 3]
    found, made = wb.delta(FEATURES, lengths=lengths, mode=mode)
    assert made.numpy().tolist() == lengths
    for row, length, out in zip(FEATURES, lengths, found, strict=True):
        alone = wb.delta(row[:length], mode=mode)
        np.testing.assert_allclose(out[:length], alone, atol=1e-14 * np.max(np.abs(row)))


@pytest.mark.parametrize("frames", [1, 2, 8])
def test_fewer_frames_than_the_width_are_held_on_at_the_ends(frames):
    found = wb.delta(FEATURES[0, :frames])
    np.testing.assert_array_equal(found, wb.delta(FEATURES[0, :frames], mode="nearest"))
    if frames == 1:
        np.testing.assert_allclose(found, 0.0, atol=1e-15)


def test_slope_of_a_polynomial_is_its_derivative():
    frames = np.arange(-20.0, 21.0)
    for order, expected in ((1, 2.0), (2, 2 * 3.0), (3, 6 * 0.5)):
        polynomial = 1.0 + 2.0 * frames + 3.0 * frames**2 + 0.5 * frames**3
        kept = polynomial if order == 3 else [2.0 * frames, 3.0 * frames**2][order - 1]
        assert design_slope(41, order) @ kept == pytest.approx(expected, rel=1e-10)


def test_delta_space_says_per_frame():
    op = spec(wb.delta)
    given = spec(wb.mfcc).space(waveform_space(16000), spec(wb.mfcc).check({"sample_rate": 16000}))
    assert op.space(given, op.check({})).label == "delta cepstrum (dB per frame)"
    twice = op.space(given, op.check({"order": 2}))
    assert twice.label == "delta delta cepstrum (dB per frame^2)"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"num_mfccs": 81}, "mfcc: num_mfccs must be at most num_mel_bins, 80; got 81"),
        ({"num_mfccs": 0}, "mfcc: num_mfccs must be a whole number, at least 1; got 0"),
        ({"lifter": -1.0}, "mfcc: lifter must be a finite number, at least 0; got -1"),
        ({"lifter_start": 2}, "mfcc: lifter_start must .* at most 1; got 2"),
        ({"dct_norm": "none"}, "mfcc: dct_norm must be one of 'ortho', 'htk'; got 'none'"),
        ({"mel_slope": "bark"}, "mfcc: mel_slope must be one of 'hertz', 'mel'; got 'bark'"),
        ({"log_scale": "2"}, "mfcc: log_scale must be one of 'decibel', 'natural'; got '2'"),
        ({"upper_edge_hertz": 51.0}, "mfcc: upper_edge_hertz must be at most .* 50 Hz; got 51"),
        ({"lower_edge_hertz": 60.0}, "mfcc: lower_edge_hertz and upper_edge_hertz must rise"),
    ],
)
def test_bad_parameters_of_mfcc(values, message):
    with pytest.raises(ValueError, match=message):
        wb.mfcc(np.zeros(9), sample_rate=100, **values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"width": 8}, r"delta: width must be odd; got 8\. Take 7 or 9\."),
        ({"width": 1}, "delta: width must be a whole number, at least 3; got 1"),
        ({"width": 5, "order": 5}, "delta: order must be below width, 5; got 5"),
        ({"order": 0}, "delta: order must be a whole number, at least 1; got 0"),
        ({"mode": "wrap"}, "delta: mode must be one of 'interp', 'nearest'; got 'wrap'"),
    ],
)
def test_bad_parameters_of_delta(values, message):
    with pytest.raises(ValueError, match=message):
        wb.delta(np.zeros((9, 2)), **values)


def test_no_stream_with_a_level_below_the_maximum():
    op = spec(wb.mfcc)
    with pytest.raises(ValueError, match="mfcc: top_db must be None in a stream"):
        op.reach(op.check({"sample_rate": 8000, "top_db": 80.0}))
