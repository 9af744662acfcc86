"""The gallery: ten dashboards, the widgets of one or a few; what was left is found again."""

import sys
import time
from datetime import UTC, datetime

import numpy as np
import pytest
from ipywidgets.widgets.widget import _instances

import workbench as wb
from workbench.dashboards import computing
from workbench.dashboards.frames import Selection
from workbench.dashboards.ideas import IDEAS

SOUND = 0.3 * np.sin(np.arange(4000) / 5).astype(np.float32), 8000


@pytest.fixture
def gallery():
    return wb.gallery(SOUND)


def leave(gallery, dashboard):
    """Others are opened, and it is put away."""
    gallery.open("mel")
    gallery.open("mfcc")
    assert dashboard.panel.widget.comm is None


def widgets_of(widget):
    return [widget, *(each for child in getattr(widget, "children", ()) for each in
            widgets_of(child))]  # fmt: skip


def test_it_opens_each_and_ten_have_hardly_more_widgets_than_one(gallery):
    """A page that is loaded again makes them all: those of two."""
    assert gallery.names == tuple(IDEAS)
    before, each = len(_instances), []
    for name in gallery.names:
        opened = gallery.open(name)
        assert gallery._place.children == (opened.widget,), gallery._error.value
        assert opened.controller.kind == name
        each.append(len(set(widgets_of(opened.widget))))
    assert len(_instances) - before < 2 * sum(each[-2:])  # their looks are widgets too
    assert len(_instances) - before < 0.5 * sum(each)


def test_opening_one_that_takes_a_while_says_so(gallery, monkeypatch):
    monkeypatch.setattr(computing, "LASTING", 0.0)
    module = sys.modules["workbench.dashboards.gallery"]  # of which a function has the name
    real = module.open_idea

    def slow(*arguments):
        end = time.monotonic() + 10
        while "Opening" not in gallery._error.value and time.monotonic() < end:
            time.sleep(0.01)
        assert 'role="status"' in gallery._error.value
        return real(*arguments)

    monkeypatch.setattr(module, "open_idea", slow)
    gallery.choice.value = "mel"
    assert gallery._error.value == ""
    assert gallery._place.children


def test_a_page_that_is_connected_again_is_told_which_one_is_open(gallery, monkeypatch):
    """Its own choice may have been lost on the way."""
    told = []
    monkeypatch.setattr(type(gallery.choice), "send_state", lambda one, **_: told.append(one))
    scope = gallery.open("stft").scope
    told.clear()
    hello = {"kind": "hello", "id": 1, "first": None, "last": None, "columns": 700, "ratio": 1.0}
    scope._receive(scope, hello, [])
    assert told == []
    scope._receive(scope, hello | {"returned": True}, [])
    assert gallery.choice in told


def test_the_one_that_left_last_stays_for_the_messages_that_name_it(gallery):
    stft, mel, mfcc = (gallery.open(name) for name in ("stft", "mel", "mfcc"))
    there = [each.panel.widget.comm is not None for each in (stft, mel, mfcc)]
    assert there == [False, True, True]
    assert gallery.open("mel") is mel
    assert mfcc.panel.widget.comm is not None
    gallery.open("stft")
    there = [each.panel.widget.comm is not None for each in (stft, mel, mfcc)]
    assert there == [True, True, False]


def test_what_a_dashboard_has_replaced_goes_with_it(gallery):
    chain = gallery.open("chain")
    leave(gallery, chain)
    before = len(_instances)
    gallery.open("chain")
    for _ in range(3):
        chain.change_source(wb.siren)
        chain.change_source("drums")
    leave(gallery, chain)
    assert len(_instances) == before


def test_it_comes_back_as_it_was_left(gallery):
    stft = gallery.open("stft")
    stft.set(0, frame_length=512)
    stft.set(0, frame_step=100)
    stft.set(0, frame_length=0)  # refused
    refused = stft.controls[0, "frame_length"].error
    [folded] = [w for w in widgets_of(stft.widget) if "workbench-more" in w._dom_classes][:1]
    folded.value = True
    selection = Selection(0, 0.01, 0.02)
    stft.scope.selection = selection
    ids = [each.model_id for each in widgets_of(stft.widget)]
    leave(gallery, stft)
    assert stft.scope.comm is not None  # its module is in the page for good
    back = gallery.open("stft")
    assert back is stft
    assert gallery._place.children == (stft.widget,)
    assert [each.model_id for each in widgets_of(stft.widget)] == ids
    assert all(each.layout.comm is not None for each in widgets_of(stft.widget))
    assert refused
    assert stft.controls[0, "frame_length"].error == refused
    assert folded.value
    assert stft.scope.selection == selection
    stft.undo()
    assert stft.controls[0, "frame_step"].value != 100
    stft.redo()
    assert stft.controls[0, "frame_step"].value == 100
    assert stft.panel.widget._repr_mimebundle_() is not None


def test_what_is_set_while_it_is_away_is_shown_when_it_is_back(gallery):
    stft = gallery.open("stft")
    leave(gallery, stft)
    stft.set(0, frame_length=512)
    stft.change_source((np.ones(800, np.float32), 8000))
    gallery.open("stft")
    control = stft.controls[0, "frame_length"]
    assert control.value == 512
    assert control.widget.comm is not None
    control.value = 256
    assert stft.controller.values["0.frame_length"] == 256


def test_an_uploaded_sound_is_still_there(gallery):
    stft = gallery.open("stft")
    content = wb.audio.wav_bytes(np.ones((1, 900)), 8000)
    file = {"name": "mine.wav", "type": "audio/wav", "size": len(content), "content": content}
    stft.panel.choices.upload.value = [file | {"last_modified": datetime.now(tz=UTC)}]
    leave(gallery, stft)
    gallery.open("stft")
    assert stft.controller.source.name == "mine.wav"
    assert stft.panel.choices.source.label == "mine.wav"


def test_learning_stops_where_it_is_and_can_go_on(gallery):
    dashboard = gallery.open("gradient")
    [number] = [n for n, g in enumerate(dashboard.controller.groups) if "learn" in g.tools]
    dashboard.panel.use_tool(number, "learn")
    job = dashboard.worker.job
    assert job is not None
    leave(gallery, dashboard)
    end = time.monotonic() + 20
    while "learn" not in dashboard.controller.groups[number].tools and time.monotonic() < end:
        time.sleep(0.01)
    gallery.open("gradient")
    assert job.state == "stopped"
    assert "learn" in dashboard.controller.groups[number].tools
    dashboard.panel.use_tool(number, "learn")
    assert dashboard.worker.job is not None
    dashboard.worker.close()


def test_what_is_also_shown_on_its_own_stays(gallery, monkeypatch):
    monkeypatch.setattr("workbench.dashboards.dashboard.display", lambda _: None)
    stft = gallery.open("stft")
    stft._ipython_display_()
    gallery.open("mel")
    gallery.open("mfcc")
    assert stft.panel.widget.comm is not None
