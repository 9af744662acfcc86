"""The Export panel as a person meets it: in JupyterLab, in a real browser, with a real file."""

import numpy as np
import pytest

import workbench as wb
from tests.accessibility import serious
from tests.lab import DRAWN, Lab, notebook
from workbench.exports.export import TARGETS

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CELLS = [
    "import workbench as wb",
    "mel = wb.layers.MelSpectrogram(frame_length=256, frame_step=128, num_mel_bins=20)\n"
    'dashboard = wb.explore([wb.layers.Saturate(drive_db=6.0), mel], "speech")\n'
    "dashboard",
    "print(dashboard.code())",
]


RECURRENT = [  # seconds, for each of its files
    CELLS[0],
    'dashboard = wb.explore("recurrent", "plucked_string")\ndashboard',
]


@pytest.fixture
def lab(request):
    with Lab(notebook(getattr(request, "param", CELLS))) as lab:
        lab.run_all()
        lab.page.wait_for_selector(".workbench-scope canvas")
        lab.page.evaluate(DRAWN)
        yield lab
        assert lab.messages == []


def test_the_file_that_comes_down_gives_the_numbers_of_the_code(lab, tmp_path):
    page = lab.page
    page.get_by_role("button", name="Export", exact=True).press("Enter")
    panel = page.get_by_role("region", name="Export")
    panel.get_by_label("Export as").select_option("litert")
    with page.expect_download() as found:
        panel.get_by_role("button", name="Export").press("Enter")
    assert found.value.suggested_filename == "chain_speech.tflite"
    found.value.save_as(tmp_path / "made.tflite")
    code = lab.cells()[2]["outputs"][0]["text"]  # that of before the slider was moved
    names = {}
    exec("".join(code), names)
    x, expected = np.asarray(names["x"]), names["outputs"][-1].numpy()
    result = TARGETS["litert"].load(tmp_path / "made.tflite")(x)
    # what the exporter lets through: -100 dB of the peak
    assert np.abs(result - expected).max() <= 1e-5 * np.abs(expected).max()
    assert "Saturate(drive_db=6.0)" in wb.exported_design(tmp_path / "made.tflite")["code"]
    page.get_by_role("slider", name="drive (dB)").press("PageUp")
    panel.get_by_text("Something has changed since.").wait_for()
    rows = panel.get_by_role("row").all_text_contents()
    assert any(row.startswith("error") and "dB of the result" in row for row in rows)
    assert any(row.startswith("switched") and "impl='dft'" in row for row in rows)
    assert serious(lab, ".workbench-export-panel") == []


@pytest.mark.parametrize("lab", [RECURRENT], indirect=True)
def test_an_export_that_lasts_can_be_watched_and_stopped(lab):
    page, files = lab.page, []
    page.on("download", lambda file: files.append(file.suggested_filename))
    page.get_by_role("button", name="Export", exact=True).press("Enter")
    panel = page.get_by_role("region", name="Export")
    panel.get_by_label("Export as").select_option("stablehlo")
    progress = panel.get_by_role("progressbar", name="Progress")
    panel.get_by_role("button", name="Export").press("Enter")
    progress.wait_for()
    page.evaluate("window.drawn.length = 0")
    page.locator(".workbench-dashboard").get_by_role("slider").first.press("PageUp")
    page.wait_for_function("() => window.drawn.length > 0")  # the dashboard goes on
    assert progress.is_visible()
    panel.get_by_role("button", name="Stop").press("Enter")
    progress.wait_for(state="hidden")
    assert panel.locator("caption").text_content() == ""
    assert panel.locator(".workbench-problem").text_content() == ""
    assert files == []
