import numpy as np
import pytest
import scipy.signal

from workbench.core.responses import LowPass, design_low_pass


def test_response_is_a_kaiser_windowed_sinc():
    response = LowPass(cutoff=0.2, half_width=50.0, beta=8.0)
    expected = scipy.signal.firwin(101, 0.4, window=("kaiser", 8.0), scale=False)
    np.testing.assert_allclose(response(np.arange(-50.0, 51.0)), expected, atol=1e-15)


@pytest.mark.parametrize("attenuation", [20.0, 35.0, 60.0, 140.0])
def test_shape_of_the_kaiser_window_is_scipys(attenuation):
    found = design_low_pass(0.5, 0.9, attenuation).beta
    assert found == pytest.approx(scipy.signal.kaiser_beta(attenuation), rel=1e-12)


@pytest.mark.parametrize("attenuation", [60.0, 96.0, 140.0, 180.0])
def test_nothing_passes_from_nyquist_on(attenuation):
    """By a numerical Fourier integral of the response, eight points a sample."""
    response = design_low_pass(0.5, 0.91, attenuation)
    times = np.arange(-np.ceil(response.half_width), np.ceil(response.half_width) + 1, 1 / 8)
    for frequency in np.linspace(0.5, 0.7, 41):
        gain = np.sum(response(times) * np.cos(2 * np.pi * frequency * times)) / 8
        assert 20 * np.log10(abs(gain)) < -attenuation + 2
    flat = np.sum(response(times) * np.cos(2 * np.pi * 0.45 * times)) / 8
    assert abs(flat - 1) < 10 ** ((-attenuation + 2) / 20)
