"""The buttons of a dashboard as a person meets them: in JupyterLab, in a real browser."""

import csv
import io
import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import soundfile as sf
from PIL import Image

from tests.accessibility import serious
from tests.lab import DRAWN, Lab, notebook

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CELLS = [
    "import workbench as wb",
    "layers = [wb.layers.Saturate(drive_db=6.0), wb.layers.LogMelSpectrogram()]\n"
    'dashboard = wb.explore(layers, "speech")\n'
    "dashboard",
]
DRIVE, BANDS = "0.drive_db", "1.num_mel_bins"


@pytest.fixture(scope="module")
def lab():
    with Lab(notebook(CELLS)) as lab:
        lab.run_all()
        lab.page.wait_for_selector(".workbench-scope canvas")
        lab.page.evaluate(DRAWN)
        yield lab


@pytest.fixture(autouse=True)
def no_complaint(lab):
    """Whatever a test does, the browser's console stays silent; the next one starts as opened."""
    lab.messages.clear()
    yield
    assert lab.messages == []
    lab.wait_for_idle()
    if is_possible(lab, "Reset parameters"):
        press(lab, "Reset parameters")
    becomes_possible(lab, "Reset parameters", False)
    lab.wait_for_idle()


def button(lab, name):
    return lab.page.get_by_role("button", name=name, exact=True)


def press(lab, name):
    button(lab, name).click()


def is_possible(lab, name):
    return button(lab, name).get_attribute("aria-disabled") == "false"


def becomes_possible(lab, name, possible=True):
    said = str(not possible).lower()
    lab.page.wait_for_selector(f"button[aria-label='{name}'][aria-disabled={said}]")


def shows(lab, name, value):
    """Wait until the newest picture is one of this value."""
    lab.page.wait_for_function(
        "([name, value]) => window.drawn.at(-1)?.values[name] === value",
        arg=[name, value],
    )


def field(lab, words):
    row = lab.page.locator(".workbench-dashboard .widget-vbox", has_text=words).last
    return row.locator("input[type=number]")


def move(lab, words, key="PageUp"):
    """Move a slider by a key, and return the value that its picture is of."""
    count = lab.page.evaluate("() => window.drawn.length")
    lab.page.get_by_role("slider", name=words).press(key)
    lab.page.wait_for_function("count => window.drawn.length > count", arg=count)
    lab.wait_for_idle()
    return lab.page.evaluate("() => window.drawn.at(-1).values")


def downloaded(lab, form):
    press(lab, "Download")
    with lab.page.expect_download() as found:
        lab.page.get_by_role("menuitem", name=form).click()
    return found.value.suggested_filename, found.value.path().read_bytes()


def test_undo_and_redo_follow_a_slider(lab):
    assert not is_possible(lab, "Undo")
    moved = move(lab, "drive (dB)")[DRIVE]
    assert moved > 6
    becomes_possible(lab, "Undo")
    assert not is_possible(lab, "Redo")
    press(lab, "Undo")
    shows(lab, DRIVE, 6)
    assert field(lab, "drive (dB)").input_value() == "6"
    becomes_possible(lab, "Undo", False)
    press(lab, "Redo")
    shows(lab, DRIVE, moved)
    assert float(field(lab, "drive (dB)").input_value()) == moved


def test_the_keyboard_undoes_but_not_in_a_text(lab):
    page = lab.page
    moved = move(lab, "drive (dB)")[DRIVE]
    page.keyboard.press("Control+z")  # the slider has the focus
    shows(lab, DRIVE, 6)
    page.keyboard.press("Control+Shift+z")
    shows(lab, DRIVE, moved)
    number = field(lab, "drive (dB)")
    number.fill("12")
    number.press("Control+z")  # the field's own
    assert float(number.input_value()) == moved
    page.locator(".workbench-figure").focus()
    page.keyboard.press("Control+z")
    shows(lab, DRIVE, 6)
    assert len(lab.cells()) == len(CELLS)  # nothing was undone in the notebook


def test_the_keyboard_need_not_wait_for_a_picture(lab):
    lab.page.get_by_role("slider", name="drive (dB)").press("PageUp")
    lab.page.keyboard.press("Control+z")
    lab.settle()
    shows(lab, DRIVE, 6)
    becomes_possible(lab, "Redo")
    lab.page.keyboard.press("Control+Shift+z")
    lab.page.keyboard.press("Control+z")
    lab.settle()
    shows(lab, DRIVE, 6)


def test_reset_can_be_undone(lab):
    moved = move(lab, "drive (dB)")[DRIVE]
    bands = move(lab, "num mel bins")[BANDS]
    press(lab, "Reset parameters")
    shows(lab, DRIVE, 6)
    shows(lab, BANDS, 80)
    becomes_possible(lab, "Reset parameters", False)
    press(lab, "Undo")
    shows(lab, DRIVE, moved)
    shows(lab, BANDS, bands)


def test_a_preset_is_one_step_and_a_difference_is_custom(lab):
    choice = lab.page.get_by_label("preset")
    choice.select_option("librosa")
    shows(lab, BANDS, 128)
    assert field(lab, "num mel bins").input_value() == "128"
    move(lab, "num mel bins")
    lab.page.wait_for_function(
        "() => [...document.querySelectorAll('.workbench-dashboard select')]"
        ".some(each => each.selectedOptions[0].text === 'custom')"
    )
    press(lab, "Undo")
    shows(lab, BANDS, 128)
    press(lab, "Undo")
    shows(lab, BANDS, 80)


def test_every_kind_of_file_can_be_downloaded(lab):
    name, data = downloaded(lab, "WAV")
    assert (name, sf.read(io.BytesIO(data))[1]) == ("chain_speech.wav", 22050)
    name, data = downloaded(lab, "PNG")
    assert (name, Image.open(io.BytesIO(data)).format) == ("chain_speech.png", "PNG")
    name, data = downloaded(lab, "SVG")
    assert (name, ET.fromstring(data).tag) == (
        "chain_speech.svg", "{http://www.w3.org/2000/svg}svg",
    )  # fmt: skip
    name, data = downloaded(lab, "CSV")
    assert name == "chain_speech.csv"
    assert next(csv.reader(io.StringIO(data.decode())))[0] == "panel"
    name, data = downloaded(lab, "NPZ")
    assert name == "chain_speech.npz"
    assert np.load(io.BytesIO(data))["2_LogMelSpectrogram"].shape[2] == 80


def test_the_menu_is_used_by_keyboard(lab):
    page = lab.page
    opener, menu = button(lab, "Download"), page.get_by_role("menu", name="Download")
    opener.press("Enter")
    assert opener.get_attribute("aria-expanded") == "true"
    focused = "() => document.activeElement.dataset.form"
    assert page.evaluate(focused) == "wav"
    page.keyboard.press("ArrowUp")
    assert page.evaluate(focused) == "npz"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.evaluate(focused) == "png"
    page.keyboard.press("Escape")
    assert not menu.is_visible()
    assert page.evaluate("() => document.activeElement.dataset.action") == "download"
    opener.click()
    page.locator(".workbench-figure").click()
    assert not menu.is_visible()


def test_code_is_copied(lab):
    lab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    press(lab, "Copy code")
    lab.page.get_by_role("status").filter(has_text="Code copied").wait_for()
    text = lab.page.evaluate("() => navigator.clipboard.readText()")
    assert "wb.layers.Saturate(drive_db=6.0)" in text
    assert "outputs = chain.run(x)" in text


def test_where_the_clipboard_is_closed_the_code_is_shown_selected(lab):
    lab.page.evaluate(
        "() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }"
    )
    press(lab, "Copy code")
    dialog = lab.page.get_by_role("dialog", name="Copy this code")
    dialog.wait_for()
    selected = lab.page.evaluate(
        "() => { const area = document.activeElement;"
        " return area.value.slice(area.selectionStart, area.selectionEnd); }"
    )
    assert "outputs = chain.run(x)" in selected
    lab.page.keyboard.press("Escape")
    dialog.wait_for(state="detached")


def choose_design(lab, path):
    with lab.page.expect_file_chooser() as chooser:
        press(lab, "Load design")
    chooser.value.set_files(path)


def test_a_design_is_saved_and_loaded(lab, tmp_path):
    moved = move(lab, "drive (dB)")[DRIVE]
    with lab.page.expect_download() as found:
        press(lab, "Save design")
    assert found.value.suggested_filename == "chain_speech.json"
    path = tmp_path / "mine.json"
    found.value.save_as(path)
    assert json.loads(path.read_text())["layers"][0]["values"] == {"drive_db": moved}
    press(lab, "Reset parameters")
    shows(lab, DRIVE, 6)
    choose_design(lab, path)
    shows(lab, DRIVE, moved)
    assert float(field(lab, "drive (dB)").input_value()) == moved
    press(lab, "Undo")
    shows(lab, DRIVE, 6)


def test_a_bad_design_is_refused_and_the_message_goes_with_the_next_action(lab, tmp_path):
    path = tmp_path / "bad.json"
    path.write_text("{}")
    choose_design(lab, path)
    status = lab.page.locator(".workbench-status")
    status.filter(has_text="design must have the key 'workbench_design'").wait_for()
    move(lab, "drive (dB)")
    assert status.text_content() == ""


def test_it_is_as_before_after_the_page_is_loaded_again(lab):
    """A second view of the same model, as after a reload, has its buttons in their state."""
    move(lab, "drive (dB)")
    lab.page.evaluate(
        """() => {
            const panel = window.jupyterapp.shell.currentWidget;
            const cell = panel.content.widgets.find(w => w.model.sharedModel.source
                .includes('explore'));
            cell.model.outputs.fromJSON(cell.model.outputs.toJSON());
        }"""
    )
    lab.page.wait_for_selector(".workbench-scope canvas")
    lab.page.evaluate(DRAWN)
    becomes_possible(lab, "Undo")
    press(lab, "Undo")
    shows(lab, DRIVE, 6)


def test_what_comes_and_goes_is_for_everybody_too(lab):
    """A refusal, a menu, a selection, the bar of a job and the offer of settings from before."""
    page = lab.page
    bands = field(lab, "num mel bins")
    bands.fill("-3")
    bands.press("Enter")
    page.get_by_role("alert").filter(has_text="num_mel_bins must be").wait_for()
    for name in ("Select", "Download"):
        press(lab, name)
    rare = ".workbench-menu, .workbench-job, .workbench-restore"
    hidden = page.eval_on_selector_all(rare, "all => all.map(each => each.hidden)")
    assert hidden == [True, True, False]  # the menu is open
    show = "(all, there) => all.forEach((each) => { each.hidden = !there; })"
    page.eval_on_selector_all(rare, show, True)
    assert serious(lab, ".workbench-dashboard") == []
    page.eval_on_selector_all(rare, show, False)
    for name in ("Select", "Reset parameters"):
        press(lab, name)
