from typing import Annotated

import numpy as np
import pytest
import tensorflow as tf

import workbench as wb
from tests.streams import unregistered
from workbench import traces
from workbench.core.delay import Delay
from workbench.learning.descent import Coordinate
from workbench.learning.distance import Distance
from workbench.learning.landscape import in_double, landscape, tangent
from workbench.learning.learner import Learner
from workbench.objectives import RectangleEnergy

RATE = 44100
NOISE = wb.noise(sample_rate=RATE, seconds=0.5, seed=5)[None]
DELAY = [(0, "delay")]
EDGES = [(0, "lower_edge_hertz"), (0, "upper_edge_hertz")]
DRIVE = [(0, "drive_db")]


def delayed(start, **options):
    """A chain that delays noise, and how far that is from a delay of 12.37 samples."""
    chain = wb.Chain([wb.layers.FractionalDelay(delay=start)], sample_rate=RATE)
    return chain, Distance.to(chain, NOISE, {0: {"delay": 12.37}}, **options)


def louder(start=0.0, **options):
    chain = wb.Chain([wb.layers.Saturate(drive_db=start)], sample_rate=RATE)
    return Learner(
        chain, NOISE, Distance.to(chain, NOISE, {0: {"drive_db": 7.5}}), DRIVE, **options
    )


@unregistered(linear=True)
def echo(
    signal: tf.Tensor,
    *,
    delay: Delay = 0.0,
    gain: Annotated[float, wb.Param("Of the echo.", slider=(-1, 1), differentiable=True)] = 0.5,
) -> tf.Tensor:
    """The signal and what comes later of it."""
    return signal + tf.cast(gain, signal.dtype) * wb.fractional_delay(signal, delay=delay)


@pytest.mark.parametrize("optimizer", ["sign descent", "gradient descent"])
@pytest.mark.parametrize("start", [0.0, 2.0, 20.0, 60.0])
def test_a_delay_is_found(start, optimizer):
    chain, target = delayed(start, smoothing_seconds=1e-3)
    steps = list(Learner(chain, NOISE, target, DELAY, optimizer=optimizer).run(100))
    assert len(steps) < 100
    assert chain.layers[0].values["delay"] == pytest.approx(12.37, abs=1e-4)
    assert steps[0].smoothing_seconds == 1e-3
    assert steps[-1].smoothing_seconds == 0


def test_adam_finds_a_delay_too():
    chain, target = delayed(2.0, smoothing_seconds=1e-3)
    for _ in Learner(chain, NOISE, target, DELAY, optimizer="adam").run(200):
        pass
    assert chain.layers[0].values["delay"] == pytest.approx(12.37, abs=0.01)


def test_without_smoothing_a_far_delay_is_not_found():
    """Why there is a smoothing: every sample of noise is a trap."""
    chain, target = delayed(2.0)
    for _ in Learner(chain, NOISE, target, DELAY).run(100):
        pass
    assert abs(chain.layers[0].values["delay"] - 12.37) > 5


def test_an_echo_is_found():
    chain = wb.Chain([echo(delay=2.0, gain=0.2)], sample_rate=RATE)
    changes = {0: {"delay": 12.37, "gain": 0.7}}
    target = Distance.to(chain, NOISE, changes, smoothing_seconds=1e-3)
    for _ in Learner(chain, NOISE, target, [(0, "delay"), (0, "gain")]).run(150):
        pass
    found = chain.layers[0].values
    assert found["delay"] == pytest.approx(12.37, abs=1e-3)
    assert found["gain"] == pytest.approx(0.7, abs=1e-4)


@pytest.mark.parametrize("ratio", [0.997, 1.0005])
def test_a_rate_drift_is_found(ratio):
    chain = wb.Chain([wb.layers.Resample(ratio=1.0)], sample_rate=RATE)
    options = {"smoothing_seconds": 5e-3, "cropped": True}
    target = Distance.to(chain, NOISE, {0: {"ratio": ratio}}, **options)
    for _ in Learner(chain, NOISE, target, [(0, "ratio")]).run(100):
        pass
    assert chain.layers[0].values["ratio"] == pytest.approx(ratio, rel=1e-6)


def test_mel_edges_are_found():
    clip = wb.clip("speech")
    x = clip.signal[:1, : clip.sample_rate]
    layer = wb.layers.LogMelSpectrogram(num_mel_bins=40, lower_edge_hertz=1000.0)
    chain = wb.Chain([layer], sample_rate=clip.sample_rate)
    changes = {0: {"lower_edge_hertz": 300.0, "upper_edge_hertz": 7000.0}}
    learner = Learner(chain, x, Distance.to(chain, x, changes), EDGES)
    for _ in learner.run(100):
        pass
    assert layer.values["lower_edge_hertz"] == pytest.approx(300, abs=0.1)
    assert layer.values["upper_edge_hertz"] == pytest.approx(7000, abs=0.1)
    learner.restart()
    assert [layer.values[name] for _, name in EDGES] == [1000.0, None]


@pytest.mark.parametrize("optimizer", ["sign descent", "gradient descent", "adam"])
def test_values_never_leave_the_legal_range(optimizer):
    x = wb.noise(sample_rate=8000, seconds=0.3)[None]
    layer = wb.layers.MelSpectrogram(lower_edge_hertz=900.0, upper_edge_hertz=1100.0)
    chain = wb.Chain([layer], sample_rate=8000)
    louder_below = Distance.to(chain, x, {0: {"lower_edge_hertz": 0.0, "upper_edge_hertz": 4000.0}})
    learner = Learner(chain, x, louder_below, EDGES, optimizer=optimizer, step=0.3)
    for step in learner.run(30):
        lower, upper = step.values.values()
        assert 0 <= lower < upper <= 4000
    power = wb.Chain([wb.layers.Spectrogram(power=0.3)], sample_rate=8000)
    target = Distance(tf.ones_like(power(x)))  # power 0 is not legal
    learner = Learner(power, x, target, [(0, "power")], optimizer=optimizer, step=0.3)
    assert all(step.values[0, "power"] > 0 for step in learner.run(30))


def test_a_step_says_what_is_found_where_the_chain_now_is():
    learner = louder()
    for number in range(5):
        step = learner.step()
        found = learner.chain.gradients(NOISE, learner.objective, parameters=True)
        assert step.number == number
        assert step.values == {(0, "drive_db"): learner.chain.layers[0].values["drive_db"]}
        assert step.loss == pytest.approx(float(found.value), rel=1e-5)
        slope = float(found.parameters[0]["drive_db"])
        assert step.gradients[0, "drive_db"] == pytest.approx(slope, rel=1e-5)
        assert learner.result.outputs[-1].shape == NOISE.shape
    assert learner.history[0].values == {(0, "drive_db"): 0.0}


def test_the_same_steps_again():
    def steps():
        chain, target = delayed(2.0, smoothing_seconds=1e-3)
        learner = Learner(chain, NOISE, target, DELAY)
        for _ in range(30):
            yield learner.step().values
            traces.settle()  # the same steps are compiled

    assert list(steps()) == list(steps())


def test_restart_puts_everything_back():
    learner = louder(1.0)
    first = [step.loss for step in learner.run(10)]
    learner.restart()
    assert learner.chain.layers[0].values["drive_db"] == 1.0
    assert learner.history == []
    traces.settle()
    assert [step.loss for step in learner.run(10)] == pytest.approx(first, rel=1e-4)


def test_a_descent_goes_on_from_where_somebody_has_put_a_parameter():
    learner = louder()
    for _ in learner.run(5):
        pass
    learner.chain.set(0, drive_db=30.0)
    assert learner.step().values == {(0, "drive_db"): 30.0}
    for _ in learner.run(60):
        pass
    assert learner.chain.layers[0].values["drive_db"] == pytest.approx(7.5, abs=1e-2)


def test_a_run_says_how_long_it_takes_and_can_be_stopped():
    learner = louder()
    run = learner.run(1000)
    next(run)
    left = learner.seconds_left
    assert left == pytest.approx(999 * learner.history[0].seconds)
    next(run)
    run.close()
    assert len(learner.history) == 2
    assert len(list(learner.run(1000))) < 200
    assert learner.converged
    assert learner.seconds_left == 0


@pytest.mark.parametrize(
    ("parameters", "options", "message"),
    [
        ([], {}, "parameters must name at least one"),
        ([(1, "drive_db")], {}, r"name stages 0 \.\. 0; got 1"),
        ([(0, "kind")], {}, r"differentiable parameters of stage 0: some of \['drive_db'\]"),
        (DRIVE, {"optimizer": "newton"}, "Learner: optimizer must be one of"),
        (DRIVE, {"step": 0}, "step must be above 0, as a part of the slider; got 0"),
        (DRIVE, {"patience": 0}, "patience must be at least 1; got 0"),
    ],
)
def test_what_can_not_be_learnt(parameters, options, message):
    chain = wb.Chain([wb.layers.Saturate()], sample_rate=RATE)
    with pytest.raises(ValueError, match=message):
        Learner(chain, NOISE, "energy", parameters, **options)


def test_a_ratio_must_be_given_to_be_learnt():
    chain = wb.Chain([wb.layers.Resample(target_rate=8000)], sample_rate=RATE)
    with pytest.raises(ValueError, match="ratio must be given to be learnt"):
        Learner(chain, NOISE, "energy", [(0, "ratio")])


def test_places_on_a_slider():
    along = Coordinate.of(wb.layers.Resample(ratio=1.0), "ratio")
    assert [along.place(value) for value in (0.5, 1.0, 2.0)] == pytest.approx([0, 0.5, 1])
    assert along.value(0.5) == pytest.approx(1.0)
    assert along.value(1e6) == 2.0**16
    slope = (along.value(0.3 + 1e-6) - along.value(0.3 - 1e-6)) / 2e-6
    assert along.slope(along.value(0.3)) == pytest.approx(slope)
    layer = wb.layers.MelSpectrogram(sample_rate=8000)
    assert Coordinate.of(layer, "upper_edge_hertz").places(4) == pytest.approx(
        [1000, 2000, 3000, 4000]
    )


def test_the_landscape_is_the_loss_at_each_value():
    chain, target = delayed(2.0)
    before = chain.run(NOISE)
    found = landscape(chain, NOISE, target, DELAY[0], [3.0, 12.37, 20.5])
    for value, loss in zip(found.values, found.losses, strict=True):
        difference = wb.fractional_delay(NOISE, delay=value) - target.target
        assert loss == pytest.approx(np.mean(np.square(difference)), rel=1e-4, abs=1e-10)
    assert chain.layers[0].values["delay"] == 2.0
    np.testing.assert_allclose(chain.run(NOISE)[-1], before[-1], atol=1e-6)
    assert len(landscape(chain, NOISE, target, DELAY[0]).values) == 33
    with pytest.raises(ValueError, match="delay must be"):
        landscape(chain, NOISE, target, DELAY[0], [-1.0])
    with pytest.raises(ValueError, match="landscape: values must be at least one"):
        landscape(chain, NOISE, target, DELAY[0], [])


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        (wb.layers.FractionalDelay(delay=2.3), "delay"),
        (wb.layers.Resample(ratio=1.00131), "ratio"),
        (wb.layers.LogMelSpectrogram(), "upper_edge_hertz"),
        (wb.layers.LogMelSpectrogram(), "lower_edge_hertz"),
        (wb.layers.PCEN(), "time_constant_seconds"),
    ],
)
def test_the_tangent_is_the_gradient(layer, name):
    front = [wb.layers.MelSpectrogram()] if isinstance(layer, wb.layers.PCEN) else []
    chain = wb.Chain([*front, layer], sample_rate=RATE)
    found = tangent(chain, NOISE[:, :8000], "energy", (-1, name))
    # differences of a loss in double precision: its rounding of 1e-15, over steps of 1e-7
    assert found.error < 1e-5
    assert found.gradient != 0
    exact = chain.gradients(NOISE[:, :8000], "energy", parameters=True)
    if layer.values[name] is not None:
        value = float(exact.parameters[-1][name])
        # in single precision: energy hardly depends on a ratio, and its slopes cancel to 1e-3
        assert value == pytest.approx(found.gradient, rel=5e-2)


def test_the_tangent_of_a_rectangle():
    chain = wb.Chain([wb.layers.Saturate(drive_db=3.0), wb.layers.Spectrogram()], sample_rate=RATE)
    found = tangent(chain, NOISE, RectangleEnergy(0.1, 0.2, 1000, 5000), DRIVE[0])
    assert found.error < 1e-6


def test_a_copy_in_double_precision_keeps_weights():
    layer = wb.layers.RateIndependentGRU(
        3, return_sequences=True, training_rate=RATE, sample_rate=RATE
    )
    chain = wb.Chain([wb.layers.Saturate(drive_db=3.0, learn="drive_db")], sample_rate=RATE)
    chain(NOISE)
    chain.layers[0].set(drive_db=5.0)
    np.testing.assert_allclose(in_double(chain, NOISE)(NOISE), chain(NOISE), rtol=1e-5)
    assert in_double(chain, NOISE)(NOISE).dtype == tf.float64
    with_state = wb.Chain([layer], sample_rate=RATE)
    x = NOISE[:, :100, None]
    expected = with_state(x)
    np.testing.assert_allclose(in_double(with_state, x)(x), expected, rtol=1e-3, atol=1e-6)


def test_a_tangent_takes_the_parameters_of_now():
    chain = wb.Chain([wb.layers.Saturate(), wb.layers.FractionalDelay(delay=2.3)], sample_rate=RATE)
    exact = in_double(chain, NOISE)
    chain.set(0, drive_db=7.0)
    chain.set(1, delay=3.6, kind="lagrange")
    x = NOISE[:, :4000]
    again = tangent(chain, x, "energy", (1, "delay"), exact)
    assert again == tangent(chain, x, "energy", (1, "delay"))


def test_it_ends_where_it_was_best():
    """The first step leaps out of a narrow valley, and what it leads to lies higher."""
    chain = wb.Chain([wb.layers.Saturate(drive_db=0.0)], sample_rate=RATE)
    start = tf.reduce_mean(tf.abs(chain.run(NOISE)[-1]))

    def valleys(y):
        far = tf.reduce_mean(tf.abs(y)) / start - 1
        return 0.1 * (far - 0.3) ** 2 - tf.exp(-(((far - 5e-4) / 1e-3) ** 2))

    learner = Learner(chain, NOISE, valleys, DRIVE)
    losses = [step.loss for step in learner.run(300)]
    assert learner.converged
    assert max(losses[1:-1]) > -0.01  # it has been elsewhere
    assert losses[-1] == min(losses) < -0.7
    assert learner.history[-1].values == learner.values == learner.history[0].values


def test_what_has_no_slope_as_it_is_cannot_be_learnt():
    chain = wb.Chain([wb.layers.Resample(ratio=0.9998, kind="nearest")], sample_rate=RATE)
    with pytest.raises(
        ValueError, match=r"parameters must name differentiable .* \[\]; got 'ratio'"
    ):
        Learner(chain, NOISE, "energy", [(0, "ratio")])
