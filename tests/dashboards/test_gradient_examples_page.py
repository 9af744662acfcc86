"""What the examples of gradients have of their own, as a person uses it: in JupyterLab.

Their targets and what they learn: the parameters of their stages are those of other dashboards,
which `test_live_gallery.py` tries.
"""

import pytest

from tests.dashboards.gallery_page import SCRIPT, DashboardPage
from tests.dashboards.test_live_gallery import dead
from tests.lab import Lab, notebook
from workbench.dashboards.controllers.gradient.examples import EXAMPLES

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FIRST, *OTHERS = EXAMPLES
OF_EXAMPLE = ("Scalar: ", "Learning: ")
CELLS = [
    "import workbench as wb\n"
    'clip = wb.clip("speech")\n'
    "def opened(example):\n"
    '    made = wb.explore("gradient", (clip.signal[:, 8000:12000], clip.sample_rate))\n'
    "    made.set(-2, example=example)\n"
    "    made._opened = made.controller.state()  # what a reset goes back to\n"
    "    return made",
    *(f"opened({example!r})" for example in EXAMPLES),
]


@pytest.fixture(scope="module")
def lab():
    with Lab(notebook(CELLS), size=(1400, 1600)) as lab:
        lab.page.evaluate(SCRIPT)
        lab.page.set_default_timeout(30000)
        lab.run_cell(0)
        yield lab
        assert lab.messages == []


def opened(lab, example):
    lab.run_cell(1 + list(EXAMPLES).index(example))
    page = DashboardPage(lab, 0)
    page.unfold()
    return page


@pytest.fixture(scope="module")
def tried(lab):
    """What `test_every_control_changes_what_is_seen` tries: the controls of the first example."""
    page = opened(lab, FIRST)
    names = set(page.controls)
    lab.command("notebook:clear-cell-output")
    return names


@pytest.mark.parametrize("example", OTHERS)
def test_what_only_this_example_has_changes_what_is_seen(lab, tried, example):
    page = opened(lab, example)
    beside = {name: kind for name, kind in page.controls.items() if name.startswith(OF_EXAMPLE)}
    own = {name: kind for name, kind in beside.items() if name not in tried and kind != "number"}
    found, _ = dead(page, own)  # a number is tried with its slider
    lab.command("notebook:clear-cell-output")
    assert found == []
    assert own or example == "quieten a region"  # it has no target, and learns a delay
