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


def line(step, *values, start=0.0, names=("x",)):
    return Curves(Axis("time", "s", start, step), np.atleast_2d(values).astype(float), names, "a")


def test_curves_together_keep_their_own_points():
    fine, coarse = line(0.1, 1, 2, 3, 4), line(0.3, 7, 8)  # 3 * 0.1 is not 0.3 in floats
    both = Curves.together({"fine": fine, "coarse": coarse})
    assert both.names == ("fine", "coarse")
    assert both.positions.tolist() == pytest.approx([0.0, 0.1, 0.2, 0.3])
    assert both.data[0].tolist() == [1, 2, 3, 4]
    np.testing.assert_array_equal(both.data[1], [7, np.nan, np.nan, 8])
    apart = Curves.together({"a": line(1.0, 1, 2), "b": line(1.0, 5, start=0.5)})
    np.testing.assert_array_equal(apart.data, [[1, np.nan, 2], [np.nan, 5, np.nan]])


def test_curves_together_name_several_lines():
    pair = line(1.0, [1, 2], [3, 4], names=("left", "right"))
    assert Curves.together({"a": pair, "b": line(1.0, 5, 6)}).names == ("a, left", "a, right", "b")
    with pytest.raises(ValueError, match="curves must be at least one; got none"):
        Curves.together({})
