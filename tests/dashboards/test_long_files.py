"""Long files: an excerpt and an overview show what the whole would show.

`whole` makes a controller that computes everything at once: the oracle for all the others.
"""

import time
from contextlib import contextmanager

import numpy as np
import pytest

import workbench as wb
from workbench.dashboards.controllers.chain import ChainController
from workbench.dashboards.controllers.chain_editor import ChainEditor
from workbench.dashboards.controllers.forms import LOOKS
from workbench.dashboards.dashboard import Dashboard
from workbench.dashboards.frames import View
from workbench.dashboards.long_files import parts, visible
from workbench.dashboards.long_files.overview import Overview
from workbench.dashboards.long_files.parts import MOST, PIECE
from workbench.dashboards.publication import figure as publication
from workbench.dashboards.sources import source_of
from workbench.layers import (
    MFCC,
    PCEN,
    STFT,
    Decibels,
    Delta,
    FitLength,
    FractionalDelay,
    LogMelSpectrogram,
    MelSpectrogram,
    ModulatedDelay,
    Normalize,
    Resample,
    Saturate,
    SpecAugment,
    Spectrogram,
)

RATE = 48000
SECONDS = 40.0


def recording(seconds=SECONDS, channels=1):
    """Noise whose level and colour change all the time, with a click in each second."""
    rng = np.random.default_rng(7)
    count = round(seconds * RATE)
    t = np.arange(count) / RATE
    level = 0.02 + 0.1 * np.sin(2 * np.pi * t / 7.3) ** 2
    x = level * rng.standard_normal([channels, count])
    x += 0.2 * np.sin(2 * np.pi * (200 + 60 * t) * t)
    x[:, (np.arange(int(seconds)) * RATE + 12345) % count] = 0.9
    return np.asarray(x, np.float32)


SIGNAL = recording()

CHAINS = {
    "stft": lambda: [STFT()],
    "resampled": lambda: [Resample(target_rate=16000), Saturate(), MelSpectrogram()],
    "rates that hardly meet": lambda: [Resample(target_rate=22050), STFT(frame_step=200)],
    "delayed": lambda: [
        FractionalDelay(delay=9000.3),
        Spectrogram(center=False),
        Decibels(top_db=None),
    ],
    "mfcc": lambda: [Resample(target_rate=16000), MFCC(top_db=None), Delta()],
}


def made(layers, source=None, loss="", kind=ChainController):
    source = source_of((SIGNAL, RATE)) if source is None else source
    return kind(wb.Chain(layers, sample_rate=RATE), source, loss)


@contextmanager
def at_once(monkeypatch):
    """Everything is computed as a whole."""
    with monkeypatch.context() as patch:
        patch.setattr(parts, "LONG", 10**12)
        yield


def whole(monkeypatch, layers, loss="", view=None):
    with at_once(monkeypatch):
        controller = made(layers, loss=loss)
        assert controller.result.whole
        if view is not None:
            controller.look(view)
        return controller


def complete(controller):
    for _ in controller.pieces(controller.picture):
        pass


def view(first=None, last=None, columns=800):
    return View(first, last, columns, 1.0)


def of_time(panel, times):
    """The columns of a panel at some times."""
    return np.floor((times - panel.start) / panel.step + 1e-6).astype(int)


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize("first", [0.0, 17.77, SECONDS - 5.0])
def test_results_of_an_excerpt_are_those_of_the_whole(monkeypatch, name, first):
    layers = CHAINS[name]()
    every = whole(monkeypatch, CHAINS[name]())
    controller = made(layers)
    controller.look(view(first, first + 5.0))
    part = controller.result.part
    assert not controller.result.whole
    assert part.count < 6.5 * RATE
    assert set(controller.result.notes) == {""}
    for number, space in enumerate(controller.chain.spaces):
        own, all_of_it = (np.asarray(c.result.outputs[number][0]) for c in (controller, every))
        axis = space.time
        shift = part.first / RATE / axis.step  # steps by which the part begins later
        assert abs(shift - round(shift)) < 1e-6
        begin = max(0, int(np.ceil((first - axis.start) / axis.step - 1e-6)))
        end = int(min((first + 5.0 - axis.start) / axis.step, len(all_of_it)))
        wanted = all_of_it[begin:end]
        got = own[begin - round(shift) : end - round(shift)]
        assert len(wanted) > 50
        # float32 sums of 1024 products, in another order where a block begins elsewhere
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-5 * np.max(np.abs(wanted)))


@pytest.mark.parametrize("name", CHAINS)
def test_the_picture_of_an_excerpt_is_that_part_of_the_whole(monkeypatch, name):
    look = view(17.0, 22.0)
    every = whole(monkeypatch, CHAINS[name](), view=look).frame
    controller = made(CHAINS[name]())
    controller.look(look)
    frame = controller.frame
    assert frame.time == every.time == (0.0, SECONDS)
    assert frame.shown == every.shown == (17.0, 22.0)
    for panel, wanted in zip(frame.panels, every.panels, strict=True):
        assert panel.step == pytest.approx(wanted.step, rel=1e-9)
        assert panel.start == pytest.approx(wanted.start, abs=1e-9)
        assert panel.data.shape == wanted.data.shape
        if panel.data.dtype == np.uint8:
            # an image is a level below its loudest point in view, or within the limits of a part
            assert panel.unit == wanted.unit
            if (panel.low, panel.high) == (wanted.low, wanted.high):
                apart = np.abs(panel.data.astype(int) - wanted.data)
                assert np.max(apart) <= 1
        else:
            np.testing.assert_allclose(panel.data, wanted.data, atol=1e-5)


def values(panel):
    """What a panel shows, time first; what is clipped is not known."""
    found = np.moveaxis(panel.data, 1, 0).astype(float)
    if panel.data.dtype != np.uint8:
        return found
    shown = panel.low + found * (panel.high - panel.low) / 255
    return np.where((panel.data.T == 0) | (panel.data.T == 255), np.nan, shown)


def plain(panel):
    """Whether an image is of values that are no levels: its outliers are clipped."""
    return getattr(panel, "colormap", "") == "diverging"


def one_level(*panels):
    """The difference between two neighbouring bytes of an image, for samples float32's."""
    levels = [(panel.high - panel.low) / 255 for panel in panels]
    return 1.02 * max(levels) if panels[0].data.dtype == np.uint8 else 1e-5


@pytest.mark.parametrize("name", CHAINS)
def test_the_pieces_joined_are_the_whole_in_one_piece(monkeypatch, name):
    every = whole(monkeypatch, CHAINS[name](), view=view())
    span = (0.0, SECONDS)
    oracle = Overview(span, 800, 2 * SECONDS)
    oracle.take(span, every._drawn(every.result, span, visible._each_step(view()), {}))
    controller = made(CHAINS[name]())
    controller.look(view())
    assert controller.picture.count == 8
    complete(controller)
    for panel, wanted in zip(controller.frame.panels, oracle.panels(), strict=True):
        assert panel.old == ()
        assert (panel.title, panel.start, panel.step) == (wanted.title, wanted.start, wanted.step)
        if (panel.unit == "dB" and not plain(panel)) or panel.data.dtype != np.uint8:
            assert (panel.low, panel.high) == (wanted.low, wanted.high)
        apart = np.abs(values(panel) - values(wanted))
        same = apart[np.isfinite(apart)] <= one_level(panel, wanted)
        assert np.mean(same) > 0.99
        assert np.all(same) or plain(panel)  # each piece clips its own outliers
        assert np.mean(np.isfinite(apart)) > 0.5


@pytest.mark.parametrize("name", CHAINS)
def test_the_pieces_joined_are_the_picture_of_the_whole(monkeypatch, name):
    every = whole(monkeypatch, CHAINS[name](), view=view()).frame
    controller = made(CHAINS[name]())
    controller.look(view())
    complete(controller)
    times = (np.arange(780) + 10) * SECONDS / 800 + 0.001
    for panel, wanted in zip(controller.frame.panels, every.panels, strict=True):
        got, whole_values = values(panel)[of_time(panel, times)], values(wanted)
        # the whole is divided into columns of frames, the overview into columns of time: a frame
        # at the edge of a column may be in its neighbour there
        near = [whole_values[of_time(wanted, times) + k] for k in (-1, 0, 1)]
        room = one_level(panel, wanted)
        known = np.isfinite(got) & np.all(np.isfinite(near), axis=0)
        assert np.mean(known) > 0.5
        above = (got > np.max(near, axis=0) + room)[known]
        assert np.mean(above) <= (0.02 if plain(panel) else 0.0)  # it clips 2 %
        assert np.mean((np.abs(got - near[1]) <= room)[known]) > 0.5


def test_the_gradient_works_on_an_excerpt(monkeypatch):
    layers = lambda: [Saturate(drive_db=12.0)]  # noqa: E731
    every = whole(monkeypatch, layers(), "energy")
    controller = made(layers(), loss="energy")
    controller.look(view(20.0, 24.0))
    part = controller.result.part
    stretch = slice(20 * RATE, 24 * RATE)
    wanted = every.result.signal.numpy()[0, stretch] * SIGNAL.shape[1] / part.count
    got = controller.result.signal.numpy()[0, 20 * RATE - part.first :][: 4 * RATE]
    scale = np.max(np.abs(wanted))
    ratio = np.sum(got * wanted) / np.sum(wanted**2)  # "energy" may be a sum or a mean
    np.testing.assert_allclose(got / ratio, wanted, atol=1e-5 * scale)
    assert "each part" in controller.notes[""]
    assert controller.frame.panels[-1].title.startswith("Gradient")


@pytest.mark.parametrize(
    ("layers", "stage", "said"),
    [
        (lambda: [Normalize(), STFT()], "1. Normalize", parts.PART),
        (lambda: [Spectrogram(), Decibels(top_db=60.0)], "2. Decibels", parts.PART),
        (lambda: [LogMelSpectrogram(), SpecAugment(seed=(1, 2))], "2. SpecAugment", parts.PART),
        (lambda: [MelSpectrogram(), PCEN()], "2. PCEN", "settled over no more than 3.1 s"),
        (lambda: [Resample(target_rate=44099), STFT(frame_step=197)], "2. STFT", parts.BESIDE),
    ],
)
def test_what_is_not_exact_says_so(layers, stage, said):
    controller = made(layers())
    controller.look(view(20.0, 24.0))
    assert not controller.result.whole
    assert said in controller.notes[stage]
    assert all(said not in note for name, note in controller.notes.items() if name != stage)
    editor = made(layers(), kind=ChainEditor)
    editor.look(view(20.0, 24.0))
    assert said in editor.notes[stage]
    assert "float32" in editor.notes[stage] or "complex64" in editor.notes[stage]


def test_pcen_has_settled_as_far_as_one_can_see(monkeypatch):
    layers = lambda: [MelSpectrogram(), PCEN()]  # noqa: E731
    every = whole(monkeypatch, layers())
    controller = made(layers())
    controller.look(view(20.0, 24.0))
    axis = controller.chain.spaces[2].time
    begin, end = round(20.0 / axis.step), round(24.0 / axis.step)
    shift = round(controller.result.part.first / RATE / axis.step)
    got = controller.result.outputs[2][0, begin - shift : end - shift].numpy()
    wanted = every.result.outputs[2][0, begin:end].numpy()
    # exp(-3.1 s / 0.4 s) of the level that was there before is not forgotten
    apart = np.abs(got - wanted) / (wanted + 1e-3)
    assert np.mean(apart < 3e-3) > 0.99
    assert np.max(apart) < 0.1  # where it was a thousand times louder before


@pytest.mark.parametrize(
    "layers", [lambda: [FitLength(length=RATE)], lambda: [ModulatedDelay(motion="sine")]]
)
def test_what_needs_the_whole_gets_it(layers):
    controller = made(layers())
    controller.look(view(20.0, 24.0))
    assert controller.result.whole
    assert controller.picture is None
    assert controller.notes.get("1. FitLength", "") == ""


def test_short_files_are_computed_as_a_whole():
    controller = made([Normalize(), STFT()], source_of((SIGNAL[:, : 15 * RATE], RATE)))
    controller.look(view(2.0, 4.0))
    assert controller.result.whole
    assert controller.notes == {}


def test_a_view_that_is_covered_computes_nothing(monkeypatch):
    controller = made([STFT()])
    controller.look(view(10.0, 20.0))
    before = controller.result
    controller.look(view(12.0, 15.0))
    assert controller.result is before
    controller.look(view(8.0, 12.0))
    assert controller.result is not before


def test_a_change_begins_with_the_first_piece_over_the_old_picture():
    controller = made([Saturate()])
    controller.look(view())
    complete(controller)
    before = controller.frame.panels[1]
    controller.set(0, drive_db=20.0)
    panel = controller.frame.panels[1]
    width = SECONDS / 800
    first = round(PIECE / RATE / width)
    assert panel.old == ((pytest.approx(first * width), SECONDS),)
    np.testing.assert_array_equal(panel.data[:, first:], before.data[:, first:])
    assert np.max(panel.data[:, :first]) > 0.95
    assert controller.frame.panels[0].old == ()  # the signal's own envelope is at hand
    complete(controller)
    assert controller.frame.panels[1].old == ()
    assert not np.array_equal(controller.frame.panels[1].data, before.data)


def test_what_is_old_is_dimmed_in_the_page_and_in_print():
    controller = made([Saturate()])
    controller.look(view())
    complete(controller)
    full = publication.draw(controller.frame)
    controller.set(0, drive_db=20.0)
    content, _ = controller.frame.encode()
    ((first, last),) = content["panels"][1]["old"]
    assert (first, last) == (pytest.approx(5.0), SECONDS)
    assert content["panels"][0]["old"] == []
    partly = publication.draw(controller.frame)
    assert len(partly.axes[1].patches) == len(full.axes[1].patches) + 1
    assert len(partly.axes[0].patches) == len(full.axes[0].patches)


def test_giving_up_leaves_nothing_that_is_old():
    controller = made([Saturate()])
    controller.look(view())
    complete(controller)
    controller.set(0, drive_db=20.0)
    next(controller.pieces(controller.picture))
    controller.give_up(controller.picture)
    panel = controller.frame.panels[1]
    first = round(2 * PIECE / RATE / panel.step)
    assert len(panel.old) == 1
    np.testing.assert_array_equal(panel.data[:, first:], 0.0)
    fresh = made([Saturate(drive_db=20.0)])
    fresh.look(view())
    complete(fresh)
    wanted = fresh.frame.panels[1].data[:, :first]
    np.testing.assert_array_equal(panel.data[:, :first], wanted)


def test_zooming_in_and_out_again_finds_the_picture_complete():
    controller = made([Saturate()])
    controller.look(view())
    complete(controller)
    picture, frame = controller.picture, controller.frame
    controller.look(view(3.0, 5.0))
    assert controller.picture is None
    controller.look(view())
    assert controller.picture is picture
    np.testing.assert_array_equal(controller.frame.panels[1].data, frame.panels[1].data)
    controller.look(view(3.0, 5.0))
    controller.set(0, drive_db=20.0)
    controller.look(view())
    assert controller.picture is not picture
    assert controller.picture.missing


def test_a_refused_value_changes_nothing_in_an_overview():
    controller = made([Saturate(), LogMelSpectrogram()])
    controller.look(view())
    complete(controller)
    before = controller.frame
    with pytest.raises(ValueError, match="upper_edge_hertz"):
        controller.set(1, upper_edge_hertz=30000.0)
    assert controller.frame is before
    controller.look(view())
    assert controller.picture.missing == []


@pytest.mark.parametrize("streams", [True, False])
def test_sound_and_arrays_are_of_the_whole(monkeypatch, streams):
    layers = lambda: [Resample(target_rate=16000), *([] if streams else [Normalize()])]  # noqa: E731
    every = whole(monkeypatch, layers())
    controller = made(layers())
    controller.look(view(3.0, 5.0))
    number = len(layers())
    got = controller.whole_result(number)
    np.testing.assert_allclose(got, every.result.outputs[number].numpy(), atol=1e-6)
    assert len(controller.sound("result")) == len(every.sound("result"))
    arrays, wanted = controller.arrays(), every.arrays()
    assert list(arrays) == list(wanted)
    for name in wanted:
        np.testing.assert_allclose(arrays[name], wanted[name], atol=1e-6)


# in a dashboard: the worker completes the picture


@pytest.fixture
def dashboard(monkeypatch):
    made_of = Dashboard(made([Saturate()]))
    made_of.sent = []
    monkeypatch.setattr(
        made_of.scope, "send", lambda content, buffers=None: made_of.sent.append(content)
    )
    yield made_of
    made_of.close()


def until(true):
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_the_worker_completes_the_picture(dashboard):
    until(lambda: dashboard.worker.job is None)
    assert dashboard.controller.frame.panels[1].old == ()
    dashboard.set(0, drive_db=20.0)
    assert dashboard.controller.frame.panels[1].old != ()
    until(lambda: dashboard.worker.job is None)
    assert dashboard.controller.frame.panels[1].old == ()
    until(lambda: dashboard.scope._flow._newest is dashboard.controller.frame)
    told = [each for each in dashboard.sent if each["kind"] == "progress"]
    assert told[-1] == {"kind": "progress", "on": False}
    assert max(each.get("fraction", 0) for each in told) > 0


def slowly(controller, monkeypatch, seconds=0.05):
    run = controller._run

    def slow(x):
        time.sleep(seconds)
        return run(x)

    monkeypatch.setattr(controller, "_run", slow)


def test_a_change_cancels_the_running_job(dashboard, monkeypatch):
    until(lambda: dashboard.worker.job is None)
    slowly(dashboard.controller, monkeypatch)
    dashboard.set(0, drive_db=10.0)
    first = dashboard.worker.job
    until(lambda: first.done)
    dashboard.set(0, drive_db=20.0)
    assert first.state == "replaced"
    second = dashboard.worker.job
    assert second is not first
    until(lambda: second.ended)
    assert second.state == "done"
    fresh = made([Saturate(drive_db=20.0)])
    fresh.look(dashboard.controller.view)
    complete(fresh)
    for panel, wanted in zip(dashboard.controller.frame.panels, fresh.frame.panels, strict=True):
        np.testing.assert_array_equal(panel.data, wanted.data)


def test_stop_leaves_what_is_of_now_and_says_so(dashboard, monkeypatch):
    until(lambda: dashboard.worker.job is None)
    slowly(dashboard.controller, monkeypatch)
    dashboard.set(0, drive_db=20.0)
    job = dashboard.worker.job
    until(lambda: job.done)
    dashboard.scope._receive(None, {"kind": "stop"}, [])
    until(lambda: dashboard.sent[-1]["kind"] == "status" or (job.ended and dashboard.sent))
    until(lambda: any(each.get("text", "").startswith("Stopped") for each in dashboard.sent))
    assert job.state == "stopped"
    panel = dashboard.controller.frame.panels[1]
    ((begin, _),) = panel.old
    np.testing.assert_array_equal(panel.data[:, round(begin / panel.step) :], 0.0)
    assert dashboard.worker.job is None


def test_an_error_inside_a_piece_is_shown(monkeypatch):
    broken = SIGNAL.copy()
    broken[0, 31 * RATE] = np.nan
    dashboard = Dashboard(made([Saturate()], source_of((SIGNAL, RATE))))
    try:
        until(lambda: dashboard.worker.job is None)
        sent = []
        monkeypatch.setattr(
            dashboard.scope, "send", lambda content, buffers=None: sent.append(content)
        )
        dashboard.controller.source._signal = wb.Chain([], sample_rate=RATE).run(broken)[0]
        monkeypatch.setattr(visible, "Envelope", lambda signal: visible_envelope)
        visible_envelope = dashboard.controller._memory._kept["envelope"][1]
        dashboard.set(0, drive_db=20.0)
        until(lambda: any("finite" in each.get("text", "") for each in sent))
        until(lambda: dashboard.worker.job is None)
        states = [each["text"] for each in sent if each["kind"] == "status"]
        assert "finite" in states[-1]
        ((begin, end),) = dashboard.controller.frame.panels[1].old
        assert 29.0 < begin < 31.0
        assert end == SECONDS
    finally:
        dashboard.close()


def test_a_zoom_cancels_the_overview_and_coming_back_goes_on(dashboard, monkeypatch):
    until(lambda: dashboard.worker.job is None)
    slowly(dashboard.controller, monkeypatch, 0.02)
    dashboard.set(0, drive_db=20.0)
    first = dashboard.worker.job
    until(lambda: first.done)
    dashboard._look(View(3.0, 5.0, 1000, 1.0))
    assert first.state == "replaced"
    until(lambda: dashboard.worker.job is None)
    dashboard._look(View(None, None, 1000, 1.0))
    until(lambda: dashboard.worker.job is None)
    assert all(panel.old == () for panel in dashboard.controller.frame.panels)


def test_a_part_is_never_much_longer_than_what_is_visible():
    controller = made([MelSpectrogram(), PCEN()])
    cutter = controller._cutter()
    for first in (0.0, 10.0, 24.5):
        part = cutter.part((first, first + MOST / RATE))
        assert part.count <= MOST + 2 * parts._SETTLE + RATE


def test_levels_are_held_as_the_whole_picture_has_them_not_its_first_pieces():
    rising = SIGNAL * np.linspace(0.01, 1.0, SIGNAL.shape[1], dtype=np.float32)
    controller = made([STFT()], source_of((rising, RATE)))
    controller.look(view())
    first = controller.frame.panels[-1].high
    controller.set(LOOKS, hold_levels=True)
    assert controller.frame.panels[-1].high == first  # most of it is still to come
    complete(controller)
    loud = controller.frame.panels[-1].high
    assert loud > first
    controller.change_source(source_of((0.1 * rising, RATE)))
    complete(controller)
    assert controller.frame.panels[-1].high == loud
    controller.set(LOOKS, hold_levels=False)
    complete(controller)
    assert controller.frame.panels[-1].high < loud
