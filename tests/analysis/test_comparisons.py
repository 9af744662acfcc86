import numpy as np
import pytest

import workbench as wb
from workbench.analysis.comparisons import difference, error_levels, error_spectra, reconstruction
from workbench.measurements import signal_to_error
from workbench.ops import spec

RATE = 8000
X = np.random.default_rng(0).standard_normal((2, 8000))
SECONDS = np.arange(8000) / RATE


def test_the_error_is_the_level_of_what_was_added():
    hum = 1e-3 * np.sin(2 * np.pi * 1000 * SECONDS)
    found = error_levels(X, X + hum, RATE, start=1.0)
    assert found.names == ("reference", "error")
    assert found.positions[0] == pytest.approx(1.0005)
    assert found.data[1] == pytest.approx(-63.01, abs=0.01)
    assert found.data[0].mean() == pytest.approx(0, abs=0.2)
    spectrum = error_spectra(X, X + hum, RATE, 800)
    assert spectrum.axis.step == 10.0
    assert spectrum.positions[np.argmax(spectrum.data[1])] == pytest.approx(1000)
    assert np.max(spectrum.data[1]) == pytest.approx(-60, abs=1e-3)
    assert signal_to_error(X, X + hum) == pytest.approx(63.01, abs=0.1)


def test_no_difference_is_at_the_floor():
    assert np.all(difference(X, X) == 0)
    assert error_levels(X, X, RATE).data[1] == pytest.approx(-200)


def test_other_lengths_are_refused():
    with pytest.raises(
        ValueError, match=r"found must have the shape of the reference, \(2, 8000\)"
    ):
        error_levels(X, X[:, 1:], RATE)


@pytest.mark.parametrize(
    "given",
    [
        {"frame_length": 400, "frame_step": 100},
        {"frame_length": 400, "frame_step": 300, "window": "boxcar", "fft_length": 512},
        {"frame_length": 256, "frame_step": 256, "window": "boxcar"},  # others leave samples out
        {"frame_length": 256, "frame_step": 128, "window": "kaiser", "center": False},
    ],
)
@pytest.mark.parametrize(("dtype", "least"), [(np.float32, 110), (np.float64, 280)])
def test_the_inverse_gives_back_what_the_transform_was_made_of(given, dtype, least):
    sound = X.astype(dtype)
    made = reconstruction(sound, spec(wb.stft).check(given))
    assert made.shape == sound.shape
    assert made.dtype == dtype
    inside = slice(300, -300)  # without centring the ends lie under one small window
    assert signal_to_error(sound[:, inside], made[:, inside]) > least


def test_parameters_of_an_op_that_extends_the_transform_will_do():
    values = spec(wb.log_mel_spectrogram).check({"sample_rate": RATE, "frame_step": 200})
    made = reconstruction(X, values)
    assert signal_to_error(X, made) > 250


def test_a_step_that_leaves_samples_out_is_refused():
    values = spec(wb.stft).check({"frame_length": 256, "frame_step": 300})
    with pytest.raises(ValueError, match=r"^inverse_stft: window and .* cover every sample"):
        reconstruction(X, values)
