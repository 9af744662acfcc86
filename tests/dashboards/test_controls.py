import threading
from typing import Annotated

import ipywidgets as widgets
import pytest

from workbench.dashboards.controllers.forms import label
from workbench.dashboards.controls.control import Control
from workbench.dashboards.controls.leaving import Leaving
from workbench.dashboards.controls.numbers import NumberRow, NumberSlider
from workbench.dashboards.controls.silence import Silence
from workbench.params import Param, read_parameters


def example(
    signal,
    *,
    frame_length: Annotated[
        int, Param("L.", unit="samples", low=1, slider=(64, 4096), scale="log")
    ],
    bands: Annotated[int, Param("B.", low=1, slider=(8, 160))],
    count: Annotated[int, Param("N.", words="most masks", low=0, slider=(0, 9))],
    drive_db: Annotated[float, Param("D.", unit="dB", slider=(-20.0, 40.0))],
    start_hertz: Annotated[float, Param("F.", unit="Hz", low=0, slider=(20.0, 8e3), scale="log")],
    upper_hertz: Annotated[float, Param("U.", unit="Hz", low=0, slider=(1e3, 2e4))] | None,
    kind: Annotated[str, Param("K.", choices=("a", "b"))],
    norm: Annotated[str, Param("N.", choices=("slaney",))] | None,
    center: Annotated[bool, Param("C.")],
    seed: Annotated[tuple[int, int], Param("S.", low=0, slider=(0, 100))],
):
    pass


DECLARED = read_parameters(example)


@pytest.mark.parametrize(
    ("name", "value", "other", "widget"),
    [
        ("frame_length", 1024, 777, NumberSlider),
        ("bands", 80, 200, NumberSlider),
        ("drive_db", 6.0, 60.0, NumberSlider),
        ("start_hertz", 440.0, 441.23, NumberSlider),
        ("upper_hertz", 4000.0, None, NumberSlider),
        ("upper_hertz", None, 3000.0, NumberSlider),
        ("kind", "a", "b", widgets.Dropdown),
        ("norm", None, "slaney", widgets.Dropdown),
        ("norm", "slaney", None, widgets.Dropdown),
        ("center", True, False, widgets.Checkbox),
        ("seed", (1, 2), (3, 400), NumberRow),
    ],
)
def test_a_control_shows_reads_and_reports(name, value, other, widget):
    control = Control(DECLARED[name], value)
    assert isinstance(control._input, widget)
    seen = []
    control.observe(lambda moved: seen.append(moved.value))
    assert control.value == value
    control.value = other
    assert control.value == other
    assert seen[-1] == other


def test_each_number_of_several_has_a_slider_and_a_change_is_told_once():
    control = Control(DECLARED["seed"], (1, 2))
    seen = []
    control.observe(lambda moved: seen.append(moved.value))
    control._input.children[1].value = 7
    control.value = (4, 5)
    assert seen == [(1, 7), (4, 5)]
    assert [slider.value for slider in control._input.children] == [4, 5]


def test_any_legal_value_can_be_typed():
    control = Control(DECLARED["drive_db"], 6.0)
    control._input._field.value = 12.3456
    assert control.value == 12.3456
    control.value = 500.0  # beyond the suggested range
    assert control.value == 500.0
    assert control._input._slider.value == control._input._slider.max


def test_what_the_op_decides_is_greyed_out():
    control = Control(DECLARED["upper_hertz"], None)
    assert control._input.disabled
    control.value = 2000.0
    assert not control._input.disabled


def test_errors_stand_beside_and_are_text_not_markup():
    control = Control(DECLARED["bands"], 80)
    control.error = "bands must be < 3 & <b>bold</b>; got 'x'."
    assert control.error == "bands must be < 3 & <b>bold</b>; got 'x'."
    assert "<b>" not in control._message.value
    control.error = ""
    assert control._message.value == ""  # the page shows no room for it


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("frame_length", "frame length (samples)"),
        ("count", "most masks"),
        ("drive_db", "drive (dB)"),
        ("start_hertz", "start (Hz)"),
        ("kind", "kind"),
    ],
)
def test_labels_say_the_unit_once(name, words):
    assert label(DECLARED[name]) == words


def test_what_leaves_the_page_is_closed_a_while_later(monkeypatch):
    """A message under way may still name it: the page would look for it in vain."""
    clock = [100.0]
    monkeypatch.setattr("workbench.dashboards.controls.leaving.time.monotonic", lambda: clock[0])
    leaving, first, second = Leaving(), widgets.HTML(), widgets.HTML()
    leaving.add(first)
    clock[0] += Leaving.PATIENCE / 2
    leaving.add(second)
    assert first.comm is not None
    clock[0] += Leaving.PATIENCE / 2 + 1
    leaving.add(widgets.HTML())
    assert first.comm is None
    assert second.comm is not None
    leaving.close()
    assert second.comm is None


def test_a_slider_that_is_sent_no_number_says_what_it_is():
    """A page sends null where a slider is dragged while it has no width."""
    slider = NumberSlider(2, [1, 2, 3])
    inner, sent = slider._slider, []
    inner.send_state = sent.append
    inner.set_state({"value": None})
    assert (slider.value, sent) == (2, ["value"])
    inner.set_state({"value": 2})
    assert slider.value == 3


def elsewhere(do):
    """Do something on another thread, as the page's messages are handled, and wait for it."""
    thread = threading.Thread(target=do)
    thread.start()
    thread.join()


def test_what_a_person_moves_while_a_value_is_shown_is_told():
    control = Control(DECLARED["drive_db"], 6.0)
    told = []
    control.observe(lambda control: told.append(control.value))

    def moved(change):
        control._input._slider.unobserve(moved, "value")
        elsewhere(lambda: setattr(control._input._field, "value", 20.0))

    control._input._slider.observe(moved, "value")
    control.show(10.0)
    assert told == [20.0]
    control.show(3.0)
    assert told == [20.0]


def test_silence_lasts_until_it_was_left_as_often_as_it_was_entered():
    silence, other = Silence(), []
    with silence:
        with silence:
            elsewhere(lambda: other.append(bool(silence)))
        assert silence
    assert not silence
    assert other == [False]
