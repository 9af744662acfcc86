import numpy as np
import pytest
import scipy.signal
import tensorflow as tf

import workbench as wb
from tests.core.delays import KINDS, closed_form, lowest
from workbench.analysis.delay_errors import (
    clean_band,
    delay_coefficients,
    delay_error,
    delay_gain,
    delay_taps,
    envelope_delay,
    phase_delay_error,
    phase_delays,
)
from workbench.ops import spec

kinds = pytest.mark.parametrize(("kind", "order"), KINDS)
finite = pytest.mark.parametrize(("kind", "order"), [one for one in KINDS if one[0] != "fft"])


def values(**given):
    return spec(wb.fractional_delay).check(given)


def oracle(kind, order, delay, points=257):
    """The transfer function over the ideal one, by the closed form of the delay's own tests."""
    whole = np.floor(delay - lowest(kind, order))
    lags, h = closed_form(kind, order, delay - whole, 200)
    w = np.linspace(0, np.pi, points)
    return w, np.exp(-1j * np.outer(w, lags + whole - delay)) @ h


@kinds
@pytest.mark.parametrize("delay", [0.0, 0.25, 7.0, 12.37, 30.999])
def test_taps_are_what_the_op_makes_of_an_impulse(kind, order, delay):
    found = delay_taps(values(kind=kind, order=order, delay=delay))
    impulse = np.zeros(400)
    impulse[200] = 1.0
    expected = wb.fractional_delay(impulse, kind=kind, order=order, delay=delay).numpy()
    places = 200 + found.positions.astype(int)
    assert found.data[0] == pytest.approx(expected[places], abs=1e-12)
    if kind != "fft":
        assert np.sum(np.abs(expected)) == pytest.approx(np.sum(np.abs(found.data)), abs=1e-12)


@finite
@pytest.mark.parametrize("delay", [0.25, 12.37])
def test_gain_and_error_are_those_of_the_closed_form(kind, order, delay):
    given = values(kind=kind, order=order, delay=delay)
    w, expected = oracle(kind, order, delay)
    assert delay_gain(given, 257).positions * np.pi == pytest.approx(w)
    gain = 10 ** (delay_gain(given, 257).data[0] / 20)
    assert gain == pytest.approx(np.abs(expected), abs=1e-9)
    error = delay_error(given, 257)
    assert 10 ** (error.data[0] / 20) == pytest.approx(np.abs(expected - 1), abs=1e-9)
    assert np.all(error.data[1] >= error.data[0] - 0.5)  # a delay between two of the grid's


@finite
@pytest.mark.parametrize("delay", [0.25, 12.37])
def test_phase_delay_is_that_of_the_closed_form(kind, order, delay):
    given = values(kind=kind, order=order, delay=delay)
    w, expected = oracle(kind, order, delay)
    phase = np.unwrap(np.angle(expected))
    error = phase_delay_error(given, 257).data[0]
    assert error[1:] == pytest.approx(-phase[1:] / w[1:], abs=1e-9)
    assert error[0] == 0
    both = phase_delays(given, 257).data
    assert both[0] == pytest.approx(delay + error, abs=1e-12)
    assert np.all(both[1] == delay)


def test_half_a_sample_by_straight_lines_lets_nothing_pass_at_nyquist():
    given = values(kind="linear", delay=0.5)
    assert delay_gain(given, 9).data[0] == pytest.approx(
        [*(20 * np.log10(np.cos(np.arange(8) * np.pi / 16))), -200]
    )
    assert np.isnan(phase_delay_error(given, 9).data[0]).tolist() == [False] * 8 + [True]


# the band in which the error stays below -60 dB, as the op's docstring has it to 0.001
@pytest.mark.parametrize(
    ("given", "band"),
    [
        ({"kind": "linear"}, 0.028),
        ({"kind": "hermite"}, 0.125),
        ({"kind": "lagrange", "order": 3}, 0.145),
        ({"kind": "lagrange", "order": 5}, 0.248),
        ({"kind": "lagrange", "order": 15}, 0.499),
        ({"kind": "thiran", "order": 1}, 0.059),
        ({"kind": "thiran", "order": 4}, 0.297),
        ({"kind": "sinc", "lobes": 32}, 0.889),
        ({"kind": "fft"}, 1.0),
    ],
)
def test_band_of_each_kind_is_the_one_in_the_ops_docstring(given, band):
    found = clean_band(values(**given))
    assert found == pytest.approx(band, abs=0.001)
    if band < 1:
        worst = delay_error(values(**given), 4097)
        assert np.interp(found, worst.positions, worst.data[1]) == pytest.approx(-60, abs=1e-9)


def test_band_of_straight_lines_is_that_of_the_closed_form():
    # half-way, where it is nearly worst, the gain is cos(w / 2) and nothing is late
    expected = 2 * np.arccos(1 - 0.01) / np.pi
    found = clean_band(values(kind="linear"), limit_db=-40.0)
    assert found == pytest.approx(expected, rel=0.01)


def test_no_band_is_clean_where_even_the_lowest_tones_are_not():
    assert clean_band(values(kind="sinc", lobes=2), limit_db=-150.0) == 0.0  # its ripple is larger


@pytest.mark.parametrize("kind", ["sinc", "thiran"])
def test_few_points_show_what_many_show_there(kind):
    given = values(kind=kind, delay=7.3)  # more taps than so few points make up for
    for show in (delay_gain, delay_error):
        assert show(given, 9).data == pytest.approx(show(given, 513).data[:, ::64], abs=1e-6)


@pytest.mark.parametrize("delay", [7.0, 7.4, 7.6])
def test_of_the_ideal_delay_as_much_is_shown_before_it_as_behind(delay):
    found = delay_taps(values(kind="fft", delay=delay))
    assert found.data.shape == (1, 64)
    assert abs(np.mean(found.positions) - delay) <= 0.5


def test_nothing_is_wrong_at_a_whole_delay_or_with_the_ideal_one():
    for kind, order in KINDS:
        found = delay_error(values(kind=kind, order=order, delay=5.0))
        assert np.max(found.data[0]) < -190
    ideal = delay_error(values(kind="fft", delay=5.3))
    assert np.all(ideal.data == -200)


def test_coefficients_of_the_all_pass_are_recursive_and_the_others_taps():
    for order in (1, 4):
        b, a = delay_coefficients(values(kind="thiran", order=order, delay=2.3))
        h = scipy.signal.lfilter(b, a, np.eye(1, 60)[0])
        expected = delay_taps(values(kind="thiran", order=order, delay=2.3)).data[0]
        assert h[: len(expected)] == pytest.approx(expected[:60], abs=1e-12)
        assert np.max(np.abs(np.roots(a))) < 1
    b, a = delay_coefficients(values(kind="linear", delay=2.25))
    assert (b.tolist(), a.tolist()) == ([0.75, 0.25], [1.0])


def test_a_learnt_delay_is_shown_and_a_changing_one_is_not():
    learnt = values(delay=tf.constant(3.4, tf.float64), kind="linear")
    plain = values(delay=3.4, kind="linear")
    assert delay_error(learnt).data == pytest.approx(delay_error(plain).data)
    with pytest.raises(ValueError, match=r"delay must be one number .*; got the shape \(2,\)"):
        delay_error(values(delay=tf.constant([3.4, 3.5]), kind="linear"))


@pytest.mark.parametrize("delay", [0.3, 3.5, 7.0])
@pytest.mark.parametrize(("kind", "order"), [*KINDS, ("sinc", 1), ("fft", 1)])
def test_the_envelope_comes_after_the_whole_delay(kind, order, delay):
    """Against the slope of the phase of all that an impulse becomes."""
    given = values(kind=kind, order=order, delay=delay)
    found, asked = envelope_delay(given, 1025).data
    assert np.all(asked == delay)
    taps = delay_taps(given)
    angles = np.linspace(0, np.pi, 1025)[1:700]
    lags = taps.axis.start + np.arange(taps.data.shape[1])
    if kind == "thiran":
        assert found[0] == pytest.approx(delay, abs=1e-9)
        return
    ends = [np.exp(-1j * np.outer(angles + step, lags)) @ taps.data[0] for step in (-1e-5, 1e-5)]
    slope = -np.angle(ends[1] / ends[0]) / 2e-5
    np.testing.assert_allclose(found[1:700], slope, atol=1e-6)
