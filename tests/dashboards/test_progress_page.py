"""The bar of a long computation, and what it has not reached, in a real browser."""

from dataclasses import replace

import numpy as np

from workbench.dashboards.frames import Frame
from workbench.dashboards.panels import WavePanel
from workbench.stopping import STOP


def told(page, fraction, left=None, text="Computing", on=True):
    page.receive({"kind": "progress", "on": on, "fraction": fraction, "left": left, "text": text})


def test_what_ends_within_half_a_second_is_never_shown(page):
    bar = page.page.locator("#first .workbench-job")
    page.page.clock.install(time=0)
    page.page.clock.pause_at(1000)  # installed alone it runs on by itself
    told(page, 0.0)
    page.page.clock.run_for(450)
    assert bar.is_hidden()
    page.receive({"kind": "progress", "on": False})
    page.page.clock.run_for(1000)
    assert bar.is_hidden()
    told(page, 0.0)
    page.page.clock.run_for(550)
    assert bar.is_visible()
    page.page.clock.resume()  # the page is drawn to its end


def test_the_bar_says_how_far_and_how_long_and_stops(page):
    job = page.page.locator("#first .workbench-job")
    told(page, 0.0)
    told(page, 0.256, 11.2, "Computing the picture")
    job.wait_for(state="visible", timeout=2000)
    bar = page.page.get_by_role("progressbar", name="Progress")
    assert bar.get_attribute("aria-valuenow") == "25"
    assert (bar.get_attribute("aria-valuemin"), bar.get_attribute("aria-valuemax")) == ("0", "100")
    assert job.locator("span").text_content() == "Computing the picture · 25 % · 12 s left"
    widths = page.page.evaluate(
        "[...document.querySelectorAll('#first .workbench-job [role=progressbar], "
        "#first .workbench-job i')].map((each) => each.getBoundingClientRect().width)"
    )
    assert abs(widths[1] / widths[0] - 0.25) < 0.01
    page.page.get_by_role("button", name="Stop").focus()
    page.page.keyboard.press("Enter")
    assert len(page.sent("stop")) == 1
    told(page, 0.3, 10.0)  # a step that was under way already
    assert job.locator("span").text_content().startswith("Stopping")
    page.receive({"kind": "progress", "on": False})
    job.wait_for(state="hidden", timeout=2000)
    told(page, 0.5)  # the next one
    job.wait_for(state="visible", timeout=2000)
    assert job.locator("span").text_content() == "Computing · 50 %"
    page.receive({"kind": "progress", "on": False})
    job.wait_for(state="hidden", timeout=2000)
    # the focus does not get lost with the button
    assert page.page.evaluate("document.activeElement.className") == "workbench-figure"


def test_without_a_known_end_there_is_no_number(page):
    told(page, None)
    page.page.locator("#first .workbench-job").wait_for(state="visible", timeout=2000)
    bar = page.page.get_by_role("progressbar", name="Progress")
    assert bar.get_attribute("aria-valuenow") is None
    assert bar.get_attribute("aria-valuetext") == "Computing"


def test_what_lasts_can_be_stopped_while_the_kernel_computes(page):
    """By the channel that it reads meanwhile, and not where the front end gives no way to it."""
    job, said = page.page.locator("#first .workbench-job"), "() => window.interjected"
    page.page.evaluate("""() => {
        window.interjected = [];
        window.scopes.first.model.kernel.sendControlMessage = (...said) => interjected.push(said);
    }""")
    page.receive({"kind": "busy", "number": 7, "stops": True})
    job.wait_for(state="visible", timeout=2000)
    assert job.locator("span").text_content() == "Computing"
    page.page.get_by_role("button", name="Stop").press("Enter")
    [(message, answered, at_once)] = page.page.evaluate(said)
    assert (message["channel"], message["header"]["msg_type"]) == ("control", STOP)
    assert (message["content"], answered, at_once) == ({"number": 7}, False, True)
    assert job.locator("span").text_content() == "Stopping"
    assert page.sent("stop") == []
    page.receive({"kind": "busy", "number": None})
    job.wait_for(state="hidden", timeout=2000)
    assert page.page.evaluate("document.activeElement.className") == "workbench-figure"

    page.page.evaluate("() => delete window.scopes.first.model.kernel.sendControlMessage")
    page.receive({"kind": "busy", "number": 8, "stops": True})
    job.wait_for(state="visible", timeout=2000)
    assert page.page.get_by_role("button", name="Stop").count() == 0
    page.receive({"kind": "busy", "number": None})


def test_what_a_change_begins_is_not_taken_for_what_was_stopped(page):
    """The kernel had passed the last step at which the change could have ended."""
    words = page.page.locator("#first .workbench-job span")
    page.page.evaluate("window.scopes.first.model.kernel.sendControlMessage = () => {}")
    page.receive({"kind": "busy", "number": 7, "stops": True})
    page.page.get_by_role("button", name="Stop").click()
    assert words.text_content() == "Stopping"
    told(page, 0.1, text="Learning")
    page.receive({"kind": "busy", "number": None})
    assert words.text_content() == "Learning · 10 %"
    page.receive({"kind": "progress", "on": False})


def test_a_job_has_the_bar_to_itself_and_all_is_stopped(page):
    page.page.evaluate("""() => {
        window.interjected = 0;
        const { kernel } = window.scopes.first.model;
        kernel.sendControlMessage = () => { window.interjected += 1; };
    }""")
    job = page.page.locator("#first .workbench-job")
    words = job.locator("span")
    told(page, 0.5, text="Learning")
    job.wait_for(state="visible", timeout=2000)
    page.receive({"kind": "busy", "number": 3, "stops": True})
    assert words.text_content() == "Learning · 50 %"
    assert page.page.get_by_role("button", name="Stop").count() == 1
    page.page.get_by_role("button", name="Stop").click()
    assert len(page.sent("stop")) == 1
    assert page.page.evaluate("window.interjected") == 1
    page.receive({"kind": "progress", "on": False})
    assert words.text_content() == "Computing"  # which still goes on
    page.receive({"kind": "busy", "number": None})
    assert job.is_hidden()


def test_what_is_old_lies_under_a_veil(page):
    data = np.full([1, 2000], 0.9, np.float32)
    panel = WavePanel("Signal", "amplitude", "", -1.0, 1.0, 0.0, 1e-3, data)

    def ink(frame):
        page.show(frame)
        page.settle()
        pixels = page.pixels("data")
        drawn = pixels[..., 3] > 0
        columns = np.flatnonzero(drawn.any(axis=0))
        return drawn.sum(axis=0)[columns[0] : columns[-1] + 1]

    plain = ink(Frame((panel,), (0.0, 2.0), (0.0, 2.0)))
    veiled = ink(Frame((replace(panel, old=((1.0, 2.0),)),), (0.0, 2.0), (0.0, 2.0)))
    half = len(plain) // 2
    np.testing.assert_array_equal(veiled[: half - 3], plain[: half - 3])
    assert np.min(veiled[half + 3 : -3]) > 5 * np.max(plain[half + 3 : -3])
