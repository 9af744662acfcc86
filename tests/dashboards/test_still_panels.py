"""Panels with axes of their own in a real browser; the test plays the kernel."""

from dataclasses import replace

import numpy as np
import pytest

from tests.dashboards import frames
from tests.dashboards.page import AXIS, BARE, GAP, LEFT, TITLE
from workbench.axes import Axis
from workbench.dashboards.frames import Frame
from workbench.dashboards.panels import LinesPanel, WavePanel
from workbench.dashboards.zplane_panel import ZPlane, ZPlanePanel

pytestmark = pytest.mark.browser

WIDTH = 900 - 16 - LEFT - BARE  # of the plots
BLUE, ORANGE, GREY, ALERT = (23, 105, 200), (209, 96, 10), (113, 118, 125), (198, 40, 40)


def near(pixels, colour):
    """Rows and columns of the pixels that have a colour."""
    return np.argwhere((np.abs(pixels[..., :3] - colour).max(-1) < 30) & (pixels[..., 3] > 100))


def only(*panels):
    return Frame(panels, (0, 1), (0, 1))


def lines(data, names=("one",), **options):
    data = np.asarray(data, float)
    axis = options.pop("axis", Axis("frequency", "Hz", 0.0, 24000 / (data.shape[1] - 1)))
    return LinesPanel("Lines", "level", "dB", -100, 0, axis, data, names, height=100, **options)


def planes(*points, **options):
    made = tuple(ZPlane(f"plane {i}", {"poles": np.array(each)}) for i, each in enumerate(points))
    return ZPlanePanel("Poles", made, **{"limit": 2.0, "height": 180} | options)


@pytest.mark.parametrize("ratio", [1, 2])
@pytest.mark.parametrize("logarithmic", [False, True])
def test_a_peak_lies_at_its_frequency_and_level(open_page, ratio, logarithmic):
    page = open_page(device_scale_factor=ratio)
    data = np.full((1, 241), -75.0)
    data[0, 40] = -25.0  # at 4 kHz
    page.show(only(lines(data, logarithmic=logarithmic)))
    found = near(page.pixels("data"), BLUE) / ratio
    top = found[found[:, 0] < TITLE + 30]
    place = np.log(4000 / 100) / np.log(24000 / 100) if logarithmic else 4000 / 24000
    np.testing.assert_allclose(top.mean(0), [TITLE + 27, LEFT + place * WIDTH], atol=2.5)
    assert np.median(found[:, 0]) == pytest.approx(TITLE + 75, abs=1)
    assert found[:, 1].min() == pytest.approx(LEFT, abs=2)
    assert found[:, 1].max() == pytest.approx(LEFT + WIDTH, abs=2)


def test_a_span_cuts_the_axis(page):
    data = np.full((1, 241), -75.0)
    data[0, 40] = -25.0  # at 4 kHz
    page.show(only(lines(data, span=(3000.0, 7000.0))))
    found = near(page.pixels("data"), BLUE)
    column = found[found[:, 0] < TITLE + 30][:, 1].mean()
    assert column == pytest.approx(LEFT + WIDTH / 4, abs=2)
    page.move(LEFT + WIDTH / 4, TITLE + 40)
    assert page.readout.replace("−", "-") == "4.00 kHz\none -25.00 dB"


def test_what_is_not_finite_leaves_a_gap_and_a_lone_point_a_dot(page):
    data = np.full((1, 101), -50.0)
    data[0, 30:70] = [np.nan, -np.inf] * 20
    data[0, 50] = -50.0
    page.show(only(lines(data)))
    columns = (near(page.pixels("data"), BLUE)[:, 1] - LEFT) / WIDTH
    assert not ((columns > 0.30) & (columns < 0.49)).any()
    assert ((columns > 0.49) & (columns < 0.51)).any()
    assert (columns < 0.29).any()
    assert (columns > 0.71).any()


def test_a_reference_is_grey_thin_and_dashed_and_takes_no_colour(page):
    data = [[-20.0] * 201, [-50.0] * 201, [-80.0] * 201]
    styles = ("reference", "solid", "dashed")
    page.show(only(lines(data, ("base", "naive", "corrected"), styles=styles)))
    pixels = page.pixels("data")
    grey, blue, orange = (near(pixels, colour) for colour in (GREY, BLUE, ORANGE))
    for found, level in ((grey, 20), (blue, 50), (orange, 80)):
        assert np.median(found[:, 0]) == pytest.approx(TITLE + level, abs=1)
    covered = [len(np.unique(found[:, 1])) / WIDTH for found in (grey, blue, orange)]
    assert covered[0] < 0.85
    assert covered[1] > 0.99
    assert covered[2] < 0.9


def test_a_stem_rises_from_zero_to_each_point(page):
    page.show(only(lines([[-50.0, 0.0, -100.0, -25.0, -75.0]], styles=("stem",))))
    found = near(page.pixels("data"), BLUE)
    for point, level in ((0, 50), (2, 100), (3, 25), (4, 75)):  # all but the one at zero
        rows = found[abs(found[:, 1] - (LEFT + WIDTH * point / 4)) <= 1][:, 0] - TITLE
        assert (rows.min(), rows.max()) == pytest.approx((0, level), abs=4)
    between = abs((found[:, 1] - LEFT) * 4 / WIDTH % 1 - 0.5) < 0.45
    assert not between.any()  # nothing from point to point


def test_the_legend_stands_beside_the_title_or_below_it(page):
    names = ("a reference with a long name", "naive", "corrected")
    panel = lines([[-50.0] * 9] * 3, names, styles=("reference", "solid", "solid"))
    page.show(only(panel))
    assert near(page.pixels("axes")[:TITLE], BLUE)[:, 1].min() > LEFT + WIDTH / 2
    page.page.set_viewport_size({"width": 336, "height": 900})
    page.page.wait_for_function("document.querySelector('.workbench-data').width === 320")
    page.settle()
    axes = page.pixels("axes")
    assert not len(near(axes[:TITLE], BLUE)) + len(near(axes[:TITLE], GREY))
    rows = near(axes, BLUE)[:, 0]
    assert TITLE < rows.min() <= rows.max() < TITLE + 3 * 16
    assert not axes[:, -2:, 3].any()


def test_the_readout_names_all_lines_at_the_nearest_point(page):
    data = np.array([np.linspace(0, -50, 101), np.linspace(-50, -100, 101)])
    data[1, 40] = np.nan
    page.show(only(lines(data, ("naive", "corrected"), axis=Axis("order", "", 1.0, 0.01))))
    page.move(LEFT + 0.25 * WIDTH + 2, TITLE + 20)
    assert page.readout.replace("−", "-") == "1.250\nnaive -12.50 dB\ncorrected -62.50 dB"
    marks = np.argwhere(page.pixels("overlay")[..., 3] > 100)
    assert marks[:, 1].mean() == pytest.approx(LEFT + 0.25 * WIDTH, abs=1)
    page.move(LEFT + 0.4 * WIDTH, TITLE + 20)
    assert page.readout.replace("−", "-") == "1.400\nnaive -20.00 dB"
    page.move(LEFT - 20, TITLE + 20)
    assert page.readout == ""


@pytest.mark.parametrize("ratio", [1, 2])
def test_a_plane_is_round_and_its_points_lie_where_they_are(open_page, ratio):
    page = open_page(device_scale_factor=ratio)
    page.show(only(planes([0.5 + 0.25j], [-0.5j])))
    top, side = TITLE + 18, 180
    circle = (
        np.argwhere(
            page.pixels("axes")[(top + 5) * ratio : (top + side - 5) * ratio, ..., :3].sum(-1) < 350
        )
        / ratio
    )
    circle = circle[(circle[:, 1] > LEFT + 5) & (circle[:, 1] < LEFT + side - 5)]
    radius = np.hypot(circle[:, 0] + 5 - side / 2, circle[:, 1] - LEFT - side / 2)
    assert np.median(radius) == pytest.approx(side / 4, abs=1)
    found = near(page.pixels("data"), BLUE) / ratio
    first = found[found[:, 1] < LEFT + side].mean(0)
    second = found[found[:, 1] > LEFT + side].mean(0)
    middle = np.array([top + side / 2, LEFT + side / 2])
    np.testing.assert_allclose(first - middle, [-0.25 * 45, 0.5 * 45], atol=1.5)
    np.testing.assert_allclose(second - middle, [0.5 * 45, side + 16], atol=1.5)


def test_only_points_outside_the_circle_stand_out(page):
    page.show(only(planes([0.99, 1.0, 0.5j])))
    assert not len(near(page.pixels("data"), ALERT))
    page.show(only(planes([0.99, 1.0, 1.05j])))
    found = near(page.pixels("data"), ALERT)
    ring = found[found[:, 0] < TITLE + 18 + 180]
    np.testing.assert_allclose(ring.mean(0), [TITLE + 18 + 90 - 1.05 * 45, LEFT + 90], atol=1.5)
    assert (found[:, 0] > TITLE + 18 + 180).any()  # the caption says it, too


def test_what_lies_beyond_the_limit_is_put_to_the_edge(page):
    page.show(only(planes([30 + 40j])))
    found = near(page.pixels("data"), BLUE)
    place = found.mean(0) - [TITLE + 18 + 90, LEFT + 90]
    np.testing.assert_allclose(place, [-0.96 * 90, 0.96 * 90 * 3 / 4], atol=2)
    page.move(LEFT + 90 + place[1], TITLE + 18 + 90 + place[0])
    assert "magnitude 50.00000" in page.readout


def test_the_readout_tells_magnitude_and_angle_of_a_point(page):
    panel = planes([0.6 + 0.6j], [-0.9])
    place = (LEFT + 90 + 0.6 * 45 + 3, TITLE + 18 + 90 - 0.6 * 45 - 3)
    page.show(only(panel))
    page.move(*place)
    assert page.readout == "plane 0 · poles\nmagnitude 0.84853 · 45.0 °"
    page.show(only(replace(panel, sample_rate=48000.0)))
    page.move(*place)
    assert page.readout == "plane 0 · poles\nmagnitude 0.84853 · 6.000 kHz"
    page.move(place[0] - 40, place[1])
    assert page.readout == ""


def test_the_chosen_plane_has_a_frame_of_its_own(page):
    panel = planes([0.5], [0.5])
    chosen = tuple(replace(plane, chosen=i == 1) for i, plane in enumerate(panel.planes))
    page.show(only(panel))
    plain = page.pixels("axes")
    page.show(only(replace(panel, planes=chosen)))
    changed = np.argwhere((page.pixels("axes") != plain).any(-1))
    assert changed[:, 1].min() >= LEFT + 180 + 16 - 2
    frame = near(page.pixels("axes")[TITLE:], BLUE)
    assert np.ptp(frame[:, 1]) == pytest.approx(182, abs=2)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("width", "rows"), [(300, 6), (484, 2), (700, 2), (1184, 1)])
def test_planes_wrap_and_nothing_is_cut(open_page, theme, width, rows):
    page = open_page(viewport={"width": width + 16, "height": 900})
    page.page.evaluate("theme => { document.body.dataset.theme = theme; }", theme)
    panel = replace(frames.still(largest=1.06).panels[-1], title="")
    page.show(only(panel))
    room = width - LEFT - BARE
    columns = -(-6 // rows)
    side = min(180, int((room + 16) / columns - 16))
    axes = page.pixels("axes")
    assert axes.shape[1] == width
    for edge in (axes[:2], axes[-2:], axes[:, :2], axes[:, -2:]):
        assert not edge[..., 3].any()
    assert page.page.evaluate("document.documentElement.scrollWidth") <= width + 16
    plot = np.array([255, 255, 255] if theme == "light" else [0x21, 0x21, 0x21])
    inside = (np.abs(axes[..., :3] - plot).max(-1) < 3) & (axes[..., 3] > 250)
    assert inside.sum() == pytest.approx(6 * side**2, rel=0.12)
    assert np.argwhere(inside).max(0)[1] <= LEFT + columns * (side + 16) - 16


def test_named_waves_have_a_legend_and_are_read_by_name(page):
    page.show(frames.still())
    width = 900 - 16 - LEFT - BARE
    assert len(near(page.pixels("axes")[:TITLE], ORANGE)) > 20
    page.move(LEFT + width / 2, TITLE + 50)
    assert "s · amplitude naive " in page.readout
    assert " | corrected " in page.readout


def test_time_acts_on_panels_over_time_only(page):
    frame = frames.still()
    wave, spectrum = frame.panels[:2]
    page.show(replace(frame, panels=(wave, spectrum, wave)))
    below = TITLE + 110 + AXIS + GAP  # where the spectrum begins
    last = below + TITLE + 170 + AXIS + GAP + TITLE
    still = (slice(below + TITLE, below + TITLE + 170), slice(LEFT, LEFT + WIDTH))
    before = page.pixels("data")[still]
    figure = page.page.locator("#first .workbench-figure")
    position = page.page.locator("#first .workbench-position")
    figure.click(position={"x": LEFT + 400, "y": below + 60})
    assert position.text_content() == "0.00 / 10.00 s"
    page.move(LEFT + 100, below + 60)
    page.page.mouse.down()
    page.move(LEFT + 300, below + 100)
    page.page.mouse.up()
    page.last_view()
    assert page.last_view()["first"] is None
    figure.click(position={"x": LEFT + WIDTH / 2, "y": last + 20})
    assert position.text_content() == "5.00 / 10.00 s"
    page.settle()
    overlay = page.pixels("overlay")[..., 3]
    assert overlay[TITLE + 40, LEFT + WIDTH // 2]
    page.move(LEFT + 10, 5)
    assert not page.pixels("overlay")[..., 3][still].any()
    page.page.keyboard.press("+")
    figure.dblclick(position={"x": LEFT + 400, "y": below + 60})
    assert page.last_view()["first"] == 2.5
    assert (page.pixels("data")[still] == before).all()


def test_without_time_there_is_nothing_to_zoom(page):
    page.show(only(planes([0.5])))
    for name in ("Zoom in", "Zoom out", "Show everything"):
        assert page.page.get_by_role("button", name=name).is_disabled()
    page.page.locator("#first .workbench-figure").focus()
    before = len(page.sent("view"))
    page.page.keyboard.press("+")
    page.settle()
    assert len(page.sent("view")) == before
    page.show(frames.still())
    assert page.page.get_by_role("button", name="Zoom in").is_enabled()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_all_kinds_change_places_in_both_themes(page, theme):
    page.page.evaluate("theme => { document.body.dataset.theme = theme; }", theme)
    frame = frames.still(largest=1.06)
    page.show(frame)
    first = page.pixels("data")
    assert first[..., 3].astype(bool).sum() > 10_000
    page.show(replace(frame, panels=frame.panels[::-1]))
    page.show(frames.frame(750))
    page.show(frame)
    assert (page.pixels("data") == first).all()


def test_a_picture_is_the_same_however_often_it_was_drawn_before(page):
    """The pens of one drawing, such as their joints, are not those with which the next begins."""
    page.show(Frame((*frames.frame().panels, *frames.still().panels), (0, 10), (0, 10)))
    page.page.set_viewport_size({"width": 870, "height": 1000})  # the canvases begin anew
    page.settle()
    once = [page.pixels(layer) for layer in ("axes", "data")]
    for theme in ("dark", "light"):
        page.page.emulate_media(color_scheme=theme)
        page.settle()
    assert once[0].shape[1] == 870 - 16
    for before, layer in zip(once, ("axes", "data"), strict=True):
        np.testing.assert_array_equal(page.pixels(layer), before)


def test_a_bigger_panel_moves_those_below(page):
    wave = WavePanel("", "a", "", -1, 1, 0, 0.01, np.zeros((1, 101)), height=60)
    page.show(only(wave, planes(*[[0.5]] * 2), wave))
    low = page.page.locator("#first .workbench-figure").bounding_box()["height"]
    page.show(only(wave, planes(*[[0.5]] * 6), wave))
    high = page.page.locator("#first .workbench-figure").bounding_box()["height"]
    assert high - low == 180 + 38 + GAP


def test_the_modules_work_unjoined_as_well(page, address):
    page.show(frames.still())
    joined = page.pixels("data")
    page.page.evaluate(
        """async () => {
            window.scopes.first.dispose();
            const { default: scope } = await import("./page/scope.js");
            const { model } = window.scopes.first;
            scope.render({ model, el: document.getElementById("first") });
        }"""
    )
    page.show(frames.still())
    assert (page.pixels("data") == joined).all()


def test_a_frame_is_drawn_within_a_few_milliseconds(page):
    for step in range(10):
        page.show(frames.still(largest=1 + step / 100))
    assert min(page.page.evaluate("window.drawn.map(({ cost }) => cost)")) < 8
