"""What panels tell the page, and what they refuse."""

import numpy as np
import pytest

from tests.dashboards import frames
from workbench.axes import Axis
from workbench.dashboards.panels import ImagePanel, LinesPanel, WavePanel
from workbench.dashboards.zplane_panel import ZPlane, ZPlanePanel

WAVE = {
    "title": "",
    "label": "",
    "unit": "",
    "low": -1.0,
    "high": 1.0,
    "start": 0.0,
    "step": 0.1,
    "data": np.zeros((1, 5)),
}
IMAGE = {
    **WAVE,
    "data": np.zeros((3, 5), np.uint8),
    "y_name": "",
    "y_unit": "",
    "y_values": np.arange(3.0),
}
LINES = {
    "title": "",
    "label": "",
    "unit": "",
    "low": -1.0,
    "high": 1.0,
    "axis": Axis("frequency", "Hz", 0.0, 10.0),
    "data": np.zeros((2, 5)),
    "names": ("a", "b"),
}
POINTS = {"poles": np.array([0.5, -0.8j]), "zeros": np.array([-1.5 + 0j])}
PLANES = {"title": "Poles", "planes": (ZPlane("one", POINTS), ZPlane("two", {}))}


@pytest.mark.parametrize(
    ("kind", "wrong", "message"),
    [
        (WavePanel, {**WAVE, "data": np.zeros(5)}, r"data must be \[channels, samples\]"),
        (WavePanel, {**WAVE, "data": np.zeros((1, 5, 3))}, r"got shape \(1, 5, 3\)"),
        (WavePanel, {**WAVE, "low": 1.0}, "low must be less than high.*got 1.0, 1.0"),
        (WavePanel, {**WAVE, "high": np.nan}, "both finite; got -1.0, nan"),
        (WavePanel, {**WAVE, "step": 0.0}, "step must be positive; got 0.0"),
        (WavePanel, {**WAVE, "names": ("a", "b")}, "names must have one for each channel"),
        (ImagePanel, {**IMAGE, "data": np.zeros((3, 5))}, "must be uint8.*got float64"),
        (ImagePanel, {**IMAGE, "y_values": np.arange(4.0)}, "one value per row.*for 3 rows"),
        (ImagePanel, {**IMAGE, "colormap": "jet"}, "colormap must be .*; got 'jet'"),
        (LinesPanel, {**LINES, "low": np.inf}, "both finite; got inf, 1.0"),
        (LinesPanel, {**LINES, "data": np.zeros(5)}, r"\[lines, points\]; got shape \(5,\)"),
        (LinesPanel, {**LINES, "names": ("a",)}, r"one for each line; got \('a',\) for 2"),
        (LinesPanel, {**LINES, "styles": ("solid",)}, "styles must have one for each line"),
        (LinesPanel, {**LINES, "styles": ("solid", "wavy")}, "styles must be of .*got .*wavy"),
        (LinesPanel, {**LINES, "axis": Axis("x", values=(1.0, 2.0))}, "positions for 5 points"),
        (LinesPanel, {**LINES, "axis": Axis("x", step=-1.0)}, "axis must have rising positions"),
        (LinesPanel, {**LINES, "span": (3.0, 3.0)}, "span must rise; got 3.0, 3.0"),
        (
            LinesPanel,
            {**LINES, "span": (0.0, 3.0), "logarithmic": True},
            "span must rise from a positive value; got 0.0, 3.0",
        ),
        (ZPlanePanel, {**PLANES, "planes": ()}, "planes must hold at least one; got none"),
        (
            ZPlanePanel,
            {**PLANES, "planes": (ZPlane("a", POINTS, chosen=True),) * 2},
            "at most one that is chosen",
        ),
        (
            ZPlanePanel,
            {**PLANES, "planes": (ZPlane("a", {"poles": np.array([np.nan])}),)},
            "points of 'Poles' must be finite",
        ),
        (ZPlanePanel, {**PLANES, "limit": 1.0}, "limit must be above 1; got 1.0"),
    ],
)
def test_panels_say_what_is_wrong(kind, wrong, message):
    with pytest.raises(ValueError, match=message):
        kind(**wrong)


def test_lines_travel_with_their_positions():
    panel = LinesPanel(**LINES | {"data": np.arange(10.0).reshape(2, 5)})
    head, [data, positions] = panel.encode()
    np.testing.assert_array_equal(np.frombuffer(data, "<f4"), np.arange(10.0))
    np.testing.assert_array_equal(np.frombuffer(positions, "<f8"), np.arange(5.0) * 10.0)
    assert (head["x_name"], head["x_unit"], head["span"]) == ("frequency", "Hz", [0.0, 40.0])
    assert head["styles"] == ("solid", "solid")


def test_a_logarithmic_axis_begins_at_the_first_positive_position():
    assert LinesPanel(**LINES, logarithmic=True).shown == (10.0, 40.0)
    assert LinesPanel(**LINES, logarithmic=True, span=(20.0, 2e4)).shown == (20.0, 2e4)


def test_points_travel_by_plane_and_group():
    other = ZPlane("two", {"zeros": np.array([2j])}, chosen=True)
    head, [points] = ZPlanePanel("", (ZPlane("one", POINTS), other)).encode()
    np.testing.assert_array_equal(np.frombuffer(points, "<c16"), [0.5, -0.8j, -1.5, 2j])
    assert head["names"] == ("poles", "zeros")
    assert [plane["counts"] for plane in head["planes"]] == [[2, 1], [0, 1]]
    assert [plane["chosen"] for plane in head["planes"]] == [False, True]


def test_a_summary_has_the_range_of_the_magnitudes():
    panel = ZPlanePanel(**PLANES)
    assert (panel.label, panel.low, panel.high, panel.unit) == ("magnitude", 0.5, 1.5, "")
    empty = ZPlanePanel("", (ZPlane("one", {}),))
    assert (empty.low, empty.high, empty.encode()[1]) == (0.0, 0.0, [b""])


@pytest.mark.parametrize(("largest", "extent"), [(0.0, 1.3), (1.0, 1.3), (1.3, 1.43), (50.0, 2.0)])
def test_planes_show_the_unit_circle_and_what_lies_near(largest, extent):
    panel = ZPlanePanel("", (ZPlane("", {"poles": np.array([largest + 0j])}),))
    assert panel.extent == pytest.approx(extent)


def test_a_frame_counts_the_buffers_of_its_panels():
    content, buffers = frames.still(100).encode()
    assert [panel["kind"] for panel in content["panels"]] == ["wave", "lines", "lines", "zplane"]
    assert [panel["buffers"] for panel in content["panels"]] == [1, 2, 2, 1]
    assert len(buffers) == 6
