import numpy as np
import pytest

from workbench.axes import Axis
from workbench.curves import Curves


def test_points_lie_on_the_axis():
    regular = Curves(Axis("time", "s", -1.0, 0.5), np.zeros((2, 3)), ("a", "b"), "gain")
    assert regular.positions.tolist() == [-1.0, -0.5, 0.0]
    bands = Curves(Axis("band", "Hz", values=(1.0, 4.0)), np.zeros((1, 2)), ("a",), "gain")
    assert bands.positions.tolist() == [1.0, 4.0]


@pytest.mark.parametrize(
    ("axis", "data", "names", "message"),
    [
        (Axis("time"), np.zeros(3), ("a",), r"data must be float64 \[lines, points\]; got float64"),
        (Axis("time"), np.zeros((1, 3), np.float32), ("a",), "data must be float64 .*; got float3"),
        (Axis("time"), np.zeros((2, 3)), ("a",), "names must be as many as lines, 2; got 1"),
        (Axis("band", values=(1.0, 2.0)), np.zeros((1, 3)), ("a",), "as many values as points, 3"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(axis, data, names, message):
    with pytest.raises(ValueError, match=message):
        Curves(axis, data, names, "gain")
