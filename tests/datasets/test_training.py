"""Order, augmentation and caches: other draws for each example and epoch, the same by the seed."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import workbench as wb
from tests.datasets.recordings import RATE, record, rows

COUNT = 12
AUGMENT = wb.layers.SpecAugment(time_mask_width=8, frequency_mask_width=6, mask_value=-99.0)


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recordings")
    return [record(folder / f"{i:02}.wav", 0.3, seed=i) for i in range(COUNT)]


def front_end(*more):
    mel = wb.layers.LogMelSpectrogram(num_mel_bins=16, frame_length=128, frame_step=64)
    return wb.Chain([mel, *more], sample_rate=RATE)


def made(paths, chain=None, **options):
    given = {"length_seconds": 0.3, "batch_size": 5} | options
    return wb.dataset(paths, chain or front_end(), **given)


def test_without_augmentation_every_epoch_is_the_same(paths):
    data = made(paths)
    np.testing.assert_array_equal(rows(data), rows(data))


@pytest.mark.parametrize("cache", [False, True])
@pytest.mark.parametrize("shuffle", [False, True])
def test_the_same_seed_gives_the_same_bytes_and_each_epoch_others(paths, cache, shuffle):
    options = {"augment": AUGMENT, "shuffle": shuffle, "cache": cache}
    one, other = (made(paths, seed=7, **options) for _ in range(2))
    epochs = [rows(one) for _ in range(3)]
    for epoch in epochs:
        np.testing.assert_array_equal(epoch, rows(other))
    assert not np.array_equal(epochs[0], epochs[1])
    assert not np.array_equal(epochs[1], epochs[2])
    assert not np.array_equal(epochs[0], rows(made(paths, seed=8, **options)))


def test_masks_are_drawn_for_each_example_and_change_nothing_else(paths):
    plain, masked = rows(made(paths)), rows(made(paths, augment=AUGMENT, seed=1))
    hidden = masked == -99.0
    np.testing.assert_array_equal(masked[~hidden], plain[~hidden])
    assert len({one.tobytes() for one in hidden}) > COUNT / 2


def test_what_is_drawn_is_what_the_op_draws(paths):
    seen = []
    augment = [
        lambda features, seed: (
            seen.append(seed.shape) or features + tf.cast(seed[0] % 2, tf.float32)
        )
    ]
    found = rows(made(paths, augment=augment, seed=1)) - rows(made(paths))
    assert seen == [(2,)]
    assert {round(float(one.mean())) for one in found} == {0, 1}


def test_two_augmentations_draw_different_places(paths):
    again = wb.layers.SpecAugment(**AUGMENT.given | {"mask_value": 99.0})
    both = rows(made(paths, augment=(AUGMENT, again), seed=1))
    first = rows(made(paths, augment=AUGMENT, seed=1)) == -99.0
    assert not np.array_equal(both == 99.0, first)
    assert np.all(first[both != 99.0] == (both == -99.0)[both != 99.0])


def test_padding_is_not_augmented(paths):
    data = made(paths, augment=AUGMENT, seed=1, length_seconds=0.6, masks=True)
    for batch in data:
        assert not np.any(batch["features"].numpy()[~batch["mask"].numpy()] == -99.0)


def test_random_layers_of_the_chain_act_in_training_alone(paths):
    chain = front_end(AUGMENT, wb.layers.Normalize(kind="zscore"))
    plain = front_end(wb.layers.Normalize(kind="zscore"))
    np.testing.assert_array_equal(rows(made(paths, chain)), rows(made(paths, plain)))
    data = made(paths, chain, training=True, seed=3)
    first, second = rows(data), rows(data)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(first, rows(made(paths, chain, training=True, seed=3)))
    outside = wb.layers.Normalize(kind="zscore")(rows(made(paths, augment=AUGMENT, seed=3)))
    np.testing.assert_allclose(first, outside, atol=1e-5)


def test_the_order_changes_from_epoch_to_epoch_and_nothing_is_lost(paths):
    options = {"labels": [f"{i:02}" for i in range(COUNT)], "shuffle": True, "seed": 2}
    for cache in (False, True):
        data = made(paths, cache=cache, **options)
        orders = [np.concatenate([y for _, y in data]).tolist() for _ in range(3)]
        assert all(sorted(order) == list(range(COUNT)) for order in orders)
        assert len({tuple(order) for order in orders}) == 3


def test_labels_go_with_their_features(paths):
    plain = rows(made(paths))
    labels = [f"{i:02}" for i in range(COUNT)]
    for x, y in made(paths, labels=labels, shuffle=True, seed=5):
        assert y.dtype == tf.int32
        np.testing.assert_array_equal(x, plain[y.numpy()])


def test_a_cache_reads_each_file_once(paths, monkeypatch):
    asked = []
    read = wb.audio.read
    monkeypatch.setattr(
        wb.audio, "read", lambda path, **span: asked.append(path) or read(path, **span)
    )
    data = made(paths, cache=True)
    np.testing.assert_array_equal(rows(data), rows(data))
    assert sorted(asked) == sorted(paths)


def test_random_parts_are_drawn_anew_by_the_seed(paths):
    options = {"sample_rate": RATE, "length_seconds": 0.1, "keep": "random"}
    whole = rows(wb.dataset(paths, sample_rate=RATE, length_seconds=0.3))
    one, other = (wb.dataset(paths, seed=4, **options) for _ in range(2))
    first, second = rows(one), rows(one)
    np.testing.assert_array_equal(first, rows(other))
    starts = [
        next(i for i in range(1601) if np.array_equal(row[i : i + 800], cut))
        for row, cut in zip(whole, first, strict=True)
    ]
    assert len(set(starts)) > COUNT / 2
    assert not np.array_equal(first, second)


def test_any_order_of_completion_keeps_all(paths):
    labels = [f"{i:02}" for i in range(COUNT)]
    found = [y.numpy() for _, y in made(paths, labels=labels, deterministic=False)]
    assert sorted(np.concatenate(found)) == list(range(COUNT))


def test_weights_that_are_learnt_later_are_used(paths):
    dense = keras.layers.Dense(2)
    chain = front_end(dense)
    data = made(paths, chain)
    dense.kernel.assign(tf.zeros_like(dense.kernel))
    assert not np.any(rows(data))
