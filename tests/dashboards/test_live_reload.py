"""The gallery with all dashboards open, loaded again: nothing is missing, nothing is lost."""

import pytest

from tests.lab import Lab, notebook

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CELLS = [
    "import workbench as wb\n\ngallery = wb.gallery()\ngallery",
    "from workbench.dashboards.scope import Scope\nscope = Scope()",
]
LISTEN = """() => {
    window.drawn = [];
    document.addEventListener(
        "workbench:drawn", ({ detail }) => window.drawn.push(detail), { capture: true });
}"""
BUTTONS = ".workbench-gallery > .widget-toggle-buttons button"


@pytest.fixture(scope="module")
def lab():
    with Lab(notebook(CELLS)) as lab:
        lab.page.add_init_script(f"({LISTEN})()")
        lab.page.evaluate(LISTEN)
        lab.run_cell(0)
        yield lab
        # the page may say so at first where the machine is busy: it is shown all the same
        assert [text for text in lab.messages if "model not found" not in text] == []


def open_dashboard(lab, number):
    """Choose one, wait for its picture, and return the values that it shows."""
    drawn = lab.page.evaluate("() => window.drawn.length")
    lab.page.locator(BUTTONS).nth(number).click()
    lab.page.wait_for_function("count => window.drawn.length > count", arg=drawn)
    lab.settle()
    return newest(lab)


def newest(lab):
    return lab.page.evaluate("() => window.drawn.at(-1).values")


def slide(lab, name, key):
    drawn = lab.page.evaluate("() => window.drawn.length")
    lab.page.get_by_role("slider", name=name).press(key)
    lab.page.wait_for_function("count => window.drawn.length > count", arg=drawn)
    lab.settle()


def picture(lab):
    lab.settle()
    return lab.page.evaluate("() => document.querySelector('.workbench-data').toDataURL()")


def test_ten_dashboards_are_there_again_after_the_page_was_loaded_again(lab):
    lab.page.wait_for_function("() => window.drawn.length")
    count = lab.page.locator(BUTTONS).count()
    assert count == 10
    open_dashboard(lab, 2)
    slide(lab, "num mel bins", "Home")
    mel = newest(lab)
    for number in [*range(3, count), 0, 1]:
        open_dashboard(lab, number)
    slide(lab, "frame step", "Home")
    stft = newest(lab)
    lab.page.get_by_role("button", name="Zoom in").click()
    zoomed = picture(lab)

    lab.command("docmanager:save")
    lab.page.goto(lab.page.url.partition("?")[0] + "?reset")
    lab.page.wait_for_function("() => window.drawn.length")
    lab.page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    lab.wait_for_idle()
    assert newest(lab) == stft
    lab.page.wait_for_function(
        "before => document.querySelector('.workbench-data').toDataURL() === before", arg=zoomed
    )
    slide(lab, "frame step", "ArrowRight")
    assert newest(lab) != stft
    assert open_dashboard(lab, 2) == mel
    slide(lab, "num mel bins", "End")
    assert newest(lab) != mel
    lab.page.get_by_role("button", name="Undo").click()
    lab.page.wait_for_function(
        "before => JSON.stringify(window.drawn.at(-1).values) === JSON.stringify(before)", arg=mel
    )


def test_a_view_that_was_given_up_is_shown_all_the_same(lab):
    """As where ipywidgets waits two seconds for a model that comes later."""
    late = """() => {
        const view = document.querySelector(".jp-OutputArea-output:has(.workbench-gallery)");
        view.classList.add("jupyter-widgets");
        view.textContent = "Error displaying widget: model not found";
        window.drawn.length = 0;
    }"""
    open_dashboard(lab, 1)
    lab.page.evaluate(late)
    assert lab.page.locator(".workbench-scope").count() == 0
    lab.run_cell(1)  # another scope comes up
    lab.page.wait_for_selector(".workbench-gallery .workbench-scope canvas")
    assert lab.page.get_by_text("model not found").count() == 0
