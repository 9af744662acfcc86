"""The dashboard of recurrent layers, without a page."""

import io

import numpy as np
import pytest
import soundfile as sf

import workbench as wb
from workbench.dashboards.frames import View
from workbench.dashboards.panels import LinesPanel, WavePanel
from workbench.dashboards.zplane_panel import ZPlanePanel
from workbench.rate_comparison import RateComparer


@pytest.fixture(scope="module")
def model():
    return wb.read_model("diode_clipper")


@pytest.fixture
def dashboard(model):
    made = wb.explore(model, "plucked_string")
    made.set(0, seconds=0.5)
    made.frames = []
    made.scope.show = made.frames.append
    return made


@pytest.fixture
def runs(monkeypatch):
    """The rates and interpolations of all runs of the model."""
    found = []
    run = RateComparer._run

    def counted(self, x, rate, interpolation="naive", order=1):
        found.append((rate, interpolation))
        return run(self, x, rate, interpolation, order)

    monkeypatch.setattr(RateComparer, "_run", counted)
    return found


def compared(dashboard):
    return dashboard.controller.result


def test_it_is_reached_by_name_and_by_model():
    by_name = wb.explore("recurrent", "plucked_string").controller
    assert by_name.comparer.model.file == "diode_clipper"
    given = wb.read_model("diode_clipper", sample_rate=44100, interpolation="linear")
    by_model = wb.explore(given, "plucked_string").controller
    assert by_model.comparer.model is given
    assert (by_model.settings["sample_rate"], by_model.settings["interpolation"]) == (
        44100, "linear",
    )  # fmt: skip


def test_five_panels_in_order_with_the_same_names(dashboard):
    dashboard.set(0, interpolation="linear")
    waves, errors, spectrum, tone, poles = dashboard.frames[-1].panels
    kinds = [type(panel) for panel in (waves, errors, spectrum, tone, poles)]
    assert kinds == [WavePanel, WavePanel, LinesPanel, LinesPanel, ZPlanePanel]
    assert waves.title == "Output at 48 kHz"
    names = ("reference", "naive", "linear")
    assert waves.names == names
    assert errors.names == (names[0], "error of naive", "error of linear")
    assert spectrum.names == names + errors.names[1:]
    assert [name.split()[0] for name in tone.names] == list(names)
    assert [plane.title for plane in poles.planes if plane.chosen] == ["order 1"]
    assert (waves.unit, errors.unit, spectrum.unit, tone.unit) == ("", "dB", "dB", "dB")


def test_corrected_is_far_better_than_naive_and_the_title_says_so(dashboard):
    naive, cubic = compared(dashboard).signal_to_error
    assert cubic > naive + 30
    title = dashboard.controller.frame.panels[1].title
    assert f"naive {naive:.1f} dB" in title
    assert f"cubic {cubic:.1f} dB" in title


def test_only_what_depends_on_a_change_is_computed_again(dashboard, runs):
    dashboard.set(0, interpolation="linear")
    assert runs == [(48000, "linear")] * 2  # the sound and the tone
    runs.clear()
    dashboard.set(0, tone_hertz=2000.0)
    assert runs == [(44100, "naive"), (48000, "naive"), (48000, "linear")]
    runs.clear()
    dashboard.set(0, order=5)  # which acts with another interpolation only
    dashboard.controller.sound("naive")
    dashboard.controller.look(View(0.1, 0.2, 600, 1.0))
    assert runs == []
    dashboard.set(0, sample_rate=88200)
    assert (44100, "naive") not in runs
    assert len(runs) == 4


def test_other_weights_are_computed_with(dashboard, runs):
    weights = dashboard.controller.comparer.model.get_weights()
    try:
        dashboard.controller.comparer.model.set_weights([0.9 * w for w in weights])
        dashboard.set(0, order=4)
        assert len(runs) == 6
    finally:
        dashboard.controller.comparer.model.set_weights(weights)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"interpolation": "allpass"},
            "compare: sample_rate must be at least training_rate, 44100 Hz, for interpolation "
            "'allpass'; got 22050.",
        ),
        ({"sample_rate": 2000}, "must have a ratio of 0.125 .. 16"),
        ({"start": 30.0}, "compare: start must lie before the end of the sound, at 5 s"),
        ({"tone_hertz": 11025.0}, "compare: tone_hertz must be below half of both rates, 11025 Hz"),
    ],
)
def test_what_cannot_be_is_said_beside_its_control_and_the_picture_stays(
    dashboard, values, message
):
    dashboard.set(0, sample_rate=22050)
    before = len(dashboard.frames)
    dashboard.set(0, **values)
    (name,) = values
    assert message in dashboard.controls[0, name].error
    assert len(dashboard.frames) == before
    assert dashboard.controller.values["0.sample_rate"] == 22050


def test_auto_says_what_it_chose_and_why(dashboard):
    note = dashboard.panel.groups[0]
    assert note.note == ""
    dashboard.set(0, interpolation="auto")
    choice = compared(dashboard)
    order = int(choice.chosen.removeprefix("order "))
    assert f"lagrange order {order}: largest pole" in note.note
    assert choice.names[2] == f"auto (lagrange {order})"
    dashboard.set(0, sample_rate=88200)
    assert "exactly 2 samples old" in note.note
    dashboard.set(0, interpolation="linear")
    assert note.note == ""


def test_a_warning_is_shown_not_raised(dashboard, recwarn):
    dashboard.set(0, sample_rate=40517)
    assert "is predicted unstable at 40517 Hz" in dashboard.panel.groups[0].note
    assert not recwarn.list
    planes = {plane.title: plane for plane in dashboard.frames[-1].panels[4].planes}
    largest = [np.abs(points).max() for points in planes["order 3"].points.values()]
    assert max(largest) > 1 > np.abs(planes["naive"].points["in silence"]).max()


@pytest.mark.parametrize("interpolation", ["stn", "minimax", "allpass"])
def test_what_is_no_lagrange_order_has_a_plane_of_its_own(dashboard, interpolation):
    dashboard.set(0, interpolation=interpolation)
    planes = dashboard.frames[-1].panels[4].planes
    assert len(planes) == 7
    assert planes[-1].chosen
    assert planes[-1].title.startswith(interpolation)


def test_the_order_is_shown_where_it_acts(dashboard):
    widget = dashboard.controls[0, "order"].widget
    assert widget.layout.display == "none"
    dashboard.set(0, interpolation="lagrange")
    assert widget.layout.display != "none"


@pytest.mark.parametrize(
    ("heard", "row"), [("reference", 0), ("naive", 1), ("corrected", 2), ("input", None)]
)
def test_one_hears_the_excerpt_that_is_shown(dashboard, heard, row):
    dashboard.set(0, start=1.0, sample_rate=32000)
    wav = dashboard.controller.sound(heard, matched=False)
    samples, rate = sf.read(io.BytesIO(wav))
    shown = compared(dashboard).given if row is None else compared(dashboard).waves[row]
    assert rate == 32000
    peak = max(np.abs(compared(dashboard).waves).max(), np.abs(compared(dashboard).given).max())
    np.testing.assert_allclose(samples, shown / max(peak, 1.0), atol=1e-4)
    assert dashboard.frames[-1].time == pytest.approx((1.0, 1.5))


def test_the_excerpt_is_that_part_of_the_sound(dashboard):
    dashboard.set(0, start=0.7, sample_rate=44100)
    given = compared(dashboard).given
    signal = dashboard.controller.source.signal()[0].numpy()
    np.testing.assert_allclose(given, signal[30870 : 30870 + 22050], atol=1e-7)


def test_at_its_own_rate_there_is_no_error(dashboard):
    dashboard.set(0, sample_rate=44100)
    assert compared(dashboard).signal_to_error == (np.inf, np.inf)
    assert "naive exact" in dashboard.frames[-1].panels[1].title


def test_zooming_in_shows_single_samples(dashboard):
    dashboard.controller.look(View(0.2, 0.21, 800, 2.0))
    waves, errors = dashboard.controller.frame.panels[:2]
    assert (waves.data.ndim, errors.data.ndim) == (2, 2)
    assert waves.data.shape[1] < 500


def test_code_computes_what_is_shown(dashboard):
    dashboard.set(0, interpolation="lagrange", order=2, tone_hertz=3000.0)
    scope = {}
    exec(dashboard.code(), scope)
    np.testing.assert_array_equal(scope["compared"].waves, compared(dashboard).waves)
    np.testing.assert_array_equal(scope["compared"].tone_spectra, compared(dashboard).tone_spectra)


def test_the_figure_is_the_picture_on_screen(dashboard):
    axes = dashboard.figure().axes
    assert len(axes) == 4 + 6
    assert dashboard.picture().startswith(b"\x89PNG")


def test_sources_change_channels_too(dashboard):
    dashboard.change_source("drums")
    assert "drums.flac" in dashboard.controller.frame.summary
    first = compared(dashboard).given
    dashboard.panel.choices.channel.value = 1
    assert np.abs(compared(dashboard).given - first).max() > 1e-3


def test_another_source_on_the_same_channel_is_drawn_once(dashboard, tmp_path):
    dashboard.change_source("drums")
    dashboard.panel.choices.channel.value = 1
    left, right = np.zeros(8000, np.float32), np.linspace(0, 0.5, 8000, dtype=np.float32)
    wb.audio.write(tmp_path / "two.wav", np.stack([left, right]), sample_rate=8000)
    dashboard.frames.clear()
    dashboard.change_source(tmp_path / "two.wav")
    assert len(dashboard.frames) == 1
    assert dashboard.controller.channel == dashboard.panel.choices.channel.value == 1
    assert np.abs(compared(dashboard).given).max() > 0.1


def test_the_model_stays_as_it_is(dashboard, model):
    before = model.given, model.recurrent[0].values
    dashboard.set(0, sample_rate=96000, interpolation="linear")
    assert (model.given, model.recurrent[0].values) == before
