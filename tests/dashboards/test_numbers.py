from typing import Annotated

import numpy as np
import pytest

from workbench.dashboards.controls.numbers import NumberSlider, rungs_of
from workbench.params import Param, read_parameters


def example(
    signal,
    *,
    length: Annotated[int, Param("L.", low=1, slider=(64, 4096), scale="log")],
    rate: Annotated[int, Param("R.", low=1, slider=(4000, 96000), scale="log")],
    bands: Annotated[int, Param("B.", low=1, slider=(8, 160))],
    drive: Annotated[float, Param("D.", slider=(-20.0, 40.0))],
    start: Annotated[float, Param("F.", low=0, slider=(20.0, 8e3), scale="log")],
    part: Annotated[float, Param("P.", low=0.01, high=0.99)],
    free: Annotated[float, Param("X.")],
):
    pass


DECLARED = read_parameters(example)


@pytest.mark.parametrize("name", list(DECLARED))
def test_rungs_rise_and_span_the_range(name):
    declared = DECLARED[name]
    rungs = rungs_of(declared)
    assert np.all(np.diff(rungs) > 0)
    assert all(type(rung) is declared.kind for rung in rungs)
    if declared.param.slider:
        assert (rungs[0], rungs[-1]) == declared.param.slider
    for rung in rungs:
        declared.check(rung)


def test_rungs_are_round():
    assert {64, 128, 256, 512, 1024, 2048, 4096} <= set(rungs_of(DECLARED["length"]))
    assert rungs_of(DECLARED["drive"])[:3] == [-20.0, -19.8, -19.6]
    assert 6.0 in rungs_of(DECLARED["drive"])
    assert rungs_of(DECLARED["bands"]) == list(range(8, 161))
    assert all(rung == float(f"{rung:.3g}") for rung in rungs_of(DECLARED["start"]))


@pytest.fixture
def slider():
    made = NumberSlider(0.5, [0.0, 0.5, 1.0])
    made.seen = []
    made.observe(lambda change: made.seen.append(change.new), "value")
    return made


def test_moving_chooses_a_rung_and_fills_the_field(slider):
    slider._slider.value = 2
    assert (slider.value, slider._field.value, slider.seen) == (1.0, 1.0, [1.0])


def test_typing_keeps_the_exact_value_and_moves_the_handle_near_it(slider):
    slider._field.value = 0.9
    assert (slider.value, slider._slider.value, slider.seen) == (0.9, 2, [0.9])


def test_setting_moves_both(slider):
    slider.value = 0.1
    assert (slider._slider.value, slider._field.value, slider.seen) == (0, 0.1, [0.1])


def test_disabled_takes_no_number(slider):
    slider.disabled = True
    assert slider._slider.disabled
    assert slider._field.disabled


def test_a_typed_fraction_is_not_made_whole():
    made = NumberSlider(2, [1, 2, 3])
    made._field.value = 1000.5
    assert made.value == 1000.5
    made._field.value = 7.0
    assert made.value == 7
    assert type(made.value) is int


@pytest.mark.parametrize(
    ("value", "shown"), [(0.19602123, 0.19602), (-0.19602123, -0.196), (4172.6849, 4172.68)]
)
def test_a_learnt_number_fits_into_its_field(value, shown):
    slider = NumberSlider(0.0, [-1.0, 0.0, 1.0])
    slider.value = value
    assert slider.value == value
    assert slider.children[1].value == shown
