import librosa
import numpy as np
import pytest
import tensorflow as tf

import workbench as wb
from tests.numbers import rounded_to_ten_bits
from workbench.core import products
from workbench.core.pcen import _leaky_sum
from workbench.ops import spec

RATE = 16000 / 160
ENERGY = np.random.default_rng(8).gamma(0.5, size=(3, 700, 20)) * np.reshape(
    [1e6, 1.0, 1e-5], [3, 1, 1]
)


def librosa_pcen(energy, **values):
    return librosa.pcen(np.swapaxes(energy, -1, -2), sr=16000, hop_length=160, **values).swapaxes(
        -1, -2
    )


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({}, {}),
        ({"gain": 0.5, "bias": 10.0}, {"gain": 0.5, "bias": 10.0}),
        ({"power": 0.0}, {"power": 0.0}),
        ({"power": 1.0, "eps": 1e-3}, {"power": 1.0, "eps": 1e-3}),
        ({"time_constant_seconds": 0.02}, {"time_constant": 0.02}),
        ({"time_constant_seconds": 10.0}, {"time_constant": 10.0}),
        ({"time_constant_seconds": 1e-3}, {"time_constant": 1e-3}),
    ],
)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("float64", 1e-10)])
def test_pcen_equals_librosa(ours, theirs, dtype, tolerance):
    for row in ENERGY:
        found = wb.pcen(row.astype(dtype), frame_rate=RATE, **ours)
        expected = librosa_pcen(row, **theirs)
        assert np.max(np.abs(found - expected)) <= tolerance * np.max(expected)


@pytest.mark.parametrize("frames", [1, 2, 63, 64, 65, 4096, 4097, 10000])
@pytest.mark.parametrize("known", [True, False])
def test_the_running_mean_runs_on_over_any_number_of_frames(frames, known):
    energy = np.random.default_rng(frames).gamma(0.5, size=(frames, 2))
    shape = [frames if known else None, 2]

    @tf.function(input_signature=[tf.TensorSpec(shape, tf.float64)])
    def run(energy):
        return wb.pcen(energy, frame_rate=RATE, time_constant_seconds=30.0)

    expected = librosa_pcen(energy, time_constant=30.0)
    np.testing.assert_allclose(run(energy), expected, rtol=1e-10, atol=1e-12)


def test_the_gradient_of_the_running_sum_has_a_gradient():
    drive = tf.constant(np.random.default_rng(0).standard_normal((2, 150)))
    kept = tf.constant(0.93, tf.float64)
    weights = np.random.default_rng(1).standard_normal((2, 150))

    def slope(kept):
        with tf.GradientTape() as tape:
            tape.watch(kept)
            total = tf.reduce_sum(weights * _leaky_sum(drive, kept))
        return tape.gradient(total, kept)

    with tf.GradientTape() as tape:
        tape.watch(kept)
        first = slope(kept)
    difference = (slope(kept + 1e-5) - slope(kept - 1e-5)) / 2e-5
    assert float(tape.gradient(first, kept)) == pytest.approx(float(difference), rel=1e-6)


@pytest.mark.parametrize(
    ("name", "at"),
    [("gain", 0.9), ("bias", 1.5), ("power", 0.3), ("time_constant_seconds", 0.1), ("eps", 1e-5)],
)
def test_gradients_of_parameters_equal_central_differences(name, at):
    energy = tf.constant(ENERGY[1, :200] * 1e-4)  # as weak as eps counts
    weights = np.random.default_rng(2).standard_normal(energy.shape)

    def total(value):
        return tf.reduce_sum(weights * wb.pcen(energy, frame_rate=RATE, **{name: value}))

    value = tf.constant(at, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(value)
        result = total(value)
    difference = float(total(value * (1 + 1e-5)) - total(value * (1 - 1e-5))) / (2e-5 * at)
    assert float(tape.gradient(result, value)) == pytest.approx(difference, rel=1e-5)


@pytest.mark.parametrize("name", ["gain", "bias", "power", "time_constant_seconds", "eps"])
def test_gradients_of_parameters_are_finite_at_silence(name):
    at = spec(wb.pcen).parameters[name].default
    value = tf.constant(at)
    with tf.GradientTape() as tape:
        tape.watch(value)
        result = wb.pcen(np.zeros((300, 3), np.float32), frame_rate=RATE, **{name: value})
    assert np.isfinite(tape.gradient(result, value))


@pytest.mark.parametrize("time_constant_seconds", [1e-9, 0.02, 0.4, 3.0])
def test_what_lies_before_the_reach_is_forgotten(time_constant_seconds):
    op = spec(wb.pcen)
    given = {"frame_rate": 20.0, "time_constant_seconds": time_constant_seconds}
    before = op.reach(op.check(given)).before
    rng = np.random.default_rng(4)
    late = rng.gamma(0.5, size=(50, 2))
    early = 1e10 * rng.gamma(0.5, size=(int(before) + 300, 2))
    late = np.concatenate([rng.gamma(0.5, size=(int(before), 2)), late])
    whole = wb.pcen(np.concatenate([early, late]), **given)[-50:]
    np.testing.assert_allclose(wb.pcen(late, **given)[-50:], whole, rtol=1e-12)


def test_a_chain_knows_the_frame_rate():
    chain = wb.Chain(
        [wb.layers.MelSpectrogram(frame_step=200), wb.layers.PCEN(gain=0.9)], sample_rate=16000
    )
    x = np.random.default_rng(0).standard_normal((1, 8000)).astype(np.float32)
    bands = wb.mel_spectrogram(x, sample_rate=16000, frame_step=200)
    np.testing.assert_array_equal(chain(x), wb.pcen(bands, frame_rate=80.0, gain=0.9))
    assert chain.spaces[-1].label == "normalized energy"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"frame_rate": 0.0}, "pcen: frame_rate must be a finite number of hertz, above 0; got 0"),
        ({"gain": -0.1}, "gain must .* at least 0"),
        ({"bias": 0.0}, "bias must .* above 0"),
        ({"power": -1.0}, "power must .* at least 0"),
        ({"time_constant_seconds": 0.0}, "time_constant_seconds must .* above 0"),
        ({"eps": 0.0}, "eps must .* above 0"),
        ({"eps": float("nan")}, "eps must be a finite number"),
    ],
)
def test_bad_input(values, message):
    with pytest.raises(ValueError, match=message):
        wb.pcen(np.ones((3, 2)), **{"frame_rate": RATE} | values)


def test_no_precision_is_lost_where_products_round_their_operands(monkeypatch):
    exact, energy = tf.linalg.matmul, ENERGY[1].astype(np.float32)

    def rounding(x, w):
        return exact(rounded_to_ten_bits(x), rounded_to_ten_bits(w))

    monkeypatch.setattr(products, "rounds_operands", lambda dtype: True)
    monkeypatch.setattr(tf.linalg, "matmul", rounding)
    found = wb.pcen(energy, frame_rate=RATE)
    assert np.max(np.abs(found - librosa_pcen(ENERGY[1]))) <= 1e-5 * np.max(found)


def test_silence_stays_silence_whatever_the_gain():
    energy = tf.constant(np.zeros((300, 2), np.float32))
    with tf.GradientTape() as tape:
        gain = tf.constant(256.0)
        tape.watch((energy, gain))
        found = wb.pcen(energy, frame_rate=RATE, gain=gain, time_constant_seconds=0.01)
    np.testing.assert_array_equal(found, np.zeros((300, 2)))
    for gradient in tape.gradient(found, (energy, gain)):
        assert not np.isnan(gradient).any()
