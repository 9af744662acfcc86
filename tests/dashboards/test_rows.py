"""Rows of an image for a range of frequencies and for octaves: each shows what is there."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

import workbench as wb
from tests.dashboards.test_views import image_space
from workbench.axes import Axis
from workbench.dashboards.controllers.chain import ChainController
from workbench.dashboards.frames import View
from workbench.dashboards.plots import results, spectra
from workbench.dashboards.publication.figure import draw
from workbench.dashboards.rows import Held, Look, rows_of
from workbench.dashboards.sources import source_of
from workbench.dashboards.views import image_panel

RATE = 48000
RNG = np.random.default_rng(3)
POWER = 10.0 ** RNG.uniform(-8, 0, [40, 513])
SPAN = (0.0, 0.4)
HELD = Held("power", "dB", -80.0, 0.0)
BAND = (100.0, 180.0)  # Hz; the bins of `image_space` are 1 Hz apart


def picture(rows=600, **look):
    return image_panel("s", POWER, image_space(), SPAN, 100, rows, look=Look(**look))


def test_rows_of_a_range_are_those_of_the_whole_picture():
    whole, part = picture(held=HELD), picture(held=HELD, band=BAND)
    assert part.y_values.tolist() == list(range(100, 181))
    np.testing.assert_array_equal(part.data, whole.data[100:181])
    assert (whole.y_shown, part.y_shown) == (None, BAND)
    assert whole.y_reach == part.y_reach == (-0.5, 512.5)


def test_a_range_that_the_display_cannot_show_bin_by_bin_is_pooled_to_its_rows():
    part = picture(64, held=HELD, band=(100.0, 355.4))
    assert part.data.shape[0] == 64
    whole = picture(held=HELD).data[100:356]
    np.testing.assert_array_equal(part.data, whole.reshape(64, 4, -1).max(1))
    np.testing.assert_allclose(part.y_values, np.arange(100, 356).reshape(64, 4).mean(1))


@pytest.mark.parametrize("band", [None, (-0.5, 512.5), (-10.0, 9000.0), (600.0, 700.0)])
def test_a_range_of_all_or_of_nothing_shows_everything(band):
    assert picture(band=band).y_shown is None
    np.testing.assert_array_equal(picture(band=band).data, picture().data)


def test_bands_show_the_same_range_where_they_stand():
    axis = Axis("mel", "Hz", values=(0.0, 100.0, 250.0, 500.0, 900.0, 1500.0))
    rows = rows_of(axis, 6, 64, Look((240.0, 700.0)))
    assert rows.centres.tolist() == [250.0, 500.0, 900.0]  # the last from 700 to 1200 Hz


def test_what_is_no_frequency_has_no_range():
    axis = Axis("coefficient")
    rows = rows_of(axis, 20, 64, Look((3.0, 8.0), logarithmic=True))
    assert rows.centres.tolist() == list(range(20))
    assert rows.reach is None


@pytest.fixture(scope="module")
def controller():
    siren = np.asarray(wb.siren(sample_rate=RATE, seconds=1.0))
    chain = wb.Chain([wb.layers.MelSpectrogram()], sample_rate=RATE)
    plots = results.signal(), spectra.spectrogram(0, "spectrum", "Spectrum"), results.result(1)
    return ChainController(chain, source_of((siren, RATE)), "", plots)


VIEW = View(None, None, 400, 1.0, band=(300.0, 2000.0))


def test_the_frame_says_what_it_shows(controller):
    controller.look(VIEW)
    assert controller.frame.band == VIEW.band
    assert [panel.y_shown for panel in controller.frame.panels[1:]] == 2 * [VIEW.band]
    controller.look(replace(VIEW, band=None))
    assert controller.frame.band is None


def test_nothing_is_computed_again_for_another_range(controller):
    before = controller.result
    assert controller.follow(VIEW)
    assert controller.result is before
    assert not controller.follow(VIEW)


def row_at(panel, hertz):
    """Between which rows a frequency lies, and where."""
    values = panel.y_values
    above = max(1, min(np.searchsorted(values, hertz), len(values) - 1))
    return above - (values[above] - hertz) / (values[above] - values[above - 1])


def test_the_figure_shows_the_same_range(controller):
    controller.look(VIEW)
    for axes, panel in zip(
        draw(controller.frame).axes[1::2], controller.frame.panels[1:], strict=True
    ):
        assert axes.get_ylim() == pytest.approx([row_at(panel, end) for end in VIEW.band])
        ticks = [1000 * float(text.get_text()) for text in axes.get_yticklabels()]
        assert len(ticks) >= 3
        assert all(300 <= tick <= 2000 for tick in ticks)
        places = np.interp(ticks, panel.y_values, np.arange(len(panel.y_values)))
        np.testing.assert_allclose(axes.get_yticks(), places)


def brute(centres, ends):
    """The bins of each row: those whose centres lie on it, or else the nearest one."""
    found = []
    for low, high in itertools.pairwise(ends):
        own = np.flatnonzero((centres >= low) & (centres < high))
        middle = np.sqrt(low * high)
        found.append(own if own.size else [np.argmin(np.abs(centres - middle))])
    return found


@pytest.mark.parametrize("band", [None, (60.0, 300.0), (100.0, 104.0)])
@pytest.mark.parametrize("rows", [64, 190])
def test_octaves_are_equally_high_and_each_row_shows_its_bins(rows, band):
    made = picture(rows, held=HELD, logarithmic=True, band=band)
    low, high = band or (5.125, 512.5)  # with so few Hz it begins at a hundredth of the end
    assert made.logarithmic
    assert made.y_reach == (5.125, 512.5)
    ends = np.geomspace(low, high, rows + 1)
    np.testing.assert_allclose(made.y_values, np.sqrt(ends[:-1] * ends[1:]))
    whole = picture(held=HELD).data
    for row, bins in enumerate(brute(np.arange(513.0), ends)):
        np.testing.assert_array_equal(made.data[row], whole[bins].max(0))


def test_an_axis_of_octaves_begins_at_20_hz():
    rows = rows_of(Axis("frequency", "Hz", 0.0, RATE / 1024), 513, 190, Look(logarithmic=True))
    assert rows.reach == (20.0, 24000 + RATE / 2048)
    assert (
        rows_of(Axis("frequency", "Hz", 40.0, 1.0), 9, 64, Look(logarithmic=True)).reach[0] == 39.5
    )


def test_ranges_are_held_for_the_same_quantity_only():
    assert (picture(held=HELD).low, picture(held=HELD).high) == (-80.0, 0.0)
    other = picture(held=Held("loudness", "sone", -3.0, 3.0))
    assert (other.low, other.high) == (picture().low, picture().high)
