import numpy as np

import workbench as wb
from workbench.analysis.features import mean_features

RATE = 8000


def space(bins, rate=RATE):
    mel = wb.layers.MelSpectrogram(num_mel_bins=bins)
    return wb.Chain([mel], sample_rate=rate).spaces[-1]


def test_each_band_is_the_mean_over_channels_and_frames():
    values = np.random.default_rng(0).standard_normal((2, 7, 5)).astype(np.float32)
    found = mean_features({"one": (values, space(5))})
    expected = [sum(float(v) for v in values[:, :, band].ravel()) / 14 for band in range(5)]
    np.testing.assert_allclose(found.data[0], expected, rtol=1e-6)
    np.testing.assert_array_equal(found.positions, space(5).axes[1].positions(5))
    assert (found.names, found.axis.unit) == (("one",), "Hz")


def test_curves_with_other_bands_keep_their_own_points_and_end_with_their_last():
    few, many = space(4), space(9, 2 * RATE)
    line = np.arange(9.0)
    found = mean_features(
        {"many": (line[None, None], many), "few": (np.array([[[3.0, 1.0, 4.0, 1.0]]]), few)}
    )
    own = few.axes[1].positions(4)
    assert set(own) | set(many.axes[1].positions(9)) == set(found.positions)
    at = np.isin(found.positions, own)
    np.testing.assert_array_equal(found.data[1, at], [3.0, 1.0, 4.0, 1.0])
    beyond = (found.positions > own[-1]) | (found.positions < own[0])
    np.testing.assert_array_equal(np.isnan(found.data[1]), beyond)
    assert beyond.any()
    middle = (found.positions > own[1]) & (found.positions < own[2])
    x = found.positions[middle]
    np.testing.assert_allclose(
        found.data[1, middle], 1.0 + 3.0 * (x - own[1]) / (own[2] - own[1]), rtol=1e-12
    )
