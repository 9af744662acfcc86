import numpy as np
import pytest
import tensorflow as tf

import workbench as wb
from workbench.core.signals import sample_count

RATE = 16000
TIME = np.arange(RATE) / RATE


def frequency_over_time(x):
    """Instantaneous frequency in Hz, from the analytic signal."""
    from scipy.signal import hilbert

    return np.diff(np.unwrap(np.angle(hilbert(np.asarray(x, np.float64))))) * RATE / (2 * np.pi)


def test_tone_is_a_cosine():
    found = wb.tone(sample_rate=RATE, frequency_hertz=441.5, phase=0.3, amplitude=0.25)
    np.testing.assert_allclose(
        found, 0.25 * np.cos(2 * np.pi * 441.5 * TIME + 0.3), rtol=0, atol=1e-7
    )


def test_a_tone_after_many_cycles_is_still_exact():
    found = wb.tone(sample_rate=RATE, seconds=100.0, frequency_hertz=7000.0).numpy()[-1]
    expected = 0.5 * np.cos(2 * np.pi * 7000.0 * (100 * RATE - 1) / RATE)
    assert found == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("sweep", ["linear", "exponential"])
def test_chirp_equals_scipy(sweep):
    from scipy.signal import chirp

    method = {"linear": "linear", "exponential": "logarithmic"}[sweep]
    expected = 0.5 * chirp(TIME, 100.0, 1.0, 4000.0, method=method, phi=-90)
    found = wb.chirp(sample_rate=RATE, start_hertz=100.0, stop_hertz=4000.0, sweep=sweep)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_sweep_that_does_not_move_is_a_tone():
    for sweep in ("linear", "exponential"):
        found = wb.chirp(sample_rate=RATE, start_hertz=500.0, stop_hertz=500.0, sweep=sweep)
        np.testing.assert_allclose(found, 0.5 * np.sin(2 * np.pi * 500.0 * TIME), atol=1e-6)


def test_siren_swings_between_its_frequencies_and_starts_low():
    x = wb.siren(sample_rate=RATE, seconds=1.0, low_hertz=500.0, high_hertz=1500.0, rate_hertz=1.0)
    found = frequency_over_time(x)[200:-200]
    expected = (1000 - 500 * np.cos(2 * np.pi * TIME))[200:-201]
    np.testing.assert_allclose(found, expected, atol=15)


def test_a_siren_that_does_not_swing_stays_low():
    x = wb.siren(sample_rate=RATE, seconds=1.0, low_hertz=500.0, rate_hertz=0.0)
    np.testing.assert_allclose(x, 0.5 * np.sin(2 * np.pi * 500.0 * TIME), atol=1e-6)


def test_string_has_the_closed_form_of_its_harmonics():
    found = wb.plucked_string(
        sample_rate=RATE, seconds=1.0, frequency_hertz=900.0, position=0.3, decay_seconds=1.0
    )
    n = np.arange(1, 9)[:, None]  # 8 * 900 < 8000 Hz
    weights = np.sin(n * np.pi * 0.3) / n**2 / (np.pi**2 / 2 * 0.3 * 0.7)
    parts = weights * 1e-3 ** (n * TIME) * np.sin(2 * np.pi * n * 900.0 * TIME)
    np.testing.assert_allclose(found, 0.5 * parts.sum(0), atol=1e-6)


def test_a_string_plucked_in_the_middle_lacks_even_harmonics():
    x = wb.plucked_string(sample_rate=RATE, frequency_hertz=500.0, position=0.5, seconds=1.0)
    spectrum = np.abs(np.fft.rfft(x * np.hanning(RATE)))
    assert spectrum[1000] < 1e-3 * spectrum[1500]


def test_impulse_stands_at_its_time():
    x = wb.impulse(sample_rate=RATE, seconds=1.0, delay_seconds=0.25).numpy()
    assert np.flatnonzero(x).tolist() == [RATE // 4]
    assert x.max() == 1.0


@pytest.mark.parametrize(("colour", "slope"), [("white", 0.0), ("pink", -3.0), ("brown", -6.0)])
def test_noise_falls_by_its_colour(colour, slope):
    x = wb.noise(sample_rate=RATE, seconds=8.0, colour=colour, seed=3).numpy()
    assert np.sqrt(np.mean(x**2)) == pytest.approx(0.25, rel=0.02)
    power = np.abs(np.fft.rfft(x)) ** 2
    octaves = [np.mean(power[8 * f : 16 * f]) for f in (100, 200, 400, 800, 1600)]
    found = np.polyfit(range(5), 10 * np.log10(octaves), 1)[0]
    assert found == pytest.approx(slope, abs=0.4)


def test_seeds_differ_and_repeat():
    one, two = (wb.noise(sample_rate=RATE, seed=seed).numpy() for seed in (1, 2))
    assert not np.array_equal(one, two)
    np.testing.assert_array_equal(one, wb.noise(sample_rate=RATE, seed=1))


@pytest.mark.parametrize("colour", ["white", "pink"])
@pytest.mark.parametrize("compiled", [False, True], ids=["graph", "XLA"])
def test_a_seed_gives_the_same_noise_eagerly_and_compiled(colour, compiled):
    def make():
        return wb.noise(sample_rate=RATE, seed=5, colour=colour)

    # float32, and the transforms that colour it in float64: one rounding
    found = tf.function(make, jit_compile=compiled)()
    np.testing.assert_allclose(found, make(), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: wb.impulse(sample_rate=100, seconds=1.0, delay_seconds=1.0),
         "impulse: delay_seconds and seconds must leave room for the impulse; got 1 and 1"),
        (lambda: wb.chirp(sample_rate=100, start_hertz=0.0, sweep="exponential"),
         "chirp: start_hertz and stop_hertz must be above 0 Hz for an exponential sweep"),
        (lambda: wb.tone(sample_rate=100, seconds=0.0), "seconds must be .* above 0; got 0"),
        (lambda: wb.noise(sample_rate=0), "sample_rate must be .* at least 1; got 0"),
        (lambda: wb.noise(sample_rate=10, colour="green"), "one of 'white', 'pink', 'brown'"),
    ],
)  # fmt: skip
def test_bad_values(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_source_has_at_least_one_sample():
    assert sample_count(8000, 1e-9) == 1
    assert wb.noise(sample_rate=8000, seconds=1e-9, colour="pink").shape == (1,)
