from dataclasses import replace

import numpy as np
import pytest

from workbench.axes import Axis, Space, waveform_space
from workbench.dashboards.views import image_panel, nice_limit, panel, to_decibels, wave_panel

RATE = 1000
POWERS = {"power": 2.0, "root": 0.5}
RNG = np.random.default_rng(0)


def image_space(quantity="power", unit="", bins=513):
    return Space(
        (Axis("time", "s", 0.0, 0.01), Axis("frequency", "Hz", 0.0, 1.0)),
        quantity,
        unit,
        POWERS.get(quantity, 1.0),
    )


def test_an_envelope_holds_the_extremes_of_each_column():
    x = RNG.standard_normal((2, 10000)).astype(np.float32)
    made = wave_panel("x", x, waveform_space(RATE), (0.0, 10.0), 100)
    assert made.data.shape == (2, 100, 2)
    blocks = x.reshape(2, 100, 100)
    np.testing.assert_array_equal(made.data, np.stack([blocks.min(-1), blocks.max(-1)], -1))
    assert (made.start, made.step) == (0.0, 0.1)
    assert made.high >= np.abs(x).max()


def test_an_envelope_misses_nothing_whatever_the_columns():
    x = np.zeros((1, 9973), np.float32)
    for place in (0, 1, 4999, 9972):
        x[:] = 0
        x[0, place] = 1.0
        made = wave_panel("x", x, waveform_space(RATE), (0.0, 9.973), 97)
        column = int(np.flatnonzero(made.data[0, :, 1])[0])
        left = made.start + column * made.step
        assert left - 1 / RATE <= place / RATE <= left + made.step


def test_zoomed_in_there_are_single_samples_and_one_beyond_each_edge():
    x = RNG.standard_normal((1, 10000)).astype(np.float32)
    made = wave_panel("x", x, waveform_space(RATE), (5.0, 5.05), 400)
    assert made.data.ndim == 2
    assert (made.start, made.step) == (4.999, 0.001)
    np.testing.assert_array_equal(made.data[0], x[0, 4999 : 4999 + made.data.shape[1]])
    assert made.start + (made.data.shape[1] - 1) * made.step >= 5.05


def test_an_image_has_no_more_pixels_than_the_display_and_keeps_peaks():
    power = np.full((2000, 513), 1e-6)
    power[1234, 100] = 1.0
    made = image_panel("s", power, image_space(), (0.0, 20.0), 300, 64)
    assert made.data.shape == (64, 300)
    assert made.data.max() == 255
    row, column = np.unravel_index(np.argmax(made.data), made.data.shape)
    assert made.start + column * made.step <= 12.34 <= made.start + (column + 1) * made.step
    assert abs(made.y_values[row] - 100) <= 513 / 64
    assert (made.high, made.low, made.unit) == (0.0, -80.0, "dB")


def test_an_image_smaller_than_the_display_is_sent_as_it_is():
    power = 10.0 ** (-RNG.uniform(0, 8, (20, 30)))
    made = image_panel("s", power, image_space(), (0.0, 0.2), 300, 64)
    expected = np.clip((10 * np.log10(power) + 80) / 80 * 255, 0, 255).astype(np.uint8)
    np.testing.assert_array_equal(made.data, expected.T)
    assert made.start == pytest.approx(-0.005)
    np.testing.assert_array_equal(made.y_values, np.arange(30.0))


def test_irregular_bins_keep_their_places():
    space = Space((Axis("time", "s", 0, 0.01), Axis("mel band", "Hz", values=(1.0, 10.0, 100.0))))
    made = image_panel("s", np.ones((5, 3)), space, (0.0, 0.05), 50, 50)
    assert made.y_values.tolist() == [1.0, 10.0, 100.0]
    assert (made.y_name, made.y_unit) == ("frequency", "Hz")


@pytest.mark.parametrize(
    ("quantity", "unit", "values", "levels"),
    [
        ("power", "", [1.0, 0.1], [0.0, -10.0]),
        ("magnitude", "", [1.0, 0.1], [0.0, -20.0]),
        ("root", "", [1.0, 0.1], [0.0, -40.0]),
        ("level", "dB", [-3.0, -7.0], [-3.0, -7.0]),
        ("level", "ln", [0.0, np.log(10.0)], [0.0, 10.0]),
    ],
)
def test_levels(quantity, unit, values, levels):
    found = to_decibels(np.array(values), image_space(quantity, unit))
    np.testing.assert_allclose(found, levels, atol=1e-9)


def test_silence_has_a_picture():
    made = image_panel("s", np.zeros((20, 30)), image_space(), (0.0, 0.2), 30, 30)
    assert np.isfinite([made.low, made.high]).all()
    assert wave_panel("x", np.zeros((1, 9)), waveform_space(8), (0.0, 1.0), 30).high == 1.0


def test_a_gradient_shows_both_signs_about_zero():
    values = np.zeros((100, 40))
    values[50, 20], values[50, 21] = -1.0, 0.5
    made = image_panel("g", values, image_space("gradient"), (0.0, 1.0), 10, 10, signed=True)
    assert made.colormap == "diverging"
    assert (made.low, made.high) == (-1.0, 1.0)
    assert made.data.min() == 0  # the -1 wins over the +0.5 beside it
    assert made.data[0, 0] == 127


@pytest.mark.parametrize(
    ("lowest", "low", "colormap"), [(-3.0, -5.0, "diverging"), (0.0, 0.0, "magma")]
)
def test_what_is_no_power_keeps_its_values(lowest, low, colormap):
    values = np.linspace(lowest, 4.0, 2000).reshape(100, 20)
    space = replace(image_space("cepstrum"), power=0.0)
    made = image_panel("c", values, space, (0.0, 1.0), 100, 20)
    assert (made.low, made.high, made.colormap, made.unit) == (low, 5.0, colormap, "")
    shown = made.data[-1, -1] / 255 * (made.high - made.low) + made.low
    assert shown == pytest.approx(4.0, abs=0.05)


def test_an_angle_lies_on_a_circle():
    values = np.linspace(-1.0, 2.0, 2000).reshape(100, 20)
    space = replace(image_space("phase"), power=0.0, unit="rad")
    made = image_panel("p", values, space, (0.0, 1.0), 100, 20)
    assert (made.low, made.high, made.colormap) == (-np.pi, np.pi, "cyclic")
    gradient = image_panel("g", values, space, (0.0, 1.0), 100, 20, signed=True)
    assert gradient.colormap == "diverging"


def test_a_few_outliers_do_not_wash_out_a_picture():
    values = np.tile([-900.0, *[10.0] * 99], (50, 1))
    space = replace(image_space("cepstrum"), power=0.0)
    assert image_panel("c", values, space, (0.0, 1.0), 50, 100).high == nice_limit(225.0)


def test_complex_values_are_shown_by_magnitude():
    values = np.array([[3 + 4j, 0.5j]])
    made = image_panel("z", values, image_space("complex amplitude"), (0.0, 0.01), 9, 9)
    assert made.high == 20.0
    np.testing.assert_allclose(made.data[:, 0], (20 * np.log10([5, 0.5]) + 60) / 80 * 255, atol=1)


def test_panels_are_chosen_by_the_space():
    wave = panel("x", np.zeros((1, 9)), waveform_space(8), (0, 1), 9, 9)
    image = panel("s", np.zeros((2, 9, 5)), image_space(), (0, 1), 9, 9, channel=5)
    unknown = panel("?", np.zeros((1, 5)), Space((Axis("index"),)), (0, 1), 9, 9)
    assert [type(made).__name__ for made in (wave, image, unknown)] == [
        "WavePanel", "ImagePanel", "NoneType",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("peak", "limit"),
    [(0.0, 1.0), (1.0, 1.0), (1.01, 1.5), (0.2, 0.2), (0.21, 0.3), (7e-9, 7.5e-9), (9.0, 10.0)],
)
def test_limits_are_round_and_at_or_above_the_peak(peak, limit):
    assert nice_limit(peak) == pytest.approx(limit)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_has_no_picture(value):
    with pytest.raises(ValueError, match="Loud: the values must be finite; got"):
        wave_panel("Loud", np.full((1, 9), value), waveform_space(8), (0.0, 1.0), 30)
    with pytest.raises(ValueError, match="Loud: the values must be finite; got"):
        image_panel("Loud", np.full((9, 9), value), image_space(), (0.0, 1.0), 30, 30)
    with pytest.raises(ValueError, match=r"^Signal: the values must be finite; got"):
        wave_panel("Signal: signal", np.full((1, 9), value), waveform_space(8), (0.0, 1.0), 30)


def test_a_power_of_which_nothing_but_rounding_is_left_has_a_picture():
    space = replace(image_space("magnitude", ""), power=1e-30)
    values = (1 + 1e-6 * np.random.default_rng(0).standard_normal((9, 5))).astype(np.float32)
    found = image_panel("Tiny", values, space, (0.0, 1.0), 100, 100)
    assert found.high - found.low == pytest.approx(80)
    values[0] = np.inf
    with pytest.raises(ValueError, match="the values must be finite"):
        image_panel("Tiny", values, space, (0.0, 1.0), 100, 100)
