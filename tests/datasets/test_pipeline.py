"""A pipeline has the numbers of the chain, whatever the files are like."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import workbench as wb
from tests.datasets.recordings import FORMATS, RATE, record, rows, signal_of, worst
from workbench.masks import mask_of

SECONDS = 0.4
LIKE_THE_CHAIN = 1e-6  # relative to the largest number; the figure


def front_end():
    features = wb.layers.LogMelSpectrogram(num_mel_bins=20, frame_length=128, frame_step=64)
    layers = [wb.layers.Normalize(kind="rms"), features, wb.layers.Normalize(kind="zscore")]
    return wb.Chain(layers, sample_rate=RATE)


def by_chain(chain, path, seconds=SECONDS, keep="start"):
    """What the chain makes of a file outside of a pipeline, and the mask that goes with it."""
    length = round(seconds * RATE)
    x = signal_of(path)
    fitted, ends = wb.fit_length(x, length=length, keep=keep, lengths=[x.shape[1]])
    mask = tf.sequence_mask(ends, length)
    features = chain(fitted, mask=mask)
    return features, mask_of(features)


@pytest.fixture(scope="module")
def every_format(tmp_path_factory):
    """Files of every format, stereo at 16 kHz; the features and masks of a pipeline over them."""
    folder = tmp_path_factory.mktemp("formats")
    paths = []
    for number, (name, (ending, container, coding)) in enumerate(FORMATS.items()):
        path = folder / f"{number}.{ending}"
        seconds = SECONDS / 2 if "24" in name else 2 * SECONDS  # some are padded
        record(path, seconds, 2 * RATE, 2, number, container, coding)
        paths.append(path)
    chain = front_end()
    data = wb.dataset(paths, chain, length_seconds=SECONDS, masks=True, batch_size=None)
    return chain, dict(zip(FORMATS, zip(paths, list(data), strict=True), strict=True))


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_numbers_of_the_chain(every_format, name):
    chain, found = every_format
    path, element = found[name]
    expected, mask = by_chain(chain, path)
    assert worst(element["features"], expected[0]) <= LIKE_THE_CHAIN
    np.testing.assert_array_equal(element["mask"], mask[0])
    assert bool(tf.reduce_all(mask)) == ("24" not in name)


FORMS = [(5512, 1), (8000, 2), (11025, 1), (22050, 6), (44100, 2), (48000, 1), (96000, 1)]


@pytest.mark.parametrize("keep", ["start", "center", "end"])
def test_any_rate_and_any_number_of_channels(tmp_path, keep):
    paths = [
        record(tmp_path / f"{rate}.wav", seconds, rate, channels, seed=rate % 97)
        for seconds, (rate, channels) in zip(
            [0.2, 0.3, 0.4, 0.5, 0.9, 1.1, 2.0], FORMS, strict=True
        )
    ]
    chain = front_end()
    found = rows(wb.dataset(paths, chain, length_seconds=SECONDS, keep=keep, batch_size=3))
    assert found.dtype == np.float32
    for row, path in zip(found, paths, strict=True):
        expected, _ = by_chain(chain, path, keep=keep)
        assert worst(row, expected[0]) <= LIKE_THE_CHAIN


def test_padding_stays_out_of_normalisation_and_features(tmp_path):
    paths = [record(tmp_path / "a.wav", 0.25), record(tmp_path / "b.wav", 0.4)]
    chain = front_end()
    batch = next(iter(wb.dataset(paths, chain, length_seconds=SECONDS, masks=True)))
    valid = batch["mask"].numpy().sum(1)
    assert valid.tolist() == [1 + 2000 // 64, 1 + 3200 // 64]
    alone = chain(signal_of(paths[0]))[0]
    # The chain has other shapes alone, and adds in another order.
    assert worst(batch["features"][0, : valid[0]], alone) <= 1e-5
    assert not np.any(batch["features"][0, valid[0] :])


def test_each_keeps_its_own_length_and_a_batch_is_padded(tmp_path):
    paths = [record(tmp_path / f"{i}.wav", s, seed=i) for i, s in enumerate([0.2, 0.5, 0.3])]
    chain = front_end()
    (batch,) = wb.dataset(paths, chain, masks=True)
    assert batch["features"].shape == (3, 1 + 4000 // 64, 20)
    for row, mask, path in zip(batch["features"], batch["mask"], paths, strict=True):
        expected = chain(signal_of(path))[0]
        assert worst(row[: len(expected)], expected) <= LIKE_THE_CHAIN
        assert np.argmin([*mask.numpy(), False]) == len(expected)
    alone = list(wb.dataset(paths, chain, batch_size=None))
    assert [len(one) for one in alone] == [26, 63, 38]


def test_the_chain_may_fit_the_length_itself(tmp_path):
    paths = [record(tmp_path / "a.wav", 0.2), record(tmp_path / "b.wav", 0.5, seed=1)]
    chain = wb.Chain(
        [wb.layers.FitLength(length=3200, mask_padding=True), *front_end().layers], sample_rate=RATE
    )
    (batch,) = wb.dataset(paths, chain, masks=True)
    by_option = next(iter(wb.dataset(paths, front_end(), masks=True, length_seconds=SECONDS)))
    assert worst(batch["features"], by_option["features"]) <= LIKE_THE_CHAIN
    np.testing.assert_array_equal(batch["mask"], by_option["mask"])


def test_channels_split_and_kept(tmp_path):
    path = record(tmp_path / "a.wav", 0.3, 16000, 3)
    options = {"sample_rate": RATE, "length_seconds": 0.3, "seed": 1}
    kept = next(iter(wb.dataset([path], channels="keep", **options)))
    split = next(iter(wb.dataset([path], channels="split", labels=["x"], **options)))
    mixed = next(iter(wb.dataset([path], **options)))
    assert kept.shape == (1, 2400, 3)
    assert split[0].shape == (3, 2400)
    assert split[1].numpy().tolist() == [0, 0, 0]
    assert worst(tf.transpose(kept[0]), split[0]) <= LIKE_THE_CHAIN
    # Mixed before, not after, it is resampled: float32 rounds at other places.
    assert worst(mixed[0], tf.reduce_mean(split[0], 0)) <= 1e-5
    places = wb.dataset([path], channels="keep", keep="random", **options | {"length_seconds": 0.1})
    (batch,) = places
    found = [i for i in range(1600) if np.array_equal(kept[0, i : i + 800], batch[0])]
    assert len(found) == 1  # the channels have moved together


def test_channels_kept_reach_the_layers(tmp_path):
    path = record(tmp_path / "a.wav", 0.3, RATE, 2)
    chain = front_end()
    (batch,) = wb.dataset([path], chain, channels="keep", length_seconds=0.3)
    samples = wb.audio.read(path).signal.T[np.newaxis]
    assert worst(batch, chain(samples)) <= LIKE_THE_CHAIN


def test_the_last_batch_is_not_dropped(tmp_path):
    paths = [record(tmp_path / f"{i}.wav") for i in range(5)]
    data = wb.dataset(paths, sample_rate=RATE, length_seconds=0.1, batch_size=2)
    assert [len(batch) for batch in data] == [2, 2, 1]
    assert data.cardinality() == 3


def test_a_long_file_is_read_no_further_than_needed(tmp_path, monkeypatch):
    path = record(tmp_path / "long.wav", 30.0, 16000)
    asked = []
    read = wb.audio.read
    monkeypatch.setattr(
        wb.audio, "read", lambda *given, **span: asked.append(span) or read(*given, **span)
    )
    chain = front_end()
    (batch,) = wb.dataset([path], chain, length_seconds=0.5)
    assert [span["seconds"] < 0.6 for span in asked] == [True]
    assert worst(batch, by_chain(chain, path, 0.5)[0]) <= LIKE_THE_CHAIN


def test_layers_of_keras_behind_ours(tmp_path):
    paths = [record(tmp_path / f"{i}.wav", seed=i) for i in range(2)]
    dense = keras.layers.Dense(3, kernel_initializer=keras.initializers.GlorotUniform(1))
    chain = wb.Chain([*front_end().layers, dense], sample_rate=RATE)
    (batch,) = wb.dataset(paths, chain, length_seconds=0.5)
    expected = chain(tf.concat([signal_of(path) for path in paths], 0))
    assert worst(batch, expected) <= 10 * LIKE_THE_CHAIN  # a row alone is added in another order


def test_what_lets_no_mask_through_is_refused(tmp_path):
    path = record(tmp_path / "a.wav")
    pooled = wb.Chain(
        [*front_end().layers, keras.layers.GlobalAveragePooling1D()], sample_rate=RATE
    )
    (batch,) = wb.dataset([path], pooled, length_seconds=0.3)
    assert batch.shape == (1, 20)
    with pytest.raises(ValueError, match="dataset: masks must be False: the chain lets no mask"):
        wb.dataset([path], pooled, length_seconds=0.3, masks=True)


def test_double_precision_stays(tmp_path):
    path = record(tmp_path / "a.wav")
    layer = wb.layers.LogMelSpectrogram(num_mel_bins=20, frame_length=128, dtype="float64")
    (batch,) = wb.dataset([path], wb.Chain([layer], sample_rate=RATE, dtype="float64"))
    assert batch.dtype == tf.float64
