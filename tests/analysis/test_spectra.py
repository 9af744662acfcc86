import numpy as np
import pytest
import scipy.signal

from workbench.analysis.spectra import level_curves, mean_spectra

RATE = 16000
NOISE = np.random.default_rng(0).standard_normal((2, 20000)) * [[1.0], [0.1]]


def welch(signal, frame, window="hann"):
    """0 dB is a sine of amplitude 1, whose power is one half."""
    _, power = scipy.signal.welch(
        signal, RATE, window, frame, frame // 2, detrend=False, scaling="spectrum"
    )
    return 2 * power


@pytest.mark.parametrize("frame", [256, 1000, 4096])
def test_the_mean_spectrum_is_scipys_welch(frame):
    found = mean_spectra({"noise": NOISE[:1]}, RATE, frame)
    expected = 10 * np.log10(welch(NOISE[0], frame))
    inside = slice(1, -1)  # at 0 and at half the rate SciPy counts one side only
    assert found.data[0, inside] == pytest.approx(expected[inside], abs=1e-6)
    assert found.positions == pytest.approx(np.fft.rfftfreq(frame, 1 / RATE))


def test_the_window_can_be_chosen():
    found = mean_spectra({"noise": NOISE[:1]}, RATE, 256, "boxcar")
    expected = 10 * np.log10(welch(NOISE[0], 256, "boxcar"))
    assert found.data[0, 1:-1] == pytest.approx(expected[1:-1], abs=1e-6)


def test_channels_count_as_their_mean_power():
    found = mean_spectra({"both": NOISE, "left": NOISE[:1]}, RATE, 512)
    expected = 10 * np.log10(np.mean([welch(row, 512) for row in NOISE], axis=0))
    assert found.data[0, 1:-1] == pytest.approx(expected[1:-1], abs=1e-6)
    assert found.names == ("both", "left")


def test_a_short_signal_sets_the_length_of_all_windows():
    found = mean_spectra({"a": NOISE, "b": NOISE[:, :100]}, RATE)
    assert found.data.shape == (2, 51)
    assert found.positions[-1] == RATE / 2


def test_silence_is_at_the_floor():
    assert np.all(mean_spectra({"a": np.zeros((1, 5000))}, RATE).data == -200)
    assert np.all(level_curves({"a": np.zeros((2, 5000))}, RATE).data == pytest.approx(-200))


def test_levels_follow_a_fading_sound_at_its_own_time():
    seconds = np.arange(RATE) / RATE
    fading = 10 ** (-40 * seconds / 20)  # 40 dB a second
    both = np.stack([fading, np.zeros(RATE)])
    found = level_curves({"one": fading[None], "both": both}, RATE, start=3.0)
    middle = slice(20, -20)  # ends see less than 10 ms
    expected = -40 * (found.positions - 3.0)
    # 10 ms: the mean power of a fading sound is that of its middle and 0.0004 dB more; the middle
    # of ten steps lies half a step beside that of one, 0.02 dB
    assert found.data[0, middle] == pytest.approx(expected[middle], abs=0.03)
    assert found.data[1] == pytest.approx(found.data[0] - 10 * np.log10(2), abs=1e-9)
    assert found.data.shape[1] == 1000
    assert found.positions[[0, -1]] == pytest.approx([3.0005, 3.9995])
