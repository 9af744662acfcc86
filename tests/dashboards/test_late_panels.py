"""While a control moves, what is not on the screen is not drawn; then it is completed."""

from dataclasses import replace

import numpy as np
import pytest

import workbench as wb
from workbench.dashboards.controllers.chain import ChainController
from workbench.dashboards.controllers.forms import SHOWN
from workbench.dashboards.dashboard import Dashboard
from workbench.dashboards.frames import View
from workbench.dashboards.plots import results
from workbench.dashboards.sources import source_of

TONE = np.asarray(wb.tone(sample_rate=8000, seconds=1.0, frequency_hertz=1000.0))
FIRST_TWO = View(None, None, 300, 1.0, visible=(0, 1))
TITLES = ["Signal: signal", "Saturate", "LogMelSpectrogram"]


def made(plots=None):
    layers = [wb.layers.Saturate(drive_db=6.0), wb.layers.LogMelSpectrogram(num_mel_bins=40)]
    chain = wb.Chain(layers, sample_rate=8000)
    return ChainController(chain, source_of((TONE, 8000)), "", plots)


@pytest.fixture
def controller():
    controller = made()
    controller.look(FIRST_TWO)
    return controller


@pytest.fixture
def dashboard(controller):
    dashboard = Dashboard(controller)
    dashboard.frames = []
    dashboard.scope.show = dashboard.frames.append
    yield dashboard
    dashboard.close()


def images(frame):
    return [panel.data for panel in frame.panels]


def images_of(drive_db):
    controller = made()
    controller.look(FIRST_TWO)
    controller.set(0, drive_db=drive_db)
    controller.look(controller.view)
    return images(controller.frame)


def assert_same(found, wanted):
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_is_off_the_screen_stays_while_something_moves(controller):
    before = controller.frame
    controller.set(0, drive_db=40.0)
    after = controller.frame
    assert after.late
    assert not before.late
    assert after.panels[2] is before.panels[2]
    assert_same(images(after)[:2], images_of(40.0)[:2])
    assert after.values["0.drive_db"] == 40.0
    assert not np.array_equal(before.panels[2].data, images_of(40.0)[2])  # there is a difference


def test_it_is_not_even_computed(controller, monkeypatch):
    drawn = []

    def counted(*arguments, **options):
        drawn.append(arguments[1])
        return draw(*arguments, **options)

    draw = results.draw
    monkeypatch.setattr(results, "draw", counted)
    controller.set(0, drive_db=40.0)
    assert drawn == TITLES[:2]
    controller.look(FIRST_TWO)
    assert drawn == [*TITLES[:2], *TITLES]


def test_a_look_draws_all_of_it_again(controller):
    controller.set(0, drive_db=40.0)
    assert controller.follow(FIRST_TWO)
    assert not controller.frame.late
    assert_same(images(controller.frame), images_of(40.0))
    assert not controller.follow(replace(FIRST_TWO, visible=(2,)))
    assert controller.view.visible == (2,)
    assert controller.follow(replace(FIRST_TWO, columns=200))


def test_what_comes_into_sight_is_drawn_at_the_next_move(controller):
    controller.set(0, drive_db=20.0)
    controller.look(replace(FIRST_TWO, visible=(1, 2)))
    controller.set(0, drive_db=40.0)
    assert_same(images(controller.frame)[1:], images_of(40.0)[1:])


def test_nothing_is_late_where_everything_is_visible_or_nobody_has_said(controller):
    for visible in (None, (0, 1, 2)):
        controller.look(replace(FIRST_TWO, visible=visible))
        controller.set(0, drive_db=40.0 if visible else 30.0)
        assert not controller.frame.late
    assert_same(images(controller.frame), images_of(40.0))


def test_a_refused_change_leaves_the_frame_as_it_is(controller):
    controller.set(0, drive_db=40.0)
    before = controller.frame
    with pytest.raises(ValueError, match="upper_edge_hertz must be at most"):
        controller.set(1, upper_edge_hertz=5000.0)
    assert controller.frame is before
    controller.look(FIRST_TWO)
    assert_same(images(controller.frame), images_of(40.0))


def test_another_choice_of_plots_is_drawn_at_once():
    plots = (results.signal(), results.result(1, "one"), results.result(2, "two"))
    controller = made(plots)
    controller.look(replace(FIRST_TWO, visible=(0,)))
    controller.set(SHOWN, one=False)
    assert not controller.frame.late
    assert [panel.title for panel in controller.frame.panels] == [TITLES[0], TITLES[2]]
    controller.set(0, drive_db=40.0)
    assert controller.frame.late
    controller.set(SHOWN, one=True)
    assert not controller.frame.late
    assert_same(images(controller.frame), images_of(40.0))


def test_a_page_gets_the_rest_when_it_asks(dashboard):
    dashboard.set(0, drive_db=40.0)
    assert [frame.late for frame in dashboard.frames] == [True]
    dashboard._look(FIRST_TWO)
    assert [frame.late for frame in dashboard.frames] == [True, False]
    assert_same(images(dashboard.frames[-1]), images_of(40.0))


def test_a_page_that_scrolls_past_gets_no_frame(dashboard):
    dashboard._look(replace(FIRST_TWO, visible=(2,)))
    assert dashboard.frames == []
    dashboard.set(0, drive_db=40.0)
    assert_same(images(dashboard.frames[-1])[2:], images_of(40.0)[2:])


@pytest.mark.parametrize("take", ["figure", "picture", "csv", "png"])
def test_what_is_taken_away_is_complete(dashboard, take):
    dashboard.set(0, drive_db=40.0)
    assert dashboard.controller.frame.late
    if hasattr(dashboard, take):
        getattr(dashboard, take)()
    else:
        dashboard.download(take)
    assert not dashboard.controller.frame.late
    assert_same(images(dashboard.controller.frame), images_of(40.0))
    assert dashboard.frames[-1] is dashboard.controller.frame  # the page has it too


def test_a_plot_that_fails_off_the_screen_is_said_when_it_is_drawn(dashboard, monkeypatch):
    dashboard.set(0, drive_db=40.0)
    said = []
    monkeypatch.setattr(dashboard.scope, "set_status", said.append)

    def fail(*arguments, **options):
        raise MemoryError("no room")

    monkeypatch.setattr(results, "draw", fail)
    view = {"first": None, "last": None, "columns": 300, "ratio": 1.0, "id": 1}
    with pytest.raises(MemoryError):
        dashboard.scope._receive(None, {"kind": "view", **view, "visible": [0, 1]}, [])
    assert said == ["MemoryError: no room"]
