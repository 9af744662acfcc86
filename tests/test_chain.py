import keras
import numpy as np
import pytest
import tensorflow as tf

import workbench as wb
from workbench import traces

X = tf.constant(np.random.default_rng(0).standard_normal((2, 8000)).astype(np.float32) * 0.1)


@pytest.fixture
def chain():
    return wb.Chain(
        [
            wb.layers.Saturate(drive_db=6.0),
            wb.layers.Resample(target_rate=8000),
            wb.layers.LogMelSpectrogram(num_mel_bins=20, frame_length=256),
        ],
        sample_rate=16000,
    )


def by_hand(x, drive_db=6.0):
    y = wb.resample(wb.saturate(x, drive_db=drive_db), orig_rate=16000, target_rate=8000)
    return wb.log_mel_spectrogram(y, sample_rate=8000, num_mel_bins=20, frame_length=256)


def test_it_is_the_ops_one_after_the_other(chain):
    np.testing.assert_array_equal(chain(X), by_hand(X))
    np.testing.assert_array_equal(chain.run(X)[-1], by_hand(X))


def test_the_sample_rate_flows(chain):
    assert [space.time.rate for space in chain.spaces] == [16000, 16000, 8000, 31.25]
    assert chain.layers[2].values["sample_rate"] == 8000
    chain.set(1, target_rate=4000)
    assert chain.layers[2].values["sample_rate"] == 4000
    chain.sample_rate = 48000
    assert chain.layers[1].values["orig_rate"] == 48000
    assert [axis.unit for axis in chain.axes] == ["s", "Hz"]


def test_what_does_not_fit_a_later_stage_changes_nothing(chain):
    chain.set(2, upper_edge_hertz=3900.0)
    with pytest.raises(ValueError, match=r"upper_edge_hertz must be at most .* 2000 Hz"):
        chain.set(1, target_rate=4000)
    assert chain.layers[1].values["target_rate"] == 8000
    assert chain.layers[2].values["sample_rate"] == 8000


def test_a_rate_that_a_stage_cannot_take_changes_nothing():
    chain = wb.Chain([wb.layers.MelSpectrogram(upper_edge_hertz=7900.0)], sample_rate=16000)
    with pytest.raises(ValueError, match=r"upper_edge_hertz must be at most .* 4000 Hz"):
        chain.sample_rate = 8000
    assert chain.sample_rate == 16000
    assert chain.layers[0].values["sample_rate"] == 16000


@pytest.mark.parametrize("rate", [0, -1, 0.5, True, None, float("nan"), float("inf"), "8000"])
def test_bad_sample_rates(rate):
    with pytest.raises(ValueError, match="Chain: sample_rate must be a whole number of hertz"):
        wb.Chain([], sample_rate=rate)


def test_a_layer_with_another_rate_is_refused():
    with pytest.raises(ValueError, match="Leave it out in a chain"):
        wb.Chain([wb.layers.MelSpectrogram(sample_rate=8000)], sample_rate=16000)


def test_only_changed_stages_are_computed_again(chain):
    before = chain.run(X)
    chain.set(2, num_mel_bins=30)
    after = chain.run(X)
    assert [a is b for a, b in zip(before, after, strict=True)] == [True, True, True, False]
    chain.set(0, drive_db=7.0)
    last = chain.run(X)
    assert [a is b for a, b in zip(after, last, strict=True)] == [True, False, False, False]


@pytest.mark.parametrize("calls", [1, 3])
def test_gradients_equal_those_of_one_tape(chain, calls):
    drive = tf.constant(6.0)
    with tf.GradientTape() as tape:
        tape.watch([X, drive])
        value = tf.reduce_mean(tf.square(by_hand(X, drive)))
    expected, expected_drive = tape.gradient(value, [X, drive])
    for _ in range(calls):  # later calls are compiled
        found = chain.gradients(X, "energy", parameters=True)
        traces.settle()
    assert float(found.value) == pytest.approx(float(value), rel=1e-5)
    error = np.linalg.norm(found.signal - expected) / np.linalg.norm(expected)
    assert error < 1e-5
    assert float(found.parameters[0]["drive_db"]) == pytest.approx(float(expected_drive), rel=1e-4)
    assert [g.shape for g in found.stages] == [o.shape for o in found.outputs]


def test_the_scalar_can_be_any_function(chain):
    found = chain.gradients(X, lambda result: result[0, 3, 5])
    assert np.any(found.signal[0] != 0)
    assert np.all(found.signal[1] == 0)
    with pytest.raises(
        ValueError, match=r"gradients: loss must be one of \['mean', 'energy'\], an objective"
    ):
        chain.gradients(X, "loudness")


def test_complex_results_have_gradients():
    chain = wb.Chain([wb.layers.STFT(frame_length=256)], sample_rate=8000)
    for loss in ("mean", "energy"):
        assert np.all(np.isfinite(chain.gradients(X, loss).signal))


def test_any_length_and_channels_through_one_chain(chain):
    for shape in ((1, 100), (3, 5000)):
        assert chain(np.zeros(shape, np.float32)).shape[0] == shape[0]
    wide = wb.Chain([wb.layers.Spectrogram()], sample_rate=8000)
    assert wide(np.zeros((2, 3000, 3), np.float32)).shape == (2, 12, 513, 3)


def test_file_round_trip_keeps_rate_numbers_and_type(chain, tmp_path):
    expected = chain(X)
    chain.save(tmp_path / "chain.keras")
    loaded = keras.models.load_model(tmp_path / "chain.keras")
    assert isinstance(loaded, wb.Chain)
    assert loaded.sample_rate == 16000
    np.testing.assert_array_equal(loaded(X), expected)
    assert loaded.axes == chain.axes


def test_an_unused_chain_saves_too(chain, tmp_path):
    chain.save(tmp_path / "chain.keras")
    loaded = keras.models.load_model(tmp_path / "chain.keras")
    np.testing.assert_array_equal(loaded(X), chain(X))


def test_keras_layers_may_follow_and_train(chain):
    model = wb.Chain(
        [*chain.layers, keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(1)],
        sample_rate=16000,
    )
    model.compile("adam", "mse")
    model.fit(X, np.zeros((2, 1)), verbose=0)
    assert model(X).shape == (2, 1)
    assert model.gradients(X, "mean").signal.shape == X.shape
    assert model.axes[0].name == "index"


def test_changed_parameters_reach_the_keras_call(chain):
    chain(X)
    chain.set(2, num_mel_bins=33)
    assert chain(X).shape[-1] == 33
    assert chain.output_shape[-1] == 33


def test_code_makes_the_same_chain(chain):
    scope = {"wb": wb, "keras": keras}
    exec(chain.code(), scope)
    np.testing.assert_array_equal(scope["chain"](X), chain(X))


def test_predict_uses_changed_parameters(chain):
    before = chain.predict(X, verbose=0)
    chain.set(0, drive_db=20.0)
    after = chain.predict(X, verbose=0)
    assert np.max(np.abs(after - before)) > 1
    np.testing.assert_allclose(after, by_hand(X, 20.0), atol=1e-3)


def test_a_layer_may_serve_two_chains_of_different_rates():
    layer = wb.layers.MelSpectrogram()
    one = wb.Chain([layer], sample_rate=16000)
    expected = one(X)
    two = wb.Chain([layer], sample_rate=44100)
    assert np.max(np.abs(two(X) - expected)) > 0
    np.testing.assert_array_equal(one(X), expected)
    np.testing.assert_array_equal(one.run(X)[-1], expected)


def test_waveforms_with_and_without_channels_through_one_chain(chain, tmp_path):
    flat = chain(X)
    wide = chain(X[..., None])
    np.testing.assert_allclose(wide[..., 0], flat, atol=1e-4)
    chain.set(0, drive_db=3.0)
    chain.save(tmp_path / "wide.keras")
    loaded = keras.models.load_model(tmp_path / "wide.keras")
    np.testing.assert_array_equal(loaded(X), chain(X))
    np.testing.assert_array_equal(loaded(X[..., None]), chain(X[..., None]))


def test_a_refused_change_leaves_the_rate_free_to_follow():
    chain = wb.Chain([wb.layers.MelSpectrogram()], sample_rate=16000)
    with pytest.raises(ValueError, match="Leave it out in a chain"):
        chain.set(0, sample_rate=8000)
    chain.sample_rate = 44100
    assert chain.layers[0].values["sample_rate"] == 44100


def test_what_is_learnt_stays_legal_at_another_rate():
    mel = wb.layers.MelSpectrogram(
        num_mel_bins=8, upper_edge_hertz=3900.0, learn=("upper_edge_hertz",)
    )
    chain = wb.Chain([mel], sample_rate=16000)
    chain.compile(keras.optimizers.Adam(1000.0), loss=lambda _, y: -tf.reduce_mean(y))
    for rate, expected in ((16000, 4900.0), (8000, 4000.0)):  # wider bands hold more
        chain.set(0, upper_edge_hertz=3900.0)
        chain.sample_rate = rate
        chain.fit(X, np.zeros((2, 1)), verbose=0)
        assert mel.values["upper_edge_hertz"] == pytest.approx(expected, rel=1e-3)
        assert mel.values["upper_edge_hertz"] <= rate / 2


def test_a_loaded_chain_takes_another_rate(chain, tmp_path):
    chain.save(tmp_path / "chain.keras")
    loaded = keras.models.load_model(tmp_path / "chain.keras")
    loaded.sample_rate = 48000
    assert loaded.layers[1].values["orig_rate"] == 48000
    assert loaded.code() == chain.code().replace("16000", "48000")


def test_a_layer_that_does_not_fit_is_not_appended(chain):
    chain(X)
    with pytest.raises(ValueError, match="Leave it out in a chain"):
        chain.add(wb.layers.Resample(orig_rate=1, target_rate=2))
    assert len(chain.layers) == 3
    np.testing.assert_array_equal(chain(X), by_hand(X))


def test_precision_and_freezing_survive_a_file(tmp_path):
    chain = wb.Chain(
        [wb.layers.Saturate(drive_db=6.0, dtype="float64")],
        sample_rate=8000,
        dtype="float64",
        trainable=False,
    )
    x = np.random.default_rng(0).standard_normal((1, 50))
    expected = wb.saturate(x, drive_db=6.0)
    chain.save(tmp_path / "chain.keras")
    loaded = keras.models.load_model(tmp_path / "chain.keras")
    for made in (chain, loaded):
        np.testing.assert_array_equal(made(x), expected)
        np.testing.assert_array_equal(made.run(x)[-1], expected)
        assert not made.trainable


@pytest.mark.parametrize("layer", [keras.layers.LayerNormalization(), keras.layers.Dense(3)])
def test_keras_layers_in_the_middle_have_true_gradients(layer):
    chain = wb.Chain([wb.layers.Spectrogram(frame_length=64), layer], sample_rate=8000)
    for _ in range(4):
        found = chain.gradients(X, "energy")
        traces.settle()
        with tf.GradientTape() as tape:
            tape.watch(X)
            value = tf.reduce_mean(tf.square(chain(X)))
        expected = tape.gradient(value, X)
        np.testing.assert_allclose(found.signal, expected, rtol=1e-3, atol=1e-5)
    weight = layer.trainable_weights[0]
    weight.assign(0 * weight)
    assert np.all(chain.gradients(X, "mean").signal == 0)


def test_samples_that_are_whole_numbers_are_refused_as_by_the_ops(chain):
    with pytest.raises(TypeError, match="Chain: signal must be floating point; got int16"):
        chain.run(np.zeros((1, 100), np.int16))


def arranged(sample_rate=16000):
    made = [
        wb.layers.Saturate(name="saturate"),
        wb.layers.Resample(target_rate=8000, name="resample"),
        wb.layers.STFT(frame_length=256, frame_step=64, name="stft"),
    ]
    return wb.Chain(made, sample_rate=sample_rate), made


def test_layers_can_be_left_out_added_and_reordered():
    chain, (_, resample, stft) = arranged()
    x = np.asarray(wb.noise(sample_rate=16000, seconds=0.2))[None]
    chain.run(x)
    chain.arrange([resample, stft])
    alone = wb.stft(
        wb.resample(x, orig_rate=16000, target_rate=8000), frame_length=256, frame_step=64
    )
    np.testing.assert_array_equal(chain(x), alone)
    assert chain.axes[1].step == 8000 / 256
    delay = wb.layers.FractionalDelay(delay=2.0)
    chain.arrange([delay, stft, wb.layers.Decibels()][:2])
    assert [type(layer).__name__ for layer in chain.layers] == ["FractionalDelay", "STFT"]
    assert chain.axes[1].step == 16000 / 256
    assert chain.run(x)[-1].shape == (1, 51, 129)


def test_an_arrangement_that_does_not_fit_changes_nothing():
    chain, (saturate, resample, stft) = arranged()
    other = wb.layers.LogMelSpectrogram(upper_edge_hertz=6000.0)
    with pytest.raises(ValueError, match="upper_edge_hertz must be at most"):
        chain.arrange([resample, other])
    assert chain.layers == [saturate, resample, stft]
    assert chain.axes[1].step == 8000 / 256
    with pytest.raises(ValueError, match="layers must have different names"):
        chain.arrange([stft, stft])


def test_a_rearranged_chain_is_saved_as_it_is_now(tmp_path):
    chain, (saturate, resample, _) = arranged()
    x = np.asarray(wb.noise(sample_rate=16000, seconds=0.2))[None]
    chain(x)
    chain.arrange([resample, saturate])
    chain.save(tmp_path / "chain.keras")
    again = keras.saving.load_model(tmp_path / "chain.keras")
    assert [type(layer).__name__ for layer in again.layers] == ["Resample", "Saturate"]
    np.testing.assert_array_equal(again(x), chain(x))
