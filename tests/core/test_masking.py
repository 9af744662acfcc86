import keras
import numpy as np
import pytest
import tensorflow as tf

import workbench as wb
from workbench.core.chance import seed_of_step

ONE_TIME = {"num_time_masks": 1, "num_frequency_masks": 0}
ONE_BAND = {"num_time_masks": 0, "num_frequency_masks": 1}


def masked(shape, **values):
    """Where a spectrogram of ones is masked."""
    return wb.spec_augment(np.ones(shape, np.float32), **values).numpy() == 0


def chi_square(counts, probabilities):
    expected = np.sum(counts) * np.asarray(probabilities)
    assert np.all(expected > 5)
    return np.sum((counts - expected) ** 2 / expected)


def limit(freedom):
    """What chi-square exceeds once in 100,000 seeds (Wilson and Hilferty; z = 4.26)."""
    return freedom * (1 - 2 / (9 * freedom) + 4.26 * np.sqrt(2 / (9 * freedom))) ** 3


@pytest.mark.parametrize(
    ("axis", "values"),
    [
        (1, {**ONE_TIME, "time_mask_width": 5}),
        (2, {**ONE_BAND, "frequency_mask_width": 5}),
    ],
    ids=["time", "frequency"],
)
def test_count_width_and_start_are_uniform(axis, values):
    size, widest, examples = 12, 5, 40_000
    shape = (examples, size, 2) if axis == 1 else (examples, 2, size)
    hidden = masked(shape, seed=(7, 8), **values)
    line = hidden.any(axis=3 - axis)
    np.testing.assert_array_equal(hidden, np.broadcast_to(np.expand_dims(line, 3 - axis), shape))
    widths = line.sum(axis=1)
    starts = np.where(widths > 0, line.argmax(axis=1), -1)
    assert np.all(
        np.abs(np.diff(line, prepend=False, append=False)).sum(axis=1) == 2 * (widths > 0)
    )
    # width 0: no mask drawn, one of two, or one of width 0, one of six
    shares = np.full(widest + 1, 0.5 / (widest + 1))
    shares[0] += 0.5
    assert chi_square(np.bincount(widths, minlength=6), shares) < limit(widest)
    for width in range(1, widest + 1):
        places = size - width + 1
        counts = np.bincount(starts[widths == width], minlength=places)
        assert counts.size == places
        assert chi_square(counts, np.full(places, 1 / places)) < limit(places - 1)


def test_the_number_of_masks_is_uniform():
    # each mask hides one frame or none, evenly; two of them meet in 1 of 2000 frames
    values = {"num_time_masks": 3, "time_mask_width": 1, "num_frequency_masks": 0}
    counts = np.bincount(masked((4000, 2000, 1), **values).sum(axis=(1, 2)), minlength=4)
    assert chi_square(counts, np.array([15, 11, 5, 1]) / 32) < limit(3)


def test_masks_lie_inside_each_examples_valid_length():
    lengths = np.tile([0, 1, 3, 40], 500)
    hidden, made = wb.spec_augment(
        np.ones((2000, 40, 3), np.float32),
        lengths=lengths,
        time_mask_width=6,
        num_frequency_masks=0,
    )
    np.testing.assert_array_equal(made, lengths)
    hidden = hidden.numpy()[..., 0] == 0
    assert not np.any(hidden & (np.arange(40) >= lengths[:, None]))
    shares = hidden.reshape(500, 4, 40).mean(axis=0)
    assert np.all(shares[0] == 0)
    # a mask of width 0 or 1, 0 .. 2 of them: one of them covers the only frame in 1 - 7/12 of cases
    assert shares[1, 0] == pytest.approx(1 - (1 + 1 / 2 + 1 / 4) / 3, abs=0.1)
    assert np.all(shares[2, :3] > 0.2)
    assert np.all(shares[3] > 0.02)  # the last frame is hidden too
    assert np.all(shares[3] < 0.35)


@pytest.mark.parametrize("value", [-80.0, None])
def test_what_is_put_there_and_what_stays(value):
    x = np.random.default_rng(0).standard_normal((3, 50, 20)) + 4.0
    lengths = np.array([50, 20, 7])
    found, _ = wb.spec_augment(x, lengths=lengths, mask_value=value, time_mask_width=9)
    for row in range(3):
        expected = x[row, : lengths[row]].mean() if value is None else value
        changed = found[row].numpy() != x[row]
        assert changed[: lengths[row]].any()
        assert not changed[lengths[row] :].any()
        np.testing.assert_allclose(found[row].numpy()[changed], expected, rtol=1e-12)


def test_a_row_depends_on_the_seed_and_its_number_only():
    hidden = masked((50, 60, 30), seed=(5, 6))
    np.testing.assert_array_equal(masked((20, 60, 30), seed=(5, 6)), hidden[:20])
    np.testing.assert_array_equal(masked((60, 30), seed=(5, 6)), hidden[0])
    assert len({row.tobytes() for row in hidden}) > 40
    for seed in ((5, 7), (6, 6), (6, 5)):
        assert np.mean(np.any(masked((50, 60, 30), seed=seed) != hidden, axis=(1, 2))) > 0.8


def test_channels_share_the_masks_of_their_example():
    hidden = wb.spec_augment(np.ones((20, 60, 30, 3), np.float32), axis=1).numpy() == 0
    np.testing.assert_array_equal(hidden, np.repeat(masked((20, 60, 30))[..., None], 3, axis=-1))


@pytest.mark.parametrize("how", ["graph", "xla", "dataset"])
@pytest.mark.parametrize("lengths", [None, [60, 1, 30, 0, 59, 44, 7]])
def test_all_ways_of_running_draw_the_same(how, lengths):
    x = tf.ones([7, 60, 30])

    def hide(x, seed):
        made = wb.spec_augment(x, seed=seed, lengths=lengths)
        return made if lengths is None else made[0]

    for seed in ((1, 2), (2**31 - 1, 77)):
        expected = hide(x, seed)
        assert np.any(expected == 0)
        if how == "dataset":
            data = tf.data.Dataset.from_tensors((x, tf.constant(seed))).map(hide)
            found = next(iter(data))
        else:
            found = tf.function(hide, jit_compile=how == "xla")(x, tf.constant(seed))
        np.testing.assert_array_equal(found, expected)


def test_the_gradient_passes_where_nothing_is_hidden():
    x = tf.constant(np.random.default_rng(0).standard_normal((3, 60, 30)))
    value = tf.constant(2.0, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch([x, value])
        out = wb.spec_augment(x, mask_value=value)
        total = tf.reduce_sum(out)
    of_signal, of_value = tape.gradient(total, [x, value])
    hidden = masked((3, 60, 30))
    np.testing.assert_array_equal(of_signal, ~hidden)
    assert of_value == hidden.sum()


@pytest.mark.parametrize(
    "bad", [(1,), (1, 2, 3), 5, "12", (1.5, 2), (-1, 2), (2**31, 2), (True, 1)]
)
def test_a_seed_is_two_whole_numbers(bad):
    with pytest.raises((TypeError, ValueError), match="spec_augment: seed must be 2 whole numbers"):
        wb.spec_augment(np.ones((4, 4)), seed=bad)
    with pytest.raises(TypeError, match=r"or a tensor of them; got a tensor .*float32"):
        wb.spec_augment(np.ones((4, 4)), seed=tf.constant([1.0, 2.0]))
    with pytest.raises(TypeError, match=r"of shape \(3,\)"):
        wb.spec_augment(np.ones((4, 4)), seed=tf.constant([1, 2, 3]))


X = np.random.default_rng(0).standard_normal((4, 60, 30)).astype(np.float32)


def test_the_layer_hides_in_training_only_and_anew_at_each_step():
    layer = wb.layers.SpecAugment(seed=(3, 4))
    np.testing.assert_array_equal(layer(X), X)
    np.testing.assert_array_equal(layer(X, training=False), X)
    mask = tf.sequence_mask([60, 20, 5, 1], 60)
    for step in range(3):
        seed = seed_of_step((3, 4), step)
        expected = wb.spec_augment(X, seed=seed, lengths=[60, 20, 5, 1])[0]
        np.testing.assert_array_equal(layer(X, mask=mask, training=True), expected)
    np.testing.assert_array_equal(layer.apply(X, {}), wb.spec_augment(X, seed=(3, 4)))


@pytest.mark.parametrize("jit", [False, True])
def test_fit_steps_through_the_seeds_and_a_file_keeps_the_step(jit, tmp_path):
    inputs, seen = keras.Input((60, 30)), []
    augment = wb.layers.SpecAugment(seed=(3, 4), learn=("mask_value",))  # something to train
    model = keras.Model(inputs, keras.layers.Flatten()(augment(inputs)))
    model.compile(keras.optimizers.SGD(0.0), "mse", jit_compile=jit)
    zeros = np.zeros((4, 1800), np.float32)
    for step in range(3):
        loss = model.fit(X, zeros, shuffle=False, verbose=0).history["loss"][0]
        expected = np.mean(np.square(wb.spec_augment(X, seed=seed_of_step((3, 4), step))))
        assert loss == pytest.approx(expected, rel=1e-5)
        seen.append(loss)
    assert len(set(seen)) == 3
    np.testing.assert_array_equal(model.predict(X, verbose=0), X.reshape(4, -1))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.layers[1].values == augment.values
    assert int(loaded.layers[1].step.numpy()) == 3


def test_a_chain_hides_in_training_and_a_dashboard_sees_it_always():
    chain = wb.Chain([wb.layers.Spectrogram(), wb.layers.SpecAugment()], sample_rate=8000)
    x = np.random.default_rng(0).standard_normal((2, 16000)).astype(np.float32)
    whole = wb.spectrogram(x)
    np.testing.assert_array_equal(chain(x), whole)
    np.testing.assert_array_equal(chain(x, training=True), wb.spec_augment(whole))
    np.testing.assert_array_equal(chain.run(x)[-1], wb.spec_augment(whole))
