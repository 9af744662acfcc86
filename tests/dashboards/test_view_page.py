"""Page and kernel agree on the range of time that is shown, whatever comes in between."""

from dataclasses import replace

import pytest

from tests.dashboards import frames
from tests.dashboards.page import LEFT

pytestmark = pytest.mark.browser


def press(page, *keys):
    page.page.locator("#first .workbench-figure").focus()
    for key in keys:
        page.page.keyboard.press(key)


def showing(first, last, time=frames.SECONDS):
    """A frame of a signal of so many seconds, zoomed."""
    return replace(frames.frame(750, time=time), shown=(first, last))


def told(page):
    """The range that the kernel knows in the end."""
    view = page.last_view()
    return view["first"], view["last"]


def test_an_end_that_comes_a_little_nearer_is_told(page):
    page.show(frames.frame(750))
    press(page, "+", *10 * ["ArrowRight"])
    assert told(page) == (5.0, 10.0)
    page.show(showing(5.0, 9.998, time=9.998))
    assert told(page) == pytest.approx((4.998, 9.998))


def test_what_has_become_all_that_there_is_is_told_after_an_older_question(page):
    page.show(frames.frame(750))
    press(page, "+", "+", "+", *27 * ["ArrowLeft"])
    assert told(page) == (1.0, 2.25)
    page.show(showing(1.0, 1.5, time=1.5))
    asked = page.sent("view")[-1]
    assert (asked["first"], asked["last"]) == (0.25, 1.5)  # still open when there is less
    page.show(frames.frame(750, time=0.2))
    assert told(page) == (None, None)


def test_a_page_shows_what_its_first_frame_shows(page):
    page.show(showing(2.0, 4.0))
    page.move(LEFT, 60)
    assert page.readout.startswith("2.00")


def test_where_another_page_zooms_the_axes_follow_and_nothing_is_asked(page):
    page.show(frames.frame(750))
    told(page)
    before, asked = page.pixels("axes"), page.sent("view")
    page.show(showing(2.0, 4.0), asker="another")
    assert (page.pixels("axes") != before).any()
    page.settle()
    assert page.sent("view") == asked
