import numpy as np
import pytest
import scipy.signal
import tensorflow as tf

import workbench as wb
from workbench.analysis.windows import (
    window_figures,
    window_overlap,
    window_shape,
    window_spectrum,
)
from workbench.ops import spec


def values(**given):
    return spec(wb.stft).check(given)


# Side lobe in dB, noise bandwidth in bins, scalloping loss in dB: Harris 1978, table 1. It rounds
# the first to whole dB and the others to two places. Its scalloping loss of hamming, 1.78, is not
# that of its coefficients.
HARRIS = [
    ({"window": "boxcar"}, -13, 1.00, 3.92),
    ({"window": "hann"}, -32, 1.50, 1.42),
    ({"window": "hamming"}, -43, 1.36, 1.75),
    ({"window": "blackman"}, -58, 1.73, 1.10),
    ({"window": "kaiser", "kaiser_beta": 2.0 * np.pi}, -46, 1.50, 1.46),
    ({"window": "kaiser", "kaiser_beta": 2.5 * np.pi}, -57, 1.65, 1.20),
    ({"window": "kaiser", "kaiser_beta": 3.0 * np.pi}, -69, 1.80, 1.02),
    ({"window": "kaiser", "kaiser_beta": 3.5 * np.pi}, -82, 1.93, 0.89),
]


@pytest.mark.parametrize(("given", "side", "bandwidth", "scalloping"), HARRIS)
def test_figures_are_those_of_harris(given, side, bandwidth, scalloping):
    found = window_figures(values(**given))
    assert found.side_lobe_db == pytest.approx(side, abs=1.0)
    assert found.noise_bandwidth == pytest.approx(bandwidth, abs=0.011)
    assert found.scalloping_db == pytest.approx(scalloping, abs=0.011)


def test_a_narrow_gaussian_has_the_figures_of_one_that_never_ends():
    found = window_figures(values(window="gaussian", gaussian_std=0.2))  # e**-12.5 at its ends
    assert found.noise_bandwidth == pytest.approx(5 / np.sqrt(np.pi), rel=1e-4)
    loss = 10 * np.log10(np.exp((np.pi / 10) ** 2))
    assert found.scalloping_db == pytest.approx(loss, rel=1e-3)


@pytest.mark.parametrize(
    ("given", "width"),
    [
        ({"window": "boxcar"}, 2.0),
        ({"window": "hann"}, 4.0),
        ({"window": "hamming"}, 4.0),
        ({"window": "blackman"}, 6.0),
        # sin(sqrt(x**2 - beta**2)) = 0 for the first time
        ({"window": "kaiser", "kaiser_beta": 8.0}, 2 * np.sqrt(1 + (8.0 / np.pi) ** 2)),
    ],
)
@pytest.mark.parametrize("frame", [256, 1024, 1000])
def test_the_main_lobe_ends_at_its_zeros(given, width, frame):
    found = window_figures(values(frame_length=frame, **given)).main_lobe
    assert found == pytest.approx(width, rel=1e-4)  # sums instead of Kaiser's integral


def test_the_highest_side_lobe_of_a_boxcar_is_that_of_its_closed_form():
    at = np.linspace(1.3, 1.6, 100001)  # Dirichlet's kernel of 1024 samples
    kernel = np.sin(np.pi * at) / (1024 * np.sin(np.pi * at / 1024))
    expected = 20 * np.log10(np.max(np.abs(kernel)))
    assert window_figures(values(window="boxcar")).side_lobe_db == pytest.approx(expected, abs=1e-6)


def test_zeros_in_the_transform_make_its_bins_narrower():
    plain = window_figures(values(frame_length=512))
    padded = window_figures(values(frame_length=512, fft_length=2048))
    assert padded.main_lobe == pytest.approx(4 * plain.main_lobe, rel=1e-3)
    assert padded.noise_bandwidth == pytest.approx(4 * plain.noise_bandwidth)
    assert padded.side_lobe_db == pytest.approx(plain.side_lobe_db, abs=1e-3)
    assert padded.scalloping_db < plain.scalloping_db / 10


@pytest.mark.parametrize("frame", [1, 2, 3, 17])
@pytest.mark.parametrize("window", ["boxcar", "hamming", "kaiser", "gaussian"])
def test_figures_of_the_shortest_windows_are_numbers_or_nan(window, frame):
    found = window_figures(values(window=window, frame_length=frame, frame_step=1))
    assert 0 < found.main_lobe <= 2 * frame
    assert not found.side_lobe_db > 0


@pytest.mark.parametrize(
    "given",
    [
        {"window": "kaiser", "kaiser_beta": 400.0},
        {"window": "gaussian", "gaussian_std": 0.05},
    ],
)
def test_what_lies_below_rounding_is_no_side_lobe(given):
    assert window_figures(values(**given)).side_lobe_db == -200.0


def test_the_main_lobe_ends_where_only_rounding_is_left():
    # the transform of a narrow Gaussian falls to 1e-20 of its power at sqrt(ln 1e20) / (pi std)
    found = window_figures(values(window="gaussian", gaussian_std=0.05)).main_lobe
    assert found == pytest.approx(2 * np.sqrt(20 * np.log(10)) * 2 / (0.1 * np.pi), rel=0.01)


@pytest.mark.parametrize("size", [1, 2, 8])
def test_a_transform_without_a_zero_is_main_lobe_all_over(size):
    found = window_figures(values(frame_length=1, frame_step=1, fft_length=size))
    assert found.main_lobe == size
    assert np.isnan(found.side_lobe_db)


def test_no_level_is_below_the_floor():
    assert np.min(window_spectrum(values(), floor_db=-60.0).data) == -60.0


@pytest.mark.parametrize(("window", "beta"), [("hann", 0.0), ("boxcar", 0.0), ("kaiser", 8.0)])
def test_spectrum_is_scipys_transform_of_scipys_window(window, beta):
    wanted = (window, beta) if window == "kaiser" else window
    taper = scipy.signal.get_window(wanted, 400)
    found = window_spectrum(values(frame_length=400, window=window, kaiser_beta=beta), 10.0)
    rate, expected = scipy.signal.freqz(taper, worN=found.positions / 400, fs=1.0)
    assert rate == pytest.approx(found.positions / 400)
    expected = 20 * np.log10(np.abs(expected) / np.sum(taper) + 1e-300)
    seen = found.data[0] > -150
    assert np.sum(seen) > 0.9 * len(seen)
    assert found.data[0, seen] == pytest.approx(expected[seen], abs=1e-3)
    assert found.data.shape[1] == 2 * round(10.0 / found.axis.step) + 1
    assert found.positions[np.argmax(found.data[0])] == pytest.approx(0.0, abs=1e-12)


def test_spectrum_in_hertz_is_the_one_in_bins():
    given = values(frame_length=512, fft_length=1024)
    bins, hertz = window_spectrum(given, 8.0), window_spectrum(given, 8.0, rate=16000)
    assert hertz.positions == pytest.approx(bins.positions * 16000 / 1024)
    np.testing.assert_array_equal(hertz.data, bins.data)
    assert (bins.axis.unit, hertz.axis.unit) == ("bins", "Hz")


def test_shape_is_the_window_also_of_a_tensor_as_length():
    found = window_shape(values(frame_length=400, window="hamming"))
    assert found.data[0] == pytest.approx(scipy.signal.get_window("hamming", 400))
    learnt = values(frame_length=400, window_length=tf.constant(200.0, tf.float64))
    plain = values(frame_length=400, window_length=200.0)
    assert window_shape(learnt).data == pytest.approx(window_shape(plain).data, abs=1e-15)


@pytest.mark.parametrize("window", ["hann", "hamming", "blackman", "boxcar"])
@pytest.mark.parametrize("step", [64, 100, 128, 200, 256, 512])
def test_overlap_says_what_scipy_says(window, step):
    given = values(frame_length=512, window=window, frame_step=step)
    figures, taper = window_figures(given), scipy.signal.get_window(window, 512)
    constant = scipy.signal.check_COLA(taper, 512, 512 - step)
    assert (figures.ripple_db < 1e-9) == constant
    assert np.isfinite(figures.squared_ripple_db) == scipy.signal.check_NOLA(taper, 512, 512 - step)
    sums = window_overlap(given)
    assert sums.data.shape == (2, 512)
    reaching = 512 // step + 1  # windows, and so many behind them, all of which reach one place
    places = np.arange(reaching * step, reaching * step + step)
    added = sum(np.pad(taper**2, (k * step, 2000))[places] for k in range(reaching + 1))
    whole = sums.data[1] * np.mean(added)
    assert whole == pytest.approx(np.resize(added, 512), abs=1e-12)
    if constant:
        assert sums.data[0] == pytest.approx(1.0)
    if np.isfinite(figures.ripple_db):
        ratio = np.max(sums.data[0]) / np.min(sums.data[0])
        assert figures.ripple_db == pytest.approx(20 * np.log10(ratio), abs=1e-9)


def test_overlap_starts_where_the_frame_does():
    given = values(frame_length=6, window="boxcar", frame_step=4)
    assert window_overlap(given).data[0] * 1.5 == pytest.approx([2, 2, 1, 1, 2, 2])
