"""How pictures are looked at: octaves and held levels, in the panels, the figure and the state."""

import io
from dataclasses import replace

import numpy as np
import pytest

import workbench as wb
from workbench.dashboards.controllers.chain import ChainController
from workbench.dashboards.controllers.forms import LOOKS, SHOWN
from workbench.dashboards.controllers.gradient.controller import GradientController
from workbench.dashboards.dashboard import Dashboard
from workbench.dashboards.downloads import download
from workbench.dashboards.frames import View
from workbench.dashboards.ideas import IDEAS
from workbench.dashboards.panels import ImagePanel, LinesPanel
from workbench.dashboards.plots import results, spectra
from workbench.dashboards.publication.figure import draw
from workbench.dashboards.sources import source_of

RATE = 48000
SIREN = 0.02 * np.asarray(wb.siren(sample_rate=RATE, seconds=0.5))
PLOTS = (
    results.signal(),
    results.result(1),
    spectra.spectrogram(1, "picture", "Spectrum"),
    replace(spectra.average(1), shown=True),
)
VIEW = View(None, None, 400, 1.0)


def made(plots=PLOTS):
    chain = wb.Chain([wb.layers.Saturate(drive_db=0.0)], sample_rate=RATE)
    return ChainController(chain, source_of((SIREN, RATE)), "", plots)


def ends(controller):
    return [(panel.low, panel.high) for panel in controller.frame.panels]


@pytest.fixture
def controller():
    controller = made()
    controller.look(VIEW)
    return controller


def test_held_levels_stay_whatever_changes_and_go_when_released(controller):
    before = ends(controller)
    controller.set(LOOKS, hold_levels=True)
    assert ends(controller) == before
    controller.set(0, drive_db=40.0)
    louder = controller.frame
    assert ends(controller) == before
    controller.look(replace(VIEW, first=0.1, last=0.3, band=(200.0, 3000.0)))
    assert ends(controller) == before
    controller.look(VIEW)
    controller.set(LOOKS, hold_levels=False)
    assert ends(controller) != before
    loud, free = louder.panels[2], controller.frame.panels[2]
    assert free.high > loud.high  # so that what is held shows the change of level
    levels = free.low + free.data * ((free.high - free.low) / 255)
    known = free.data > 0
    wanted = np.clip((levels - loud.low) * (255 / (loud.high - loud.low)), 0, 255)
    np.testing.assert_allclose(loud.data[known], wanted[known], atol=2)


def test_what_is_held_again_is_what_is_shown_then(controller):
    controller.set(LOOKS, hold_levels=True)
    controller.set(LOOKS, hold_levels=False)
    controller.set(0, drive_db=40.0)
    now = ends(controller)
    controller.set(LOOKS, hold_levels=True)
    controller.set(0, drive_db=0.0)
    assert ends(controller) == now


def test_a_panel_keeps_its_range_when_others_come_and_go(controller):
    before = dict(zip(controller.switches, ends(controller), strict=True))
    controller.set(LOOKS, hold_levels=True)
    controller.set(SHOWN, signal=False)
    controller.set(0, drive_db=40.0)
    assert ends(controller) == [before[name] for name in controller.switches if name != "signal"]


def test_a_mask_stays_a_mask_where_levels_are_held():
    controller = IDEAS["augment"].open(source_of((SIREN, RATE)))
    [before] = [p.tinted for p in controller.frame.panels if getattr(p, "tinted", None) is not None]
    controller.set(LOOKS, hold_levels=True)
    controller.look(controller.view)
    [after] = [p.tinted for p in controller.frame.panels if getattr(p, "tinted", None) is not None]
    assert 0 < before.mean() < 1
    np.testing.assert_array_equal(after, before)


def test_octaves_are_equally_wide_on_every_axis_of_frequencies(controller):
    controller.set(LOOKS, log_frequency=True)
    *_, picture, lines = controller.frame.panels
    assert picture.logarithmic
    assert np.ptp(np.diff(np.log(picture.y_values))) < 1e-9
    assert lines.logarithmic
    for idea in ("mel", "resample"):
        controller = IDEAS[idea].open(source_of((SIREN, RATE)))
        controller.set(LOOKS, log_frequency=True)
        over = [p for p in controller.frame.panels if isinstance(p, LinesPanel)]
        over = [p for p in over if (p.axis.name, p.axis.unit) == ("frequency", "Hz")]
        assert over
        assert all(panel.logarithmic and panel.shown[0] >= 20 for panel in over)


def test_lines_over_frequency_show_the_range_of_the_pictures(controller):
    controller.look(replace(VIEW, band=(200.0, 3000.0)))
    lines = controller.frame.panels[-1]
    assert (lines.shown, lines.reach) == ((200.0, 3000.0), (20.0, RATE / 2))
    assert draw(controller.frame).axes[-1].get_xlim() == pytest.approx((0.2, 3.0))


def test_a_mask_and_a_gradient_show_the_range_too():
    controller = IDEAS["augment"].open(source_of((SIREN, RATE)))
    controller.look(replace(controller.view, band=(300.0, 2000.0)))
    for panel in controller.frame.panels:
        if isinstance(panel, ImagePanel):
            assert panel.y_shown == (300.0, 2000.0)
            assert panel.tinted is None or panel.tinted.shape == panel.data.shape
    gradient = GradientController(source_of((SIREN, RATE)), "quieten a region")
    gradient.look(replace(gradient.view, band=(300.0, 2000.0)))
    gradient.set(LOOKS, log_frequency=True, hold_levels=True)
    shown = [p for p in gradient.frame.panels if isinstance(p, ImagePanel) and p.y_reach]
    assert shown
    assert all(p.y_shown == (300.0, 2000.0) and p.logarithmic for p in shown)


def test_looks_are_part_of_the_state_and_of_a_design():
    dashboard = Dashboard(made())
    control = dashboard.controls[LOOKS, "log_frequency"]
    control.value = True
    assert dashboard.controller.frame.panels[2].logarithmic
    design = dashboard.design()
    dashboard.undo()
    assert not dashboard.controller.frame.panels[2].logarithmic
    assert control.value is False
    dashboard.load(design)
    assert dashboard.controller.frame.panels[2].logarithmic
    assert control.value is True
    dashboard.reset()
    assert not dashboard.controller.looking.values["log_frequency"]
    dashboard.close()


def test_a_design_of_before_has_the_usual_looks(controller):
    state = controller.state()
    assert state.pop("looks") == {"log_frequency": False, "hold_levels": False}
    controller.set(LOOKS, log_frequency=True)
    controller.restore(state)
    assert not controller.looking.values["log_frequency"]


def test_looks_that_are_none_are_refused(controller):
    state = controller.state()
    with pytest.raises(ValueError, match="log_frequenc"):
        controller.restore(state | {"looks": {"log_frequencies": True}})
    assert controller.state() == state


def test_looks_come_back_where_the_rest_of_a_state_is_refused(controller):
    state = controller.state()
    changed = state | {"looks": {"log_frequency": True, "hold_levels": True}, "layers": []}
    with pytest.raises(ValueError, match="layers"):
        controller.restore(changed)
    assert controller.state() == state


def test_what_is_computed_does_not_depend_on_looks(controller):
    def arrays():
        return np.load(io.BytesIO(download(controller, "npz")))

    before = arrays()
    controller.set(LOOKS, log_frequency=True)
    controller.look(replace(VIEW, band=(200.0, 3000.0)))
    after = arrays()
    for name in before.files:
        if name != "state":
            np.testing.assert_array_equal(before[name], after[name])
