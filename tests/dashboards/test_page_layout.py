"""Where panels stand, and what lies over a picture, in a real browser; tests are the kernel."""

from dataclasses import replace

import numpy as np
import pytest

from tests.dashboards import frames
from tests.dashboards.page import BARE, LEFT, RIGHT, TITLE
from workbench.axes import Axis
from workbench.dashboards.frames import Frame
from workbench.dashboards.panels import ImagePanel, LinesPanel
from workbench.dashboards.publication.figure import draw

pytestmark = pytest.mark.browser

BLUE = (23, 105, 200)


def lines(title, level=-50.0, names=("one",), **options):
    data = np.full((len(names), 101), level)
    axis = Axis("frequency", "Hz", 0.0, 240.0)
    return LinesPanel(title, "level", "dB", -100, 0, axis, data, names, height=100, **options)


def only(*panels):
    return Frame(panels, (0, 1), (0, 1))


def blue(page):
    pixels = page.pixels("data")
    return np.argwhere((np.abs(pixels[..., :3] - BLUE).max(-1) < 30) & (pixels[..., 3] > 100))


def test_halves_stand_side_by_side(page):
    page.show(only(lines("left", half=True), lines("right", -20.0, half=True)))
    found = blue(page)
    width = 900 - 16 - LEFT - BARE
    each = (width - LEFT) / 2
    left, right = found[found[:, 1] < LEFT + each + 2], found[found[:, 1] > LEFT + each + 2]
    assert (left[:, 1].min(), left[:, 1].max()) == pytest.approx((LEFT, LEFT + each), abs=2)
    ends = (right[:, 1].min(), right[:, 1].max())
    assert ends == pytest.approx((2 * LEFT + each, LEFT + width), abs=2)
    assert np.median(left[:, 0]) - np.median(right[:, 0]) == pytest.approx(30, abs=2)


def test_a_longer_legend_beside_does_not_move_one_plot_against_the_other(page):
    many = tuple(f"a line with a rather long name {n}" for n in range(4))
    page.show(only(lines("left", half=True), lines("right", names=many, half=True)))
    rows = np.unique(blue(page)[:, 0])
    plots = rows[rows > TITLE + 3 * 16]
    assert np.ptp(plots) < 4


def test_in_a_narrow_page_and_alone_a_half_is_whole(open_page):
    page = open_page(viewport={"width": 560, "height": 1000})
    page.show(only(lines("first", half=True), lines("second", half=True)))
    width = 560 - 16 - LEFT - BARE
    assert blue(page)[:, 1].max() == pytest.approx(LEFT + width, abs=2)
    assert np.ptp(blue(page)[:, 0]) > 100
    wide = open_page()
    wide.show(only(lines("alone", half=True), lines("whole")))
    assert blue(wide)[:, 1].max() == pytest.approx(900 - 16 - BARE, abs=2)


@pytest.mark.parametrize("frame", [frames.frame(100), frames.still(100)], ids=["timed", "still"])
@pytest.mark.parametrize("width", [1, LEFT + RIGHT, LEFT + RIGHT + 5, LEFT + RIGHT + 20])
def test_a_page_without_room_shows_what_it_can(page, width, frame):
    """As in a side bar that is being folded: not even a title's ellipsis has room."""
    page.show(frame)
    page.page.evaluate(
        "width => { document.querySelector('#first').style.width = `${width}px`; }", width
    )
    page.settle()
    page.show(frame)
    page.page.evaluate("() => { document.querySelector('#first').style.width = ''; }")
    page.settle()
    page.show(frame)
    assert len(blue(page)) > 0


def test_the_pointer_reads_the_half_under_it(page):
    page.show(only(lines("left", half=True), lines("right", -20.0, half=True)))
    page.move(200, TITLE + 50)
    assert "−50" in page.readout
    page.move(700, TITLE + 50)
    assert "−20" in page.readout


def image(**options):
    data = np.full((4, 5), 200, np.uint8)
    return ImagePanel(
        "", "level", "dB", -100, 0, 0, 0.2, data, "frequency", "Hz", np.arange(4.0), height=100,
        **options,
    )  # fmt: skip


def test_a_mask_tints_its_points_and_no_others(page):
    tinted = np.zeros((4, 5), bool)
    tinted[3, 0] = True  # the highest row, the first column
    page.show(only(image(tinted=tinted)))
    pixels = page.pixels("data")[TITLE : TITLE + 100, LEFT : 900 - 16 - RIGHT]
    changed = np.argwhere(np.abs(pixels - pixels[60, 400]).max(-1) > 30)
    np.testing.assert_allclose(changed.min(0), [0, 0], atol=1)
    np.testing.assert_allclose(changed.max(0), [25, pixels.shape[1] / 5], atol=1.5)
    page.show(only(image()))
    after = page.pixels("data")[TITLE : TITLE + 100, LEFT : 900 - 16 - RIGHT]
    assert np.ptp(after.reshape(-1, 4), axis=0).max() == 0


def test_print_has_the_same_halves_and_the_same_mask():
    figure = draw(only(lines("left", half=True), lines("right", half=True), image()))
    left, right, _, _ = figure.axes
    figure.canvas.draw()
    one, other = left.get_window_extent(), right.get_window_extent()
    assert (one.y0, one.y1) == pytest.approx((other.y0, other.y1), abs=1)
    assert one.x1 < other.x0
    tinted = np.zeros((4, 5), bool)
    tinted[3, 0] = True
    masked = draw(only(image(tinted=tinted))).axes[0]
    veil = masked.images[1].get_array()
    assert veil[3, 0, 3] > 0.5
    assert veil[..., 3].sum() == veil[3, 0, 3]


def test_a_mask_has_the_shape_of_its_picture():
    with pytest.raises(ValueError, match=r"tinted must be bool \[4, 5\]; got bool of shape"):
        image(tinted=np.zeros((3, 5), bool))
    still = frames.frame(100).panels[1]
    assert replace(still, tinted=None).encode()[1] == still.encode()[1]
