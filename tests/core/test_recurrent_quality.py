"""What a delay of the right time is worth, in dB, for the trained model in `data/`.

The reference is the model's output at its own rate, resampled. What the figures depend on is how
much of the state lies at high frequencies: there an interpolated delay errs, and the reference
itself holds what the base model aliases. Strings below some hundred hertz show the methods.
"""

import json
from pathlib import Path

import numpy as np
import pytest

import workbench as wb
from tests.core.recurrences import lstm_step, run

RATE = 44100
QUIET = 1000  # samples before and after the sound, in which the model comes to rest
STRINGS = (110.0, 196.0, 330.0)


@pytest.fixture(scope="module")
def amplifier():
    """The model as a function of signals `[rows, time]`, a ratio of rates and a method."""
    text = (Path(__file__).parents[2] / "data" / "diode_clipper.json").read_text(encoding="utf-8")
    lstm, dense = ([np.array(w) for w in part["weights"]] for part in json.loads(text)["layers"])
    units = lstm[1].shape[0]

    def amplify(x, *, ratio, method):
        rest = np.zeros((len(x), 2 * units))
        h = run(lstm_step(*lstm), x[..., None], units, ratio=ratio, method=method, initial=rest)
        return (h @ dense[0] + dense[1])[..., 0]

    return amplify


@pytest.fixture(scope="module")
def strings():
    """Plucked strings, float64, soft at both ends so that nothing lies beyond half the rate."""
    given = {"sample_rate": RATE, "seconds": 0.15, "amplitude": 0.7}
    x = np.stack([wb.plucked_string(frequency_hertz=hertz, **given) for hertz in STRINGS])
    fade = 0.5 - 0.5 * np.cos(np.pi * np.arange(400) / 400)
    x = np.float64(x)
    x[:, :400] *= fade
    x[:, -400:] *= fade[::-1]
    return np.pad(x, ((0, 0), (QUIET, QUIET)))


def resampled(x, rate):
    return wb.resample(x, orig_rate=RATE, target_rate=rate).numpy()


def signal_to_error(amplify, x, rate, methods):
    """Decibels by method, `[rows]` each, without the quiet ends."""
    expected = resampled(amplify(x, ratio=1.0, method="naive"), rate)[:, QUIET:-QUIET]
    found = {}
    for method in methods:
        y = amplify(resampled(x, rate), ratio=rate / RATE, method=method)[:, QUIET:-QUIET]
        error = np.sum((y - expected) ** 2, axis=1)
        found[method] = 10 * np.log10(np.sum(expected**2, axis=1) / error)
    return found


def test_at_48_kHz_each_method_is_better_than_the_one_before(amplifier, strings):
    found = signal_to_error(amplifier, strings, 48000, ["naive", "stn", "linear", "cubic"])
    assert np.all(found["naive"] + 6 < found["stn"])
    assert np.all(found["stn"] + 6 < found["linear"])
    assert np.all(found["linear"] + 12 < found["cubic"])


def test_at_twice_the_rate_a_delay_is_far_better_than_none(amplifier, strings):
    delays = ["linear", "allpass", "cubic"]
    found = signal_to_error(amplifier, strings, 2 * RATE, ["naive", *delays])
    for method in delays:
        assert np.all(found[method] > found["naive"] + 30)


def test_below_the_rate_a_low_order_helps_and_a_high_one_howls(amplifier, strings):
    # a model of 48 kHz at 44.1 kHz is one of 44.1 kHz at 40.5 kHz
    found = signal_to_error(amplifier, strings, 40517, ["naive", "linear", "lagrange 4"])
    assert np.all(found["linear"] > found["naive"] + 20)
    assert np.all(found["lagrange 4"] < found["naive"] - 10)


def aliases(amplify, rate, method):
    """Power beside the harmonics of a tone over all power, below the lower rate's half, in dB."""
    hertz, period = 2000, rate // 100  # its aliases lie at other multiples of 100 Hz
    tone = 0.5 * np.cos(2 * np.pi * hertz / rate * np.arange(rate // 10 + period))
    y = amplify(tone[None], ratio=rate / RATE, method=method)[0, -period:]
    power = np.abs(np.fft.rfft(y))[: RATE // 200] ** 2
    return 10 * np.log10(1 - np.sum(power[:: hertz // 100]) / np.sum(power))


def test_at_twice_the_rate_the_model_aliases_less(amplifier):
    assert aliases(amplifier, 2 * RATE, "linear") < aliases(amplifier, RATE, "naive") - 40
