"""The state of a dashboard as JSON: told, restored, refused."""

import copy
import json
import re

import keras
import numpy as np
import pytest

import workbench as wb
from workbench.dashboards.controllers.chain import ChainController
from workbench.dashboards.controllers.forms import SHOWN, SOURCE
from workbench.dashboards.controllers.rates import RateController
from workbench.dashboards.sources import source_of

TONE = np.asarray(wb.tone(sample_rate=8000, seconds=1.0, frequency_hertz=1000.0))


def chain(audio="speech"):
    layers = [wb.layers.Saturate(drive_db=6.0), wb.layers.LogMelSpectrogram(num_mel_bins=40)]
    source = source_of(audio)
    return ChainController(wb.Chain(layers, sample_rate=source.sample_rate), source)


def recurrent(audio="plucked_string"):
    return RateController(wb.read_model("diode_clipper"), source_of(audio))


def change_chain(controller):
    controller.change_source(source_of(wb.siren))
    controller.set(SOURCE, seconds=1.0, sample_rate=16000)
    controller.set(SHOWN, gradient_of="energy")
    controller.set(0, drive_db=12.5)
    controller.set(1, window="kaiser", upper_edge_hertz=7000.0, frame_length=512, mel_norm="slaney")


def change_recurrent(controller):
    controller.change_source(source_of("drums"))
    controller.choose_channel(1)
    controller.set(0, sample_rate=96000, interpolation="linear", seconds=0.3, start=0.2)


KINDS = {"chain": (chain, change_chain), "recurrent": (recurrent, change_recurrent)}


@pytest.fixture
def controller():
    return chain()


def through_a_file(state):
    return json.loads(json.dumps(state))


@pytest.mark.parametrize("kind", KINDS)
def test_a_state_comes_back_in_both_directions(kind):
    make, change = KINDS[kind]
    controller = make()
    before, shown = controller.state(), controller.frame
    change(controller)
    after, changed = controller.state(), controller.frame
    assert after != before
    for state, frame in ((before, shown), (after, changed)):
        controller.restore(through_a_file(state))
        assert controller.state() == state
        assert controller.frame.values == frame.values
        assert controller.frame.summary == frame.summary
        for made, wanted in zip(controller.frame.panels, frame.panels, strict=True):
            assert made.title == wanted.title


@pytest.mark.parametrize("kind", KINDS)
def test_a_state_is_taken_by_another_dashboard_of_the_kind(kind):
    make, change = KINDS[kind]
    changed, other = make(), make()
    change(changed)
    other.restore(through_a_file(changed.state()))
    assert other.code() == changed.code()
    np.testing.assert_array_equal(other.frame.panels[0].data, changed.frame.panels[0].data)


def test_a_state_is_json_that_a_person_can_read(controller):
    state = through_a_file(controller.state())
    assert list(state) == ["kind", "source", "channel", "looks", "shown", "layers"]
    assert (state["kind"], state["source"]) == ("chain", {"clip": "speech"})
    assert state["layers"][0] == {"layer": "Saturate", "values": {"drive_db": 6.0}}


def test_values_that_fit_only_together_are_restored_whatever_the_order():
    """A low rate with a low edge, a high rate with a high one: no step between them is legal."""
    layers = [wb.layers.Resample(target_rate=8000), wb.layers.MelSpectrogram()]
    source = source_of((TONE, 8000))
    controller = ChainController(wb.Chain(layers, sample_rate=8000), source)
    controller.set(1, upper_edge_hertz=3000.0)
    low = controller.state()
    controller.set(0, target_rate=48000)
    controller.set(1, lower_edge_hertz=9000.0, upper_edge_hertz=20000.0)
    high = controller.state()
    for state in (low, high, low):
        controller.restore(state)
        assert controller.state() == state


def test_what_a_state_lacks_gets_its_default(controller):
    state = controller.state()
    controller.set(1, power=1.0)
    del state["layers"][1]["values"]["power"]
    controller.restore(state)
    assert controller.values["1.power"] == 2.0


def test_a_layer_of_keras_stays_as_it_is():
    layers = [wb.layers.Spectrogram(), keras.layers.Dense(3)]
    controller = ChainController(wb.Chain(layers, sample_rate=22050), source_of("speech"))
    state = controller.state()
    assert state["layers"][1] == {"layer": "Dense", "values": {}}
    controller.set(0, frame_step=100)
    controller.restore(through_a_file(state))
    assert controller.state() == state


# sources


def test_a_file_comes_back_by_its_path(tmp_path):
    path = tmp_path / "mine.wav"
    wb.audio.write(path, TONE, sample_rate=8000)
    controller = chain(path)
    state = controller.state()
    assert state["source"] == {"path": str(path)}
    controller.change_source(source_of("siren"))
    controller.restore(through_a_file(state))
    assert controller.source.name == "mine.wav"
    np.testing.assert_allclose(controller.source.signal()[0], TONE, atol=1e-4)


def test_a_missing_file_is_named_and_nothing_is_changed(tmp_path):
    path = tmp_path / "mine.wav"
    wb.audio.write(path, TONE, sample_rate=8000)
    controller = chain(path)
    state = controller.state()
    controller.change_source(source_of("siren"))
    before = controller.state()
    path.unlink()
    with pytest.raises(FileNotFoundError, match=re.escape("mine.wav")):
        controller.restore(state)
    assert controller.state() == before


def test_a_given_array_stays_where_the_state_says_its_name():
    controller = chain((TONE, 8000))
    state, source = controller.state(), controller.source
    assert state["source"] == {"given": "signal"}
    controller.set(0, drive_db=20.0)
    controller.restore(through_a_file(state))
    assert controller.source is source
    assert controller.values["0.drive_db"] == 6.0


def test_a_given_array_that_is_gone_is_said_to_be(controller):
    given = chain((TONE, 8000))
    before = controller.state()
    rule = "restore: source must be at hand: it was given as an array, or uploaded. Give it again"
    with pytest.raises(ValueError, match=f"{rule}; got 'signal'"):
        controller.restore(given.state())
    assert controller.state() == before
    controller.restore(given.state(), given.source)
    assert controller.source is given.source


def test_a_test_signal_keeps_its_place_and_takes_the_values():
    controller = chain(wb.siren)
    source, state = controller.source, controller.state()
    controller.set(SOURCE, seconds=1.0)
    controller.restore(state)
    assert controller.source is source
    assert source.values["seconds"] == state["source"]["values"]["seconds"]


# what is refused


def _without(key):
    return lambda state: state.pop(key)


def _with(value, *path):
    def change(state):
        for key in path[:-1]:
            state = state[key]
        state[path[-1]] = value

    return change


BAD = {
    "kind": (_with("recurrent", "kind"), r"state\['kind'\] must be one of 'chain'; got 'recurrent"),
    "no kind": (_without("kind"), "state must have the key 'kind'"),
    "no source": (_without("source"), "state must have the key 'source'"),
    "no layers": (_without("layers"), "state must have the key 'layers'"),
    "no shown": (_without("shown"), "state must have the key 'shown'"),
    "more": (_with(1, "volume"), "state must have no keys but .*; got 'volume'"),
    "source": (_with("siren", "source"), "source must be a JSON object; got 'siren'"),
    "empty source": (_with({}, "source"), "source must have the key 'clip'"),
    "clip": (_with({"clip": "song"}, "source"), r"source\['clip'\] must be one of 'siren'.*'song'"),
    "clip list": (_with({"clip": ["siren"]}, "source"), r"source\['clip'\] must be one of"),
    "path": (_with({"path": 3}, "source"), r"source\['path'\] must be a text; got 3"),
    "two sources": (
        _with({"clip": "siren", "path": "x"}, "source"),
        "source must have no keys but",
    ),
    "signal": (_with({"signal": "os", "values": {}}, "source"), r"source\['signal'\] must be one"),
    "no values": (_with({"signal": "siren"}, "source"), "source must have the key 'values'"),
    "signal values": (
        _with({"signal": "siren", "values": {"seconds": -1}}, "source"),
        "siren: seconds must be a finite number of seconds, above 0; got -1",
    ),
    "signal parameter": (
        _with({"signal": "siren", "values": {"colour": 1}}, "source"),
        "siren: there is no parameter 'colour'",
    ),
    "channel": (_with(1, "channel"), r"state\['channel'\] must be below 1; got 1"),
    "channel sign": (_with(-1, "channel"), r"state\['channel'\] must be a whole number of at leas"),
    "channel kind": (_with(True, "channel"), r"state\['channel'\] must be a whole number"),
    "layers kind": (_with({}, "layers"), r"state\['layers'\] must be Saturate, LogMelSpectrogram"),
    "layers count": (_with([], "layers"), r"state\['layers'\] must be Saturate, LogMelSpectrogram"),
    "layer": (_with(3, "layers", 0), r"state\['layers'\]\[0\] must be a JSON object; got 3"),
    "layer name": (
        _with("STFT", "layers", 0, "layer"),
        r"state\['layers'\]\[0\]\['layer'\] must be one of 'Saturate'; got 'STFT'",
    ),
    "value": (_with("loud", "layers", 0, "values", "drive_db"), "drive_db must be .*; got 'loud'"),
    "huge": (_with(10**400, "layers", 0, "values", "drive_db"), "drive_db must be a finite number"),
    "nan": (_with(float("nan"), "layers", 0, "values", "drive_db"), "drive_db must be a finite nu"),
    "range": (
        _with(20000.0, "layers", 1, "values", "upper_edge_hertz"),
        "upper_edge_hertz must be at most half the sample rate",
    ),
    "parameter": (
        _with(1, "layers", 0, "values", "colour"),
        r"state\['layers'\]\[0\]\['values'\] must have no keys but 'drive_db'; got 'colour'",
    ),
    "shown": (_with("beauty", "shown", "gradient_of"), "gradient_of must be one of .*; got 'beau"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_state_is_refused_and_nothing_is_changed(controller, case):
    change, match = BAD[case]
    controller.set(0, drive_db=3.0)
    before, frame = controller.state(), controller.frame
    bad = copy.deepcopy(before)
    change(bad)
    with pytest.raises((ValueError, TypeError), match=match):
        controller.restore(bad)
    assert controller.state() == before
    assert controller.frame is frame


@pytest.mark.parametrize("state", [None, [], "chain", 3])
def test_what_is_no_state_at_all_is_refused(controller, state):
    with pytest.raises(ValueError, match="restore: state must be a JSON object"):
        controller.restore(state)


def test_a_bad_state_leaves_a_test_signal_its_values():
    controller = chain(wb.siren)
    state = controller.state()
    bad = copy.deepcopy(state)
    bad["source"]["values"]["seconds"] = 1.0
    bad["layers"][0]["values"]["drive_db"] = "loud"
    with pytest.raises(TypeError, match="drive_db"):
        controller.restore(bad)
    assert controller.state() == state
