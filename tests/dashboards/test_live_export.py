"""The Export panel as a person meets it: in JupyterLab, in a real browser, with a real file."""

import numpy as np
import pytest

import workbench as wb
from tests.lab import Lab, notebook
from workbench.exports.export import TARGETS

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CELLS = [
    "import workbench as wb",
    "mel = wb.layers.LogMelSpectrogram(frame_length=256, frame_step=128, num_mel_bins=20)\n"
    'dashboard = wb.explore([wb.layers.Saturate(drive_db=6.0), mel], "speech")\n'
    "dashboard",
    "print(dashboard.code())",
]


@pytest.fixture(scope="module")
def lab():
    with Lab(notebook(CELLS)) as lab:
        lab.run_all()
        lab.page.wait_for_selector(".workbench-scope canvas")
        yield lab
        assert lab.messages == []


def opened(lab):
    """The panel, with the focus on its choice."""
    panel = lab.page.get_by_role("region", name="Export")
    if not panel.is_visible():
        lab.page.get_by_role("button", name="Export", exact=True).first.press("Enter")
    panel.wait_for()
    return panel


def test_the_file_that_comes_down_gives_the_numbers_of_the_code(lab, tmp_path):
    page, panel = lab.page, opened(lab)
    choice = panel.get_by_label("Export as")
    assert choice.evaluate("each => each === document.activeElement")
    assert choice.locator("option").count() == len(TARGETS)
    choice.select_option("litert")
    slider = page.get_by_role("slider", name="drive (dB)")
    with page.expect_download() as found:
        panel.get_by_role("button", name="Export").press("Enter")
        panel.get_by_role("progressbar", name="Progress").wait_for()
        assert panel.get_by_role("button", name="Stop").is_visible()
        slider.press("PageUp")  # the dashboard goes on
        page.wait_for_function(
            "() => [...document.querySelectorAll('.workbench-dashboard input[type=number]')]"
            ".some(each => each.getAttribute('aria-label')?.includes('drive') && each.value !== '6')"
        )
    assert found.value.suggested_filename == "chain_speech.tflite"
    found.value.save_as(tmp_path / "made.tflite")
    code = "".join(lab.cells()[2]["outputs"][0]["text"])  # of before the slider was moved
    names = {}
    exec(code, names)
    x, expected = np.asarray(names["x"]), names["outputs"][-1].numpy()
    result = TARGETS["litert"].load(tmp_path / "made.tflite")(x)
    assert np.abs(result - expected).max() <= 1e-5 * np.abs(expected).max()
    assert "Saturate(drive_db=6.0)" in wb.exported_design(tmp_path / "made.tflite")["code"]
    rows = panel.get_by_role("row").all_text_contents()
    assert any(row.startswith("error") and "dB" in row for row in rows)
    assert any(row.startswith("switched") and "impl='dft'" in row for row in rows)
    panel.get_by_text("Something has changed since.").wait_for()


def test_why_there_is_no_file_is_said_beside_the_choice(lab):
    panel = opened(lab)
    lab.page.get_by_label("add").last.select_option("InverseSTFT")
    panel.get_by_label("Export as").select_option("onnx")


def test_the_panel_closes_by_keyboard_and_comes_back(lab):
    panel = opened(lab)
    lab.page.keyboard.press("Tab")
    panel.get_by_label("Export as").press("Escape")
    assert not panel.is_visible()
    button = lab.page.get_by_role("button", name="Export", exact=True)
    assert button.get_attribute("aria-expanded") == "false"
    assert button.evaluate("each => each === document.activeElement")
    opened(lab)
    assert button.first.get_attribute("aria-expanded") == "true"
