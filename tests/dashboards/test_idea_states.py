"""Every dashboard with a name: its state comes back, and its files can be read."""

import csv
import io
import json

import numpy as np
import pytest

import workbench as wb
from workbench.dashboards.controllers.forms import SHOWN
from workbench.dashboards.ideas import IDEAS


@pytest.mark.parametrize("name", IDEAS)
def test_a_dashboard_with_a_name(name):
    dashboard = wb.explore(name)
    controller = dashboard.controller
    before = controller.state()
    assert before["kind"] == name
    design = dashboard.design()
    for key, control in dashboard.controls.items():  # the first switches and choices that differ
        if key[0] == SHOWN and control.declared.kind is bool:
            control.value = not control.value
    assert controller.state() != before or not getattr(controller, "switches", None)
    dashboard.load(design)
    assert controller.state() == json.loads(json.dumps(before))
    assert [control.error for control in dashboard.controls.values()].count("") == len(
        dashboard.controls
    )
    arrays = np.load(io.BytesIO(dashboard.download("npz")))
    assert json.loads(str(arrays["state"])) == before
    table = list(csv.reader(io.StringIO(dashboard.download("csv").decode())))
    assert len(table) > 1
    assert len({len(row) for row in table}) == 1


def test_a_design_of_another_dashboard_is_refused():
    design = wb.explore("stft").design()
    with pytest.raises(ValueError, match=r"must be of this dashboard, 'mel'; got 'stft'"):
        wb.explore("mel").load(design)


@pytest.mark.parametrize("name", [name for name in IDEAS if name not in ("gradient", "recurrent")])
def test_everything_that_can_be_shown_is_drawn(name):
    """A plot of an op's own parameter called `kind` or `stage` as well."""
    controller = wb.explore(name).controller
    shown = len(controller.frame.panels)
    controller.set(SHOWN, **dict.fromkeys(controller.switches, True))
    assert len(controller.frame.panels) >= max(shown, len(controller.switches) - 1)
