"""What a page does when its connection to the kernel breaks and comes back; the test is both."""

import pytest

from tests.dashboards import frames

pytestmark = pytest.mark.browser


def connection(page, *statuses):
    page.page.evaluate(
        """statuses => statuses.forEach(
            (status) => window.scopes.first.model.kernel.connectionStatusChanged.emit(status))""",
        statuses,
    )


def comes_up_again(page):
    """Wait until the page has said once that it is back."""
    page.page.wait_for_function(
        "() => window.scopes.first.model.sent.filter(({ returned }) => returned).length === 1"
    )


def test_a_page_whose_connection_was_broken_says_so_and_asks_for_its_picture(page):
    page.show(frames.frame(750))
    connection(page, "connecting", "connected")
    comes_up_again(page)
    first, again = page.sent("hello")
    assert again == {**first, "id": again["id"], "returned": True}


def test_a_sound_that_was_lost_is_asked_for_again(page):
    page.show(frames.frame(750))
    page.page.get_by_role("button", name="Play", exact=True).click()
    connection(page, "connecting", "connected")
    comes_up_again(page)
    one, other = page.sent("audio")
    assert one == other


def test_a_sound_that_nobody_waits_for_is_not(page):
    page.show(frames.frame(750))
    connection(page, "connecting", "connected")
    comes_up_again(page)
    assert page.sent("audio") == []


def test_a_connection_that_comes_and_goes_is_made_good_once(page):
    page.show(frames.frame(750))
    connection(page, "connecting", "connected", "disconnected", "connecting", "connected")
    comes_up_again(page)
    page.page.wait_for_timeout(1500)  # what else would come
    comes_up_again(page)


def test_a_kernel_that_has_gone_computes_nothing_any_more(page):
    page.receive({"kind": "progress", "on": True, "fraction": 0.5, "left": 9, "text": "Learning"})
    bar = page.page.locator(".workbench-job")
    bar.wait_for()
    bar.get_by_role("button").click()
    page.page.evaluate("() => first.parentElement.classList.add('jupyter-widgets-disconnected')")
    page.receive({"kind": "status", "text": ""})  # whatever comes: the page looks where it is
    bar.wait_for(state="hidden")
    assert "The kernel has ended" in page.page.locator(".workbench-status").first.text_content()


def test_what_has_gone_from_the_page_follows_no_connection(page):
    page.show(frames.frame(750))
    page.page.evaluate("window.scopes.first.dispose()")
    model = "window.scopes.first.model"
    assert page.page.evaluate(f"{model}.kernel.connectionStatusChanged.slots.size") == 0
