"""Whole delays by Keras' own layer, as a GPU with a fused kernel runs them: without the GPU."""

import keras
import numpy as np
import pytest

import workbench as wb

KINDS = ["RateIndependentLSTM", "RateIndependentGRU"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sequences", [True, False])
@pytest.mark.parametrize(("ratio", "length"), [(1, 9), (2, 12), (3, 13), (4, 6)])
def test_a_whole_delay_by_keras_own_layer(monkeypatch, kind, sequences, ratio, length):
    keras.utils.set_random_seed(1)
    made = getattr(wb.layers, kind)(
        5,
        training_rate=8000,
        sample_rate=8000 * ratio,
        return_sequences=sequences,
        return_state=True,
        dtype="float64",
    )
    random = np.random.default_rng(ratio)
    x = random.standard_normal((3, length, 2))
    state = [random.standard_normal((3, size)) for size in made.state_size]
    expected = made(x, initial_state=state)
    monkeypatch.setattr(made, "_has_fused_kernel", lambda: True)
    called = []
    plain = made.plain.inner_loop
    monkeypatch.setattr(
        made.plain, "inner_loop", lambda *given, **named: called.append(1) or plain(*given, **named)
    )
    for found, wanted in zip(made(x, initial_state=state), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-13)
    assert called


def test_other_delays_are_left_to_the_loop(monkeypatch):
    made = wb.layers.RateIndependentLSTM(5, training_rate=8000, sample_rate=12000)
    monkeypatch.setattr(made, "_has_fused_kernel", lambda: True)
    monkeypatch.setattr(made.plain, "inner_loop", lambda *given, **named: pytest.fail("Keras ran"))
    made(np.ones((1, 6, 1)))
