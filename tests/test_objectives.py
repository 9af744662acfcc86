import numpy as np
import pytest
import tensorflow as tf

import workbench as wb
from workbench import traces
from workbench.learning.distance import Distance
from workbench.objectives import Cell, RectangleEnergy, scalar_of

RATE = 8000
RNG = np.random.default_rng(3)
X = RNG.standard_normal((2, 4001)) * np.array([[1.0], [0.01]])


def double(*layers):
    """A chain in double precision, whose figures a test can hold to NumPy's."""
    return wb.Chain([type(each)(**each.given, dtype="float64") for each in layers],
                    sample_rate=RATE, dtype="float64")  # fmt: skip


def value(chain, objective, x=X):
    return float(chain.gradients(x, objective).value)


def test_energy_in_a_rectangle_is_a_sum():
    chain = double(wb.layers.Spectrogram(frame_length=256, frame_step=64))
    power = chain(X).numpy()
    times, hertz = (axis.positions(n) for axis, n in zip(chain.axes, power.shape[1:], strict=True))
    inside = np.ix_([0, 1], (times >= 0.1) & (times <= 0.2), (hertz >= 500) & (hertz <= 1000))
    assert inside[1].size > 5
    assert inside[2].size > 5
    assert value(chain, RectangleEnergy(0.1, 0.2, 500, 1000)) == pytest.approx(power[inside].sum())
    halves = RectangleEnergy(0.1, 0.2, 0, 2000), RectangleEnergy(0.1, 0.2, 2001, 4000)
    whole = value(chain, RectangleEnergy(0.1, 0.2))
    assert sum(value(chain, half) for half in halves) == pytest.approx(whole)


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0, 3.0])
def test_energy_does_not_depend_on_the_power_of_a_spectrogram(power):
    objective = RectangleEnergy(0.1, 0.2, 500, 1000)
    expected = value(double(wb.layers.Spectrogram(frame_length=256)), objective)
    chain = double(wb.layers.Spectrogram(frame_length=256, power=power))
    assert value(chain, objective) == pytest.approx(expected)


@pytest.mark.parametrize("scale", ["decibel", "natural"])
def test_energy_of_levels_is_that_of_their_powers(scale):
    options = {"frame_length": 256, "num_mel_bins": 20}
    objective = RectangleEnergy(0.1, 0.3, 300, 2000)
    expected = value(double(wb.layers.MelSpectrogram(**options)), objective)
    found = value(double(wb.layers.LogMelSpectrogram(log_scale=scale, **options)), objective)
    assert found == pytest.approx(expected)


def test_energy_of_a_waveform_has_time_alone():
    chain = double(wb.layers.Saturate())
    expected = np.sum(np.tanh(X[:, 800:1601]) ** 2)
    assert value(chain, RectangleEnergy(0.1, 0.2)) == pytest.approx(expected)
    with pytest.raises(ValueError, match="low and high must be left out"):
        value(chain, RectangleEnergy(0.1, 0.2, 100, 200))


def test_a_rectangle_between_the_cells_is_the_nearest_one():
    chain = double(wb.layers.Spectrogram(frame_length=256, frame_step=256))
    power = chain(X).numpy()
    found = value(chain, RectangleEnergy(0.0961, 0.0962, 1005, 1010))  # 31.25 Hz, 32 ms a cell
    assert found == pytest.approx(power[:, 3, 32].sum())


def test_a_cell_is_the_value_nearest_to_a_place():
    chain = double(wb.layers.MelSpectrogram(frame_length=256, frame_step=256, num_mel_bins=20))
    mel, bands = chain(X).numpy(), np.array(chain.axes[1].values)
    band = np.argmin(np.abs(bands - 900))
    assert value(chain, Cell(0.1, 900)) == pytest.approx(mel[:, 3, band].sum())
    complex_chain = double(wb.layers.STFT(frame_length=256, frame_step=256))
    expected = np.abs(complex_chain(X).numpy()[:, 3, 32]).sum()
    assert value(complex_chain, Cell(0.1, 1000)) == pytest.approx(expected)
    assert value(double(wb.layers.Saturate()), Cell(0.1)) == pytest.approx(np.tanh(X[:, 800]).sum())


def smoothed(x, steps):
    """By a Gaussian on a ring, over the last axis."""
    angles = 2 * np.pi * np.fft.fftfreq(x.shape[-1])
    return np.fft.ifft(np.fft.fft(x) * np.exp(-((steps * angles) ** 2) / 2)).real


@pytest.mark.parametrize("count", [4000, 4001])
@pytest.mark.parametrize("steps", [0.0, 0.5, 20.0])
def test_distance_is_the_mean_square_of_what_smoothing_leaves(count, steps):
    chain, x, target = double(wb.layers.Saturate()), X[:, :count], X[:1, ::-1][:, :count]
    expected = np.mean(smoothed(np.tanh(x) - target, steps) ** 2)
    found = value(chain, Distance(target, smoothing_seconds=steps / RATE), x)
    assert found == pytest.approx(expected, rel=1e-9)


def test_distance_of_frames_is_smoothed_along_them():
    chain = double(wb.layers.Spectrogram(frame_length=256, frame_step=80))  # 10 ms a frame
    made = chain(X).numpy()
    target = made[:, ::-1]
    difference = np.moveaxis(made - target, 1, -1)
    expected = np.mean(smoothed(difference, 2.0) ** 2)
    assert value(chain, Distance(target, smoothing_seconds=0.02)) == pytest.approx(expected)


def test_distance_of_logarithms():
    chain = double(wb.layers.Spectrogram(frame_length=256))
    made = chain(X).numpy()
    assert value(chain, Distance(2 * made, log=True)) == pytest.approx(np.log(2) ** 2, rel=1e-3)
    silent = double(wb.layers.Spectrogram(frame_length=256))
    found = silent.gradients(np.zeros((2, 4001)), Distance(made, log=True))
    assert np.all(np.isfinite(found.signal))


def test_distance_of_another_length():
    chain, short = double(wb.layers.Saturate()), X[:, :3000]
    expected = np.mean((np.tanh(X[:, :3000]) - short) ** 2)
    assert value(chain, Distance(short, cropped=True)) == pytest.approx(expected)
    with pytest.raises(ValueError, match=r"have the shape \[2, 4001\] of the result; got \[2, 30"):
        value(chain, Distance(short))
    with pytest.raises(ValueError, match="have the 2 dimensions of the result; got 3"):
        value(chain, Distance(short[..., None]))
    spectrogram = double(wb.layers.Spectrogram(frame_length=256))
    with pytest.raises(ValueError, match="of the result"):
        value(spectrogram, Distance(spectrogram(X)[..., :100], cropped=True))


def test_distance_to_what_other_parameters_make():
    chain = double(wb.layers.Saturate(drive_db=1.0), wb.layers.FractionalDelay(delay=2.0))
    target = Distance.to(chain, X, {0: {"drive_db": 6.0}, 1: {"delay": 3.0}})
    np.testing.assert_allclose(target.target[:, 3:], np.tanh(10**0.3 * X)[:, :-3], rtol=1e-12)
    assert [chain.layers[0].values["drive_db"], chain.layers[1].values["delay"]] == [1.0, 2.0]
    with pytest.raises(ValueError, match="delay must be"):
        Distance.to(chain, X, {0: {"drive_db": 6.0}, 1: {"delay": -3.0}})
    assert [chain.layers[0].values["drive_db"], chain.layers[1].values["delay"]] == [1.0, 2.0]
    np.testing.assert_array_equal(Distance.to(chain, X).target, chain(X))


@pytest.mark.parametrize(
    "objective",
    [
        RectangleEnergy(0.1, 0.3, 300, 2000),
        Cell(0.2, 900),
        Distance(tf.fill([1, 16, 20], -20.0)),
        Distance(tf.fill([1, 16, 20], -20.0), smoothing_seconds=0.05),
        Distance(tf.fill([1, 16, 20], -20.0), log=True),
        Distance(tf.fill([1, 16, 20], -20.0), log=True, smoothing_seconds=0.05),
    ],
)
def test_gradients_equal_differences(objective):
    chain = double(wb.layers.Saturate(drive_db=3.0),
                   wb.layers.LogMelSpectrogram(frame_length=256, num_mel_bins=20))  # fmt: skip
    direction, step = RNG.standard_normal(X.shape), 1e-6
    found = chain.gradients(X, objective, parameters=True)
    around = [value(chain, objective, X + side * step * direction) for side in (-1, 1)]
    expected = (around[1] - around[0]) / (2 * step)
    assert np.sum(found.signal * direction) == pytest.approx(expected, rel=1e-5)
    around = []
    for side in (-1, 1):
        chain.set(0, drive_db=3.0 + side * 1e-5)
        around.append(value(chain, objective))
    expected = (around[1] - around[0]) / 2e-5
    assert float(found.parameters[0]["drive_db"]) == pytest.approx(expected, rel=1e-5)


def test_one_trace_serves_all_rectangles_and_targets(monkeypatch):
    traces.settle()  # what other tests have asked for
    traced, original = [], traces._compiled
    monkeypatch.setattr(traces, "_compiled", lambda *a: traced.append(a) or original(*a))
    chain = wb.Chain([wb.layers.Spectrogram(frame_length=256)], sample_rate=RATE)
    x = tf.constant(X, tf.float32)
    power = chain(x).numpy()
    for last in range(2, 8):
        found = chain.gradients(x, RectangleEnergy(0, last * 0.032)).value
        traces.settle()
        assert float(found) == pytest.approx(power[:, : last + 1].sum(), rel=1e-4)
    assert len(traced) == 1
    for scale in range(2, 8):
        found = chain.gradients(x, Distance(scale * power)).value
        traces.settle()
        expected = (scale - 1) ** 2 * np.mean(power**2)
        assert float(found) == pytest.approx(expected, rel=1e-4)
    assert len(traced) == 2


@pytest.mark.parametrize(
    ("objective", "message"),
    [
        (RectangleEnergy(2, 3, 500, 1000), "first_seconds and last_seconds must lie inside the"),
        (RectangleEnergy(-2, -1), r"inside the picture, 0 \.\. 0.48 s; got -2 \.\. -1"),
        (RectangleEnergy(0, 1, 5000, 6000), r"low and high must .* 0 \.\. 4000 Hz; got 5000"),
        (Cell(9, 900), "seconds must lie inside the picture"),
        (Cell(0.1, 9000), "position must lie inside the picture"),
        (Cell(0.1), "be one number for each axis"),
    ],
)
def test_outside_the_picture(objective, message):
    chain = double(wb.layers.Spectrogram(frame_length=256, frame_step=256))
    with pytest.raises(ValueError, match=message):
        value(chain, objective)


def test_wrong_objectives():
    with pytest.raises(ValueError, match="first_seconds and last_seconds must rise; got 2 and 1"):
        RectangleEnergy(2, 1)
    with pytest.raises(ValueError, match="low and high must rise"):
        RectangleEnergy(1, 2, 900, 100)
    with pytest.raises(ValueError, match="Distance: smoothing_seconds must be at least 0; got -1"):
        Distance(X, smoothing_seconds=-1)
    chain = double(wb.layers.STFT(frame_length=256))
    with pytest.raises(ValueError, match="smoothing_seconds must be 0 for a complex result"):
        value(chain, Distance(chain(X), smoothing_seconds=0.1))
    assert value(chain, Distance(0 * chain(X))) == pytest.approx(value(chain, "energy"))
    with pytest.raises(ValueError, match="loss must be one of"):
        scalar_of("loudness", chain.spaces[-1])
