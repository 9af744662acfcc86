"""Listening, selecting and recording as a person does: in JupyterLab, in a real browser."""

import io
import json

import numpy as np
import pytest
import soundfile as sf

from tests.dashboards.test_microphone import FLAGS
from tests.lab import Lab, notebook

# sound goes on while a machine is busy
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timed]

CELLS = [
    "import workbench as wb",
    "layers = [wb.layers.Saturate(drive_db=-30.0), wb.layers.LogMelSpectrogram()]\n"
    'dashboard = wb.explore(layers, "speech")\n'
    "dashboard",
    "import json\n"
    "from dataclasses import asdict\n"
    "chosen, clip = dashboard.scope.selection, dashboard.controller.source.clip\n"
    "said = {'selection': chosen and asdict(chosen), 'rate': clip.sample_rate,\n"
    "        'name': clip.name, 'length': clip.signal.shape[-1],\n"
    "        'peak': float(abs(clip.signal).max())}\n"
    "print(json.dumps(said))",
]
AUDIO = "document.querySelector('.workbench-audio')"
BYTES = f"""fetch({AUDIO}.src).then((answer) => answer.arrayBuffer())
    .then((buffer) => [...new Uint8Array(buffer)])"""


@pytest.fixture(scope="module")
def lab():
    with Lab(notebook(CELLS), flags=FLAGS) as lab:
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


def kernel(lab):
    """What the last cell says of the dashboard now."""
    lab.page.evaluate(
        """async () => {
            const notebook = window.jupyterapp.shell.currentWidget.content;
            notebook.activeCellIndex = notebook.widgets.findIndex(
                (cell) => cell.model.sharedModel.source.includes("json.dumps"));
            notebook.deselectAll();
            await window.jupyterapp.commands.execute("notebook:run-cell");
        }"""
    )
    lab.wait_for_idle()
    said = next(cell for cell in lab.cells() if "json.dumps" in cell["source"])
    return json.loads("".join(said["outputs"][0]["text"]))


def selected(lab):
    """The kernel's selection when no newer one is on its way."""
    before, now = "none yet", kernel(lab)["selection"]
    while before != now:
        lab.page.wait_for_timeout(500)
        before, now = now, kernel(lab)["selection"]
    return now


def heard(lab):
    samples, _ = sf.read(io.BytesIO(bytes(lab.page.evaluate(BYTES))))
    return samples


def changes_sound(lab, act):
    """Act and wait until another sound plays; return it."""
    before = lab.page.evaluate(f"{AUDIO}.src")
    act()
    lab.page.wait_for_function(
        f"url => {AUDIO}.src && {AUDIO}.src !== url && !{AUDIO}.paused", arg=before
    )
    return heard(lab)


def test_a_and_b_are_heard_at_the_same_position_equally_loud_or_not(lab):
    page = lab.page
    page.get_by_role("button", name="Loop").click()
    result = changes_sound(lab, page.get_by_role("button", name="Play", exact=True).click)
    page.wait_for_function(f"{AUDIO}.currentTime > 0.8")
    page.locator(".workbench-figure").focus()
    original = changes_sound(lab, lambda: page.keyboard.press("b"))
    assert page.evaluate(f"{AUDIO}.currentTime") > 0.8
    assert page.get_by_role("radio", name="original").is_checked()
    assert np.std(result) == pytest.approx(np.std(original), rel=1e-3)
    match = page.get_by_role("button", name="Equally loud")
    changes_sound(lab, match.click)
    plain = changes_sound(lab, lambda: page.get_by_role("radio", name="result").check(force=True))
    assert np.std(plain) < 0.1 * np.std(result)
    changes_sound(lab, match.click)
    page.get_by_role("button", name="Pause").click()


def mark(lab, *points):
    """Mark a region by dragging from point to point of the figure, wherever the page stands."""
    select = lab.page.get_by_role("button", name="Select", exact=True)
    if select.get_attribute("aria-pressed") != "true":
        select.click()
    figure = lab.page.locator(".workbench-figure")
    figure.scroll_into_view_if_needed()
    box = figure.bounding_box()
    steps = [(box["x"] + x, box["y"] + y) for x, y in points]
    lab.page.mouse.move(*steps[0])
    lab.page.mouse.down()
    for step in steps[1:]:
        lab.page.mouse.move(*step, steps=8)
    lab.page.mouse.up()


def test_a_rectangle_reaches_the_kernel_and_is_what_plays(lab):
    page = lab.page
    panel = page.evaluate("document.querySelector('.workbench-figure').offsetHeight") / 2
    mark(lab, (200, panel + 60), (400, panel))
    selection = selected(lab)
    assert selection["panel"] == 2
    assert 0 < selection["first"] < selection["last"]
    assert 0 < selection["low"] < selection["high"] <= 11025
    page.get_by_role("button", name="Loop").click()  # off
    part = changes_sound(lab, page.get_by_role("button", name="Play", exact=True).click)
    assert len(part) == round(22050 * selection["last"]) - round(22050 * selection["first"])
    page.get_by_role("button", name="Play", exact=True).wait_for()  # it has ended
    page.locator(".workbench-figure").focus()
    page.keyboard.press("Escape")
    lab.wait_for_idle()
    assert selected(lab) is None
    page.keyboard.press("Escape")


def test_a_selection_comes_back_when_the_page_does(lab):
    page = lab.page
    mark(lab, (200, 60), (400, 60))
    before = selected(lab)
    assert before["panel"] == 0
    page.evaluate(
        """() => {
            const panel = window.jupyterapp.shell.currentWidget;
            const cell = panel.content.widgets.find(
                (each) => each.model.sharedModel.source.includes("explore"));
            cell.model.outputs.fromJSON(cell.model.outputs.toJSON());
        }"""
    )
    page.wait_for_selector(".workbench-scope canvas")
    page.wait_for_function(
        "document.querySelector('.workbench-selected').textContent.startsWith('Selected')"
    )
    assert selected(lab) == before


def test_a_recording_arrives(lab):
    page = lab.page
    page.get_by_role("button", name="Record").click()
    page.wait_for_function(
        "parseFloat(document.querySelector('.workbench-elapsed').textContent) >= 1.5"
    )
    page.get_by_role("button", name="Stop", exact=True).click()
    page.locator(".workbench-dashboard select option", has_text="recording").first.wait_for(
        state="attached"
    )
    lab.wait_for_idle()
    said = kernel(lab)
    assert said["name"] == "recording"
    assert said["length"] >= 1.5 * said["rate"]
    assert 0.05 < said["peak"] <= 1
