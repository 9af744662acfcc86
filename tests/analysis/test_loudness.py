"""Signals made equally loud, and none clipped."""

import numpy as np
import pytest

from workbench.analysis.loudness import common_gain, equal_gains

NOISE = np.random.default_rng(0).uniform(-1, 1, (2, 8000))


def rms(signal):
    return np.sqrt(np.mean(signal**2))


@pytest.mark.parametrize("levels", [(0.5, 0.01, 0.3), (1e-4, 0.9, 0.9), (3.0, 0.1, 0.2)])
def test_all_have_the_same_level_and_nothing_exceeds_1(levels):
    signals = [level * NOISE for level in levels]
    gains = equal_gains(signals, [8000] * 3)
    heard = [gain * signal for gain, signal in zip(gains, signals, strict=True)]
    expected = min(max(levels), 1.0) * rms(NOISE) / (np.abs(NOISE).max() if max(levels) > 1 else 1)
    for signal in heard:  # doubles: rounding of a mean of 16,000 squares
        assert rms(signal) == pytest.approx(expected, rel=1e-12)
        assert np.abs(signal).max() <= 1 + 1e-12


def test_a_signal_with_a_high_peak_makes_all_quieter():
    click = np.zeros((1, 8000))
    click[0, 100] = 1.0
    gains = equal_gains([click, 0.5 * NOISE[:1]], [8000, 8000])
    assert gains[0] == pytest.approx(1.0)
    assert gains[1] * rms(0.5 * NOISE[:1]) == pytest.approx(rms(click))


def test_only_the_time_that_all_have_counts():
    short, long = np.full((1, 4000), 0.2), np.full((1, 16000), 0.1)
    long[0, 8000:] = 0.9  # after the first second
    gains = equal_gains([short, long], [4000, 8000])
    assert gains[1] / gains[0] == pytest.approx(2.0)


def test_silence_stays_silence_and_does_not_silence_the_rest():
    silence = np.zeros((1, 100))
    assert equal_gains([silence, NOISE], [8000, 8000])[0] == 1.0
    assert equal_gains([silence, 0.5 * NOISE], [8000, 8000])[1] == pytest.approx(1.0)
    assert equal_gains([silence, silence], [8000, 8000]) == (1.0, 1.0)


def test_what_is_silent_while_all_sound_does_not_limit_the_rest():
    steady, late = np.full((1, 100), 0.9), np.zeros((1, 200))
    late[0, 100:] = 2.0
    assert equal_gains([steady, late], [8000, 8000]) == (1.0, 1.0)


def test_what_is_nearly_silent_in_single_precision_is_heard():
    quiet, loud = np.float32(1e-25 * NOISE), np.float32(0.5 * NOISE)  # squares below all floats
    gains = equal_gains([quiet, loud], [8000, 8000])
    assert gains == pytest.approx((0.5e25, 1.0), rel=1e-6)  # rounding to float32


def test_a_common_gain_keeps_the_relation():
    assert common_gain([0.5 * NOISE, 0.9 * NOISE]) == 1.0
    assert common_gain([4 * np.ones(3), np.ones(3)]) == 0.25
