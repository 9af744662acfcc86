"""Undo, redo, reset, presets and the page's actions, without a page."""

import json

import numpy as np
import pytest

import workbench as wb
from workbench.core.presets import libraries, preset
from workbench.dashboards.actions import ALWAYS
from workbench.dashboards.controllers.forms import SHOWN, SOURCE
from workbench.dashboards.sources import TEST_SIGNALS

TONE = np.asarray(wb.tone(sample_rate=8000, seconds=1.0, frequency_hertz=1000.0))


def opened(audio="speech"):
    made = wb.explore(
        [wb.layers.Saturate(drive_db=6.0), wb.layers.LogMelSpectrogram(num_mel_bins=40)], audio
    )
    made.frames = []
    made.scope.show = made.frames.append
    return made


@pytest.fixture
def dashboard():
    return opened()


@pytest.fixture
def sent(dashboard):
    """What goes to the page: the content and the buffers of each message."""
    found = []
    dashboard.scope.send = lambda content, buffers=None: found.append((content, buffers))
    return found


def act(dashboard, name, buffers=(), **more):
    content = {"kind": "action", "name": name, "from": "7", **more}
    dashboard.scope._handle_custom_msg(content, list(buffers))


def answers(sent, kind):
    return [(content, buffers) for content, buffers in sent if content["kind"] == kind]


# undo and redo


def test_at_first_there_is_nothing_to_undo(dashboard):
    assert dashboard.possible == ()
    dashboard.undo()
    dashboard.redo()
    assert dashboard.frames == []


def test_controls_follow_an_undo_and_move_nothing(dashboard):
    dashboard.set(0, drive_db=20.0)
    dashboard.set(1, window="kaiser", upper_edge_hertz=4000.0)
    assert dashboard.possible == ("undo", "reset")
    frames = len(dashboard.frames)
    for _ in range(3):
        dashboard.undo()
    assert dashboard.controls[0, "drive_db"].value == 6.0
    assert dashboard.controls[1, "window"].value == "hann"
    assert dashboard.controls[1, "upper_edge_hertz"].value is None
    assert dashboard.possible == ("redo",)
    assert len(dashboard.frames) == frames + 3
    for _ in range(3):
        dashboard.redo()
    assert dashboard.controls[1, "upper_edge_hertz"].value == 4000.0
    assert dashboard.frames[-1].values["1.upper_edge_hertz"] == 4000.0


def test_a_drag_is_one_step(dashboard):
    for value in (7.0, 8.0, 9.0):
        dashboard.controls[0, "drive_db"].value = value
    dashboard.undo()
    assert dashboard.controls[0, "drive_db"].value == 6.0
    assert "undo" not in dashboard.possible


def test_a_refused_value_vanishes_and_is_no_step(dashboard):
    dashboard.set(0, drive_db=20.0)
    control = dashboard.controls[1, "upper_edge_hertz"]
    control.value = 20000.0
    assert control.error
    dashboard.undo()
    assert (control.value, control.error) == (None, "")
    assert dashboard.panel._refused == {}
    assert dashboard.possible == ("redo",)
    dashboard.change_source("siren")  # where 20000 Hz would be legal
    assert dashboard.controller.values["1.upper_edge_hertz"] is None


def test_sources_channels_and_test_signals_are_undone(dashboard):
    choices = dashboard.panel.choices
    dashboard.change_source("drums")
    choices.channel.value = 1
    choices.source.value = wb.siren
    dashboard.set(SOURCE, seconds=1.0)
    dashboard.undo()
    assert dashboard.controls[SOURCE, "seconds"].value != 1.0
    dashboard.undo()
    assert (choices.source.value, choices.channel.value) == ("drums", 1)
    assert all(stage != SOURCE for stage, _ in dashboard.controls)
    dashboard.undo()
    assert choices.channel.value == 0
    dashboard.undo()
    assert choices.source.value == "speech"
    for _ in range(4):
        dashboard.redo()
    assert dashboard.controls[SOURCE, "seconds"].value == 1.0
    assert choices.source.value is next(op for op in TEST_SIGNALS if op.__name__ == "siren")


def test_controls_of_a_test_signal_keep_their_widgets():
    dashboard = opened(wb.siren)
    control = dashboard.controls[SOURCE, "seconds"]
    dashboard.set(SOURCE, seconds=1.0)
    dashboard.undo()
    assert dashboard.controls[SOURCE, "seconds"] is control  # and the page its focus


def test_an_array_that_was_given_comes_back():
    dashboard = opened((TONE, 8000))
    source = dashboard.controller.source
    dashboard.change_source((0.5 * TONE, 8000))  # of the same name
    other = dashboard.controller.source
    dashboard.change_source("siren")
    dashboard.undo()
    assert dashboard.controller.source is other
    dashboard.undo()
    assert dashboard.controller.source is source


def test_a_failing_undo_changes_nothing(dashboard, monkeypatch, tmp_path):
    path = tmp_path / "mine.wav"
    wb.audio.write(path, TONE, sample_rate=8000)
    dashboard.change_source(path)
    monkeypatch.setattr(dashboard.controller, "_compute", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        dashboard.undo()
    assert dashboard.controller.source.name == "mine.wav"
    assert dashboard.possible[0] == "undo"
    monkeypatch.undo()
    dashboard.undo()
    assert dashboard.controller.source.name == "speech.flac"


def test_a_changed_sound_is_stale_after_an_undo(dashboard, sent):
    dashboard.set(0, drive_db=9.0)
    dashboard._send_audio("original", True)
    dashboard.undo()
    assert [c["kind"] for c, _ in sent if c["kind"] in ("audio", "stale")] == ["audio", "stale"]


def test_details_in_use_are_unfolded(dashboard):
    group = dashboard.panel.groups[2]
    assert not group._more.value
    dashboard.panel.choose_preset(2, "kaldi")
    assert group._more.value


# reset


def test_reset_puts_parameters_back_keeps_the_source_and_can_be_undone(dashboard):
    dashboard.change_source("drums")
    dashboard.panel.choices.channel.value = 1
    dashboard.set(0, drive_db=20.0)
    dashboard.set(SHOWN, gradient_of="energy")
    dashboard.reset()
    assert dashboard.controls[0, "drive_db"].value == 6.0
    assert dashboard.controls[SHOWN, "gradient_of"].value == "mean"
    assert dashboard.controller.source.name == "drums.flac"
    assert dashboard.controller.channel == 1
    assert dashboard.possible == ("undo",)
    dashboard.undo()
    assert dashboard.controls[0, "drive_db"].value == 20.0


def test_reset_of_a_test_signal():
    dashboard = opened(wb.siren)
    first = dashboard.controls[SOURCE, "seconds"].value
    dashboard.set(SOURCE, seconds=1.0)
    dashboard.reset()
    assert dashboard.controls[SOURCE, "seconds"].value == first
    dashboard.panel.choices.source.value = wb.noise
    dashboard.set(SOURCE, seconds=1.5)
    dashboard.reset()
    default = dashboard.controls[SOURCE, "seconds"].declared.default
    assert dashboard.controls[SOURCE, "seconds"].value == default


# presets


@pytest.mark.parametrize("library", libraries("log_mel_spectrogram"))
def test_a_preset_is_one_change_and_is_named(dashboard, library):
    choice = dashboard.panel.groups[2].preset
    assert choice.value == "custom"
    frames = len(dashboard.frames)
    choice.value = library
    assert len(dashboard.frames) == frames + 1
    values = dashboard.controller.chain.layers[1].values
    expected = preset("log_mel_spectrogram", library, sample_rate=22050)
    assert {name: values[name] for name in expected} == expected
    for name, value in expected.items():
        assert dashboard.controls[1, name].value == value
    assert choice.value == library
    dashboard.set(1, num_mel_bins=41)
    assert choice.value == "custom"
    dashboard.undo()
    assert choice.value == library
    dashboard.undo()
    assert choice.value == "custom"


def test_custom_cannot_be_chosen(dashboard):
    choice = dashboard.panel.groups[2].preset
    choice.value = "librosa"
    before = dashboard.controller.state()
    choice.value = "custom"
    assert choice.value == "librosa"
    assert dashboard.controller.state() == before


def test_a_preset_that_does_not_fit_is_refused_beside_its_choice(tmp_path):
    dashboard = opened((TONE, 8000))
    group = dashboard.panel.groups[2]
    group.preset.value = "tensorflow"  # up to 7600 Hz
    assert "upper_edge_hertz must be at most" in group.refusal
    assert dashboard.frames == []
    group.preset.value = "librosa"
    assert group.refusal == ""


def test_kaldi_counts_in_the_rate_that_reaches_the_stage():
    chain = [wb.layers.Resample(target_rate=8000), wb.layers.Spectrogram()]
    dashboard = wb.explore(chain, "siren")
    dashboard.panel.groups[2].preset.value = "kaldi"
    assert dashboard.controller.chain.layers[1].values["frame_length"] == 200


def test_a_stage_without_presets_has_no_choice(dashboard):
    assert dashboard.panel.groups[1].preset is None


# what the page asks for


def test_the_page_hears_what_is_possible_when_it_changes(dashboard, sent):
    dashboard.set(0, drive_db=7.0)
    dashboard.set(0, drive_db=8.0)
    (told,) = answers(sent, "actions")
    assert told[0]["enabled"] == ["undo", "reset", *ALWAYS]
    act(dashboard, "undo")
    assert answers(sent, "actions")[-1][0]["enabled"] == ["redo", *ALWAYS]
    sent.clear()
    hello = {"kind": "hello", "id": 1, "first": None, "last": None, "columns": 800}
    dashboard.scope._handle_custom_msg(hello | {"ratio": 1.0}, [])
    assert answers(sent, "actions")[0][0]["enabled"] == ["redo", *ALWAYS]


def test_the_page_hears_that_a_refusal_can_be_taken_away(dashboard, sent):
    dashboard.set(1, upper_edge_hertz=1e6)
    assert dashboard.controls[1, "upper_edge_hertz"].error
    assert "reset" in answers(sent, "actions")[-1][0]["enabled"]


def test_actions_do_what_the_methods_do(dashboard, sent):
    dashboard.set(0, drive_db=20.0)
    act(dashboard, "undo")
    assert dashboard.controls[0, "drive_db"].value == 6.0
    act(dashboard, "redo")
    assert dashboard.controls[0, "drive_db"].value == 20.0
    act(dashboard, "reset")
    assert dashboard.controls[0, "drive_db"].value == 6.0
    assert answers(sent, "status") == []


def test_the_answer_goes_to_the_page_that_asked(dashboard, sent):
    act(dashboard, "copy")
    assert answers(sent, "copy") == [({"kind": "copy", "text": dashboard.code(), "to": "7"}, None)]
    act(dashboard, "save")
    act(dashboard, "download", form="csv")
    files = answers(sent, "file")
    assert [content["name"] for content, _ in files] == ["chain_speech.json", "chain_speech.csv"]
    assert [content["type"] for content, _ in files] == ["application/json", "text/csv"]
    assert {content["to"] for content, _ in files} == {"7"}
    assert json.loads(files[0][1][0])["kind"] == "chain"


def test_a_design_is_loaded_from_its_bytes(dashboard, sent):
    design = dashboard.design()
    dashboard.set(0, drive_db=20.0)
    act(dashboard, "load", [memoryview(design)])
    assert dashboard.controls[0, "drive_db"].value == 6.0


def test_a_design_whose_sound_is_gone_gives_all_the_rest_to_the_sound_of_now(dashboard, sent):
    design = json.loads(opened((TONE, 8000)).design())
    design["layers"][0]["values"]["drive_db"] = 11.0
    design["channel"] = 3
    act(dashboard, "load", [memoryview(json.dumps(design).encode())])
    assert dashboard.controls[0, "drive_db"].value == 11.0
    assert dashboard.controller.source.name == "speech.flac"
    assert dashboard.controller.channel == 0
    (told,) = [content["text"] for content, _ in answers(sent, "status")]
    assert told.startswith("All was taken but the sound.")
    assert "uploaded. Give it again; got 'signal'" in told
    dashboard.undo()
    assert dashboard.controls[0, "drive_db"].value == 6.0


@pytest.mark.parametrize(
    ("name", "more", "said"),
    [
        ("load", {"buffers": [memoryview(b"{}")]}, "load: design must have the key"),
        ("load", {}, "IndexError"),
        ("download", {"form": "mp3"}, "download: kind must be one of"),
        ("download", {}, "download: kind must be one of"),
        ("close", {}, "action must be one of 'undo'"),
        (None, {}, "action must be one of 'undo'"),
    ],
)
def test_an_error_of_an_action_is_shown_until_something_else_is_done(
    dashboard, sent, name, more, said
):
    act(dashboard, name, **more)
    (shown,) = answers(sent, "status")
    assert said in shown[0]["text"]
    dashboard.set(0, drive_db=7.0)
    assert [content["text"] for content, _ in answers(sent, "status")][1:] == [""]
    dashboard.set(0, drive_db=8.0)
    assert len(answers(sent, "status")) == 2


def test_the_dashboard_of_a_model_undoes_too():
    dashboard = wb.explore("recurrent", "plucked_string")
    dashboard.set(0, seconds=0.3)
    dashboard.set(0, interpolation="linear")
    dashboard.undo()
    assert dashboard.controls[0, "interpolation"].value == "cubic"
    assert dashboard.controller.result.waves.shape[1] == round(0.3 * 48000)
    dashboard.reset()
    assert dashboard.possible == ("undo",)


def test_what_excludes_each_other_can_be_exchanged_one_after_the_other():
    dashboard = wb.explore("resample", (TONE, 8000))
    dashboard.set(0, ratio=0.5)
    assert dashboard.controls[0, "ratio"].error
    assert "reset" in dashboard.possible  # it takes the refusal away
    dashboard.controls[0, "target_rate"].value = None
    assert dashboard.controller.values["0.ratio"] == 0.5
    assert dashboard.controls[0, "ratio"].error == dashboard.controls[0, "target_rate"].error == ""
    dashboard.set(0, target_rate=16000)
    dashboard.controls[0, "ratio"].value = None
    assert dashboard.controller.values["0.target_rate"] == 16000


def test_reset_takes_a_refused_value_away():
    dashboard = wb.explore("resample", (TONE, 8000))
    assert "reset" not in dashboard.possible
    dashboard.set(0, ratio=0.5)
    dashboard.reset()
    assert dashboard.controls[0, "ratio"].error == ""
    assert dashboard.controls[0, "ratio"].value is None
    assert "reset" not in dashboard.possible


def test_controls_stay_the_same_ones_while_others_move():
    """A group that is made anew under the pointer would end a drag."""
    dashboard = wb.explore("mel", (TONE, 8000))
    before = dict(dashboard.controls)
    dashboard.set(0, frame_step=32)  # 250 frames per second: PCEN's preset is another one
    dashboard.set(0, frame_step=1024)
    assert dashboard.controls == before
    chain = wb.explore([wb.layers.Saturate(), wb.layers.Normalize()], (TONE, 8000))
    kept = chain.controls[0, "drive_db"]
    chain.panel.groups[2].tools["off"].click()
    assert chain.controls[0, "drive_db"] is kept


@pytest.mark.parametrize("kind", [wb.layers.MFCC, wb.layers.MelSpectrogram, wb.layers.STFT])
def test_nothing_is_left_of_the_preset_before(kind):
    fresh = {}
    for last in libraries(kind.spec.name):
        dashboard = wb.explore([kind()], (TONE, 16000))
        dashboard.panel.choose_preset(1, last)
        fresh[last] = dict(dashboard.controller.chain.layers[0].values)
    for last, values in fresh.items():
        for first in set(fresh) - {last}:
            dashboard.panel.choose_preset(1, first)
            dashboard.panel.choose_preset(1, last)
            assert dashboard.controller.chain.layers[0].values == values
            assert dashboard.panel.groups[1].preset.value == last
