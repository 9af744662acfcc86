"""The Matplotlib figure shows what the page shows."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

import workbench as wb
from tests.dashboards import frames
from workbench.axes import Axis
from workbench.dashboards.frames import Frame
from workbench.dashboards.panels import LinesPanel
from workbench.dashboards.publication.figure import draw, png
from workbench.dashboards.zplane_panel import ZPlane, ZPlanePanel


@pytest.fixture(scope="module")
def figure():
    figure = draw(frames.still(largest=1.06))
    png(figure)  # places everything
    return figure


def test_all_panels_are_there_with_their_labels(figure):
    wave, linear, octaves, *planes = figure.axes
    assert [axes.get_title(loc="left") for axes in (wave, linear, octaves)] == [
        "Output at 48 kHz", "Aliasing", "Aliasing over octaves",
    ]  # fmt: skip
    assert wave.get_xlabel() == "time (s)"
    assert (linear.get_xlabel(), linear.get_ylabel()) == ("frequency (kHz)", "level (dB)")
    assert (linear.get_xscale(), octaves.get_xscale()) == ("linear", "log")
    assert octaves.get_xlim() == pytest.approx((0.04, 23.96))
    assert [axes.get_title(loc="left") for axes in planes] == [
        "naive", "stn", "linear", "✓ cubic", "lagrange 5", "minimax 3",
    ]  # fmt: skip
    assert planes[4].get_xlabel() == "12 outside, max |z| 1.0600"
    assert planes[0].get_xlabel() == "max |z| 0.9000"


def test_legends_name_the_lines(figure):
    wave, linear, *_ = figure.axes
    names = [[text.get_text() for text in axes.get_legend().get_texts()] for axes in (wave, linear)]
    assert names == [["naive", "corrected"], ["resampled base", "naive", "corrected"]]
    reference, naive, _ = linear.get_lines()
    assert reference.get_linewidth() < naive.get_linewidth()
    assert reference.get_linestyle() == "--"
    [groups] = figure.subfigs[0].legends
    assert [text.get_text() for text in groups.get_texts()] == ["silence", "extra"]


def test_a_name_has_one_colour_in_all_panels(figure):
    wave, linear, *_ = figure.axes
    naive = linear.get_lines()[1].get_color()
    assert wave.get_legend().legend_handles[0].get_facecolor()[:3] == pytest.approx(
        [int(naive[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    )


def test_planes_are_square_and_points_lie_where_they_are(figure):
    planes = figure.subfigs[0].axes
    for axes in planes:
        box = axes.get_window_extent()
        assert box.width == pytest.approx(box.height, rel=0.01)
    points = np.concatenate(
        [
            line.get_xdata() + 1j * line.get_ydata()
            for line in planes[0].get_lines()
            if line.get_marker() == "x"
        ]
    )
    np.testing.assert_allclose(points, frames.still().panels[-1].planes[0].points["silence"])


def test_a_far_point_is_drawn_at_the_edge_in_its_direction():
    panel = ZPlanePanel("", (ZPlane("", {"poles": np.array([300 + 400j])}),))
    axes = draw(Frame((panel,), (0, 1), (0, 1))).subfigs[0].axes[0]
    [point] = [line for line in axes.get_lines() if line.get_marker() == "x"]
    z = complex(*point.get_xydata()[0])
    assert 1.8 < z.imag < 2.0
    assert z.imag / z.real == pytest.approx(4 / 3)


@pytest.mark.parametrize("width", [4.0, 6.0, 9.0, 14.0])
def test_nothing_overlaps_and_nothing_is_cut(width):
    figure = draw(frames.still(largest=1.06), width=width)
    png(figure)
    page = figure.bbox
    titles, legends = [], []
    for axes in figure.axes:
        box = axes.get_tightbbox()
        assert page.x0 <= box.x0 and box.x1 <= page.x1 + 1  # noqa: PT018
        titles.append(axes._left_title.get_window_extent())
        if axes.get_legend():
            legends.append(axes.get_legend().get_window_extent())
    assert not any(title.overlaps(legend) for title in titles for legend in legends)
    boxes = [axes.get_window_extent() for axes in figure.axes]
    pairs = [(a, b) for i, a in enumerate(boxes) for b in boxes[:i]]
    assert not any(a.overlaps(b) for a, b in pairs)


def test_a_gap_and_a_short_unit_stay():
    data = np.array([[1.0, np.nan, 3.0]])
    panel = LinesPanel("", "error", "dB", 0, 4, Axis("order"), data, ("error",))
    axes = draw(Frame((panel,), (0, 1), (0, 1))).axes[0]
    np.testing.assert_array_equal(axes.get_lines()[0].get_ydata(), data[0])
    assert axes.get_xlabel() == "order"


def test_time_is_named_below_each_run_of_panels_over_time():
    wave, spectrum, *_ = frames.still().panels
    figure = draw(replace(frames.still(), panels=(wave, wave, spectrum, wave)))
    assert [axes.get_xlabel() for axes in figure.axes] == [
        "", "time (s)", "frequency (kHz)", "time (s)",
    ]  # fmt: skip


def test_a_point_between_gaps_is_a_dot_and_short_times_are_in_milliseconds():
    data = np.full((2, 100), np.nan)
    data[0] = 0.5
    data[1, 10::20] = 1.0
    panel = LinesPanel(
        "", "level", "", 0, 2, Axis("time", "s", step=1e-4), data, ("line", "samples")
    )
    [axes] = draw(Frame((panel,), (0, 1), (0, 1))).axes
    line, samples = axes.get_lines()
    assert line.get_marker() == ""
    assert samples.get_marker() == "."
    assert samples.get_markevery() == [10, 30, 50, 70, 90]
    assert axes.get_xlabel() == "time (ms)"
    assert axes.get_xlim() == pytest.approx((0, 9.9))


def test_a_stem_rises_from_zero_to_each_point():
    axis, data = Axis("sample", start=2.0), np.array([[-0.1, 0.8, 0.3]])
    panel = LinesPanel("Taps", "weight", "", -0.2, 1.0, axis, data, ("taps",), ("stem",))
    axes = draw(Frame((panel,), (0.0, 1.0), (0.0, 1.0), "", {}, ())).axes[0]
    [points] = axes.get_lines()
    assert (points.get_linestyle(), points.get_marker()) == ("None", ".")
    [stems] = axes.collections
    ends = [segment.tolist() for segment in stems.get_segments()]
    assert ends == [[[2.0, 0.0], [2.0, -0.1]], [[3.0, 0.0], [3.0, 0.8]], [[4.0, 0.0], [4.0, 0.3]]]


def test_low_bands_are_not_labelled_on_top_of_each_other():
    mel = wb.layers.LogMelSpectrogram(num_mel_bins=40, upper_edge_hertz=3800.0)
    chain = wb.Chain([mel], sample_rate=16000)
    drawn = wb.plot({"A tone": (chain, (wb.tone(sample_rate=16000, seconds=0.5), 16000))})
    drawn.canvas.draw()
    places = [each.get_window_extent() for each in drawn.axes[0].get_yticklabels()]
    assert len(places) >= 4
    assert all(above.y0 > below.y1 for below, above in itertools.pairwise(places))


@pytest.mark.parametrize("step", [1.0, 0.5])
def test_between_whole_positions_there_are_no_ticks(step):
    axis = Axis("sample", step=step)
    panel = LinesPanel("Taps", "weight", "", 0, 1, axis, np.ones([1, 4]), ("a",), ("stem",))
    [axes] = draw(Frame((panel,), (0, 1), (0, 1))).axes
    shown = [tick for tick in axes.get_xticks() if 0 <= tick <= 3 * step]
    assert any(tick % 1 for tick in shown) == (step == 0.5)


def test_a_line_over_octaves_begins_where_its_first_positive_point_is():
    axis = Axis("frequency", "Hz", 0.0, 50.0)
    data = np.ones([1, 100])
    panel = LinesPanel(
        "Gain", "gain", "", 0, 2, axis, data, ("a",), logarithmic=True, span=(20, 4950)
    )
    [axes] = draw(Frame((panel,), (0, 1), (0, 1))).axes
    assert axes.xaxis.get_transform()._clip is False  # else a point at 0 Hz is drawn far left


def test_a_mark_out_of_view_leaves_the_layout_as_it_is():
    axis = Axis("frequency", "Hz", 0.0, 50.0)
    marks = {"Nyquist": 4000.0}
    options = {"names": ("a",), "span": (0, 500), "marks": marks}
    panel = LinesPanel("Gain", "gain", "", 0, 2, axis, np.ones([1, 100]), **options)
    widths = []
    for each in (panel, replace(panel, marks={})):
        figure = draw(Frame((each,), (0, 1), (0, 1)))
        png(figure)
        widths.append(figure.axes[0].get_position().width)
    assert widths[0] == pytest.approx(widths[1])
