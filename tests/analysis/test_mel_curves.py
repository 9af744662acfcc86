import librosa
import numpy as np
import pytest
import tensorflow as tf

import workbench as wb
from workbench.analysis.mel_curves import mel_bands, mel_warping, silent_bands
from workbench.ops import spec


def values(**given):
    return spec(wb.mel_spectrogram).check({"sample_rate": 16000} | given)


def test_warping_is_that_of_both_scales():
    found = mel_warping(values(sample_rate=44100), 301)
    assert found.positions[-1] == pytest.approx(22050)
    for line, name, htk in zip(found.data, found.names, (True, False), strict=True):
        expected = librosa.hz_to_mel(found.positions, htk=htk)
        assert line == pytest.approx(expected / expected[-1], rel=1e-12), name


@pytest.mark.parametrize("scale", ["htk", "slaney"])
@pytest.mark.parametrize("norm", [None, "slaney"])
def test_bands_are_librosas(scale, norm):
    found = mel_bands(
        values(frame_length=512, num_mel_bins=40, lower_edge_hertz=100.0, upper_edge_hertz=7000.0)
        | {"mel_scale": scale, "mel_norm": norm}
    )
    expected = librosa.filters.mel(
        sr=16000, n_fft=512, n_mels=40, fmin=100, fmax=7000, htk=scale == "htk", norm=norm,
        dtype=np.float64,
    )  # fmt: skip
    assert found.data == pytest.approx(expected, abs=1e-12)
    assert found.positions == pytest.approx(librosa.fft_frequencies(sr=16000, n_fft=512))
    centres = librosa.mel_frequencies(42, fmin=100, fmax=7000, htk=scale == "htk")[1:-1]
    assert found.names == tuple(f"{centre:.0f} Hz" for centre in centres)


@pytest.mark.parametrize("slope", ["hertz", "mel"])
def test_bands_are_those_that_the_op_applies(slope):
    given = {"sample_rate": 8000, "frame_length": 256, "fft_length": 512, "num_mel_bins": 20}
    given["mel_slope"] = slope
    x = np.random.default_rng(0).standard_normal(2000)
    power = wb.spectrogram(x, frame_length=256, fft_length=512).numpy()
    expected = wb.mel_spectrogram(x, **given).numpy()
    assert power @ mel_bands(values(**given)).data.T == pytest.approx(expected, rel=1e-12)


def test_bands_of_learnt_edges_are_those_of_numbers():
    edges = {"lower_edge_hertz": 200.0, "upper_edge_hertz": 6000.0}
    learnt = {name: tf.constant(value, tf.float64) for name, value in edges.items()}
    found, plain = mel_bands(values(**learnt)), mel_bands(values(**edges))
    assert found.data == pytest.approx(plain.data, abs=1e-12)
    assert found.names == plain.names


def test_bands_without_a_bin_are_counted():
    assert silent_bands(values(num_mel_bins=40, frame_length=1024)) == 0
    crowded = values(num_mel_bins=128, frame_length=256)
    with pytest.warns(UserWarning, match="Empty filters"):
        bank = librosa.filters.mel(sr=16000, n_fft=256, n_mels=128, htk=True, norm=None)
    assert silent_bands(crowded) == np.sum(np.max(bank, axis=1) == 0) > 0


def test_edges_that_do_not_rise_are_refused():
    with pytest.raises(ValueError, match="lower_edge_hertz and upper_edge_hertz must rise"):
        mel_bands(values(lower_edge_hertz=3000.0, upper_edge_hertz=2000.0))
