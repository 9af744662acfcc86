"""Zooming in frequency, in a real browser: the pictures are those of a real controller."""

from dataclasses import replace

import numpy as np
import pytest

import workbench as wb
from tests.dashboards.page import LEFT, RIGHT, TITLE
from workbench.dashboards.controllers.chain import ChainController
from workbench.dashboards.controllers.forms import LOOKS
from workbench.dashboards.frames import View
from workbench.dashboards.plots import results, spectra
from workbench.dashboards.sources import source_of

pytestmark = pytest.mark.browser

RATE = 48000
TONES = (1000.0, 1400.0)  # Hz
STEP = RATE / 1024  # from bin to bin
WAVE = TITLE + 110 + 8  # the height of what stands over the first image
TOP, HEIGHT = WAVE + TITLE, 190


class Live:
    """A page and the controller behind it."""

    def __init__(self, page, layer, plots=None):
        time = np.arange(RATE // 2) / RATE
        sound = sum(0.4 * np.sin(2 * np.pi * hertz * time) for hertz in TONES)
        chain = wb.Chain([layer], sample_rate=RATE)
        source = source_of((sound.astype(np.float32), RATE))
        self.controller = ChainController(chain, source, "", plots)
        self.page, self.browser = page, page.page
        page.show(self.controller.frame)
        self.answer()

    def answer(self):
        """Let the kernel draw what the page asks for until it asks for no more."""
        while True:
            asked = self.page.last_view()
            names = "first", "last", "columns", "ratio", "visible", "band"
            view = View(*(tuple(v) if isinstance(v := asked[n], list) else v for n in names))
            if not self.controller.follow(view):
                return
            self.page.show(self.controller.frame)

    def selected(self):
        """What the page says of the region, in the end."""
        while True:
            self.page.settle()
            said = self.page.sent("select")[-1]
            self.page.receive({"kind": "selected", "id": said["id"]})
            self.page.settle()
            if self.page.sent("select")[-1] == said:
                return said

    @property
    def images(self):
        return [panel for panel in self.controller.frame.panels if hasattr(panel, "y_values")]

    @property
    def band(self):
        return self.controller.view.band

    def wheel(self, x, y, delta, *keys):
        self.page.move(x, y)
        for key in keys:
            self.browser.keyboard.down(key)
        self.browser.mouse.wheel(0, delta)
        self.page.settle()
        for key in keys:
            self.browser.keyboard.up(key)
        self.answer()

    def drag(self, *points, key=None):
        self.page.move(*points[0])
        if key:
            self.browser.keyboard.down(key)
        self.browser.mouse.down()
        for point in points[1:]:
            self.page.move(*point)
        self.browser.mouse.up()
        if key:
            self.browser.keyboard.up(key)
        self.page.settle()
        self.answer()

    def press(self, *keys):
        self.browser.locator("#first .workbench-figure").focus()
        for key in keys:
            self.browser.keyboard.press(key)
        self.page.settle()
        self.answer()


@pytest.fixture
def live(page):
    return Live(page, wb.layers.Spectrogram())


def y(hertz, band):
    """Where a frequency lies in the first image."""
    return TOP + HEIGHT * (1 - (hertz - band[0]) / (band[1] - band[0]))


def bright(page, x=400, top=TOP, height=HEIGHT):
    """The stretches of an image that are bright, in a column: their middles."""
    column = page.pixels("data")[top : top + height, x, :3].sum(-1)
    edges = np.flatnonzero(np.diff((column > 500).astype(int), prepend=0, append=0))
    return [top + (a + b) / 2 for a, b in zip(edges[::2], edges[1::2], strict=True)]


@pytest.fixture
def low(live):
    """Zoomed in to what lies below 2400 Hz."""
    whole = live.images[0].y_reach
    live.drag((30, y(2400, whole)), (30, y(1500, whole)), (30, y(0, whole)))
    return live


def test_a_drag_along_the_labels_zooms_into_a_range_of_frequencies(low):
    assert low.band == pytest.approx((0, 2400), abs=160)
    wanted = [y(hertz, low.band) for hertz in reversed(TONES)]
    assert bright(low.page) == pytest.approx(wanted, abs=4)  # a bin is 4 px high


def test_the_kernel_sends_every_bin_that_is_in_view_and_no_other(low):
    [image] = low.images
    np.testing.assert_allclose(np.diff(image.y_values), STEP, rtol=1e-9)
    assert image.y_values[0] - STEP / 2 <= low.band[0] < image.y_values[0] + STEP / 2
    assert image.y_values[-1] - STEP / 2 <= low.band[1] < image.y_values[-1] + STEP / 2


def test_the_picture_follows_at_once_and_sharpens_with_the_answer(live):
    live.page.move(30, y(0, whole := live.images[0].y_reach))
    live.browser.mouse.down()
    live.page.move(30, y(2400, whole))
    live.browser.mouse.up()
    live.page.settle()
    band = live.page.sent("view")[-1]["band"]
    found = bright(live.page)  # of rows of the whole
    assert np.mean(found) == pytest.approx(y(np.mean(TONES), band), abs=10)
    live.page.move(400, y(1500, band))
    value, unit = live.page.readout.split(" · ")[1].split()
    assert unit == "kHz"
    assert float(value) == pytest.approx(1.5, abs=0.08)  # a row is 0.13 kHz high


def test_the_pointer_reads_frequencies_of_the_zoomed_picture(low):
    for hertz in (520, 1500, 2000):
        low.page.move(400, y(hertz, low.band))
        value, unit = low.page.readout.split(" · ")[1].split()
        said = float(value) * (1000 if unit == "kHz" else 1)
        assert said == pytest.approx(hertz, abs=STEP / 2 + 7)  # to a pixel


@pytest.mark.parametrize(("x", "key"), [(400, "Alt"), (30, "Control")])
def test_a_wheel_zooms_around_the_frequency_under_the_pointer(live, x, key):
    whole = live.images[0].y_reach
    live.wheel(x, y(6000, whole), -100, key)
    low, high = live.band
    assert high - low < 0.8 * (whole[1] - whole[0])
    assert y(6000, live.band) == pytest.approx(y(6000, whole), abs=1.5)
    assert live.controller.view.first is None  # all of the time


def test_shift_and_a_wheel_on_the_labels_or_a_drag_pans(low):
    before = low.band
    low.wheel(30, TOP + 50, -38, "Shift")
    by = 38 / HEIGHT * (before[1] - before[0])
    assert low.band == pytest.approx((before[0] + by, before[1] + by), abs=2)
    low.drag((30, TOP + 100), (30, TOP + 80), (30, TOP + 62), key="Shift")
    assert low.band == pytest.approx(before, abs=30)
    assert low.controller.view.first is None


def test_keys_and_buttons_zoom_pan_and_show_everything(live):
    low, high = live.images[0].y_reach
    live.press("f", "f")
    assert live.band == pytest.approx((low, low + (high - low) / 4))
    live.press("ArrowUp")
    by = (high - low) / 40
    assert live.band == pytest.approx((low + by, low + by + (high - low) / 4))
    live.press("ArrowDown", "ArrowDown", "Shift+F")
    assert live.band == pytest.approx((low, low + (high - low) / 2))
    live.press("Home")
    assert live.band is None
    button = live.browser.get_by_role("button", name="Fewer frequencies")
    button.click()
    live.answer()
    assert live.band == pytest.approx((low, low + (high - low) / 2))
    live.browser.get_by_role("button", name="More frequencies").click()
    live.answer()
    assert live.band is None


def test_a_double_click_shows_all_of_time_and_frequency(low):
    low.press("+")
    assert low.controller.view.first is not None
    assert low.band is not None
    low.browser.mouse.dblclick(400, TOP + 60)
    low.page.settle()
    low.answer()
    assert (low.controller.view.first, low.band) == (None, None)


def test_a_region_is_in_hertz_where_it_is_seen(low):
    low.press("s")
    low.drag((300, y(1200, low.band)), (350, y(1300, low.band)), (400, y(1600, low.band)))
    said = low.selected()
    assert (said["low"], said["high"]) == pytest.approx((1200, 1600), abs=20)
    low.press("Home")
    low.page.move(5, 5)
    filled = low.page.pixels("overlay")[TOP : TOP + HEIGHT, 350, 3] > 40
    inside = TOP + np.flatnonzero(filled)
    whole = low.images[0].y_reach
    assert inside[[0, -1]] == pytest.approx([y(1600, whole), y(1200, whole)], abs=3)


def test_a_region_larger_than_the_view_stays_as_high_when_moved(live):
    whole = live.images[0].y_reach
    live.press("s")
    live.drag((300, y(2000, whole)), (350, y(9000, whole)), (400, y(12000, whole)))
    said = live.selected()
    live.drag((30, y(9000, whole)), (30, y(6000, whole)), (30, y(4000, whole)))
    live.drag((350, TOP + 80), (370, TOP + 80), (380, TOP + 80))
    moved = live.selected()
    assert moved["first"] > said["first"]
    assert (moved["low"], moved["high"]) == pytest.approx((said["low"], said["high"]), abs=1)


def test_all_images_over_hertz_show_the_same_range(page):
    plots = results.signal(), spectra.spectrogram(0, "spectrum", "Spectrum"), results.result(1)
    live = Live(page, wb.layers.MelSpectrogram(), plots)
    live.drag((30, TOP + HEIGHT), (30, TOP + HEIGHT - 10), (30, TOP + HEIGHT - 20))
    spectrum, mel = live.images
    assert spectrum.y_shown[1] == pytest.approx(live.band[1])
    assert mel.y_shown[1] == pytest.approx(live.band[1])
    top = TOP + HEIGHT + 8 + TITLE
    places = bright(page, top=top)
    for hertz, place in zip(reversed(TONES), places, strict=True):
        page.move(400, place)
        value, unit = page.readout.split(" · ")[1].split()
        assert float(value) * (1000 if unit == "kHz" else 1) == pytest.approx(hertz, rel=0.1)


def test_a_page_shows_the_frequencies_with_which_it_is_answered(page):
    live = Live(page, wb.layers.Spectrogram())
    live.controller.look(replace(live.controller.view, band=(500.0, 3000.0)))
    page.page.get_by_role("button", name="Fewer frequencies").click()
    page.show(live.controller.frame)
    [asked] = page.sent("view")
    instead = {"first": None, "last": None, "band": [500.0, 3000.0]}
    page.receive({"kind": "viewed", "id": asked["id"], "instead": instead})
    page.settle()
    assert page.sent("view") == [asked]  # it is told already
    wanted = [y(hertz, (500.0, 3000.0)) for hertz in reversed(TONES)]
    assert bright(page) == pytest.approx(wanted, abs=4)


def test_where_nothing_is_in_hertz_there_are_no_buttons_for_it(page):
    Live(page, wb.layers.MFCC())
    assert page.page.get_by_role("button", name="Fewer frequencies").count() == 0
    assert page.page.get_by_role("button", name="Zoom in", exact=True).count() == 1


def over_octaves(hertz, band):
    low, high = band
    return TOP + HEIGHT * (1 - np.log(hertz / low) / np.log(high / low))


@pytest.fixture
def octaves(live):
    live.controller.set(LOOKS, log_frequency=True)
    live.page.show(live.controller.frame)
    live.answer()
    return live


def test_octaves_are_equally_high(octaves):
    whole = octaves.images[0].y_reach
    assert whole[0] == 20
    middle = np.mean([over_octaves(hertz, whole) for hertz in TONES])
    assert np.mean(bright(octaves.page)) == pytest.approx(middle, abs=4)
    octaves.page.move(400, over_octaves(440, whole))
    said = octaves.page.readout.split(" · ")[1]
    assert said.endswith(" Hz")
    assert float(said.split()[0]) == pytest.approx(440, rel=0.03)  # 190 rows for 10 octaves


def test_a_wheel_zooms_octaves_around_the_frequency_under_the_pointer(octaves):
    whole = octaves.images[0].y_reach
    octaves.wheel(400, over_octaves(1000, whole), -200, "Alt")
    low, high = octaves.band
    assert np.log(high / low) < 0.8 * np.log(whole[1] / whole[0])
    before, after = (over_octaves(1000, ends) for ends in (whole, (low, high)))
    assert after == pytest.approx(before, abs=2.5)  # what lies in the middle of a row
    octaves.press("ArrowDown")
    assert octaves.band[1] / octaves.band[0] == pytest.approx(high / low, rel=1e-6)
    octaves.press(*30 * ["ArrowDown"])
    assert octaves.band[0] == pytest.approx(20)
    assert octaves.band[1] / octaves.band[0] == pytest.approx(high / low, rel=1e-6)


@pytest.fixture
def beside(page):
    """A picture, and below it the average spectrum from 20 Hz to 24 kHz."""
    average = replace(spectra.average(1), shown=True)
    plots = spectra.spectrogram(1, "picture", "Picture"), average
    return Live(page, wb.layers.Saturate(), plots)


LINES = TITLE + HEIGHT + 40 + 8 + TITLE + 16  # the top of the spectrum, below its legend
WIDTH = 900 - 16 - LEFT - RIGHT


def test_a_wheel_over_a_spectrum_zooms_it_and_the_picture_with_it(beside):
    def x(hertz, band):
        return LEFT + WIDTH * np.log(hertz / band[0]) / np.log(band[1] / band[0])

    at = x(1000, (20, 24000))
    beside.wheel(at, LINES + 60, -300, "Control")
    low, high = beside.band
    assert low > 50
    assert high < 15000
    assert x(1000, (low, high)) == pytest.approx(at, abs=1)
    assert beside.images[0].y_shown == pytest.approx(beside.band)
    lines = beside.controller.frame.panels[1]
    assert lines.shown == pytest.approx(beside.band)
    beside.page.move(at, LINES + 60)
    value, unit, *_ = beside.page.readout.split()
    assert unit == "Hz"
    assert float(value) == pytest.approx(1000, abs=60)
    beside.wheel(at, LINES + 60, 900, "Control")
    assert beside.band is None


def test_a_spectrum_follows_the_picture_at_once(beside):
    before = beside.page.pixels("axes")[LINES:]
    beside.browser.locator("#first .workbench-figure").focus()
    beside.browser.keyboard.press("f")
    beside.page.settle()
    assert (beside.page.pixels("axes")[LINES:] != before).any()


def test_a_frequency_is_marked_in_every_picture_and_in_the_lines_below(beside):
    def mark(line):
        return np.flatnonzero(line[:, 3]).mean()

    # 6 kHz: a quarter of the picture's height, and in the lines so many octaves above 20 Hz
    picture, lines = TITLE + 0.75 * HEIGHT, LEFT + WIDTH * np.log(300) / np.log(1200)
    beside.page.move(400, picture)
    over = beside.page.pixels("overlay")
    assert LEFT + mark(over[LINES + 60, LEFT : LEFT + WIDTH]) == pytest.approx(lines, abs=1.5)
    beside.page.move(lines, LINES + 60)
    over = beside.page.pixels("overlay")
    assert TITLE + mark(over[TITLE : TITLE + HEIGHT, 300]) == pytest.approx(picture, abs=1.5)
    beside.page.move(5, 5)
    assert not beside.page.pixels("overlay")[..., 3].any()


MEASURE = """async ([positions, span]) => {
    const { LinesPanel } = await import("/page/lines.js");
    const panel = new LinesPanel();
    const zeros = new Float32Array(positions.length), at = new Float64Array(positions);
    const meta = { shape: [1, positions.length], span, reach: null, logarithmic: false,
      x_name: "sample", x_unit: "", names: ["a"], styles: ["stem"] };
    panel.update(meta, [new DataView(zeros.buffer), new DataView(at.buffer)]);
    panel.box = { x: 0, y: 0, width: 400, height: 100 };
    panel.focus(null);
    const ctx = document.createElement("canvas").getContext("2d");
    panel.measure(ctx);
    return panel.ticks.map((tick) => tick.text);
}"""


@pytest.mark.parametrize(
    ("positions", "span", "ticks"),
    [
        ([0, 1, 2, 3], [0, 3], "0 1 2 3"),
        ([4, 5], [4, 5], "4 5"),
        (list(range(13)), [0, 12], "0 2 4 6 8 10 12"),
        ([0, 0.5, 1, 1.5], [0, 1.5], "0.0 0.2 0.4 0.6 0.8 1.0 1.2 1.4"),
    ],
)
def test_between_whole_positions_there_are_no_ticks(page, positions, span, ticks):
    assert " ".join(page.page.evaluate(MEASURE, [positions, span])) == ticks
