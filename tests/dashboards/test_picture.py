"""`plot` draws sounds, results and curves as a dashboard would."""

import numpy as np
import pytest

import workbench as wb

RATE = 8000
TONE = wb.tone(sample_rate=RATE, seconds=0.5, frequency_hertz=1000.0)
LINE = wb.analysis.window_shape(wb.layers.STFT(frame_length=64).values)


def titles(figure):
    return [axes.get_title(loc="left") for axes in figure.axes if axes.get_title(loc="left")]


def test_a_sound_a_result_and_curves_stand_below_each_other():
    mel = wb.layers.LogMelSpectrogram(num_mel_bins=20)
    figure = wb.plot({"Sound": (TONE, RATE), "Mel": (mel, (TONE, RATE)), "Window": LINE})
    wave, image, bar, lines = figure.axes
    assert titles(figure) == ["Sound", "Mel", "Window"]
    assert wave.get_xlim() == image.get_xlim()
    assert image.get_xlim()[1] == pytest.approx(0.5, abs=0.05)
    assert (image.get_xlabel(), image.get_ylabel()) == ("time (s)", "frequency (kHz)")
    assert bar.get_ylabel() == "level (dB)"
    np.testing.assert_allclose(lines.get_lines()[0].get_ydata(), LINE.data[0])
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_values_in_their_space_look_like_the_result_they_are():
    chain = wb.Chain([wb.layers.MFCC(num_mel_bins=20)], sample_rate=RATE)
    values = chain(TONE[None])
    pair = wb.plot({"a": (chain, (TONE, RATE)), "b": (values, chain.spaces[-1])})
    first, second = (
        axes.get_images()[0] for axes in pair.axes if axes.get_ylabel() == "coefficient"
    )
    np.testing.assert_array_equal(first.get_array(), second.get_array())


def test_several_sounds_share_a_plot():
    figure = wb.plot({"Both": {"before": (TONE, RATE), "after": (-TONE[:2000], RATE)}})
    [axes] = figure.axes
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["before", "after"]
    assert axes.get_xlim() == (0.0, 0.5)


def test_sounds_of_different_rates_are_lines_of_their_own_points():
    dense = wb.tone(sample_rate=16 * RATE, seconds=0.5, frequency_hertz=1000.0)
    both = {"sound": (dense, 16 * RATE), "samples": (TONE, RATE)}
    [axes] = wb.plot({"Samples": both}, span=(0.1, 0.104)).axes
    line, samples = axes.get_lines()
    assert axes.get_xlim() == pytest.approx((100, 104))
    there = np.isfinite(samples.get_ydata())
    assert there.sum() == 33
    np.testing.assert_allclose(1e-3 * samples.get_xdata()[there], np.arange(800, 833) / RATE)
    np.testing.assert_allclose(line.get_ydata()[there], samples.get_ydata()[there], atol=1e-6)


def test_curves_take_limits_marks_and_stand_in_pairs():
    figure = wb.plot({"a": LINE, "b": LINE}, half=True, limits=(-1, 2), marks={"middle": 32})
    left, right = figure.axes
    assert left.get_ylim() == (-1, 2)
    assert [text.get_text() for text in right.texts] == ["middle"]
    left_box, right_box = (axes.get_subplotspec().get_position(figure) for axes in (left, right))
    assert left_box.y0 == right_box.y0
    assert left_box.x1 < right_box.x0


def test_many_lines_have_no_legend():
    mel = {"sample_rate": RATE, "num_mel_bins": 7}
    bands = wb.analysis.mel_bands(wb.layers.MelSpectrogram(**mel).values)
    many, few = wb.plot({"Bands": bands, "Two": {"a": LINE, "b": LINE}}).axes
    assert many.get_legend() is None
    assert few.get_legend() is not None


@pytest.mark.parametrize(
    ("panels", "message"),
    [
        ({}, "plot: panels must be at least one; got none"),
        ({"a": 3}, "audio must be a clip's name"),
        ({"a": ("no such op", (TONE, RATE))}, "what must be one of"),
        ({"a": (wb.Chain([wb.layers.STFT()], sample_rate=16000), (TONE, RATE))},
         "plot: the chain's sample_rate must be that of the sound, 8000 Hz; got 16000"),
        ({"a": (np.zeros(3), wb.Chain([wb.layers.STFT()], sample_rate=8000).spaces[-1])},
         r"plot: values must be \[channels, time \(s\), frequency \(Hz\)\]; got the shape \(3,\)"),
    ],
)  # fmt: skip
def test_what_cannot_be_shown_is_refused(panels, message):
    with pytest.raises((TypeError, ValueError), match=message):
        wb.plot(panels)


def test_the_names_of_analysis_are_loaded_on_first_use():
    assert "window_figures" in dir(wb.analysis)
    assert wb.analysis.delay_taps(wb.layers.FractionalDelay().values).axis.name == "sample"
