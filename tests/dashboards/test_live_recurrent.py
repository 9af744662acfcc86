"""The dashboard of recurrent layers as a person meets it: in JupyterLab, in a real browser."""

import pytest

from tests.lab import Lab, notebook

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CELLS = [
    "import workbench as wb",
    'dashboard = wb.explore("recurrent", "plucked_string")\ndashboard',
    "print(dashboard.code())",
]
PIXELS = "document.querySelector('.workbench-data').toDataURL()"


@pytest.fixture(scope="module")
def lab():
    with Lab(notebook(CELLS), size=(1400, 1700)) as lab:
        lab.run_all()
        lab.page.wait_for_selector(".workbench-scope canvas")
        lab.wait_for_idle()
        yield lab


@pytest.fixture(autouse=True)
def no_complaint(lab):
    """Whatever a test does, the browser's console stays silent."""
    lab.messages.clear()
    yield
    assert lab.messages == []


def choice(lab, option):
    return lab.page.locator(".workbench-dashboard select").filter(has_text=option)


def changes_the_picture(lab, act):
    before = lab.page.evaluate(PIXELS)
    act()
    lab.page.wait_for_function(f"before => {PIXELS} !== before", arg=before)
    lab.wait_for_idle()


def test_nothing_is_printed_beside_the_dashboard(lab):
    *_, shown, printed = lab.cells()
    kinds = {output["output_type"] for output in shown["outputs"]}
    assert kinds == {"display_data"}  # and no warning on stderr
    assert (
        "model = wb.read_model('diode_clipper', training_rate=44100)"
        in printed["outputs"][0]["text"]
    )


@pytest.mark.parametrize("interpolation", ["linear", "auto", "minimax"])
def test_every_interpolation_changes_the_picture(lab, interpolation):
    changes_the_picture(lab, lambda: choice(lab, "stn").select_option(interpolation))


@pytest.mark.parametrize(
    "words",
    ["order", "tone (Hz)", "tone (dB)", "gain (dB)", "start (s)", "seconds", "sample rate (Hz)"],
)
def test_every_slider_changes_the_picture(lab, words):
    handle = lab.page.get_by_role("slider", name=words, exact=True)
    changes_the_picture(lab, lambda: handle.press("ArrowRight"))


def test_auto_says_why_and_an_error_stands_beside_its_control(lab):
    page = lab.page
    choice(lab, "stn").select_option("auto")
    page.get_by_role("status").filter(has_text="lagrange order").wait_for()
    rate = page.locator(".workbench-dashboard .widget-vbox", has_text="sample rate (Hz)").last
    rate.locator("input[type=number]").fill("2000")
    page.keyboard.press("Enter")
    alert = page.get_by_role("alert").filter(has_text="must have a ratio of 0.125 .. 16")
    alert.wait_for()
    box, message = rate.bounding_box(), alert.bounding_box()
    assert 0 <= message["y"] - box["y"] < 60
    rate.locator("input[type=number]").fill("48000")
    page.keyboard.press("Enter")
    alert.wait_for(state="detached")


def test_one_can_listen_to_all_four(lab):
    page = lab.page
    page.get_by_role("button", name="Loop").click()
    page.get_by_role("button", name="Play").click()
    source = "document.querySelector('.workbench-audio').src"
    page.wait_for_function(f"() => {source}")
    for heard in ("naive", "reference", "input"):
        before = page.evaluate(source)
        page.get_by_role("radio", name=heard).check(force=True)
        page.wait_for_function(f"before => {source} !== before", arg=before)
    page.get_by_role("button", name="Pause").click()
    page.wait_for_function("() => document.querySelector('.workbench-audio').paused")
