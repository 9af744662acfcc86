"""Page and kernel agree on the range of time that is shown, whatever comes in between."""

import base64
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


def answer(page, question, **range):
    page.receive({"kind": "viewed", "id": question["id"], "instead": range or None})
    page.settle()


def left(page):
    """The second at the left edge, as the page tells it."""
    page.move(LEFT, 60)
    return float(page.readout.split()[0])


WHOLE = {"first": None, "last": None, "band": None}
TURNED = {"first": 2.0, "last": 4.0, "band": None}


def test_a_page_shows_the_range_with_which_it_is_answered_and_asks_no_more(page):
    page.show(frames.frame(750))
    told(page)
    press(page, "+")
    [asked] = page.sent("view")
    page.show(showing(2.0, 4.0))
    answer(page, asked, **TURNED)
    assert left(page) == 2.0
    answer(page, asked, **WHOLE)
    assert left(page) == 0.0
    assert page.sent("view") == [asked]


def test_the_range_of_an_answer_is_that_of_the_frame_before_it_drawn_or_not(page):
    page.show(frames.frame(750))
    told(page)
    press(page, "+")
    [asked] = page.sent("view")
    content, parts = showing(12.0, 14.0, time=20.0).encode()  # longer than what the page knows
    page.page.evaluate(
        """async ([frame, parts, answer]) => {
            const { model } = window.scopes.first;
            model.receive(frame, parts);
            model.receive(answer, []);
            await new Promise(requestAnimationFrame);
        }""",
        [
            {"kind": "frame", "id": 99, "for": "another", **content},
            [base64.b64encode(part).decode() for part in parts],
            {"kind": "viewed", "id": asked["id"], "instead": WHOLE | {"first": 12.0, "last": 14.0}},
        ],
    )
    assert left(page) == 12.0
    assert page.sent("view") == [asked]


def test_a_page_that_comes_up_shows_the_range_with_which_it_is_greeted(page):
    page.show(frames.frame(750))
    [hello] = page.sent("hello")
    answer(page, hello, **TURNED)
    assert left(page) == 2.0
    assert page.sent("view") == []


def test_who_has_zoomed_on_asks_for_that_whatever_the_answer_was(page):
    page.show(frames.frame(750))
    told(page)
    press(page, "+", "+")
    [asked] = page.sent("view")  # the newest follows the answer
    answer(page, asked, **TURNED)
    assert told(page) == (3.75, 6.25)
    assert left(page) == 3.75


def test_who_waits_for_an_answer_keeps_its_range_whatever_others_ask_for(page):
    page.show(frames.frame(750))
    told(page)
    press(page, "+")
    page.show(showing(8.0, 9.0), asker="another")
    assert left(page) == 2.5
    assert told(page) == (2.5, 7.5)


def test_who_zooms_before_the_frame_of_another_is_drawn_keeps_its_range(page):
    page.show(frames.frame(750))
    told(page)
    content, _ = showing(8.0, 9.0).encode()
    page.page.evaluate(
        """async (frame) => {
            window.scopes.first.model.receive(frame, []);
            document.querySelector("#first .workbench-in").click();
            await new Promise(requestAnimationFrame);
        }""",
        {"kind": "frame", "id": 99, "for": "another", **content, "panels": []},
    )
    assert told(page) == (2.5, 7.5)


@pytest.mark.timed
def test_who_has_followed_another_while_its_answer_was_late_tells_what_it_shows(page):
    page.show(frames.frame(750))
    told(page)
    press(page, "+")
    [late] = page.sent("view")
    page.page.wait_for_timeout(2500)  # it is taken for lost
    page.show(showing(8.0, 9.0), asker="another")
    assert left(page) == 8.0
    answer(page, late)  # from now on the kernel draws what was asked for
    assert told(page) == (8.0, 9.0)
