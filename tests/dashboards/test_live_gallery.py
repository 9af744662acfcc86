"""Every dashboard that has a name, as a person meets it: in JupyterLab, in a real browser."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.dashboards.gallery_page import SCRIPT, DashboardPage
from tests.lab import Lab, notebook
from workbench.dashboards.ideas import IDEAS

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NAMES = list(IDEAS)
FIRST = """import workbench as wb
clip = wb.clip("speech")
x = clip.signal[:, 8000:18000]
"""
CELLS = [FIRST, *(f"wb.explore({name!r}, (x, clip.sample_rate))" for name in NAMES)]
THEMES = ("JupyterLab Dark", "JupyterLab Light")

# what has to be done before a control of the same group can act: a key, or a choice
AFTER = {
    "window position (choice)": [
        ("auto: window length (auto)", "Space"),
        ("window length (slider)", "Home"),
    ],
}


@pytest.fixture(scope="module")
def lab():
    with Lab(notebook(CELLS), size=(1400, 1600)) as lab:
        lab.page.evaluate(SCRIPT)
        lab.run_cell(0)
        yield lab


@pytest.fixture(scope="module", params=NAMES)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def page(lab, name):
    lab.messages.clear()
    number = NAMES.index(name) + 1
    lab.run_cell(number)
    yield DashboardPage(lab, 0)
    assert lab.messages == []
    lab.command("notebook:clear-cell-output")


def dead(page, controls):
    import time

    """Those of the controls that change nothing that is seen, and what they bring to light."""
    found, revealed = [], {}
    for control, kind in controls.items():
        t = time.time()
        page.revealed = {}
        group, separator, words = control.rpartition(": ")
        for other, how in AFTER.get(words, ()):
            page.use(f"{group}{separator}{other}", how)
        if not getattr(page, f"try_{kind}")(control):
            found.append(control)
        revealed |= page.revealed
        print(f"{control} {time.time() - t:.1f}", control in found)
        page.reset()
    return found, revealed


def test_every_control_changes_what_is_seen(page):
    page.unfold()
    controls = {c: kind for c, kind in page.controls.items() if ": " in c or kind != "text"}
    controls = {
        c: k
        for c, k in page.controls.items()
        if k not in ("text", "upload") and c != "source (choice)"
    }
    found, revealed = dead(page, controls)
    for control, (choice, option) in revealed.items():
        page.choose(choice, option)
        found += dead(page, {control: page.controls[control]})[0]
    assert found == []


def test_nothing_serious_for_those_who_cannot_see_or_point(page):
    serious = []
    for theme in THEMES:
        page.lab.choose_theme(theme)
        found = Axe().run(page.lab.page, context=".workbench-dashboard").response["violations"]
        serious += [
            (theme, each["id"], each["help"], [n["html"][:200] for n in each["nodes"][:3]])
            for each in found
            if each["impact"] in ("serious", "critical")
        ]
        for each in serious:
            print(each)
    assert serious == []
