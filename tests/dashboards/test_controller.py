import io

import numpy as np
import pytest
import soundfile as sf

import workbench as wb
from workbench.dashboards.controllers.chain import ChainController
from workbench.dashboards.controllers.forms import SOURCE
from workbench.dashboards.frames import View
from workbench.dashboards.sources import source_of

TONE = np.asarray(wb.tone(sample_rate=8000, seconds=2.0, frequency_hertz=1000.0))
NOISE = np.random.default_rng(0).uniform(-0.5, 0.5, 96000).astype(np.float32), 48000


@pytest.fixture
def controller():
    layers = [wb.layers.Saturate(drive_db=6.0), wb.layers.LogMelSpectrogram(num_mel_bins=40)]
    return ChainController(wb.Chain(layers, sample_rate=8000), source_of((TONE, 8000)))


def test_a_frame_shows_every_stage_and_the_gradient(controller):
    frame = controller.frame
    assert [panel.title.split()[0] for panel in frame.panels] == [
        "Signal:", "Saturate", "LogMelSpectrogram", "Gradient",
    ]  # fmt: skip
    assert frame.time == frame.shown == (0.0, 2.0)
    assert frame.values["0.drive_db"] == 6.0
    assert "2.000 s at 8000 Hz" in frame.summary


def test_the_picture_follows_a_parameter(controller):
    before = controller.frame.panels[1].data
    controller.set(0, drive_db=30.0)
    after = controller.frame
    assert np.abs(after.panels[1].data).max() > np.abs(before).max()
    assert after.values["0.drive_db"] == 30.0


def test_a_refused_value_changes_neither_state_nor_picture(controller):
    before = controller.frame
    with pytest.raises(ValueError, match="upper_edge_hertz must be at most"):
        controller.set(1, upper_edge_hertz=5000.0)
    after = controller.frame
    assert after.values == before.values
    np.testing.assert_array_equal(after.panels[2].data, before.panels[2].data)


def test_a_computation_that_fails_undoes_the_change(controller, monkeypatch):
    def fail(*arguments, **options):
        raise MemoryError("too large")

    monkeypatch.setattr(controller.chain, "gradients", fail)
    with pytest.raises(MemoryError):
        controller.set(1, num_mel_bins=41)
    assert controller.chain.layers[1].values["num_mel_bins"] == 40


def test_a_view_shows_its_range_in_its_resolution(controller):
    controller.look(View(0.5, 0.51, 600, 2.0))
    frame = controller.frame
    assert frame.shown == (0.5, 0.51)
    assert frame.panels[0].data.shape[0] == 1
    assert 80 <= frame.panels[0].data.shape[1] <= 84
    assert frame.panels[2].data.shape[0] == 40


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_a_picture_has_a_row_for_each_pixel_of_the_display(ratio):
    controller = wb.explore("stft", NOISE).controller
    controller.look(View(None, None, 600, ratio))
    picture = controller.frame.panels[1]
    assert picture.data.shape[0] == round(picture.height * ratio)


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_a_low_picture_has_fewer_rows(ratio):
    controller = wb.explore("resample", NOISE).controller
    controller.look(View(None, None, 600, ratio))
    low = [p for p in controller.frame.panels if p.height < 110]
    bins = 161  # of frames of 20 ms at 16 kHz
    assert [p.data.shape[0] for p in low] == [min(bins, round(90 * ratio))] * 2


def test_test_signals_have_parameters(controller):
    controller.change_source(source_of(wb.siren))
    assert controller.chain.sample_rate == 44100
    controller.set(SOURCE, seconds=1.0, sample_rate=16000)
    assert controller.frame.time == (0.0, 1.0)
    assert controller.chain.layers[1].values["sample_rate"] == 16000
    with pytest.raises(ValueError, match="siren: seconds must be"):
        controller.set(SOURCE, seconds=-1.0)
    assert controller.source.values["seconds"] == 1.0


def test_a_source_whose_rate_does_not_fit_is_not_taken(controller):
    controller.set(1, upper_edge_hertz=3999.0)
    old = controller.source
    with pytest.raises(ValueError, match="upper_edge_hertz"):
        controller.change_source(source_of((TONE[:4000], 4000)))
    assert controller.source is old
    assert controller.chain.sample_rate == 8000
    assert controller.frame.time == (0.0, 2.0)


def test_the_gradient_can_be_of_something_else_or_left_out(controller):
    controller.choose_loss("")
    assert len(controller.frame.panels) == 3
    controller.choose_loss("energy")
    assert "energy" in controller.frame.panels[-1].title
    with pytest.raises(ValueError, match="gradient_of must be one of"):
        controller.choose_loss("beauty")


def heard(controller, track, **how):
    return sf.read(io.BytesIO(controller.sound(track, **how)))


def test_the_result_is_the_last_waveform_at_its_rate(controller):
    samples, rate = heard(controller, "result", matched=False)
    assert rate == 8000
    np.testing.assert_allclose(samples, np.tanh(10**0.3 * TONE), atol=1e-4)
    original, _ = heard(controller, "original", matched=False)
    np.testing.assert_allclose(original, TONE, atol=1e-4)


def test_matched_tracks_have_the_same_level_whatever_their_rate():
    layers = [wb.layers.Saturate(drive_db=-30.0), wb.layers.Resample(target_rate=4000)]
    controller = ChainController(wb.Chain(layers, sample_rate=8000), source_of((TONE, 8000)))
    levels, plain = (
        [np.std(heard(controller, track, matched=matched)[0]) for track in controller.tracks]
        for matched in (True, False)
    )
    assert levels[0] == pytest.approx(levels[1], rel=1e-3)  # 16 bits at a level of 0.3
    assert plain[0] < 0.1 * plain[1]


def test_unmatched_tracks_that_would_be_clipped_keep_their_relation():
    layers = [wb.layers.Saturate(drive_db=0.0)]
    controller = ChainController(wb.Chain(layers, sample_rate=8000), source_of((2 * TONE, 8000)))
    result, original = (heard(controller, t, matched=False)[0] for t in controller.tracks)
    given = 2 * TONE
    assert np.abs(original).max() == pytest.approx(1.0, abs=1e-4)
    np.testing.assert_allclose(result, np.tanh(given) / np.abs(given).max(), atol=1e-4)


def test_where_nothing_but_the_signal_can_be_heard_there_is_one_track():
    chain = wb.Chain([wb.layers.Spectrogram()], sample_rate=8000)
    controller = ChainController(chain, source_of((TONE, 8000)))
    assert controller.tracks == controller.frame.tracks == ("original",)
    with pytest.raises(ValueError, match="sound: track must be one of original; got 'result'"):
        controller.sound("result")


@pytest.mark.parametrize("source", ["siren", wb.chirp])
def test_code_computes_what_is_shown(source):
    layers = [wb.layers.Resample(target_rate=8000), wb.layers.Spectrogram(frame_length=256)]
    controller = ChainController(wb.Chain(layers, sample_rate=44100), source_of(source))
    controller.set(1, frame_step=100)
    scope = {}
    exec(controller.code(), scope)
    np.testing.assert_array_equal(scope["outputs"][-1], controller.result.outputs[-1])
    np.testing.assert_array_equal(scope["gradients"].signal, controller.result.signal)


@pytest.mark.parametrize(
    ("given", "name", "rate"),
    [
        (None, "siren.flac", 44100),
        ("speech", "speech.flac", 22050),
        (wb.noise, "noise", 44100),
        ((TONE, 8000), "signal", 8000),
        ((np.stack([TONE, TONE]), 8000), "signal", 8000),
    ],
)
def test_sources(given, name, rate):
    source = source_of(given)
    assert (source.name, source.sample_rate) == (name, rate)
    assert source.signal() is source.signal()
    assert source.signal().shape.rank == 2


@pytest.mark.parametrize(
    ("given", "kind", "message"),
    [
        (3, TypeError, "explore: audio must be a clip's name, a path, a Clip"),
        (wb.stft, TypeError, "explore: audio must be"),
        ("no/such.wav", FileNotFoundError, "such.wav"),
        ((np.zeros(5, np.int16), 8000), TypeError, "floating"),
    ],
)
def test_what_is_no_source(given, kind, message):
    with pytest.raises(kind, match=message):
        source_of(given)


def test_a_clip_that_comes_along_is_held_once():
    assert source_of("siren").signal() is source_of("siren").signal()


@pytest.mark.parametrize(("step", "frames"), [(1, "220,501"), (10, "22,051")])
def test_what_would_fill_the_memory_is_refused_before_it_is_computed(controller, step, frames):
    controller.change_source(source_of("siren"))
    said = f"log_mel_spectrogram: frame_step must be larger: {frames} frames"
    with pytest.raises(ValueError, match=said):
        controller.set(1, frame_step=step)
    assert controller.values["1.frame_step"] == 256


def test_the_way_back_from_frames_to_a_long_sound_is_no_matter_of_memory():
    signal = np.tile(TONE, 15)
    chain = wb.Chain([wb.layers.STFT(), wb.layers.InverseSTFT()], sample_rate=8000)
    controller = ChainController(chain, source_of((signal, 8000)))
    assert [panel.title.split()[0] for panel in controller.frame.panels][1:3] == [
        "STFT", "InverseSTFT",
    ]  # fmt: skip
