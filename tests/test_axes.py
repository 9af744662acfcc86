import numpy as np
import pytest

from workbench.axes import Axis, Space, waveform_space


def test_regular_axis_has_positions_and_a_rate():
    axis = Axis("time", "s", start=0.5, step=0.01)
    np.testing.assert_allclose(axis.positions(3), [0.5, 0.51, 0.52])
    assert axis.rate == 100.0
    assert axis.label == "time (s)"


def test_irregular_axis_keeps_its_values():
    axis = Axis("mel band", "Hz", values=(1.0, 10.0, 100.0))
    assert axis.positions(2).tolist() == [1.0, 10.0]


@pytest.mark.parametrize("rate", [1, 8000, 11025, 44100, 48000, 96000])
def test_whole_rates_come_back_whole(rate):
    assert waveform_space(rate).time.rate == rate


def test_a_rate_that_is_not_whole_stays_so():
    assert Axis("time", "s", step=1 / 31.25).rate == pytest.approx(31.25)


def test_labels_without_a_unit_have_no_brackets():
    assert Axis("index").label == "index"
    assert Space((Axis("index"),), "power").label == "power"
    assert Space((Axis("index"),), "level", "dB").label == "level (dB)"


def test_new_rate_keeps_quantity_and_start():
    moved = Space((Axis("time", "s", 0.25, 0.1),), "pressure", "Pa").with_time(rate=20.0)
    assert (moved.time.start, moved.time.step, moved.label) == (0.25, 0.05, "pressure (Pa)")
