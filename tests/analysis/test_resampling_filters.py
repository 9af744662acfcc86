import numpy as np
import pytest
import scipy.integrate
import tensorflow as tf

import workbench as wb
from workbench.analysis.resampling_filters import (
    nyquist_frequencies,
    resampling_gain,
    resampling_impulse,
)
from workbench.ops import spec

RATES = [(44100, 16000), (16000, 44100), (48000, 8000), (8000, 192000), (44100, 44100)]
rates = pytest.mark.parametrize(("orig", "target"), RATES)


def values(orig=44100, target=16000, **given):
    return spec(wb.resample).check({"orig_rate": orig, "target_rate": target} | given)


def at(curves, hertz):
    return np.interp(hertz, curves.positions, curves.data[0])


@rates
@pytest.mark.parametrize(
    ("given", "depth", "edge"),
    [
        ({}, 140, 0.91),
        ({"quality": "fast"}, 96, 0.85),
        ({"attenuation_db": 60.0, "pass_band": 0.5}, 60, 0.5),
    ],
)
def test_the_low_pass_is_flat_and_stops_as_asked(orig, target, given, depth, edge):
    found = resampling_gain(values(orig, target, **given), 16385)
    nyquist = min(orig, target) / 2
    assert found.positions[-1] == pytest.approx(max(orig, target))
    flat = found.data[0, found.positions <= edge * nyquist]
    assert 10 ** (np.abs(flat) / 20) - 1 == pytest.approx(0, abs=2 * 10 ** (-depth / 20))
    assert np.max(found.data[0, found.positions >= nyquist]) < -depth + 2  # Kaiser's formula
    # -6 dB lies in the middle of the transition
    assert at(found, (edge + 0.9994) / 2 * nyquist) == pytest.approx(-6.02, abs=0.3)


def test_the_gain_is_the_fourier_integral_of_the_response():
    """Kaiser's window has a closed transform; a sinc cuts its integral at the cut-off."""
    given = values(48000, 48000, attenuation_db=60.0, pass_band=0.8)
    found = resampling_gain(given, 97)
    half = (60 - 7.95) / (2.285 * 2 * np.pi * (0.9994 - 0.8) * 0.5) / 2
    beta, cutoff = 0.1102 * (60 - 8.7), (0.8 + 0.9994) / 4

    def window(f):
        root = np.emath.sqrt(beta**2 - (2 * np.pi * f * half) ** 2)
        return float(np.real(2 * half * np.sinh(root) / root / np.i0(beta)))

    for k in (0, 20, 40, 44, 47, 49, 52, 60, 90):
        f = k / 96
        ends = f - cutoff, f + cutoff
        exact = scipy.integrate.quad(window, *ends, points=[0.0], limit=500)[0]
        level = max(-200, 20 * np.log10(abs(exact)))
        assert 10 ** (found.data[0, k] / 20) == pytest.approx(
            10 ** (level / 20), abs=1e-5
        )  # 1% of the ripple


@rates
@pytest.mark.parametrize("frequency", [0.2, 0.7, 0.97, 1.1])
def test_the_gain_is_what_resample_does_to_a_tone(orig, target, frequency):
    """A tone above the lower Nyquist frequency comes back as an alias: of the level shown."""
    if target > orig and frequency > 1:
        return  # there is no such tone
    given = {"attenuation_db": 60.0, "pass_band": 0.8}
    hertz = frequency * min(orig, target) / 2
    if hertz >= orig / 2 or orig == target:
        return
    x = np.cos(2 * np.pi * hertz * np.arange(orig // 4) / orig + 0.3)
    y = wb.resample(x, orig_rate=orig, target_rate=target, **given).numpy()
    middle = y[len(y) // 4 : 3 * len(y) // 4]
    level = 10 * np.log10(2 * np.mean(middle**2))
    shown = at(resampling_gain(values(orig, target, **given), 8193), hertz)
    # of what is stopped, the images of the samples that go in add something
    assert shown == pytest.approx(level, abs=0.1 if frequency < 1 else 1.5)


@pytest.mark.parametrize(("orig", "target"), [(16000, 48000), (48000, 16000), (441, 160)])
@pytest.mark.parametrize("kind", ["linear", "nearest", "average"])
def test_gain_of_a_plain_kind_is_the_fourier_integral_of_its_response(kind, orig, target):
    given = values(orig, target, kind=kind)
    found, impulse = resampling_gain(given, 13), resampling_impulse(given, 48001)
    step = impulse.axis.step * orig
    turns = np.outer(found.positions, impulse.positions)
    expected = np.abs(np.exp(-2j * np.pi * turns) @ impulse.data[0]) * step
    assert 10 ** (found.data[0] / 20) == pytest.approx(expected, abs=2e-4)  # jumps between points


@pytest.mark.parametrize(("orig", "target"), [(44100, 16000), (16000, 44100)])
def test_the_whole_spectrum_is_cut_at_the_lower_nyquist_frequency(orig, target):
    found = resampling_gain(values(orig, target, kind="fft"), 4001)
    assert np.all(found.data[0, found.positions <= 8000] == 0)
    assert np.all(found.data[0, found.positions > 8000] == -200)
    impulse = resampling_impulse(values(orig, target, kind="fft"))
    assert impulse.positions[[0, -1]] == pytest.approx([-32 / 16000, 32 / 16000])
    assert np.min(resampling_gain(values(orig, target), floor_db=-60.0).data) == -60.0
    scale = 16000 / orig
    expected = scale * np.sinc(16000 * impulse.positions)
    assert impulse.data[0] == pytest.approx(expected, abs=1e-12)


@rates
@pytest.mark.parametrize("kind", ["sinc", "linear", "nearest", "average"])
def test_the_impulse_response_is_what_resample_spreads_a_sample_to(orig, target, kind):
    given = {"attenuation_db": 60.0, "pass_band": 0.5, "kind": kind}
    found = resampling_impulse(values(orig, target, **given), 40001)
    assert np.sum(found.data) * found.axis.step * orig == pytest.approx(1, abs=2e-3)
    assert found.data[0, [0, -1]] == pytest.approx(0, abs=0.02)  # where it ends
    if orig == target:
        return
    x = np.zeros(2001)
    x[1000] = 1.0
    y = wb.resample(x, orig_rate=orig, target_rate=target, **given).numpy()
    seconds = np.arange(len(y)) / target - 1000 / orig
    expected = np.interp(seconds, found.positions, found.data[0], left=0, right=0)
    tie = np.abs(np.abs(seconds) * orig - 0.5) < 1e-3 if kind == "nearest" else np.zeros(len(y))
    clear = ~tie.astype(bool)  # of two equally near samples the earlier is read
    assert y[clear] == pytest.approx(expected[clear], abs=1e-3)  # a corner between two points


@pytest.mark.parametrize("ratio", [0.4, 1.0, 2.5])
def test_a_ratio_is_the_two_rates_that_make_it(ratio):
    by_rates = values(20000, round(20000 * ratio))
    by_ratio = spec(wb.resample).check({"orig_rate": 20000, "ratio": ratio})
    learnt = spec(wb.resample).check({"orig_rate": 20000, "ratio": tf.constant(ratio, tf.float64)})
    for given in (by_ratio, learnt):
        assert nyquist_frequencies(given) == pytest.approx((10000, 10000 * ratio))
        for show in (resampling_gain, resampling_impulse):
            assert show(given).data == pytest.approx(show(by_rates).data, abs=1e-9)
            assert show(given).positions == pytest.approx(show(by_rates).positions)
    alone = spec(wb.resample).check({"ratio": ratio})
    assert nyquist_frequencies(alone) == pytest.approx((0.5, 0.5 * ratio))


def test_rates_that_are_missing_are_named():
    with pytest.raises(TypeError, match="target_rate must be given, or ratio"):
        resampling_gain(values(target=None))
    with pytest.raises(TypeError, match="orig_rate must be given, or ratio"):
        resampling_gain(values(orig=None))
