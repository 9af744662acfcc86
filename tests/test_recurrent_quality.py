"""What a delay of the right time is worth, in dB, for the trained model in `data/`.

The reference is the model's output at its own rate, resampled. What the figures depend on is how
much of the state lies at high frequencies: there an interpolated delay errs, and the reference
itself holds what the base model aliases. Strings below some hundred hertz show the methods.
"""

from pathlib import Path

import keras
import numpy as np
import pytest

import workbench as wb
from tests.core.recurrences import lstm_step, run
from tests.numbers import relative
from workbench.model_files import parse_model

RATE = 44100
QUIET = 1000  # samples before and after the sound, in which the model comes to rest
STRINGS = (110.0, 196.0, 330.0)
LSTM, DENSE = parse_model(Path(__file__).parents[1] / "data" / "diode_clipper.json").layers


def defined(x, rate, method):
    """The model's output for signals `[rows, time]` at a rate, by the definitions."""
    rest, step = np.zeros((len(x), 2 * LSTM.units)), lstm_step(*LSTM.weights)
    given = {"ratio": rate / RATE, "method": method, "initial": rest}
    weights, offset = DENSE.weights
    return (run(step, x[..., np.newaxis], LSTM.units, **given) @ weights + offset)[..., 0]


def amplify(x, rate, method):
    """The same by the layer; `lagrange K` names an order."""
    name, _, order = method.partition(" ")
    plain = keras.layers.LSTM(LSTM.units, return_sequences=True, dtype="float64")
    plain.build((None, None, 1))
    plain.set_weights(LSTM.weights)
    layer = wb.layers.RateIndependentLSTM.from_layer(
        plain, training_rate=RATE, sample_rate=rate, interpolation=name, order=int(order or 3)
    )
    weights, offset = DENSE.weights
    return (layer(x[..., np.newaxis]).numpy() @ weights + offset)[..., 0]


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


def signal_to_error(x, rate, methods):
    """Decibels by method, `[rows]` each, without the quiet ends."""
    expected = resampled(amplify(x, RATE, "naive"), rate)[:, QUIET:-QUIET]
    found = {}
    for method in methods:
        y = amplify(resampled(x, rate), rate, method)[:, QUIET:-QUIET]
        error = np.sum((y - expected) ** 2, axis=1)
        found[method] = 10 * np.log10(np.sum(expected**2, axis=1) / error)
    return found


@pytest.mark.parametrize(
    ("method", "rate"),
    [("stn", 48000), ("linear", 40517), ("allpass", 48000), ("cubic", 48000), ("cubic", 2 * RATE)],
)
def test_the_layer_does_what_the_definitions_say(strings, method, rate):
    x = strings[:, QUIET : QUIET + 500]
    # 2 ulp of float64 a step, 500 steps, and what the model makes of them
    assert relative(amplify(x, rate, method), defined(x, rate, method)) <= 1e-10


def test_at_48_kHz_each_method_is_better_than_the_one_before(strings):
    found = signal_to_error(strings, 48000, ["naive", "stn", "linear", "cubic"])
    assert np.all(found["naive"] + 6 < found["stn"])
    assert np.all(found["stn"] + 6 < found["linear"])
    assert np.all(found["linear"] + 12 < found["cubic"])


def test_at_twice_the_rate_a_delay_is_far_better_than_none(strings):
    delays = ["linear", "allpass", "cubic"]
    found = signal_to_error(strings, 2 * RATE, ["naive", *delays])
    for method in delays:
        assert np.all(found[method] > found["naive"] + 30)


def test_below_the_rate_a_low_order_helps_and_a_high_one_howls(strings):
    # a model of 48 kHz at 44.1 kHz is one of 44.1 kHz at 40.5 kHz
    found = signal_to_error(strings, 40517, ["naive", "linear"])
    with pytest.warns(wb.layers.UnstableWarning):
        found |= signal_to_error(strings, 40517, ["lagrange 4"])
    assert np.all(found["linear"] > found["naive"] + 20)
    assert np.all(found["lagrange 4"] < found["naive"] - 10)


def aliases(rate, method):
    """Power beside the harmonics of a tone over all power, below the lower rate's half, in dB."""
    hertz, period = 2000, rate // 100  # its aliases lie at other multiples of 100 Hz
    tone = 0.5 * np.cos(2 * np.pi * hertz / rate * np.arange(rate // 10 + period))
    y = amplify(tone[None], rate, method)[0, -period:]
    power = np.abs(np.fft.rfft(y))[: RATE // 200] ** 2
    return 10 * np.log10(1 - np.sum(power[:: hertz // 100]) / np.sum(power))


def test_at_twice_the_rate_the_model_aliases_less():
    assert aliases(2 * RATE, "linear") < aliases(RATE, "naive") - 40
