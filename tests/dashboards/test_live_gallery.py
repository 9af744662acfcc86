"""Every dashboard that has a name, as a person meets it: in JupyterLab, in a real browser."""

import re

import numpy as np
import pytest

import workbench as wb
from tests.accessibility import serious
from tests.dashboards.gallery_page import SCRIPT, DashboardPage
from tests.lab import Lab, notebook
from workbench.dashboards.ideas import IDEAS

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NAMES = list(IDEAS)
NOISE = 0.1 * np.random.default_rng(0).standard_normal(8000).astype(np.float32)
NAMED = re.compile(r"((?!auto: )[^:]+: |)(.*)")  # the title of a group, and a control
SOURCE, OF_SOURCE = "source (choice)", ("text", "upload")
FIRST = """import workbench as wb
clip = wb.clip("speech")
x = clip.signal[:, 8000:18000]
"""
CELLS = [FIRST, *(f"wb.explore({name!r}, (x, clip.sample_rate))" for name in NAMES)]

# the condition under which a control acts, as what has to be done before: a key, or a choice
LONG_FFT = [
    ("auto: fft length (samples) (auto)", "Space"),
    ("fft length (samples) (slider)", "End"),
]
RANDOM = [("length (samples) (slider)", "Home"), ("keep (choice)", "random")]
AFTER = {
    # a window shorter than the transform moves only the phase, unless frames begin where it does
    "window position (choice)": [*LONG_FFT, ("center (switch)", "Space")],
    "lifter start (slider)": [("lifter (slider)", "End")],
    "lifter start (number)": [("lifter (slider)", "End")],
    # what is too long is cut, what is too short is padded
    "keep (choice)": [("length (samples) (slider)", "Home")],
    "place (choice)": [("length (samples) (slider)", "End")],
    "seed 1 (slider)": RANDOM,
    "seed 2 (slider)": RANDOM,
    # one of the two is given; what is refused alone is taken with the other
    "auto: target rate (Hz) (auto)": [("auto: ratio (auto)", "Space")],
    "auto: ratio (auto)": [("auto: target rate (Hz) (auto)", "Space")],
    # what has been learnt begins anew with another one
    "optimizer (choice)": [("One step: Learning (tool)", "Enter")],
    # PCEN and levels begin with what looks like the only one that they have
    "preset (choice)": [("gain (slider)", "Home"), ("floor (dB) (slider)", "End")],
}
# those that change nothing that is seen, and why
SILENT = {
    "impl (choice)": "how it is computed, not what",
    "Learn: Learning (tool)": "it goes on by itself: test_live_learning.py watches it",
    "step (slider)": "how far the next one goes",
    "steps per second (slider)": "how fast, not where to",
    "hold levels (switch)": "what the next change does: test_looking.py",
    "log scale (choice)": "a picture of levels is in dB whichever logarithm they have",
}


SIZE = 1400, 1600
TRACKS = """() => [...document.querySelectorAll(".workbench-controls .noUi-target")]
    .filter((each) => each.offsetParent).map((each) => each.getBoundingClientRect().width)"""


@pytest.fixture(scope="module")
def lab():
    with Lab(notebook(CELLS), size=SIZE) as lab:
        lab.page.evaluate(SCRIPT)
        lab.page.set_default_timeout(30000)  # a control that is gone names itself soon
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
    """Those of the controls that change nothing that is seen; and what others bring to light."""
    found, revealed = [], {}
    for control, kind in controls.items():
        group, words = NAMED.fullmatch(control).groups()
        if words in SILENT:
            continue
        page.unfold()
        page.revealed = {}
        for other, how in AFTER.get(words, ()):
            if group + other in page.controls:
                page.use(group + other, how)
        if not getattr(page, f"try_{kind}")(control):
            found.append(control)
        revealed |= page.revealed
        page.reset()
    return found, revealed


def test_every_control_changes_what_is_seen(page, name):
    page.look()  # the theme may have changed since
    page.unfold()
    controls = {c: k for c, k in page.controls.items() if k not in OF_SOURCE and c != SOURCE}
    if name == "gradient":
        controls.pop("Axes and levels: log frequency (switch)")  # its first example shows waves
    found, revealed = dead(page, controls)
    if name == "gradient":
        revealed = {}  # those of its other examples: minutes, and not yet tried
    for control, (choice, option) in revealed.items():
        page.choose(choice, option)
        found += dead(page, {control: page.controls[control]})[0]
    assert found == []


def test_another_source_is_seen(page, tmp_path):
    path = tmp_path / "noise.wav"
    wb.audio.write(path, NOISE, sample_rate=16000)
    path_field = next(c for c, kind in page.controls.items() if kind == "text")
    assert page.try_choice(SOURCE)
    assert page.act(page.type, path_field, str(path))
    assert page.try_choice(SOURCE)
    assert page.act(page.take, path)


@pytest.mark.parametrize("width", [1000, 803])  # with the controls beside the picture, and above
def test_sliders_have_room_in_a_narrower_window(page, width):
    page.unfold()
    window = page.lab.page
    try:
        window.set_viewport_size({"width": width, "height": SIZE[1]})
        assert min(window.evaluate(TRACKS)) >= 50
    finally:
        window.set_viewport_size(dict(zip(("width", "height"), SIZE, strict=True)))


def test_nothing_serious_for_those_who_cannot_see_or_point(page):
    assert serious(page.lab, ".workbench-dashboard") == []


def test_every_control_can_be_reached_without_a_mouse_and_is_seen_to_be(page):
    """Tab goes through all of them; what has the focus looks different."""
    page.unfold()
    controls = list(page.controls)  # this gives them the names that the walk tells
    unseen, reached = page.walk()
    assert [name for name in controls if name not in reached] == []
    assert "workbench-figure" in reached
    assert unseen == []
