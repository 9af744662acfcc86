import datetime
import io
import time

import ipywidgets as widgets
import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

import workbench as wb
from workbench.dashboards import computing, moments
from workbench.dashboards.controllers.forms import SHOWN, SOURCE
from workbench.dashboards.frames import Frame, View
from workbench.dashboards.publication import figure as publication
from workbench.layers import OpLayer
from workbench.ops import registry
from workbench.stopping import Stopped, may_stop


def explorable(op):
    """Whether it works on a waveform and has a layer."""
    return op.takes == 1 and any(layer.spec is op for layer in OpLayer.__subclasses__())


@pytest.fixture
def dashboard():
    layers = [wb.layers.Saturate(drive_db=6.0), wb.layers.LogMelSpectrogram(num_mel_bins=40)]
    made = wb.explore(layers, "speech")
    made.frames = []
    made.scope.show = made.frames.append
    return made


def test_every_parameter_but_the_rate_has_a_control(dashboard):
    declared = wb.layers.LogMelSpectrogram.spec.parameters
    names = {name for stage, name in dashboard.controls if stage == 1}
    assert names == set(declared) - {"sample_rate"}


def test_moving_a_control_sends_a_frame_that_says_so(dashboard):
    dashboard.controls[0, "drive_db"].value = 20.0
    assert [frame.values["0.drive_db"] for frame in dashboard.frames] == [20.0]
    dashboard.set(1, window="blackman", frame_length=512)
    assert dashboard.frames[-1].values["1.window"] == "blackman"


def test_an_error_stands_beside_its_control_and_the_last_picture_stays(dashboard):
    control = dashboard.controls[1, "upper_edge_hertz"]
    control.value = 20000.0
    assert "must be at most half the sample rate, 11025 Hz; got 20000." in control.error
    assert dashboard.frames == []
    assert dashboard.controller.values["1.upper_edge_hertz"] is None
    control.value = 5000.0
    assert control.error == ""
    assert dashboard.frames[-1].values["1.upper_edge_hertz"] == 5000.0


def test_a_refused_value_is_tried_again_when_another_change_makes_it_legal(dashboard):
    control = dashboard.controls[1, "upper_edge_hertz"]
    control.value = 20000.0
    dashboard.change_source("siren")
    assert control.error == ""
    assert dashboard.frames[-1].values["1.upper_edge_hertz"] == 20000.0


@pytest.mark.parametrize(
    ("layer", "first", "name", "value", "refusal"),
    [
        (wb.layers.Spectrogram(), {"window_length": 900.0}, "frame_length", 512,
         "window_length must be at most frame_length, 512"),
        (wb.layers.MFCC(), {"frame_length": 512}, "window_length", 900.0,
         "window_length must be at most frame_length, 512"),
        (wb.layers.ModulatedDelay(), {"delay_seconds": 13.0}, "depth_seconds", 13.0,
         "delay_seconds and depth_seconds must come to at most 1048576 samples"),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_refused_also_where_a_number_is_learnt(
    layer, first, name, value, refusal
):
    dashboard = wb.explore([layer], "siren")
    dashboard.set(0, **first)
    before = dashboard.controller.values[f"0.{name}"]
    dashboard.set(0, **{name: value})
    assert refusal in dashboard.controls[0, name].error
    assert dashboard.controller.values[f"0.{name}"] == before
    dashboard.close()


def test_an_error_of_two_parameters_is_shown_and_goes_when_the_other_is_mended(dashboard):
    dashboard.set(1, fft_length=256)
    assert (
        "frame_length must be at most fft_length, 256" in dashboard.controls[1, "fft_length"].error
    )
    dashboard.set(1, frame_length=200)
    assert dashboard.controls[1, "fft_length"].error == ""
    assert dashboard.frames[-1].values["1.fft_length"] == 256


def test_unexpected_errors_are_shown_too(dashboard, monkeypatch):
    def fail(*arguments, **options):
        raise MemoryError("no room")

    monkeypatch.setattr(dashboard.controller.chain, "gradients", fail)
    dashboard.set(0, drive_db=7.0)
    assert dashboard.controls[0, "drive_db"].error == "MemoryError: no room"


def test_what_a_person_interrupts_changes_nothing_and_is_said(dashboard, monkeypatch):
    said, status = [], dashboard.scope.set_status
    dashboard.scope.set_status = lambda text: (said.append(text), status(text))

    def interrupt(*arguments, **options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(dashboard.controller, "_compute", interrupt)
        with pytest.raises(KeyboardInterrupt):
            dashboard.controls[0, "drive_db"].value = 20.0
    assert dashboard.controls[0, "drive_db"].value == 6.0
    assert dashboard.controller.values["0.drive_db"] == 6.0
    assert (said, dashboard.frames) == (["Interrupted: nothing has changed."], [])
    dashboard.set(0, drive_db=7.0)
    assert dashboard.frames[-1].values["0.drive_db"] == 7.0


def wait_until_told(scope, seconds=10.0):
    end = time.monotonic() + seconds
    while scope.busy.told is None and time.monotonic() < end:
        time.sleep(0.01)


def stop_it(scope):
    """As a page does as soon as it has been told of something that lasts."""
    wait_until_told(scope)
    computing.stop(scope.busy.told)


def test_what_a_person_stops_changes_nothing_and_is_said(dashboard, monkeypatch):
    monkeypatch.setattr(computing, "LASTING", 0.0)
    said, status = [], dashboard.scope.set_status
    dashboard.scope.set_status = lambda text: (said.append(text), status(text))
    forward = dashboard.controller.chain.layers[0].apply

    def stopped_in_the_first_stage(*arguments, **options):
        stop_it(dashboard.scope)
        return forward(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(dashboard.controller.chain.layers[0], "apply", stopped_in_the_first_stage)
        dashboard.controls[0, "drive_db"].value = 20.0
        assert (said, dashboard.frames) == (["Stopped: nothing has changed."], [])
        assert dashboard.controls[0, "drive_db"].value == 6.0
        assert dashboard.controller.values["0.drive_db"] == 6.0
        assert dashboard.possible == ()
    dashboard.set(0, drive_db=7.0)
    assert dashboard.frames[-1].values["0.drive_db"] == 7.0
    assert dashboard.scope.busy.told is None


def test_only_what_the_page_was_told_of_can_be_stopped(dashboard, monkeypatch):
    monkeypatch.setattr(computing, "LASTING", 0.0)
    compute, numbers = dashboard.controller._compute, []

    def lasting():
        wait_until_told(dashboard.scope)
        for number in (*numbers, None):  # those that are over
            computing.stop(number)
        numbers.append(dashboard.scope.busy.told)
        return compute()

    monkeypatch.setattr(dashboard.controller, "_compute", lasting)
    dashboard.set(0, drive_db=7.0)
    dashboard.set(0, drive_db=8.0)
    assert [frame.values["0.drive_db"] for frame in dashboard.frames] == [7.0, 8.0]
    assert numbers[0] < numbers[1]


def test_who_stops_what_a_change_has_made_legal_keeps_the_change(dashboard, monkeypatch):
    monkeypatch.setattr(computing, "LASTING", 0.0)
    control = dashboard.controls[1, "upper_edge_hertz"]
    control.value = 20000.0
    change = dashboard.panel._settle_refused

    def settle_refused():
        stop_it(dashboard.scope)
        change()

    monkeypatch.setattr(dashboard.panel, "_settle_refused", settle_refused)
    dashboard.change_source("siren")
    assert "20000" in control.error
    assert dashboard.frames[-1].values["1.upper_edge_hertz"] is None
    assert "undo" in dashboard.possible
    assert dashboard.scope._status == ""


def test_a_cell_ends_where_what_it_computes_is_stopped(dashboard, monkeypatch):
    monkeypatch.setattr(computing, "LASTING", 0.0)
    monkeypatch.setattr(computing, "cell_is_running", lambda: True)
    real = dashboard.controller._compute

    def compute():
        stop_it(dashboard.scope)
        return real()

    monkeypatch.setattr(dashboard.controller, "_compute", compute)
    with pytest.raises(Stopped):
        dashboard.set(0, drive_db=20.0)
    assert dashboard.controls[0, "drive_db"].value == 6.0


def test_a_file_that_is_stopped_is_not_sent_and_the_page_says_so(dashboard, monkeypatch):
    monkeypatch.setattr(computing, "LASTING", 0.0)
    sent = []
    dashboard.scope.send = lambda content, buffers=None: sent.append(content)

    def download(kind):
        stop_it(dashboard.scope)
        may_stop()

    monkeypatch.setattr(dashboard, "download", download)
    asked = {"kind": "action", "name": "download", "form": "png", "from": "here"}
    dashboard.scope._receive(dashboard.scope, asked, [])
    assert [each["text"] for each in sent if each["kind"] == "status"] == [
        "Stopped: nothing has changed."
    ]
    assert "file" not in [each["kind"] for each in sent]


def test_a_sound_that_is_stopped_is_not_waited_for(dashboard, monkeypatch):
    monkeypatch.setattr(computing, "LASTING", 0.0)
    sent = []
    dashboard.scope.send = lambda content, buffers=None: sent.append(content)

    def sound(*arguments, **options):
        stop_it(dashboard.scope)
        may_stop()

    monkeypatch.setattr(dashboard.controller, "sound", sound)
    dashboard._send_audio("original", True)
    assert "silence" in [each["kind"] for each in sent]


def test_a_view_that_is_stopped_goes_back(dashboard, monkeypatch):
    monkeypatch.setattr(computing, "LASTING", 0.0)

    def follow(*arguments, **options):
        stop_it(dashboard.scope)
        may_stop()

    monkeypatch.setattr(dashboard.controller, "follow", follow)
    before = dashboard.controller.frame.range
    dashboard._look(View(0.5, 1.0, 500, 1.0))
    assert dashboard.frames[-1].range == before


def test_sources_can_be_chosen_uploaded_and_named(dashboard, tmp_path):
    dashboard.panel.choices.source.value = "drums"
    assert dashboard.frames[-1].time[1] == pytest.approx(4.4)
    assert len(dashboard.panel.choices.channel.options) == 2
    dashboard.panel.choices.channel.value = 1
    assert dashboard.controller.channel == 1

    path = tmp_path / "mine.wav"
    wb.audio.write(path, np.full(800, 0.5, np.float32), sample_rate=8000)
    dashboard.panel.choices.path.value = str(path)
    assert dashboard.controller.source.name == "mine.wav"
    assert dashboard.frames[-1].time == (0.0, 0.1)

    file = {"name": "up.wav", "type": "audio/wav", "size": 1, "content": path.read_bytes()}
    dashboard.panel.choices.upload.value = (
        {**file, "last_modified": datetime.datetime.now(datetime.UTC)},
    )
    assert dashboard.controller.source.name == "up.wav"
    assert dashboard.panel.choices.upload.value == ()


def test_a_bad_file_is_named_and_the_old_source_stays(dashboard, tmp_path):
    path = tmp_path / "bad.wav"
    path.write_text("no sound")
    dashboard.panel.choices.path.value = str(path)
    assert "bad.wav" in dashboard.panel.choices.error
    assert dashboard.controller.source.name == "speech.flac"
    assert dashboard.frames == []


def test_a_test_signal_brings_its_controls(dashboard):
    dashboard.panel.choices.source.value = wb.plucked_string
    dashboard.set(-1, frequency_hertz=330.0)
    assert dashboard.frames[-1].values["source.frequency_hertz"] == 330.0
    dashboard.panel.choices.source.value = "siren"
    assert all(stage != SOURCE for stage, _ in dashboard.controls)


def test_a_changed_sound_is_stale_in_the_page(dashboard):
    sent = []
    dashboard.scope.send = lambda content, buffers=None: sent.append(content["kind"])
    dashboard._send_audio("original", True)
    dashboard.set(0, drive_db=9.0)
    assert [kind for kind in sent if kind in ("audio", "stale")] == ["audio", "stale"]


def test_a_sound_that_cannot_be_had_is_waited_for_no_longer(dashboard, monkeypatch):
    def fail(track, matched):
        raise MemoryError("no room")

    sent = []
    dashboard.scope.send = lambda content, buffers=None: sent.append(content)
    monkeypatch.setattr(dashboard.controller, "sound", fail)
    dashboard._send_audio("original", False)
    assert {"kind": "silence", "track": "original", "matched": False} in sent
    assert "The sound cannot be played: MemoryError: no room" in [m.get("text") for m in sent]


@pytest.mark.parametrize("what", ["sound", "follow"])
def test_a_sound_and_a_view_that_last_say_so(dashboard, monkeypatch, what):
    """As a change does: see `Computing`."""
    monkeypatch.setattr(computing, "LASTING", 0.0)
    sent = []
    dashboard.scope.send = lambda content, buffers=None: sent.append(content)
    real = getattr(dashboard.controller, what)

    def wait(*arguments, **options):
        wait_until_told(dashboard.scope)
        return real(*arguments, **options)

    monkeypatch.setattr(dashboard.controller, what, wait)
    if what == "sound":
        dashboard._send_audio("original", True)
    else:
        dashboard._look(View(0.5, 1.0, 500, 1.0))
    lasting, over = [m["number"] for m in sent if m["kind"] == "busy"]
    assert lasting > 0
    assert over is None


def test_the_figure_is_the_picture_on_screen(dashboard):
    figure = dashboard.figure()
    titled = [axes.get_title(loc="left") for axes in figure.axes]
    assert [title for title in titled if title] == [
        panel.title for panel in dashboard.controller.frame.panels
    ]
    labels = {axes.get_xlabel() for axes in figure.axes} | {a.get_ylabel() for a in figure.axes}
    assert {"time (s)", "frequency (kHz)", "level (dB)", "amplitude"} <= labels
    image = Image.open(io.BytesIO(dashboard.picture()))
    assert image.size[0] > 600
    assert len(dashboard.picture()) < 300_000


@pytest.mark.parametrize("form", ["svg", "pdf", "png"])
def test_figures_can_be_saved_for_print(dashboard, form, tmp_path):
    path = tmp_path / f"figure.{form}"
    dashboard.figure().savefig(path)
    assert path.stat().st_size > 1000


def test_the_figure_belongs_to_no_window(dashboard):
    figure = dashboard.figure()
    assert isinstance(figure, mpl.figure.Figure)
    assert figure.canvas.manager is None
    assert figure._repr_png_().startswith(b"\x89PNG")  # a notebook shows it all the same


def test_a_frame_without_panels_can_be_drawn():
    publication.draw(Frame((), (0.0, 1.0), (0.0, 1.0)))


def test_it_shows_the_live_page_and_a_picture_that_stays(dashboard, monkeypatch):
    shown = []
    monkeypatch.setattr("workbench.dashboards.dashboard.display", shown.append)
    dashboard._ipython_display_()
    assert isinstance(shown[0], widgets.Box)
    assert shown[1].data.startswith(b"\x89PNG")


@pytest.mark.parametrize("name", [op.name for op in registry().values() if explorable(op)])
def test_every_op_on_a_waveform_can_be_explored(name):
    frame = wb.explore(getattr(wb, name), (np.ones(4000, np.float32), 8000)).controller.frame
    assert len(frame.panels) == 3


@pytest.mark.parametrize(
    "what",
    ["phase", wb.spectrogram, wb.layers.MelSpectrogram(), [wb.layers.Saturate()], wb.resample],
)
def test_ops_layers_lists_and_names_can_be_explored(what):
    assert len(wb.explore(what, "speech").controller.frame.panels) == 3


@pytest.mark.parametrize(
    ("what", "kind", "message"),
    [
        ("stift", ValueError, "explore: what must be one of .*stft"),
        (wb.decibels, ValueError, "explore: what must work on a waveform"),
        (wb.siren, ValueError, "explore: what must work on a waveform"),
        (3, TypeError, "explore: what must be a chain, a layer, an op or its name; got 3"),
    ],
)
def test_what_cannot_be_explored(what, kind, message):
    with pytest.raises(kind, match=message):
        wb.explore(what)


def test_a_result_without_a_picture_is_refused_like_any_other(dashboard):
    dashboard.change_source("siren")
    frames = len(dashboard.frames)
    dashboard.set(1, power=60.0)
    assert "the values must be finite" in dashboard.controls[1, "power"].error
    assert dashboard.controller.values["1.power"] == 2.0
    assert "power=60" not in dashboard.code()
    assert len(dashboard.frames) == frames


def test_a_range_without_a_picture_is_turned_back():
    loud = np.repeat(np.float32([0.001, 0.9]), 8000) * np.asarray(
        wb.tone(sample_rate=8000, seconds=2.0)
    )
    dashboard = wb.explore([wb.layers.Spectrogram()], (loud, 8000))
    sent = []
    dashboard.scope.send = lambda content, buffers=None: sent.append(content)
    seen = {"kind": "view", "id": 1, "columns": 700, "ratio": 1.0, "from": "page"}
    dashboard.scope._receive(dashboard.scope, seen | {"first": 0.2, "last": 0.8}, [])
    dashboard.set(SHOWN, gradient_of=None)
    dashboard.set(0, power=60.0)
    assert dashboard.controls[0, "power"].error == ""  # there is nothing loud in view
    [*_, newest] = [content["id"] for content in sent if content["kind"] == "frame"]
    dashboard.scope._receive(dashboard.scope, {"kind": "drawn", "id": newest}, [])
    sent.clear()
    dashboard.scope._receive(dashboard.scope, seen | {"first": None, "last": None}, [])
    [frame] = [content for content in sent if content["kind"] == "frame"]
    assert frame["shown"] == [0.2, 0.8]
    [answer] = [content for content in sent if content["kind"] == "viewed"]
    assert answer["instead"] == {"first": 0.2, "last": 0.8, "band": None}
    [status] = [content["text"] for content in sent if content["kind"] == "status"]
    assert "the values must be finite" in status
    dashboard.close()


def test_a_page_that_is_connected_again_is_told_what_the_controls_are(dashboard, monkeypatch):
    told = []
    monkeypatch.setattr(widgets.Widget, "send_state", lambda widget, *_: told.append(widget))
    hello = {"kind": "hello", "id": 1, "first": None, "last": None, "columns": 700, "ratio": 1.0}
    dashboard.scope._receive(dashboard.scope, hello, [])
    assert told == []
    dashboard.scope._receive(dashboard.scope, hello | {"returned": True}, [])
    sliders = [each for each in told if isinstance(each, widgets.IntSlider)]
    assert len(sliders) >= 3
    assert dashboard.scope not in told  # the page has it


@pytest.mark.parametrize(
    ("name", "value"), [("window", "foo"), ("frame_length", "abc"), ("frame_length", 1000.7)]
)
def test_set_shows_illegal_values_and_does_not_raise(dashboard, name, value):
    dashboard.set(1, **{name: value})
    assert f"{name} must be" in dashboard.controls[1, name].error
    assert dashboard.frames == []


def test_markup_in_a_file_name_stays_text(dashboard):
    dashboard.panel.choices.path.value = "<img src=x onerror=alert(1)>.wav"
    assert "&lt;img" in dashboard.panel.choices.error
    assert "<img" not in dashboard.panel.choices.error


def test_one_can_go_back_to_the_clip_from_before(dashboard, tmp_path):
    path = tmp_path / "mine.wav"
    wb.audio.write(path, np.full(800, 0.5, np.float32), sample_rate=44100)
    dashboard.panel.choices.path.value = str(path)
    assert dashboard.panel.choices.source.label == "mine.wav"
    dashboard.panel.choices.source.value = "speech"
    assert dashboard.controller.source.name == "speech.flac"
    assert dashboard.panel.choices.path.value == ""
    dashboard.panel.choices.path.value = str(path)
    assert dashboard.controller.source.name == "mine.wav"


def test_the_way_back_holds_so_many_recordings_as_their_memory_allows(monkeypatch):
    monkeypatch.setattr(moments, "MOST_BYTES", 3 * 8000)
    dashboard = wb.explore("delay", (np.zeros(1000, np.float32), 8000))
    for number in range(1, 9):
        dashboard.change_source((np.full(1000, 0.1 * number, np.float32), 8000))
    found = []
    while "undo" in dashboard.possible:
        dashboard.undo()
        found.append(float(dashboard.controller.source.signal()[0, 0]))
    assert found == pytest.approx([0.7, 0.6, 0.5])
    dashboard.close()


def test_old_controls_and_closed_dashboards_leave_no_widgets():
    from ipywidgets.widgets.widget import _instances

    before = len(_instances)
    dashboard = wb.explore("spectrogram", "speech")
    made = len(_instances) - before
    for _ in range(3):
        dashboard.change_source(wb.siren)
        dashboard.change_source("speech")
    dashboard.panel.let_go()
    assert len(_instances) - before == made
    dashboard.close()
    assert len(_instances) - before <= 0.1 * made


def test_an_unknown_scalar_is_refused():
    with pytest.raises(ValueError, match=r"explore: gradient must be one of \['mean', 'energy'\]"):
        wb.explore("stft", gradient="beauty")


def test_an_automatic_value_is_shown_and_switching_it_off_changes_nothing(dashboard):
    control = dashboard.controls[1, "upper_edge_hertz"]
    assert (control.value, control._input.value) == (None, 11025.0)
    dashboard.change_source("siren")
    assert (control.value, control._input.value) == (None, 22050.0)
    before = dashboard.frames[-1].panels[2].data
    control._automatic.value = False
    assert (control.value, control.error) == (22050.0, "")
    np.testing.assert_array_equal(dashboard.frames[-1].panels[2].data, before)
    dashboard.set(1, frame_length=512)
    assert dashboard.controls[1, "fft_length"]._input.value == 512
