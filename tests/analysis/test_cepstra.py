import numpy as np
import pytest
import scipy.fft

import workbench as wb
from workbench.analysis.cepstra import cepstral_cosines, remembered_levels
from workbench.ops import spec

X = np.random.default_rng(0).standard_normal((2, 4000)) * [[1.0], [1e-2]]
BANDS = {"sample_rate": 8000, "frame_length": 512, "num_mel_bins": 24}
OTHERS = [
    {},
    {"dct_norm": "htk"},
    {"lifter": 22.0},
    {"lifter": 22.0, "lifter_start": 1, "dct_norm": "htk"},
    {"log_scale": "natural", "floor_db": -60.0},
]


def features(count, **given):
    """Coefficients, the parameters that made them, and the levels in dB."""
    given = BANDS | given | {"num_mfccs": count}
    levels = wb.log_mel_spectrogram(X, **BANDS, floor_db=given.get("floor_db", -100.0)).numpy()
    return wb.mfcc(X, **given).numpy(), spec(wb.mfcc).check(given), levels


@pytest.mark.parametrize("given", OTHERS)
def test_all_coefficients_remember_everything(given):
    coefficients, values, levels = features(24, **given)
    assert remembered_levels(coefficients, values) == pytest.approx(levels, abs=1e-10)


@pytest.mark.parametrize("given", OTHERS)
@pytest.mark.parametrize("count", [1, 2, 13])
def test_fewer_remember_what_scipys_inverse_makes_of_them(given, count):
    coefficients, values, levels = features(count, **given)
    cosines = scipy.fft.dct(levels, norm="ortho", axis=-1)
    cosines[..., count:] = 0
    expected = scipy.fft.idct(cosines, norm="ortho", axis=-1)
    found = remembered_levels(coefficients, values)
    assert found == pytest.approx(expected, abs=1e-10)
    assert found.dtype == np.float64


def test_more_coefficients_remember_more():
    errors = []
    for count in (1, 4, 8, 16, 24):
        coefficients, values, levels = features(count)
        errors.append(np.sum((remembered_levels(coefficients, values) - levels) ** 2))
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 1e-15 * errors[0]


def test_a_coefficient_that_the_lifter_takes_away_is_forgotten():
    # 1 + sin(pi n / 2) is 0 at n = 3, 7, 11, ...
    coefficients, values, levels = features(24, lifter=2.0)
    assert np.max(np.abs(coefficients[..., 3])) < 1e-10
    found = remembered_levels(coefficients, values)
    cosines = scipy.fft.dct(levels, norm="ortho", axis=-1)
    cosines[..., 3::4] = 0
    assert found == pytest.approx(scipy.fft.idct(cosines, norm="ortho", axis=-1), abs=1e-9)


@pytest.mark.parametrize("given", [{}, {"dct_norm": "htk"}])
def test_the_cosines_make_the_coefficients(given):
    coefficients, values, levels = features(13, **given)
    cosines = cepstral_cosines(values)
    assert cosines.names[12] == "coefficient 12"
    assert levels @ cosines.data.T == pytest.approx(coefficients, abs=1e-9)
