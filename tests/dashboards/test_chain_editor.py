"""The dashboard of any chain: stages come, go, move and are switched off."""

import threading
import time

import keras
import numpy as np
import pytest

import workbench as wb
from workbench.dashboards.controllers.chain_editor import ChainEditor
from workbench.dashboards.controllers.forms import SHOWN
from workbench.dashboards.dashboard import Dashboard
from workbench.dashboards.sources import source_of
from workbench.stages import Stage

NOISE = np.asarray(wb.noise(sample_rate=16000, seconds=0.5, seed=3))


def editor(*layers, loss=""):
    return ChainEditor(wb.Chain(layers, sample_rate=16000), source_of((NOISE, 16000)), loss)


@pytest.fixture
def three():
    return editor(
        wb.layers.Resample(target_rate=8000),
        wb.layers.Saturate(drive_db=12.0),
        wb.layers.LogMelSpectrogram(num_mel_bins=20, frame_length=256, frame_step=64),
    )


def titles(controller):
    return [panel.title for panel in controller.frame.panels]


def test_a_stage_that_is_off_keeps_its_parameters_and_its_number(three):
    with_all = three.result.outputs[-1].numpy()
    three.act(1, "off")
    assert titles(three) == ["Signal: signal", "Resample", "LogMelSpectrogram"]
    assert [group.title for group in three.groups[1:-1]] == [
        "1. Resample", "2. Saturate (off)", "3. LogMelSpectrogram",
    ]  # fmt: skip
    assert not np.allclose(three.result.outputs[-1], with_all)
    three.set(1, drive_db=20.0)
    three.set(2, num_mel_bins=21)
    assert three.result.outputs[-1].shape[-1] == 21
    three.act(1, "on")
    assert three.chain.layers[1].values["drive_db"] == 20.0


def test_stages_move(three):
    three.act(1, "up")
    assert titles(three)[1:3] == ["Saturate", "Resample"]
    saturated = wb.saturate(NOISE, drive_db=12.0)
    lower = wb.resample(saturated, orig_rate=16000, target_rate=8000)
    np.testing.assert_allclose(three.result.outputs[2][0], lower, atol=1e-6)
    three.act(0, "down")
    assert titles(three)[1:3] == ["Resample", "Saturate"]


@pytest.fixture
def high():
    """A chain whose second stage needs the rate that the first one gives."""
    return editor(
        wb.layers.Resample(target_rate=48000),
        wb.layers.LogMelSpectrogram(num_mel_bins=20, upper_edge_hertz=20000.0),
    )


@pytest.mark.parametrize(("stage", "tool"), [(0, "off"), (0, "remove"), (1, "up")])
def test_what_does_not_fit_is_refused_and_nothing_moves(high, stage, tool):
    with pytest.raises(ValueError, match="upper_edge_hertz must be at most"):
        high.act(stage, tool)
    assert titles(high)[1:] == ["Resample", "LogMelSpectrogram"]
    assert [type(layer).__name__ for layer in high.chain.layers] == titles(high)[1:]
    with pytest.raises(ValueError, match="tool must be one of"):
        high.act(0, "up")


def test_a_stage_is_added_where_it_fits_last(three):
    three.set(SHOWN, add="FractionalDelay")
    assert titles(three)[1:] == ["Resample", "Saturate", "FractionalDelay", "LogMelSpectrogram"]
    three.set(SHOWN, add="Delta")
    assert titles(three)[-1] == "Delta"
    refusal = "chain: Delta must be given frames and bins; got no stage that gives it"
    with pytest.raises(ValueError, match=refusal):
        editor().set(SHOWN, add="Delta")
    with pytest.raises(ValueError, match="InverseSTFT must be given frames and bins of complex"):
        three.set(SHOWN, add="InverseSTFT")


@pytest.mark.parametrize("tool", ["off", "remove", "down"])
def test_what_would_no_longer_fit_is_named_with_the_reason(tool):
    made = editor(wb.layers.Saturate(), wb.layers.MelSpectrogram(), wb.layers.Decibels())
    said = r"chain: Decibels must be given frames and bins; got a waveform, from Saturate\. Switch"
    with pytest.raises(ValueError, match=said):
        made.act(1, tool)
    with pytest.raises(ValueError, match="MelSpectrogram must be given a waveform; got frames"):
        made.set(SHOWN, add="STFT")
    assert titles(made)[1:] == ["Saturate", "MelSpectrogram", "Decibels"]
    made.act(0, "down")  # bins are channels to what works along time
    assert titles(made)[1:] == ["MelSpectrogram", "Saturate", "Decibels"]


def test_all_can_be_removed_and_the_signal_stays(three):
    for _ in range(3):
        three.act(0, "remove")
    assert titles(three) == ["Signal: signal"]
    three.set(SHOWN, gradient_of="mean")
    three.set(SHOWN, add="STFT")
    assert titles(three)[1] == "STFT"
    assert len(titles(three)) == 3


def test_every_stage_tells_its_shape_and_cost(three):
    notes = three.notes
    assert set(notes) == {"1. Resample", "2. Saturate", "3. LogMelSpectrogram"}
    assert notes["1. Resample"].startswith("float32 [1, 4000], ")
    assert notes["3. LogMelSpectrogram"].startswith("float32 [1, 63, 20], ")
    milliseconds = float(notes["3. LogMelSpectrogram"].split()[-2])
    assert 0.05 < milliseconds < 5000


def test_a_state_has_the_stages(three):
    before, picture = three.state(), three.frame.panels
    three.act(1, "remove")
    three.set(SHOWN, add="Normalize")
    three.act(0, "off")
    after = three.state()
    three.restore(before)
    assert [slot.on for slot in three.slots] == [True] * 3
    np.testing.assert_array_equal(three.frame.panels[-1].data, picture[-1].data)
    other = editor()
    other.restore(after)
    assert [type(slot.layer).__name__ for slot in other.slots] == [
        "Resample", "Normalize", "LogMelSpectrogram",
    ]  # fmt: skip
    assert [slot.on for slot in other.slots] == [False, True, True]
    assert other.state() == after


def test_stages_that_are_off_know_their_rate_in_a_new_dashboard_too(three):
    three.act(2, "off")
    three.act(0, "off")
    fresh = editor(wb.layers.Saturate())
    fresh.restore(three.state(), three.source)
    assert fresh.values == three.values
    assert fresh.values["2.sample_rate"] == 16000  # not that of the stage before, which is off
    fresh.change_source(source_of((NOISE, 8000)))
    assert fresh.values["2.sample_rate"] == 8000


def test_a_layer_of_keras_comes_back_by_its_name():
    dense = keras.layers.Dense(3, name="dense")
    controller = editor(wb.layers.MelSpectrogram(num_mel_bins=8), dense)
    before = controller.state()
    controller.act(1, "remove")
    controller.restore(before)
    assert controller.chain.layers[1] is dense
    with pytest.raises(ValueError, match=r"state\['layers'\]\[1\]\['layer'\] must be one of"):
        editor().restore(before)


def test_a_state_that_cannot_be_changes_nothing(high):
    state = high.state()
    with pytest.raises(ValueError, match="upper_edge_hertz must be at most"):
        high.restore({**state, "layers": state["layers"][::-1]})
    assert titles(high)[1:] == ["Resample", "LogMelSpectrogram"]
    assert high.state() == state


def test_the_controls_follow_the_stages(three):
    dashboard = Dashboard(three)
    dashboard.panel.groups[2].tools["off"].click()
    assert "on" in dashboard.panel.groups[2].tools
    dashboard.panel.groups[3].tools["up"].click()
    assert "on" in dashboard.panel.groups[3].tools
    dashboard.undo()
    dashboard.undo()
    assert "off" in dashboard.panel.groups[2].tools
    dashboard.controls[SHOWN, "add"].value = "Normalize"
    assert (3, "num_mel_bins") in dashboard.controls
    assert dashboard.controls[SHOWN, "add"].value is None
    dashboard.set(1, drive_db=3.0)
    assert three.chain.layers[1].values["drive_db"] == 3.0


def test_a_refusal_is_shown_below_the_title(high):
    dashboard = Dashboard(high)
    group = dashboard.panel.groups[1]
    group.tools["off"].click()
    assert "upper_edge_hertz must be at most" in group.widget.children[1].value
    assert "reset" in dashboard.possible
    dashboard.set(1, upper_edge_hertz=7000.0)
    assert group.refusal == ""  # something else has been done since
    group.tools["off"].click()
    assert [slot.on for slot in high.slots] == [False, True]


def test_dashboards_that_are_edited_leave_no_widgets(three):
    from ipywidgets.widgets.widget import _instances

    dashboard = Dashboard(three)
    made = len(_instances)
    for _ in range(3):
        dashboard.panel.groups[2].tools["off"].click()
        dashboard.panel.groups[2].tools["on"].click()
    dashboard.panel.let_go()
    assert len(_instances) <= made + 2


@pytest.mark.parametrize("kind", ["Resample", "Saturate"])
def test_a_second_stage_of_a_kind_fits_beside_the_first(three, kind):
    """Keras numbers names anew in every thread, and a page's callback runs in another one."""
    errors = []

    def add():
        try:
            three.set(SHOWN, add=kind)
        except Exception as error:
            errors.append(error)

    for _ in range(2):
        thread = threading.Thread(target=add)
        thread.start()
        thread.join()
    assert errors == []
    kinds = [type(layer).__name__ for layer in three.chain.layers]
    assert kinds.count(kind) == 3
    before = three.state()
    three.restore(before)
    assert three.state() == before


def test_the_cost_of_a_new_stage_is_not_that_of_its_first_call(monkeypatch):
    called = set()

    def slow_at_first(stage, values, x, forward=Stage._forward):
        if stage not in called:
            called.add(stage)
            time.sleep(0.3)
        return forward(stage, values, x)

    monkeypatch.setattr(Stage, "_forward", slow_at_first)
    made = editor(wb.layers.Saturate(), wb.layers.Normalize())
    made.set(SHOWN, add="FractionalDelay")
    assert len(called) == 3
    costs = [float(note.split()[-2]) for note in made.notes.values()]
    assert max(costs) < 150  # ms, of 300 and more
