"""In JupyterLab: panels off the screen are left out while a slider moves, and then completed."""

import json
import time

import pytest

from benchmarks.live import execute
from tests.lab import PATIENCE, Lab, notebook

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CELLS = (
    "import numpy as np\nimport workbench as wb\ndashboard = wb.explore('mfcc', 'speech')",
    "late = []\n"
    "show = dashboard.scope.show\n"
    "dashboard.scope.show = lambda frame: (late.append(frame.late), show(frame))\n"
    "dashboard",
)
STATE = """
import json
now = dashboard.controller
whole = now._frame(now.result, now.view.complete)
same = [bool(np.array_equal(a.data, b.data)) for a, b in zip(now.frame.panels, whole.panels)]
print(json.dumps([now.view.visible, late, all(same), now.values["0.num_mfccs"]]))
"""


def wait(lab, wanted):
    """Ask the kernel how things are until that is what is wanted."""
    end = time.monotonic() + PATIENCE
    while not wanted(state := json.loads(execute(lab, STATE))):
        assert time.monotonic() < end, state
    return state


def test_what_a_moving_slider_leaves_out_is_completed_when_it_rests():
    with Lab(notebook([*CELLS]), size=(1400, 700)) as lab:
        lab.run_all()
        handle = lab.page.locator(".widget-slider:has-text('num mfccs') .noUi-handle").first
        handle.evaluate("element => element.closest('.jp-OutputArea').scrollIntoView()")
        visible, _, _, before = wait(lab, lambda state: state[0] and 0 in state[0])
        assert 4 not in visible
        execute(lab, "late.clear()")
        handle.focus()
        lab.page.keyboard.press("ArrowRight")
        _, late, same, _ = wait(
            lab, lambda state: state[3] == before + 1 and state[1] and not state[1][-1]
        )
        assert True in late
        assert same
        assert not lab.messages
