"""Marking a region, in a real browser; the test plays the kernel."""

from dataclasses import replace

import numpy as np
import pytest

from tests.dashboards import frames
from tests.dashboards.page import LEFT, RIGHT, TITLE

pytestmark = pytest.mark.browser

WIDTH = 900 - 16 - LEFT - RIGHT
WAVE = 60  # a height in the first panel
IMAGE = TITLE + 110 + 8 + TITLE  # the top of the second, 190 high, 0 .. 24 kHz


@pytest.fixture
def page(page):
    page.show(frames.frame(WIDTH))
    page.page.get_by_role("button", name="Select", exact=True).click()
    return page


def x(seconds):
    return LEFT + WIDTH * seconds / frames.SECONDS


def y(hertz):
    return IMAGE + 190 * (1 - (hertz / (frames.RATE / 512) + 0.5) / 257)


def drag(page, *points):
    page.move(*points[0])
    page.page.mouse.down()
    for point in points[1:]:
        page.move(*point)
    page.page.mouse.up()
    page.settle()


def reported(page):
    """Answer what the page reports until there is no more, and return the last."""
    page.settle()  # it reports once per animation frame
    while True:
        before = page.sent("select")
        page.receive({"kind": "selected", "id": before[-1]["id"]})
        page.settle()
        if page.sent("select") == before:
            return before[-1]


def marked(page):
    """Which pixels of the overlay are filled, away from the edges."""
    return page.pixels("overlay")[..., 3] > 40


def test_a_drag_marks_a_range_of_time_in_all_panels(page):
    drag(page, (x(2), WAVE), (x(3), WAVE), (x(4), WAVE + 20))
    said = reported(page)
    assert (said["first"], said["last"]) == pytest.approx((2, 4), abs=0.02)
    assert (said["panel"], said["low"], said["high"]) == (0, None, None)
    page.move(5, 5)
    shown = marked(page)
    for height in (WAVE, IMAGE + 20, IMAGE + 250):
        inside = np.flatnonzero(shown[height])
        assert inside[[0, -1]] == pytest.approx([x(2), x(4)], abs=4)
    assert page.sent("view") == []  # no zoom


def test_a_drag_in_an_image_marks_a_rectangle(page):
    drag(page, (x(2), y(4000)), (x(3), y(9000)), (x(4), y(12000)))
    said = reported(page)
    assert said["panel"] == 1
    assert (said["low"], said["high"]) == pytest.approx((4000, 12000), abs=150)  # 1 px: 126 Hz
    page.move(5, 5)
    shown = marked(page)
    column = round(x(3))
    inside = IMAGE + np.flatnonzero(shown[IMAGE : IMAGE + 190, column])
    assert inside[[0, -1]] == pytest.approx([y(12000), y(4000)], abs=3)
    assert shown[WAVE, column]  # in the wave it is a range of time


def test_a_rectangle_is_moved_and_resized_by_its_edges(page):
    drag(page, (x(2), y(4000)), (x(4), y(12000)))
    drag(page, (x(3), y(8000)), (x(5), y(9000)))
    said = reported(page)
    assert (said["first"], said["last"]) == pytest.approx((4, 6), abs=0.03)
    assert (said["low"], said["high"]) == pytest.approx((5000, 13000), abs=300)
    drag(page, (x(4), y(9000)), (x(3.5), y(20000)))
    drag(page, (x(5), y(5000)), (x(1), y(2000)))
    said = reported(page)
    assert (said["first"], said["last"]) == pytest.approx((3.5, 6), abs=0.04)
    assert (said["low"], said["high"]) == pytest.approx((2000, 13000), abs=400)
    drag(page, (x(6), y(13000)), (x(2), y(1000)))  # a corner, through the opposite one
    said = reported(page)
    assert (said["first"], said["last"]) == pytest.approx((2, 3.5), abs=0.05)
    assert (said["low"], said["high"]) == pytest.approx((1000, 2000), abs=500)


def test_a_moved_region_stays_within_the_axes(page):
    drag(page, (x(2), y(4000)), (x(4), y(12000)))
    drag(page, (x(3), y(8000)), (x(9.9), y(-5000)))
    said = reported(page)
    assert (said["first"], said["last"]) == pytest.approx((8, 10), abs=0.03)
    assert said["low"] == 0
    assert said["high"] == pytest.approx(8000, abs=400)


def test_messages_wait_for_their_answer_and_the_newest_wins(page):
    page.move(x(2), WAVE)
    page.page.mouse.down()
    for step in range(20):
        page.move(x(2.5 + step / 10), WAVE)
    assert len(page.sent("select")) == 1
    page.receive({"kind": "selected", "id": page.sent("select")[0]["id"]})
    page.settle()
    assert len(page.sent("select")) == 2
    assert page.sent("select")[1]["last"] == pytest.approx(4.4, abs=0.02)
    page.page.mouse.up()


@pytest.mark.parametrize("how", ["Escape", "a click elsewhere"])
def test_it_is_taken_away(page, how):
    drag(page, (x(2), WAVE), (x(4), WAVE))
    if how == "Escape":
        page.page.keyboard.press("Escape")
    else:
        page.page.locator("#first .workbench-figure").click(position={"x": x(6), "y": WAVE})
    said = reported(page)
    assert {said[name] for name in ("panel", "first", "last", "low", "high")} == {None}
    page.move(5, 5)
    assert not marked(page)[WAVE, round(x(3))]


def test_escape_during_a_drag_goes_back_to_before(page):
    drag(page, (x(2), WAVE), (x(4), WAVE))
    page.move(x(6), WAVE)
    page.page.mouse.down()
    page.move(x(8), WAVE)
    page.page.keyboard.press("Escape")
    page.move(x(9), WAVE)
    page.page.mouse.up()
    assert reported(page)["first"] == pytest.approx(2, abs=0.02)
    assert page.sent("view") == []


def test_switched_off_a_drag_zooms_and_the_region_stays(page):
    drag(page, (x(2), WAVE), (x(4), WAVE))
    page.page.keyboard.press("s")
    button = page.page.get_by_role("button", name="Select", exact=True)
    assert button.get_attribute("aria-pressed") == "false"
    drag(page, (x(1), WAVE), (x(6), WAVE))
    view = page.last_view()
    assert (view["first"], view["last"]) == pytest.approx((1, 6), abs=0.02)
    assert marked(page)[WAVE, round(LEFT + WIDTH * 0.4)]
    assert reported(page)["first"] == pytest.approx(2, abs=0.02)


def test_a_double_click_shows_everything(page):
    page.page.keyboard.press("+")
    page.page.locator("#first .workbench-figure").dblclick(position={"x": 300, "y": WAVE})
    assert page.last_view()["first"] is None


def test_the_readout_tells_bounds_and_duration(page):
    page.move(x(2), y(4000))
    page.page.mouse.down()
    page.move(x(4), y(12000))
    times, hertz = page.readout.split("\n")
    assert times == "2.00 s … 4.00 s · 2.00 s"
    assert hertz.startswith(("4.", "3.9"))
    assert hertz.endswith("kHz")
    page.page.mouse.up()
    page.page.wait_for_function(
        "document.querySelector('.workbench-selected').textContent.startsWith('Selected 2.00 s')"
    )


def test_the_keyboard_marks_and_extends(page):
    page.page.locator("#first .workbench-figure").focus()
    for _ in range(3):
        page.page.keyboard.press("Shift+ArrowRight")
    said = reported(page)
    assert (said["panel"], said["first"], said["last"]) == (0, 0, pytest.approx(0.3))
    assert page.readout == "0.00 s … 0.30 s · 0.30 s"
    page.page.keyboard.press("Shift+ArrowLeft")
    assert reported(page)["last"] == pytest.approx(0.2)
    page.page.keyboard.press("ArrowRight")
    assert page.readout != ""
    page.page.keyboard.press("Escape")
    assert reported(page)["panel"] is None


def test_a_selection_from_the_kernel_is_shown(page):
    selection = {"panel": 1, "first": 2, "last": 4, "low": 4000, "high": 12000}
    page.receive({"kind": "select", "selection": selection})
    page.settle()
    shown = marked(page)
    assert shown[round(y(8000)), round(x(3))]
    assert not shown[round(y(18000)), round(x(3))]
    assert page.sent("select") == []
    page.receive({"kind": "select", "selection": None})
    page.settle()
    assert not marked(page)[round(y(8000)), round(x(3))]


def test_a_selection_follows_other_panels_and_another_signal(page):
    drag(page, (x(2), y(4000)), (x(4), y(12000)))
    reported(page)
    before = frames.frame(WIDTH)
    page.show(before.__class__((before.panels[0],), before.time, before.shown))
    said = reported(page)
    assert (said["panel"], said["low"], said["high"]) == (0, None, None)
    page.show(frames.frame(WIDTH, time=3.0))
    assert reported(page)["last"] == 3
    page.show(frames.frame(WIDTH, time=1.0))
    assert reported(page)["panel"] is None


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_its_edges_are_seen_on_every_ground(page, theme):
    page.page.evaluate("theme => { document.body.dataset.theme = theme; }", theme)
    page.settle()
    drag(page, (x(2), y(4000)), (x(4), y(12000)))
    page.move(5, 5)
    overlay = page.pixels("overlay")
    edge = overlay[round(y(8000)), round(x(2)) - 4 : round(x(2)) + 5]
    solid = edge[edge[:, 3] > 250][:, :3]
    assert len(solid) >= 2
    assert np.ptp(solid.sum(1)) > 150  # a dark line beside a light one


def test_a_person_marks_and_other_panels_do_not(page):
    drag(page, (x(2), y(4000)), (x(3), y(9000)), (x(4), y(12000)))
    assert reported(page)["by_hand"]
    frame = frames.frame(WIDTH)
    page.show(replace(frame, panels=frame.panels[:1]))
    page.settle()
    said = reported(page)
    assert (said["panel"], said["low"], said["by_hand"]) == (0, None, False)


def test_a_region_whose_panel_goes_while_it_is_dragged_ends_without_a_fault(page):
    page.move(x(2), y(4000))
    page.page.mouse.down()
    page.move(x(3), y(9000))
    whole = frames.frame(750)
    page.show(replace(whole, panels=whole.panels[:1]))
    page.move(x(4), y(12000))
    page.page.mouse.up()
    page.settle()
    assert page.messages == []
