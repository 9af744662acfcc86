import keras
import numpy as np
import pytest
import tensorflow as tf

import workbench as wb
from workbench.axes import waveform_space
from workbench.layers import OpLayer, layer_of
from workbench.ops import spec

X = np.random.default_rng(0).standard_normal((2, 4000)).astype(np.float32)


def test_a_layer_is_three_lines():
    class Louder(OpLayer):
        """More of it."""

        function = staticmethod(wb.saturate)

    np.testing.assert_array_equal(Louder(drive_db=6.0)(X), wb.saturate(X, drive_db=6.0))


def test_set_changes_the_next_call_and_refuses_as_a_whole():
    layer = wb.layers.Spectrogram()
    layer.set(frame_length=512, frame_step=100)
    assert layer(X).shape == (2, 41, 257)
    with pytest.raises(ValueError, match="spectrogram: frame_step must"):
        layer.set(frame_length=256, frame_step=0)
    assert layer.values["frame_length"] == 512


def test_a_missing_rate_is_asked_for_and_a_chain_gives_it():
    layer = wb.layers.MelSpectrogram()
    with pytest.raises(TypeError, match="mel_spectrogram: sample_rate must be given"):
        layer(X)
    layer.follow(waveform_space(16000))
    assert layer.values["sample_rate"] == 16000
    assert layer(X).shape == (2, 16, 80)
    assert "sample_rate" not in layer.code()


def test_another_rate_than_the_one_that_reaches_it_is_refused():
    layer = wb.layers.MelSpectrogram(sample_rate=8000)
    with pytest.raises(ValueError, match=r"sample_rate must be the rate .* 16000 Hz; got 8000"):
        layer.follow(waveform_space(16000))


def test_learnt_parameters_are_weights_that_training_moves_and_a_file_keeps(tmp_path):
    layer = wb.layers.Saturate(drive_db=3.0, learn=("drive_db",))
    model = keras.Sequential([keras.Input((None,)), layer])
    model.compile(keras.optimizers.Adam(0.3), "mse")
    model.fit(X, wb.saturate(X, drive_db=9.0), epochs=150, verbose=0)
    assert layer.values["drive_db"] == pytest.approx(9.0, abs=0.05)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.layers[0].values == pytest.approx(layer.values)
    np.testing.assert_array_equal(loaded(X), model(X))


def test_a_learnt_parameter_starts_from_what_none_stands_for_and_stays_legal():
    learn = ("upper_edge_hertz",)
    layer = wb.layers.MelSpectrogram(sample_rate=16000, num_mel_bins=8, learn=learn)
    model = keras.Sequential([keras.Input((None,)), layer])
    for sign, expected in ((-1.0, 8000.0), (1.0, 7980.0)):  # wider bands hold more
        model.compile(
            keras.optimizers.Adam(10.0), loss=lambda _, y, sign=sign: sign * tf.reduce_mean(y)
        )
        model.fit(X, np.zeros((2, 16, 8)), epochs=2, verbose=0)
        assert layer.values["upper_edge_hertz"] == pytest.approx(expected, abs=2.0)
        assert layer.values["upper_edge_hertz"] <= 8000.0


@pytest.mark.parametrize("name", ["frame_length", "nonsense"])
def test_only_differentiable_parameters_can_be_learnt(name):
    with pytest.raises(ValueError, match=r"Spectrogram: learn must name some of \[.*'power'"):
        wb.layers.Spectrogram(learn=(name,))


def test_keras_masks_travel_through_a_model(tmp_path):
    inputs = keras.Input((None, 1))
    masked = keras.layers.Masking()(inputs)
    resampled = wb.layers.Resample(orig_rate=2, target_rate=1)(masked)
    model = keras.Model(inputs, keras.layers.GlobalAveragePooling1D()(resampled))
    x = np.ones((2, 10, 1), np.float32)
    x[1, 5:] = 0.0
    resampled = wb.resample(x, orig_rate=2, target_rate=1, axis=1).numpy()
    expected = [resampled[0].mean(), resampled[1, :3].mean()]  # 3 of 5 steps hold the 5 samples
    np.testing.assert_allclose(model(x)[:, 0], expected, rtol=1e-6)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(x), model(x))


def test_layers_are_found_by_their_op():
    assert layer_of(spec(wb.stft)) is wb.layers.STFT
    with pytest.raises(TypeError, match="siren has no layer"):
        layer_of(spec(wb.siren))


def test_the_docstring_is_that_of_the_op():
    assert "num_mel_bins: Number of mel bands." in wb.layers.MelSpectrogram.__doc__


def test_code_says_what_differs_from_the_defaults():
    layer = wb.layers.STFT(frame_length=512, window="hann", axis=-1)
    assert layer.code() == "wb.layers.STFT(frame_length=512, axis=-1)"
    assert eval(layer.code()).values == layer.values


def test_learning_goes_with_masks():
    model = keras.Sequential(
        [
            keras.Input((None, 1)),
            keras.layers.Masking(),
            wb.layers.Saturate(learn=("drive_db",)),
            keras.layers.GlobalAveragePooling1D(),
        ]
    )
    model.compile("adam", "mse")
    model.fit(X[:, :50, None], np.zeros((2, 1)), verbose=0)


def test_a_learnt_parameter_stays_legal():
    layer = wb.layers.Spectrogram(power=0.1, learn=("power",))
    model = keras.Sequential([keras.Input((None,)), layer])
    model.compile(keras.optimizers.SGD(1e6), "mse")
    model.fit(X, np.zeros((2, 16, 513)), verbose=0, epochs=3)
    assert layer.values["power"] > 0
    layer.declared["power"].check(layer.values["power"])


def test_parameters_given_as_tensors_become_numbers():
    layer = wb.layers.Saturate(drive_db=tf.constant(3.0))
    layer.set(drive_db=np.array(6.0))
    assert layer.values == {"drive_db": 6.0}
    with pytest.raises(
        TypeError, match=r"drive_db must be one number; got an array of shape \(2,\)"
    ):
        layer.set(drive_db=np.zeros(2))


def test_a_layer_can_be_derived_from():
    class Mine(wb.layers.Saturate):
        """With another name."""

    np.testing.assert_array_equal(Mine(drive_db=3.0)(X), wb.saturate(X, drive_db=3.0))


def test_code_keeps_what_was_learnt_and_the_precision():
    layer = wb.layers.Saturate(learn=("drive_db",), dtype="float64")
    layer.build((None, None))
    layer.set(drive_db=2.5)
    assert layer.code() == "wb.layers.Saturate(drive_db=2.5, dtype='float64', learn=('drive_db',))"


@pytest.mark.parametrize(
    "layers",
    [
        [wb.layers.Spectrogram(frame_length=64, frame_step=16)],
        [wb.layers.MFCC(sample_rate=8000, top_db=40.0), wb.layers.Delta()],
        [
            wb.layers.MelSpectrogram(sample_rate=8000, num_mel_bins=20),
            wb.layers.PCEN(frame_rate=31.25),
        ],
        [wb.layers.STFT(), wb.layers.InverseSTFT()],
        [wb.layers.Resample(orig_rate=3, target_rate=2), wb.layers.FractionalDelay(delay=1.5)],
        [wb.layers.Resample(ratio=1.0, learn="ratio")],
    ],
    ids=lambda layers: "-".join(type(layer).__name__ for layer in layers),
)
def test_masked_models_predict_and_train(layers):
    x = np.random.default_rng(0).standard_normal((3, 3000)).astype(np.float32)
    x[1, 1700:] = x[2, 900:] = 0.0
    inputs = keras.Input((None, 1))
    made = keras.layers.Masking(0.0)(inputs)
    for layer in layers:
        made = layer(made)
    model = keras.Model(inputs, made)
    for row, length in enumerate((3000, 1700, 900)):
        alone = x[row : row + 1, :length, None]
        for layer in layers:
            alone = layer(alone)
        found = model.predict(x[..., None], verbose=0)[row : row + 1, : alone.shape[1]]
        np.testing.assert_allclose(found, alone, atol=1e-4 * np.max(np.abs(alone)))
    if model.trainable_weights:
        model.compile("sgd", lambda true, made: tf.reduce_mean(tf.abs(made), axis=-1))
        model.fit(x[..., None], x[..., None], epochs=2, verbose=0)


def test_a_parameter_without_a_value_cannot_be_learnt():
    with pytest.raises(ValueError, match="Resample: ratio must be given to be learnt; got None"):
        wb.layers.Resample(orig_rate=3, target_rate=2, learn=("ratio",))


def test_a_layer_needs_no_rate_that_its_op_does_not_need():
    assert wb.layers.Resample(ratio=1.5)(np.zeros((1, 100), np.float32)).shape == (1, 150)
    with pytest.raises(TypeError, match="resample: orig_rate must be given, or ratio"):
        wb.layers.Resample(target_rate=8000)(np.zeros((1, 100), np.float32))


def test_the_mask_follows_a_learnt_ratio():
    layer = wb.layers.Resample(ratio=1.0, learn="ratio")
    x = np.zeros((2, 1000), np.float32)
    layer(x)
    layer._weights_of["ratio"].assign(1.5)
    assert layer.compute_mask(x, tf.ones(x.shape, tf.bool)).shape == layer(x).shape


@pytest.mark.parametrize("make", [lambda: wb.layers.Saturate(), lambda: wb.layers.STFT()])
def test_a_layer_itself_can_be_traced(make):
    layer, x = make(), tf.ones([2, 2000])
    np.testing.assert_array_equal(tf.function(layer)(x), layer(x))
