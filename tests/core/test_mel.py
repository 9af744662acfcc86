import keras
import librosa
import numpy as np
import pytest

import workbench as wb
from workbench.axes import waveform_space
from workbench.ops import spec

NOISE = np.random.default_rng(5).standard_normal((2, 16000)) * [[1.0], [1e-4]]


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("float64", 1e-12)])
def test_mel_spectrogram_equals_librosa(dtype, tolerance):
    for row in NOISE.astype(dtype):
        found = wb.mel_spectrogram(row, sample_rate=16000, num_mel_bins=40, frame_length=512)
        expected = librosa.feature.melspectrogram(
            y=row, sr=16000, n_fft=512, hop_length=256, n_mels=40, htk=True, norm=None,
            pad_mode="reflect", dtype=dtype,
        )  # fmt: skip
        assert np.max(np.abs(found - expected.T)) <= tolerance * np.max(expected)


def test_log_mel_is_the_level_of_mel():
    given = {"sample_rate": 16000, "num_mel_bins": 40}
    found = wb.log_mel_spectrogram(NOISE, **given, top_db=50.0)
    expected = wb.decibels(wb.mel_spectrogram(NOISE, **given), top_db=50.0)
    np.testing.assert_array_equal(found, expected)


def test_natural_logarithms_are_the_same_levels_in_another_unit():
    given = {"sample_rate": 16000, "num_mel_bins": 40, "top_db": 6.0, "floor_db": -40.0}
    found = wb.log_mel_spectrogram(NOISE, **given, log_scale="natural")
    expected = wb.log_mel_spectrogram(NOISE, **given) * np.log(10.0) / 10.0
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    op = spec(wb.log_mel_spectrogram)
    assert op.space(waveform_space(16000), op.check(given | {"log_scale": "natural"})).unit == "ln"


def test_axes_hold_the_centres_of_the_bands():
    op = spec(wb.log_mel_spectrogram)
    space = op.space(waveform_space(16000), op.check({"sample_rate": 16000, "num_mel_bins": 40}))
    centres = librosa.mel_frequencies(42, fmin=0, fmax=8000, htk=True)[1:-1]
    np.testing.assert_allclose(space.axes[1].positions(40), centres, rtol=1e-9)
    assert (space.quantity, space.unit) == ("level", "dB")


def test_edges_are_learnt_from_the_levels_that_they_make():
    given = {"sample_rate": 16000, "num_mel_bins": 8}
    learn = ("lower_edge_hertz", "upper_edge_hertz")
    layer = wb.layers.LogMelSpectrogram(
        **given, lower_edge_hertz=300.0, upper_edge_hertz=7500.0, learn=learn
    )
    x = NOISE[:, :4000].astype(np.float32)
    target = wb.log_mel_spectrogram(x, **given, lower_edge_hertz=400.0, upper_edge_hertz=7000.0)
    model = keras.Sequential([keras.Input((None,)), layer])
    model.compile(keras.optimizers.Adam(10.0), "mse")
    model.fit(x, target, epochs=150, verbose=0)
    assert layer.values["lower_edge_hertz"] == pytest.approx(400.0, abs=5.0)
    assert layer.values["upper_edge_hertz"] == pytest.approx(7000.0, abs=20.0)


def test_two_rows_of_one_channel_equal_the_rows():
    given = {"sample_rate": 8000, "num_mel_bins": 20, "frame_length": 256}
    x = NOISE[:, :4000].astype(np.float32)
    found = wb.mel_spectrogram(x[..., None], axis=1, **given)
    np.testing.assert_array_equal(found[..., 0], wb.mel_spectrogram(x, **given))


def test_the_loudest_part_of_a_row_lies_in_its_valid_frames():
    x = np.zeros((1, 48000))
    x[0, :19000] = 1e-3 * np.random.default_rng(0).standard_normal(19000)
    x[0, 18900:19000] = 1.0  # behind the last whole frame of the row alone
    for op in (wb.log_mel_spectrogram, wb.mfcc):
        options = {"sample_rate": 16000, "center": False, "top_db": 40.0}
        alone = op(x[0, :19000], **options)
        batch, count = op(x, lengths=[19000], **options)
        assert int(count[0]) == len(alone)
        np.testing.assert_allclose(batch[0, : len(alone)], alone, atol=1e-9)
