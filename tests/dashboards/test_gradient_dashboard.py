"""Learning in a dashboard: its buttons, its worker, what can be undone; without a page."""

import threading
import time

import numpy as np
import pytest

import workbench as wb
from workbench.dashboards.controllers.forms import SHOWN

NOISE = np.asarray(wb.noise(sample_rate=8000, seconds=0.25, seed=3))
PATIENCE = 60.0  # seconds


@pytest.fixture
def dashboard():
    made = wb.explore("gradient", (NOISE, 8000))
    made.set(SHOWN, steps_per_second=1000.0)
    yield made
    made.close()


def learning(dashboard):
    return dashboard.panel.groups[-2]  # before axes and levels


def until(true):
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def rests(dashboard):
    until(lambda: dashboard.worker.job is None and "learn" in learning(dashboard).tools)
    with dashboard._lock:
        return dashboard.controller.chain.layers[0].values["delay"]


def steps(dashboard):
    learner = dashboard.controller.learner
    return len(learner.history) if learner else 0


def begin(dashboard, count=3):
    learning(dashboard).tools["learn"].click()
    until(lambda: steps(dashboard) >= count)


def test_learning_runs_to_the_end_and_is_one_step_to_undo(dashboard):
    frames = []
    dashboard.scope.show = frames.append
    before = dashboard.controller.state()
    begin(dashboard, 1)
    found = rests(dashboard)
    assert found == pytest.approx(12.37, abs=0.01)
    assert dashboard.controls[0, "delay"].value == found
    assert len(frames) >= steps(dashboard) > 20
    shown = [frame.values["0.delay"] for frame in frames]
    assert len(set(shown)) > 20  # the picture has moved
    assert "Converged" in learning(dashboard).note
    dashboard.undo()
    assert dashboard.controller.state() == before
    assert dashboard.controls[0, "delay"].value == 2.0
    dashboard.redo()
    assert dashboard.controls[0, "delay"].value == found


def test_pause_stops_it_and_learn_goes_on(dashboard):
    dashboard.set(SHOWN, steps_per_second=20.0)
    begin(dashboard)
    learning(dashboard).tools["pause"].click()
    paused = rests(dashboard)
    count = steps(dashboard)
    assert "Paused at step" in learning(dashboard).note
    time.sleep(0.2)
    assert (steps(dashboard), rests(dashboard)) == (count, paused)
    begin(dashboard, count + 1)
    dashboard.set(SHOWN, steps_per_second=1000.0)
    assert rests(dashboard) == pytest.approx(12.37, abs=0.01)


def test_stop_beside_the_progress_stops_it(dashboard):
    dashboard.set(SHOWN, steps_per_second=20.0)
    begin(dashboard)
    dashboard.scope._handle_custom_msg({"kind": "stop"}, [])
    stopped = rests(dashboard)
    assert 2.0 < stopped < 12.0
    assert not dashboard.controller.learning
    learning(dashboard).tools["restart"].click()
    assert dashboard.controls[0, "delay"].value == 2.0
    assert learning(dashboard).note == ""


def test_one_step_is_one_step(dashboard):
    for _ in range(3):
        learning(dashboard).tools["step"].click()
    assert steps(dashboard) == 3
    assert dashboard.controls[0, "delay"].value > 2.0
    assert dashboard.worker.job is None


def test_undo_while_it_learns_goes_back_to_before(dashboard):
    dashboard.set(SHOWN, steps_per_second=20.0)
    begin(dashboard)
    dashboard.undo()
    assert rests(dashboard) == 2.0
    assert dashboard.controls[0, "delay"].value == 2.0


def test_a_slider_is_moved_while_it_learns(dashboard):
    dashboard.set(SHOWN, steps_per_second=20.0)
    begin(dashboard)
    dashboard.set(0, delay=20.0)
    assert dashboard.controls[0, "delay"].error == ""
    dashboard.set(SHOWN, steps_per_second=1000.0)
    assert rests(dashboard) == pytest.approx(12.37, abs=0.01)


def test_another_example_ends_it(dashboard):
    begin(dashboard)
    dashboard.set(SHOWN, example="find an echo")
    until(lambda: dashboard.worker.job is None)
    assert dashboard.controls[0, "wet"].value == 0.3
    assert "learn" in learning(dashboard).tools


@pytest.mark.timed
def test_it_learns_no_faster_than_was_chosen(dashboard):
    dashboard.set(SHOWN, steps_per_second=20.0)
    begin(dashboard, 5)  # all is compiled
    first, started = steps(dashboard), time.monotonic()
    until(lambda: steps(dashboard) >= first + 16)
    assert 16 / (time.monotonic() - started) < 22
    assert time.monotonic() - started < 16 * 0.05 + 20  # a slow machine


def test_an_error_is_shown_and_ends_it(dashboard, monkeypatch):
    said = []
    monkeypatch.setattr(dashboard.scope, "complain", said.append)
    dashboard.set(SHOWN, steps_per_second=20.0)
    begin(dashboard)

    def fail():
        raise ArithmeticError("no way down")

    monkeypatch.setattr(dashboard.controller.learner, "step", fail)
    found = rests(dashboard)
    assert [str(error) for error in said] == ["no way down"]
    assert not dashboard.controller.learning
    assert dashboard.controls[0, "delay"].value == found


def test_nothing_to_learn_is_said_below_the_title(dashboard):
    dashboard.set(SHOWN, **{"learn 1. delay": False})
    for tool in ("learn", "step"):
        learning(dashboard).tools[tool].click()
        assert "learn must be on for a parameter" in learning(dashboard).refusal
    assert dashboard.worker.job is None


def test_a_place_outside_is_said_beside_its_control(dashboard):
    dashboard.set(SHOWN, scalar="region")
    assert dashboard.controls[SHOWN, "first_seconds"].value == pytest.approx(0.075)
    dashboard.set(SHOWN, last_seconds=0.01)
    assert "must rise" in dashboard.controls[SHOWN, "last_seconds"].error
    dashboard.set(SHOWN, start=7.0)
    assert "before the end of the signal" in dashboard.controls[SHOWN, "start"].error


def test_a_region_marked_outside_is_refused_in_words_and_not_raised(dashboard, monkeypatch):
    said = []
    monkeypatch.setattr(dashboard.scope, "set_status", said.append)
    before = dashboard.controller.state()
    dashboard.scope._receive(None, {"kind": "select", "id": 1, "by_hand": True, "panel": 0,
        "first": 5.0, "last": 6.0, "low": None, "high": None}, [])  # fmt: skip
    assert "must lie inside the picture" in said[-1]
    assert dashboard.controller.state() == before
    dashboard.set(SHOWN, seconds=0.1)
    assert said[-1] == ""


def test_closing_ends_it(dashboard):
    dashboard.set(SHOWN, steps_per_second=20.0)
    begin(dashboard)
    dashboard.close()
    until(lambda: dashboard.worker._thread is None)
    count = steps(dashboard)
    time.sleep(0.2)
    assert steps(dashboard) == count
    assert not any(thread.name == "job" and thread.is_alive() for thread in threading.enumerate())


def test_each_parameter_that_is_learnt_is_told_from_those_that_are_not(dashboard):
    dashboard.set(SHOWN, example="find an echo")

    def learnt():
        *_, stage, _learning, _looks = dashboard.panel.groups
        return [each.endswith(" (learnt)") for each in stage.note.split(", ")]

    assert learnt() == [True, True, False]  # the delay, wet, dry
    dashboard.set(SHOWN, **{"learn 1. wet": False})
    assert learnt() == [True, False, False]
