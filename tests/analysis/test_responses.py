import warnings

import numpy as np
import pytest
import scipy.signal

from workbench.analysis.responses import (
    group_delay,
    impulse_response,
    magnitude_response,
    phase_delay,
    phase_response,
    zeros_and_poles,
)

RATE = 48000
FILTERS = {
    "one": ([1.0], [1.0]),
    "low-pass": (scipy.signal.firwin(63, 0.3), [1.0]),
    "long": (scipy.signal.firwin(3001, 0.2), [1.0]),
    "late": (np.pad(scipy.signal.firwin(31, 0.5), (500, 0)), [1.0]),
    "elliptic": scipy.signal.ellip(5, 1.0, 60.0, 0.4),
    "butterworth": scipy.signal.butter(4, 0.1),
    "all-pass": ([0.3, -0.5, 1.0], [1.0, -0.5, 0.3]),
    "not normalised": ([2.0, 1.0], [4.0, -1.0, 0.5]),
    "high-pass": scipy.signal.butter(3, 0.5, "high"),
}
filters = pytest.mark.parametrize(("b", "a"), FILTERS.values(), ids=FILTERS)


def scipys(b, a, points=513):
    return scipy.signal.freqz(b, a, worN=points, fs=RATE, include_nyquist=True)


@filters
@pytest.mark.parametrize("points", [None, 7, 300])
def test_impulse_response_is_what_the_filter_makes_of_an_impulse(b, a, points):
    found = impulse_response(b, a, rate=RATE, points=points)
    impulse = np.zeros(points or found.data.shape[1])
    impulse[0] = 1.0
    assert found.data[0] == pytest.approx(scipy.signal.lfilter(b, a, impulse), abs=1e-12)
    assert found.axis.rate == RATE
    if points is None:
        assert len(impulse) == (len(b) if len(a) == 1 else 100)


@filters
def test_magnitude_response_equals_scipy(b, a):
    frequencies, expected = scipys(b, a)
    found = magnitude_response(b, a, rate=RATE)
    assert found.positions == pytest.approx(frequencies)
    seen = np.maximum(20 * np.log10(np.abs(expected) + 1e-300), -160)
    error = np.abs(10 ** (found.data[0] / 20) - 10 ** (seen / 20))
    assert np.max(error) < 1e-7  # the floor of -160 dB itself is 1e-8
    assert np.min(magnitude_response(b, a, rate=RATE, floor_db=-20.0).data) >= -20.0


@filters
def test_phase_response_is_scipys_without_jumps(b, a):
    _, expected = scipys(b, a)
    found = phase_response(b, a, rate=RATE).data[0]
    seen = np.abs(expected) > 1e-8 * np.max(np.abs(expected))
    turned = np.exp(1j * found[seen]) * np.abs(expected[seen])
    assert turned == pytest.approx(expected[seen], abs=1e-8)
    strong = np.abs(expected) > 1e-2
    assert np.max(np.abs(np.diff(found[strong])), initial=0) < 3.2 + np.pi * len(b) / 513
    assert np.all(np.isfinite(found[strong]))


def test_phase_of_a_long_delay_is_a_straight_line():
    b = np.zeros(5001)
    b[5000] = 1.0
    found = phase_response(b, rate=RATE).data[0]
    assert found == pytest.approx(-5000 * np.linspace(0, np.pi, 513), rel=1e-12)


def test_phase_of_a_minimum_phase_filter_comes_back_to_zero():
    found = phase_response([1.0, 0.5], [1.0, -0.9], rate=RATE).data[0]
    assert found[[0, -1]] == pytest.approx([0.0, 0.0], abs=1e-12)


@filters
def test_group_delay_equals_scipy(b, a):
    found = group_delay(b, a, rate=RATE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where it is singular; not compared
        _, expected = scipy.signal.group_delay((b, a), w=found.positions, fs=RATE)
    seen = np.abs(scipys(b, a)[1]) > 1e-3
    assert found.data[0, seen] == pytest.approx(expected[seen], abs=1e-6)


@pytest.mark.parametrize("taps", [31, 32, 2001])
def test_linear_phase_delays_all_tones_alike(taps):
    b = scipy.signal.firwin(taps, 0.5)
    seen = magnitude_response(b, rate=RATE).data[0] > -6
    for delay in (phase_delay, group_delay):
        found = delay(b, rate=RATE).data[0]
        assert found[seen] == pytest.approx((taps - 1) / 2, abs=1e-8)


def test_phase_delay_of_an_all_pass_is_its_closed_form():
    c = 0.4  # 2 atan(tan(w / 2) (1 - c) / (1 + c)) / w, Laakso & al. 1996
    found = phase_delay([c, 1.0], [1.0, c], rate=RATE).data[0]
    w = np.linspace(0, np.pi, 513)[1:-1]
    expected = 2 * np.arctan(np.tan(w / 2) * (1 - c) / (1 + c)) / w
    assert found[1:-1] == pytest.approx(expected, rel=1e-12)
    assert found[0] == pytest.approx((1 - c) / (1 + c), rel=1e-12)


def test_a_filter_that_turns_the_sign_has_no_phase_delay_at_zero_hertz():
    assert np.isnan(phase_delay([-1.0], rate=RATE).data[0, 0])


def test_where_nothing_passes_there_is_a_gap():
    for delay in (phase_response, phase_delay, group_delay):
        found = delay([1.0, 0.0, 1.0], rate=RATE, points=5).data[0]  # 0 at a quarter of the rate
        assert np.isnan(found).tolist() == [False, False, True, False, False]


@pytest.mark.parametrize(
    ("b", "a", "zeros", "poles"),
    [
        ([1.0, -3.0, 2.0], 1.0, [1, 2], [0, 0]),
        ([0.0, 0.0, 1.0], 1.0, [], [0, 0]),
        ([0.0, 1.0, -0.5], 1.0, [0.5], [0, 0]),
        ([1.0], [1.0, -0.25], [0], [0.25]),
        ([1.0, 0.0], [1.0, -0.25, 0.0, 0.0], [0], [0.25]),
        ([2.0, 0.0, 2.0], [1.0, 0.0, -0.81], [1j, -1j], [0.9, -0.9]),
        ([1.0], 1.0, [], []),
    ],
)
def test_zeros_and_poles(b, a, zeros, poles):
    found = zeros_and_poles(b, a)
    for name, expected in (("zeros", zeros), ("poles", poles)):
        wanted = np.sort_complex(np.array(expected, np.complex128))
        assert np.sort_complex(found[name]) == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("name", ["elliptic", "butterworth", "all-pass", "high-pass"])
def test_zeros_and_poles_equal_scipy(name):
    zeros, poles, _ = scipy.signal.tf2zpk(*FILTERS[name])
    found = zeros_and_poles(*FILTERS[name])
    assert np.sort_complex(found["zeros"]) == pytest.approx(np.sort_complex(zeros), abs=1e-9)
    assert np.sort_complex(found["poles"]) == pytest.approx(np.sort_complex(poles), abs=1e-9)


def test_too_many_zeros_and_no_recursion_are_refused():
    with pytest.raises(ValueError, match=r"b must have at most 128 coefficients .*; got 129"):
        zeros_and_poles(np.ones(129))
    with pytest.raises(ValueError, match=r"a must have at most 128 coefficients .*; got 129"):
        zeros_and_poles([1.0], np.ones(129))
    with pytest.raises(ValueError, match="a must begin with a coefficient that is not 0"):
        magnitude_response([1.0], [0.0, 1.0], rate=RATE)
