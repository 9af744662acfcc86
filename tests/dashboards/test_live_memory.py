"""What a page of JupyterLab holds while dashboards come and go, in a real browser."""

import pytest

from tests.lab import Lab, notebook

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CELLS = ["import workbench as wb\ngallery = wb.gallery()\ngallery"]
DASHBOARDS = 10
AFTERWARDS = 1500  # ms until a page has let go of what has left it


@pytest.fixture
def lab():
    with Lab(notebook(CELLS)) as lab:
        lab.run_all()
        yield lab
        assert lab.messages == []


def open_all(lab):
    """Each dashboard of the gallery, one after the other."""
    for number in range(DASHBOARDS):
        lab.page.locator(".workbench-gallery .widget-toggle-button").nth(number).click()
        lab.page.wait_for_timeout(200)
        lab.settle()
    lab.page.wait_for_timeout(AFTERWARDS)


def nodes(lab):
    """How many there are, in the page or out of it, that something holds."""
    session = lab.page.context.new_cdp_session(lab.page)
    session.send("Performance.enable")
    session.send("HeapProfiler.collectGarbage")
    found = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
    session.detach()
    return found["Nodes"]


def test_dashboards_that_were_left_are_let_go(lab):
    open_all(lab)
    before = nodes(lab)
    open_all(lab)
    assert nodes(lab) < before + 2000  # one dashboard alone has some 1300
