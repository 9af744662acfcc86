"""The page tells which panels are on the screen, and asks for the others when nothing moves."""

from dataclasses import replace

import numpy as np
import pytest

from tests.dashboards.page import TITLE
from workbench.dashboards.frames import Frame
from workbench.dashboards.panels import WavePanel

pytestmark = pytest.mark.browser

HEIGHT = 200  # CSS pixels of each of four panels


def four(level=0.5, **how):
    data = np.full((1, 700, 2), level, np.float32)
    panel = WavePanel("", "amplitude", "", -1, 1, 0, 1 / 700, data, height=HEIGHT)
    return Frame((panel,) * 4, (0, 1), (0, 1), **how)


@pytest.fixture
def page(open_page):
    """Two panels and a bit of the third are on the screen."""
    page = open_page(viewport={"width": 900, "height": 8 + 2 * (HEIGHT + TITLE + 8) + 60})
    page.show(four())
    return page


def asked(page, visible):
    """Wait until the page says that these panels are visible, and answer it."""
    page.page.wait_for_function(
        """visible => {
            const asked = window.scopes.first.model.sent.findLast(({ kind }) => kind === "view");
            return asked && JSON.stringify(asked.visible) === visible;
        }""",
        arg="null" if visible is None else str(visible).replace(" ", ""),
    )
    page.receive({"kind": "viewed", "id": page.sent("view")[-1]["id"]})


def test_the_page_says_what_is_on_the_screen(page):
    asked(page, [0, 1, 2])
    page.page.evaluate("() => window.scrollTo(0, document.body.scrollHeight)")
    page.page.wait_for_function(
        "() => !window.scopes.first.model.sent.findLast(each => each.kind === 'view').visible"
        "?.includes(0)"
    )
    newest = page.last_view()
    assert 3 in newest["visible"]
    assert 0 not in newest["visible"]


def test_all_panels_on_the_screen_are_no_news(open_page):
    page = open_page(viewport={"width": 900, "height": 1200})
    page.show(four())
    page.settle()
    assert page.sent("view") == []
    page.page.set_viewport_size({"width": 900, "height": 400})
    asked(page, [0, 1])
    page.page.set_viewport_size({"width": 900, "height": 1200})
    asked(page, None)


def test_what_a_late_frame_lacks_waits_while_a_control_is_held(page):
    asked(page, [0, 1, 2])
    page.settle()
    before = len(page.sent("view"))
    page.page.mouse.move(10, 10)
    page.page.mouse.down()
    page.show(four(0.4, late=True))
    page.page.wait_for_timeout(600)  # three times as long as otherwise
    assert len(page.sent("view")) == before
    page.page.mouse.up()
    page.page.wait_for_function(
        "before => window.scopes.first.model.sent"
        ".filter(({ kind }) => kind === 'view').length > before",
        arg=before,
    )


def test_the_page_asks_for_what_a_late_frame_lacks(page):
    asked(page, [0, 1, 2])
    page.settle()
    before = len(page.sent("view"))
    page.show(four(0.4, late=True))
    assert page.page.locator("[aria-busy=true]").count() == 1  # for readers aloud, and for tests
    page.page.wait_for_function(
        "before => window.scopes.first.model.sent"
        ".filter(({ kind }) => kind === 'view').length > before",
        arg=before,
    )
    page.receive({"kind": "viewed", "id": page.sent("view")[-1]["id"]})
    page.show(four(0.4))
    assert page.page.locator("[aria-busy]").count() == 0
    assert len(page.sent("view")) == before + 1  # once


def test_a_complete_frame_leaves_nothing_to_ask_for(page):
    asked(page, [0, 1, 2])
    page.settle()
    before = len(page.sent("view"))
    page.page.clock.install()
    page.show(four(0.3, late=True))
    page.show(replace(four(0.3)))
    page.page.clock.run_for(1000)
    assert len(page.sent("view")) == before
