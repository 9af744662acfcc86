"""A control that moves while the page has yet to draw what is on its way waits for it."""

import time

import pytest

import workbench as wb


@pytest.fixture
def behind(monkeypatch):
    """A page that has yet to draw what is on its way."""
    dashboard = wb.explore("resample")
    flow = dashboard.scope._flow
    monkeypatch.setattr(flow, "SLOW", -1.0)  # any page is slow
    dashboard.set(0, target_rate=11025)
    flow.acknowledge(flow._count)
    dashboard.set(0, target_rate=8000)
    assert dashboard.scope.behind
    return dashboard


def test_a_control_waits_for_a_page_that_is_behind(behind):
    control, sent = behind.controls[0, "target_rate"], behind.scope._flow._count
    for rate in (12000, 16000, 24000):
        control.value = rate
    behind.panel.follow()  # as after any change
    assert control.value == 24000
    assert behind.controller.values["0.target_rate"] == 8000
    behind.scope._flow.acknowledge(sent)
    assert behind.controller.values["0.target_rate"] == 24000
    assert behind.scope._flow._count == sent + 1  # nothing was computed for those between
    behind.undo()
    assert control.value == 16000  # the moves of one control are one step


@pytest.mark.parametrize(
    "take",
    [
        lambda dashboard: dashboard.code(),
        lambda dashboard: dashboard.design().decode(),
        lambda dashboard: dashboard.controller.code() if dashboard.figure() else "",
        lambda dashboard: dashboard.controller.code() if dashboard.download("wav") else "",
    ],
)
def test_what_is_taken_away_waits_for_no_page(behind, take):
    behind.controls[0, "target_rate"].value = 32000
    assert behind.controller.values["0.target_rate"] == 8000
    assert "32000" in take(behind)


def test_what_the_page_never_draws_is_not_waited_for_forever(behind):
    behind.controls[0, "target_rate"].value = 32000
    deadline = time.monotonic() + 10
    while behind.controller.values["0.target_rate"] != 32000:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_what_goes_on_beside_takes_no_change_away(behind):
    behind.controls[0, "target_rate"].value = 32000
    behind.panel.show()  # as a worker does after a step
    behind.scope._flow.acknowledge(behind.scope._flow._count)
    assert behind.controller.values["0.target_rate"] == 32000
    assert behind.controls[0, "target_rate"].value == 32000
