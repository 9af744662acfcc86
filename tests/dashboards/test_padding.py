"""What dashboards show of padding, of the steps before features, and of a cepstrum."""

from dataclasses import replace

import numpy as np
import pytest

import workbench as wb
from tests.dashboards.test_ideas import titles
from workbench.axes import Axis
from workbench.dashboards.frames import Frame
from workbench.dashboards.panels import ImagePanel, WavePanel
from workbench.dashboards.views import image_panel

RATE = 16000
NOISE = 0.1 * np.random.default_rng(0).standard_normal(RATE).astype(np.float32)


def panels(dashboard):
    return {panel.title: panel for panel in dashboard.controller.frame.panels}


def place(panel):
    """The time of the only mark."""
    ((_, time),) = panel.marks.items()
    return time


def test_masks_end_where_the_sound_ends():
    dashboard = wb.explore("augment", (NOISE, RATE))
    assert dashboard.controller.frame.time[1] == pytest.approx(1.2)
    hidden = 0
    for seed in range(8):
        dashboard.set(2, seed=(seed, 4), num_time_masks=8, time_mask_width=40)
        shown = panels(dashboard)["Masks over the mel spectrogram"]
        assert list(shown.marks) == ["valid: 63 frames"]  # 1 + 16000 // 256
        assert place(shown) == pytest.approx(62.5 * 256 / RATE)  # between two middles
        first = round((place(shown) - shown.start) / shown.step)
        assert not shown.tinted[:, first:].any()
        hidden += shown.tinted[:, :first].any()
    assert hidden > 4  # some seeds draw no mask
    seen = panels(dashboard)["What a model sees"]
    assert np.all(seen.data[:, first + 4 :] == 0)  # what is padded stays silence: 0 is the floor


def test_the_mark_goes_where_nothing_is_padded():
    dashboard = wb.explore("augment", (NOISE, RATE))
    dashboard.controls[0, "length"].value = RATE
    assert all(not panel.marks for panel in panels(dashboard).values())
    dashboard.controls[0, "length"].value = 2 * RATE
    assert dashboard.controller.frame.time[1] == pytest.approx(2.0)
    assert place(panels(dashboard)["What a model sees"]) == pytest.approx(62.5 * 256 / RATE)


def test_the_waveform_says_where_it_ends_at_its_own_rate():
    dashboard = wb.explore("input", (NOISE, RATE))
    dashboard.set(0, target_rate=8000)
    dashboard.set(1, length=12000)
    wave = panels(dashboard)["The waveform that it gets"]
    assert wave.marks == {"valid: 8,000 samples": 1.0}
    dashboard.set(1, place="center")
    wave = panels(dashboard)["The waveform that it gets"]
    assert wave.marks == {"valid: 10,000 samples": 1.25}  # zeros before it are its own


def lines(dashboard):
    curves = panels(dashboard)["Mean features, step by step"]
    return dict(zip(curves.names, curves.data, strict=True)), curves.positions


def test_each_step_does_to_the_features_what_it_does():
    dashboard = wb.explore("input", (NOISE, RATE))
    dashboard.set(0, target_rate=RATE)
    dashboard.set(1, length=RATE)
    dashboard.set(2, kind="rms", level_db=-40.0)
    found, _ = lines(dashboard)
    names = ["signal as it is", "after Resample", "after FitLength", "after Normalize"]
    assert list(found) == names
    for name in names[1:3]:  # neither does anything
        np.testing.assert_allclose(found[name], found[names[0]], atol=1e-3)
    # a gain is the same in all bands; 1e-3 dB: float32
    gain = -40.0 - 20 * np.log10(np.sqrt(np.mean(np.float64(NOISE) ** 2)))
    np.testing.assert_allclose(found[names[3]] - found[names[2]], gain, atol=1e-3)


def test_padding_and_a_lower_rate_reach_the_features():
    dashboard = wb.explore("input", (NOISE, RATE))
    dashboard.set(0, target_rate=8000)
    dashboard.set(1, length=16000)
    found, places = lines(dashboard)
    assert np.nanmax(places[np.isfinite(found["after Resample"])]) < 4000
    assert places[np.isfinite(found["signal as it is"])].max() > 7000
    # half of it is padding at the floor, -100 dB; frames at the end are of both
    half = (found["after Resample"] - 100.0) / 2
    np.testing.assert_allclose(found["after FitLength"], half, atol=8.0)


def test_a_rate_that_a_band_does_not_fit_leaves_out_its_line():
    dashboard = wb.explore("input", (NOISE[::2], 8000))
    dashboard.set(3, upper_edge_hertz=7000.0)
    assert next(iter(lines(dashboard)[0])) == "after Resample"
    dashboard.set(3, upper_edge_hertz=4000.0)
    assert next(iter(lines(dashboard)[0])) == "signal as it is"


def test_the_scale_of_a_cepstrum_is_that_of_the_others():
    values = np.random.default_rng(0).uniform(-40.0, 40.0, (50, 13))
    values[:, 0] = -600.0
    space = wb.Chain([wb.layers.MFCC()], sample_rate=RATE).spaces[-1]
    assert space.axes[1] == Axis("coefficient")
    made = image_panel("C", values, space, (0.0, 2.0), 60, 20)
    assert (made.low, made.high) == (-50.0, 50.0)
    assert made.title == "C (the zeroth is beyond the scale)"
    assert np.all(made.data[0] == 0)
    quiet = np.where(np.arange(13) == 0, 30.0, values)
    assert image_panel("C", quiet, space, (0.0, 2.0), 60, 20).title == "C"
    alone = image_panel("C", values[:, :1], space, (0.0, 2.0), 60, 20)
    assert (alone.title, alone.high) == ("C", 750.0)
    other = replace(space, axes=(space.time, Axis("index")))
    assert image_panel("C", values, other, (0.0, 2.0), 60, 20).high == 750.0


def test_marks_reach_the_page_and_the_figure():
    dashboard = wb.explore("augment", (NOISE, RATE))
    shown = panels(dashboard)["What a model sees"]
    assert isinstance(shown, ImagePanel)
    head, _ = shown.encode()
    assert head["marks"] == [["valid: 63 frames", place(shown)]]
    figure = dashboard.figure()
    axes = [each for each in figure.axes if each.get_title(loc="left") == titles(dashboard)[2]]
    drawn = [line.get_xdata()[0] for line in axes[0].lines]
    assert drawn == [place(shown)] * 2
    assert [text.get_text() for text in axes[0].texts] == ["valid: 63 frames"]


@pytest.mark.browser
def test_a_mark_is_a_line_at_its_moment(page):
    panel = WavePanel("Signal", "amplitude", "", -1.0, 1.0, 0.0, 1e-3, np.zeros((1, 2000)))
    marked = replace(panel, marks={"end": 0.5})

    def column(drawn):
        """The share of the width at which the ink stands as high as the plot."""
        page.show(Frame((drawn,), (0.0, 2.0), (0.0, 2.0)))
        page.settle()
        ink = page.pixels("data")[..., 3] > 0
        across = np.flatnonzero(ink.any(axis=0))
        tall = np.flatnonzero(ink.sum(axis=0) >= panel.height)
        return (tall - across[0]) / (across[-1] - across[0])

    assert column(panel).size == 0
    assert column(marked).mean() == pytest.approx(0.25, abs=0.003)
