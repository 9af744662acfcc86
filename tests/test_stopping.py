"""What nobody waits for any more ends between two steps: in a block, and on a page of a class."""

import threading

import pytest

from tests.lab import Served, notebook
from tests.test_serve import Visit
from workbench.recall import LastResults
from workbench.stopping import Stopped, may_stop, stoppable

SLOW = """
import time
import workbench as wb
from workbench.stopping import may_stop
dashboard = wb.explore([wb.layers.Saturate(drive_db=6.0)], "speech")
compute = dashboard.controller._compute
def slow():
    while dashboard.controller.values["0.drive_db"] > 6.5:
        time.sleep(0.05)
        may_stop()
    return compute()
dashboard.controller._compute = slow
dashboard
"""


def test_a_block_is_left_at_the_next_step_and_without_an_error():
    unwanted, steps = [], []
    with stoppable(lambda: bool(unwanted)):
        for step in range(5):
            may_stop()
            steps.append(step)
            if step == 2:
                unwanted.append(True)
    assert steps == [0, 1, 2]
    may_stop()  # outside any block


def test_of_blocks_in_one_another_the_outermost_is_left():
    reached = []
    with stoppable(lambda: True):
        with stoppable(lambda: False):
            may_stop()
        reached.append("after the inner one")
    assert reached == []


def test_a_block_that_is_not_quiet_says_so():
    with pytest.raises(Stopped), stoppable(lambda: True, quietly=False):
        may_stop()


def test_another_thread_goes_on():
    reached = []

    def other():
        may_stop()
        reached.append(True)

    with stoppable(lambda: True):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert reached == [True]


def test_what_is_recalled_is_no_step():
    kept, made = LastResults(), []
    kept.recall("one", (1,), lambda: made.append(1))
    with stoppable(lambda: True):
        kept.recall("one", (1,), lambda: made.append(2))
        made.append("recalled")
        kept.recall("one", (2,), lambda: made.append(3))
    assert made == [1, "recalled"]


@pytest.mark.slow
@pytest.mark.browser
def test_a_page_of_a_class_stops_what_its_kernel_computes(browser):
    with Served(notebook([SLOW])) as server:
        visit = Visit(browser, server)
        page = visit.page
        visit.wait_for_picture()
        slider = page.get_by_role("slider", name="drive (dB)")
        before = slider.get_attribute("aria-valuenow")
        slider.press("PageUp")
        page.get_by_role("button", name="Stop").click()
        page.get_by_role("status").filter(has_text="Stopped: nothing has changed.").wait_for()
        assert slider.get_attribute("aria-valuenow") == before
        slider.press("PageDown")  # it answers
        page.get_by_text("Stopped: nothing has changed.").wait_for(state="hidden")
        assert visit.messages == []
        visit.context.close()
