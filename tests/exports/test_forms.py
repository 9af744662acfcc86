"""The forms that other runtimes can hold compute what the layers compute."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import workbench as wb
from tests.exports.cases import SHORT
from workbench.core.inversion import inverse_stft_of_parts
from workbench.exports.export import TARGETS
from workbench.exports.forms import form_for
from workbench.exports.subject import subject_of
from workbench.exports.target import stacked

STFT = {key: SHORT[key] for key in ("frame_length", "frame_step")}
RNG = np.random.default_rng(0)
X = RNG.standard_normal((2, 1000, 3)).astype(np.float32)


@pytest.mark.slow
@pytest.mark.parametrize("sample_rate", [44100, 48000, 88200])
@pytest.mark.parametrize("interpolation", ["naive", "stn", "linear", "allpass", "cubic"])
def test_an_ordinary_loop_computes_what_the_compiled_one_does(interpolation, sample_rate):
    keras.utils.set_random_seed(0)
    rates = {"training_rate": 44100, "sample_rate": sample_rate, "interpolation": interpolation}
    layer = wb.layers.RateIndependentLSTM(3, return_sequences=True, return_state=True, **rates)
    x = X[:, :300, :2]  # two blocks and a part
    expected = layer(x)
    layer.compiled = False
    for found, wanted in zip(layer(x), expected, strict=True):
        np.testing.assert_allclose(found, wanted, atol=2e-6)  # of states below 1


def test_a_stft_without_complex_numbers_has_its_parts_last():
    subject = subject_of(wb.layers.STFT(**STFT), X)
    made = form_for(subject, TARGETS["onnx"])(X)
    expected = wb.stft(X, axis=1, **STFT)
    assert made.shape == (*expected.shape, 2)
    # float32, sums of 128 products in another order
    np.testing.assert_allclose(made, stacked(expected), atol=2e-5)


def test_the_inverse_of_parts_is_the_inverse():
    spectrum = wb.stft(X[..., 0], **STFT)
    options = dict(wb.layers.InverseSTFT(**STFT).values) | {"impl": "dft"}
    found = inverse_stft_of_parts(tf.math.real(spectrum), tf.math.imag(spectrum), **options)
    np.testing.assert_allclose(found, wb.inverse_stft(spectrum, **STFT), atol=1e-5)


def test_a_fixed_layer_has_its_learnt_values_and_no_weights():
    layer = wb.layers.Saturate(drive_db=3.0, learn=("drive_db",))
    layer(X)
    layer._weights_of["drive_db"].assign(9.0)
    expected = layer(X)
    layer.fix()
    assert layer.values == {"drive_db": 9.0}
    assert layer.learn == ()
    np.testing.assert_array_equal(layer(X), expected)


@pytest.mark.parametrize(
    ("model", "check", "shape"),
    [
        (wb.layers.Saturate(), None, (None, None)),
        (wb.layers.Saturate(), X, (None, None, 3)),
        (wb.layers.Saturate(axis=2), X, (None, 1000, None)),
        (wb.layers.InverseSTFT(**STFT), None, (None, None, 65)),
        (wb.Chain([wb.layers.Saturate()], sample_rate=8000), None, (None, None)),
        (keras.Sequential([keras.Input((500,)), keras.layers.Dense(2)]), None, (None, 500)),
    ],
)
def test_what_is_taken_is_found(model, check, shape):
    assert subject_of(model, check).shape == shape
