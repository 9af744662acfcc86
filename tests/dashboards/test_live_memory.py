"""What a page of JupyterLab holds while dashboards come and go, in a real browser."""

import psutil
import pytest

from tests.lab import Lab, notebook

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CELLS = [
    "import workbench as wb\ngallery = wb.gallery()\ngallery",
    'apart = wb.explore("delay", "speech")\napart.widget',
    "apart.widget  # once more",
]
DASHBOARDS = 10
AFTERWARDS = 2500  # ms until a page has let go of what has left it


@pytest.fixture
def lab():
    with Lab(notebook(CELLS)) as lab:
        lab.run_cell(0)
        yield lab
        assert lab.messages == []


def open_all(lab):
    """Each dashboard of the gallery, one after the other."""
    for number in range(DASHBOARDS):
        choose(lab, number)
    lab.page.wait_for_timeout(AFTERWARDS)


def choose(lab, number):
    lab.page.locator(".workbench-gallery .widget-toggle-button").nth(number).click()
    lab.page.wait_for_timeout(200)
    lab.settle()


def unfold(lab, within):
    """Show the details of the first stage that has some: their looks change."""
    more = lab.page.locator(f"{within} .workbench-more").first
    folded = more.locator("xpath=following-sibling::*[1]")
    assert not folded.is_visible()
    more.click()
    folded.wait_for(state="visible")


def nodes(lab):
    """How many there are, in the page or out of it, that something holds."""
    return lab.metrics()["Nodes"]


def test_dashboards_that_were_left_are_let_go(lab):
    open_all(lab)
    before = nodes(lab)
    open_all(lab)
    assert nodes(lab) < before + 2000  # one dashboard alone has some 1300


def test_all_threads_of_a_kernel_share_their_free_memory(lab):
    """A page that is loaded again leaves one: see `workbench.app`."""
    assert psutil.Process(lab.kernel_pids[0]).environ()["MALLOC_ARENA_MAX"] == "1"


def test_what_stays_is_alive_when_something_else_has_left(lab):
    lab.page.set_default_timeout(30000)
    lab.run_cell(1)
    choose(lab, 2)
    choose(lab, 3)
    lab.page.wait_for_timeout(AFTERWARDS)
    unfold(lab, ".workbench-gallery")
    unfold(lab, ".jp-OutputArea:not(:has(.workbench-gallery))")


def test_of_two_views_the_one_that_stays_is_alive(lab):
    lab.page.set_default_timeout(30000)
    lab.run_cell(1)
    lab.run_cell(2)
    lab.command("notebook:clear-cell-output")
    lab.page.wait_for_timeout(AFTERWARDS)
    place = ".jp-OutputArea:not(:has(.workbench-gallery))"
    unfold(lab, place)
    slider = lab.page.locator(f"{place} [role=slider]").first
    drawn = f"() => document.querySelector('{place} .workbench-data').toDataURL()"
    before = lab.page.evaluate(drawn)
    slider.press("PageUp")
    lab.page.wait_for_function(f"before => ({drawn})() !== before", arg=before)
