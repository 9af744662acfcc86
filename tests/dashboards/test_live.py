"""The dashboard as a person meets it: in JupyterLab, in a real browser."""

import numpy as np
import pytest

import workbench as wb
from tests.lab import DRAWN, Lab, notebook

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CELLS = [
    "import workbench as wb",
    "layers = [wb.layers.Saturate(drive_db=6.0), wb.layers.LogMelSpectrogram()]\n"
    'dashboard = wb.explore(layers, "speech")\n'
    "dashboard",
]
PIXELS = "() => document.querySelector('.workbench-data').toDataURL()"


@pytest.fixture(scope="module")
def lab():
    with Lab(notebook(CELLS)) as lab:
        lab.run_all()
        lab.page.wait_for_selector(".workbench-scope canvas")
        lab.page.evaluate(DRAWN)
        yield lab


@pytest.fixture(autouse=True)
def no_complaint(lab):
    """Whatever a test does, the browser's console stays silent."""
    lab.messages.clear()
    yield
    assert lab.messages == []


def shown(lab, name, test):
    """Wait until a frame is drawn whose value of a parameter passes a JavaScript test."""
    condition = f"() => window.drawn.some(frame => (value => {test})(frame.values['{name}']))"
    lab.page.wait_for_function(condition)


def handle(lab, words):
    return lab.page.get_by_role("slider", name=words)


def test_moving_a_slider_changes_the_pixels(lab):
    before = lab.page.evaluate(PIXELS)
    handle(lab, "drive (dB)").press("PageUp")
    shown(lab, "0.drive_db", "value > 6")
    assert lab.page.evaluate(PIXELS) != before


def test_an_error_is_shown_beside_its_control_and_goes_again(lab):
    page = lab.page
    row = page.locator(".workbench-dashboard .widget-vbox", has_text="upper edge (Hz)").last
    row.get_by_role("checkbox").uncheck()
    row.locator("input[type=number]").fill("30000")
    page.keyboard.press("Enter")
    alert = page.get_by_role("alert").filter(has_text="must be at most half the sample rate")
    alert.wait_for()
    before = page.evaluate(PIXELS)
    box, message = row.bounding_box(), alert.bounding_box()
    assert 0 <= message["y"] - box["y"] < 60
    assert page.evaluate(PIXELS) == before
    row.get_by_role("checkbox").check()
    alert.wait_for(state="detached")


def test_the_audio_plays_and_the_cursor_moves(lab):
    page = lab.page
    page.get_by_role("button", name="Play").click()
    page.wait_for_function(
        "() => document.querySelector('.workbench-audio').currentTime > 0.3", timeout=20000
    )
    overlay = "() => document.querySelector('.workbench-overlay').toDataURL()"
    first = page.evaluate(overlay)
    page.wait_for_function(f"first => ({overlay})() !== first", arg=first)
    page.get_by_role("button", name="Pause").click()
    page.wait_for_function("() => document.querySelector('.workbench-audio').paused")


def test_the_static_picture_hides_behind_the_live_one(lab):
    assert lab.page.locator(".workbench-scope").is_visible()
    assert not lab.page.locator(".jp-RenderedImage").first.is_visible()


def test_every_control_has_a_name(lab):
    unnamed = lab.page.evaluate(
        """() => [...document.querySelectorAll(
            '.workbench-dashboard [role=slider], .workbench-dashboard input:not([type=file]),'
            + ' .workbench-dashboard select, .workbench-dashboard button')]
            .filter(e => !(e.getAttribute('aria-label') || e.title || e.textContent.trim()
                || e.closest('label') || e.labels?.length || e.getAttribute('aria-labelledby')))
            .map(e => e.outerHTML.slice(0, 120))"""
    )
    assert unnamed == []


def test_a_new_source_by_path_and_by_choice(lab):
    page = lab.page
    page.locator(".workbench-dashboard select").first.select_option("Siren")
    shown(lab, "1.sample_rate", "value === 44100")
    page.get_by_text("0.00 / 5.00 s").wait_for()  # the player has forgotten the other sound
    page.locator(".workbench-dashboard input[type=text]").first.fill("missing.wav")
    page.keyboard.press("Enter")
    page.get_by_role("alert").filter(has_text="missing.wav").wait_for()


def test_a_recording_of_two_minutes_can_be_uploaded(lab, tmp_path):
    path = tmp_path / "long.wav"
    seconds = np.arange(120 * 48000, dtype=np.float32) / 48000
    wb.audio.write(path, 0.5 * np.sin(2000 * seconds), sample_rate=48000)
    assert path.stat().st_size > 10_500_000  # more than a server lets through by default
    with lab.page.expect_file_chooser() as chooser:
        lab.page.get_by_role("button", name="Upload a sound file").click()
    chooser.value.set_files(path)
    lab.page.get_by_text("0.00 / 120.00 s").wait_for()


def test_the_page_can_be_loaded_again(lab):
    """A second view of the same model, as after a reload, gets the picture from the kernel."""
    lab.page.evaluate(
        """() => {
            const panel = window.jupyterapp.shell.currentWidget;
            const cell = panel.content.widgets.find(w => w.model.sharedModel.source
                .includes('explore'));
            const outputs = cell.model.outputs.toJSON();
            cell.model.outputs.fromJSON(outputs);
        }"""
    )
    lab.page.wait_for_selector(".workbench-scope canvas")
    lab.page.evaluate(DRAWN)
    handle(lab, "drive (dB)").press("Home")
    shown(lab, "0.drive_db", "value === -20")
