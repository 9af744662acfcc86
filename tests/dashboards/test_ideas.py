"""Every dashboard that has a name, without a page: what it shows, says and takes."""

import json

import numpy as np
import pytest
from matplotlib.text import Text

import workbench as wb
from workbench.dashboards.controllers.forms import SHOWN
from workbench.dashboards.ideas import IDEAS
from workbench.dashboards.zplane_panel import ZPlanePanel

NOISE = 0.1 * np.random.default_rng(0).standard_normal((2, 4000)).astype(np.float32)
SIGNALS = {
    "mono": (NOISE[0], 16000),
    "stereo": (NOISE, 44100),
    "very short": (NOISE[0, :100], 16000),
    "one sample": (NOISE[0, :1], 16000),
    "silent": (np.zeros(4000, np.float32), 16000),
    "8 kHz": (NOISE[0], 8000),
}


def titles(dashboard):
    return [panel.title for panel in dashboard.controller.frame.panels]


def switches(dashboard):
    """The switches of the plots that a dashboard can show."""
    return {
        name: control
        for (stage, name), control in dashboard.controls.items()
        if stage == SHOWN and control.declared.kind is bool
    }


def errors(dashboard):
    found = {key: control.error for key, control in dashboard.controls.items()}
    return {key: error for key, error in found.items() if error}


@pytest.fixture(params=IDEAS)
def idea(request):
    return request.param


@pytest.fixture
def dashboard(idea):
    return wb.explore(idea, SIGNALS["mono"])


def test_it_opens_with_its_own_signal_and_says_what_it_is_about(idea):
    dashboard = wb.explore(idea)
    assert dashboard.controller.title == IDEAS[idea].title
    assert len(titles(dashboard)) >= 2
    about = next(w for w in dashboard.widget.children if "workbench-about" in w._dom_classes)
    assert IDEAS[idea].title in about.value
    assert about.value.endswith("</p>")


def test_its_code_gives_what_is_shown(idea):
    dashboard = wb.explore(idea)
    found = {}
    exec(dashboard.code(), found)
    shown = dashboard.controller.result
    if idea == "recurrent":
        np.testing.assert_array_equal(found["compared"].waves, shown.waves)
        return
    made = found["gradients"].outputs if idea == "gradient" else found["outputs"]
    assert len(made) == len(shown.outputs)
    for again, output in zip(made, shown.outputs, strict=True):
        np.testing.assert_array_equal(again.numpy(), output.numpy())


def test_the_figure_has_the_panels_of_the_page(dashboard):
    drawn = {text.get_text() for text in dashboard.figure().findobj(Text)}
    assert set(titles(dashboard)) <= drawn


def test_every_switch_adds_or_takes_away_its_panel(dashboard):
    for name, control in switches(dashboard).items():
        before = titles(dashboard)
        control.value = not control.value
        after = titles(dashboard)
        by = 1 if control.value else -1
        assert len(after) - len(before) == by, (name, before, after)
        assert control.error == ""
        control.value = not control.value
        assert titles(dashboard) == before, name


def test_a_state_comes_back(idea, dashboard):
    state = json.loads(json.dumps(dashboard.controller.state()))
    other = wb.explore(idea, SIGNALS["mono"])
    number = next(
        control
        for (stage, _), control in other.controls.items()
        if stage >= 0 and control.declared.kind in (int, float) and control.value is not None
    )
    number.value = number.declared.kind(number.value + 1)
    assert other.controller.state() != state
    other.controller.restore(state)
    assert other.controller.state() == state
    assert titles(other) == titles(dashboard)


@pytest.mark.parametrize("signal", SIGNALS)
def test_any_signal_is_shown(idea, signal):
    dashboard = wb.explore(idea, SIGNALS[signal])
    assert len(titles(dashboard)) >= 2
    assert errors(dashboard) == {}
    for control in switches(dashboard).values():
        control.value = True
    assert errors(dashboard) == {}
    assert "nan" not in " ".join(titles(dashboard))
    for panel in dashboard.controller.frame.panels:
        if hasattr(panel, "low"):
            assert np.isfinite([panel.low, panel.high]).all(), panel.title
            assert panel.low < panel.high, panel.title


def test_a_pole_is_a_cross_and_only_poles_are_held_to_the_circle():
    dashboard = wb.explore("delay", SIGNALS["mono"])
    dashboard.set(SHOWN, poles_and_zeros=True)
    dashboard.set(0, kind="thiran", delay=3.4)
    [panel] = [p for p in dashboard.controller.frame.panels if isinstance(p, ZPlanePanel)]
    assert panel.groups == ("poles", "zeros")
    points = panel.planes[0].points
    assert np.max(np.abs(points["poles"])) < 1 < np.min(np.abs(points["zeros"]))
    assert panel.encode()[0]["bounded"] == [True, False]
    said = [text.get_text() for text in dashboard.figure().findobj(Text)]
    assert not any("outside" in text for text in said)


@pytest.mark.parametrize("kind", ["linear", "sinc", "thiran", "fft"])
def test_a_flat_group_delay_has_a_picture(kind):
    dashboard = wb.explore("delay", SIGNALS["mono"])
    dashboard.set(SHOWN, group_delay=True)
    dashboard.set(0, kind=kind, delay=3.5)
    [panel] = [p for p in dashboard.controller.frame.panels if p.title == "Group delay"]
    assert panel.low < 3.5 < panel.high < 10


def test_a_window_is_read_against_nothing():
    dashboard = wb.explore("stft", SIGNALS["mono"])
    dashboard.set(0, window="boxcar")
    [panel] = [p for p in dashboard.controller.frame.panels if p.title.startswith("Window")]
    assert panel.low <= 0 < 1 <= panel.high


def test_few_taps_are_stems_and_many_a_line():
    dashboard = wb.explore("delay", SIGNALS["mono"])

    def taps():
        panels = dashboard.controller.frame.panels
        return next(panel for panel in panels if panel.title == "Impulse response")

    assert (taps().line_styles, taps().shown) == (("stem",), (1.5, 5.5))
    assert taps().low <= 0.0
    dashboard.set(0, kind="sinc", lobes=32)
    assert taps().line_styles == ("solid",)


def test_masks_are_called_by_what_the_numbers_are_the_most_of():
    dashboard = wb.explore("augment", SIGNALS["mono"])
    count, value = (dashboard.controls[2, name] for name in ("num_time_masks", "mask_value"))
    assert count._input._slider.description == "most time masks"
    assert value._automatic.description == "mean"
    assert "workbench-unknown" in value._input._dom_classes  # 0 it is not
    value.value = -20.0
    assert "workbench-unknown" not in value._input._dom_classes
    length = dashboard.controls[1, "fft_length"]
    assert length._automatic.description == "auto"
    assert "workbench-unknown" not in length._input._dom_classes  # as long as a frame


def test_there_and_back_fills_its_plot():
    dashboard = wb.explore("stft")
    panels = dashboard.controller.frame.panels
    found = next(panel for panel in panels if panel.title.startswith("There and back, 0.5 s"))
    assert found.names == ("signal", "error")
    assert found.shown == pytest.approx((0.0, 0.5), abs=0.002)  # all that it is of, no more
    heard = found.data[found.data > -199.0]
    assert np.ptp(heard.clip(found.low, found.high)) > 0.8 * (found.high - found.low)
    assert (heard > found.low).mean() > 0.97


@pytest.mark.parametrize("name", ["silent", "one sample"])
def test_there_and_back_of_next_to_nothing_has_a_picture(name):
    dashboard = wb.explore("stft", SIGNALS[name])
    assert any(title.startswith("There and back") for title in titles(dashboard))
