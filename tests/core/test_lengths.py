import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

import workbench as wb
from workbench.ops import spec

PLACES = ("start", "center", "end", "random")


def reference(row, length, keep, place, drawn):
    """A row and where it ends, fitted by NumPy; `drawn` is a random place."""
    room = length - len(row)
    shift = {"start": 0, "center": abs(room) // 2, "end": abs(room), "random": drawn}
    if room < 0:
        first = shift[keep]
        return row[first : first + length], length
    before = shift[place]
    return np.pad(row, (before, room - before)), before + len(row) if len(row) else 0


@pytest.mark.parametrize(("keep", "place"), [*itertools.product(PLACES[:3], repeat=2)])
@pytest.mark.parametrize("length", [1, 4, 5, 6, 9])
def test_crops_and_pads_each_row_by_its_own_length(keep, place, length):
    x = np.random.default_rng(0).standard_normal((4, 6))
    ends = [6, 5, 1, 0]
    found, lengths = wb.fit_length(x, length=length, lengths=ends, keep=keep, place=place)
    for row, end in enumerate(ends):
        expected, valid = reference(x[row, :end], length, keep, place, 0)
        np.testing.assert_array_equal(found[row], expected)
        assert lengths[row] == valid


@pytest.mark.parametrize("length", [3, 9])
def test_lengths_come_back_also_without_lengths(length):
    x = np.random.default_rng(0).standard_normal((2, 5, 3)).astype(np.float32)
    found, lengths = wb.fit_length(x, length=length, axis=1)
    assert found.shape == (2, length, 3)
    assert lengths.numpy().tolist() == [min(5, length)] * 2
    alone, end = wb.fit_length(x[0, :, 0], length=length)
    np.testing.assert_array_equal(alone, found[0, :, 0])
    assert end.shape == ()
    assert end == min(5, length)


def first_places(x, **values):
    """Where each row, of distinct positive samples, begins; below 0 where it is cropped."""
    found = wb.fit_length(x, **values)[0].numpy()
    column = np.argmax(found > 0, axis=-1)
    return column - (np.take_along_axis(found, column[..., None], -1)[..., 0] - 1).astype(int)


RAMP = np.tile(np.arange(1.0, 11.0, dtype=np.float32), (6000, 1))


@pytest.mark.parametrize(
    ("length", "chosen", "lowest"), [(14, "place", 0), (6, "keep", -4)], ids=["pad", "crop"]
)
def test_every_random_place_is_equally_likely(length, chosen, lowest):
    places = first_places(RAMP, length=length, seed=(5, 6), **{chosen: "random"})
    counts = np.bincount(places - lowest, minlength=5)
    assert counts.size == 5
    # chi-square with 4 degrees of freedom: above 23.5 once in 10,000 seeds
    assert np.sum((counts - 1200.0) ** 2 / 1200.0) < 23.5


def test_random_places_depend_on_the_seed_and_the_row_only():
    values = {"length": 4, "keep": "random"}
    places = first_places(RAMP[:50], seed=(5, 6), **values)
    assert len(set(places.tolist())) == 7
    np.testing.assert_array_equal(first_places(RAMP[:20], seed=(5, 6), **values), places[:20])
    np.testing.assert_array_equal(first_places(RAMP[:50], seed=[5, 6], **values), places)
    for other in ((5, 7), (6, 6), (6, 5)):
        assert np.mean(first_places(RAMP[:50], seed=other, **values) == places) < 0.5


def test_channels_stay_together():
    stereo = np.stack([RAMP[:50], RAMP[:50]], axis=-1)
    found = wb.fit_length(stereo, length=30, axis=1, place="random")[0].numpy()
    np.testing.assert_array_equal(found[..., 0], found[..., 1])
    assert len(set(np.argmax(found[..., 0] > 0, axis=1).tolist())) > 10


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("how", ["graph", "xla", "dataset"])
def test_all_ways_of_running_give_the_same(place, how):
    x = tf.constant(np.random.default_rng(0).standard_normal((9, 50)), tf.float32)
    ends = tf.constant([50, 1, 7, 20, 33, 0, 40, 21, 19])

    def fit(x, ends, seed):
        return wb.fit_length(x, length=20, lengths=ends, keep=place, place=place, seed=seed)

    seed = tf.constant([3, 4])
    expected = fit(x, ends, (3, 4))
    if how == "dataset":
        data = tf.data.Dataset.from_tensors((x, ends, seed)).map(fit)
        assert data.element_spec[0].shape == (9, 20)
        found = next(iter(data))
    else:
        found = tf.function(fit, jit_compile=how == "xla")(x, ends, seed)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(("keep", "place"), [*itertools.product(PLACES, repeat=2)])
def test_the_gradient_is_the_adjoint_and_so_is_that_of_the_gradient(keep, place):
    rng = np.random.default_rng(0)
    x, v = tf.constant(rng.standard_normal((3, 2, 30))), rng.standard_normal((3, 2, 20))
    weights = tf.Variable(v)
    ends = np.array([[30, 30], [12, 11], [20, 0]])
    with tf.GradientTape() as outer, tf.GradientTape() as inner:
        inner.watch(x)
        found = wb.fit_length(x, length=20, lengths=ends, keep=keep, place=place)[0]
        product = tf.reduce_sum(found * weights)
        pulled = inner.gradient(product, x)
        assert float(tf.reduce_sum(pulled * x)) == pytest.approx(float(product), rel=1e-12)
        again = tf.reduce_sum(pulled * x)
    np.testing.assert_allclose(outer.gradient(again, weights), found, rtol=1e-12)
    valid = np.arange(30) < ends[..., None]
    assert np.all(pulled.numpy()[~valid] == 0)


def test_the_layer_fits_and_says_its_shape_and_mask():
    layer = wb.layers.FitLength(length=20, place="random")
    x = np.random.default_rng(0).standard_normal((3, 30, 2)).astype(np.float32)
    mask = tf.sequence_mask([30, 12, 3], 30)
    expected, ends = wb.fit_length(x, length=20, place="random", axis=1, lengths=[30, 12, 3])
    np.testing.assert_array_equal(layer(x, mask=mask), expected)
    np.testing.assert_array_equal(layer.compute_mask(x, mask), tf.sequence_mask(ends, 20))
    assert layer(keras.Input((None, 2))).shape == (None, 20, 2)


def test_the_length_of_the_result_is_known_to_a_graph():
    for place in PLACES:
        fit = tf.function(lambda x, place=place: wb.fit_length(x, length=20, place=place)[0])
        graph = fit.get_concrete_function(tf.TensorSpec([None, None], tf.float32))
        assert graph.structured_outputs.shape.as_list() == [None, 20]


def test_the_declared_ends_are_those_of_the_rule():
    values = spec(wb.fit_length).check({"length": 8, "place": "center"})
    assert spec(wb.fit_length).valid(tf.constant([0, 1, 5, 8, 90]), values).numpy().tolist() == [
        0, 4, 6, 8, 8,
    ]  # fmt: skip


def test_a_saved_model_fits_masked_rows_at_the_same_places(tmp_path):
    inputs = keras.Input((None, 1))
    fitted = wb.layers.FitLength(length=20, place="random")(keras.layers.Masking()(inputs))
    model = keras.Model(inputs, keras.layers.GlobalAveragePooling1D()(fitted))
    x = np.ones((3, 30, 1), np.float32)
    x[1, 12:], x[2, 3:] = 0.0, 0.0
    ends = wb.fit_length(x, length=20, place="random", axis=1, lengths=[30, 12, 3])[1].numpy()
    assert np.all(ends[1:] > [12, 3])  # the zeros before these rows count as theirs
    np.testing.assert_allclose(model(x)[:, 0], np.array([20, 12, 3]) / ends, rtol=1e-6)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(x), model(x))
