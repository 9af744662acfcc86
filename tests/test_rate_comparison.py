"""A model at another rate against itself: figures with a closed form, and what must not matter."""

import keras
import numpy as np
import pytest

import workbench as wb
from workbench.excerpts import cut
from workbench.measurements import alias_level, levels, signal_to_error, spectra
from workbench.rate_comparison import RateComparer
from workbench.recurrent_model import RecurrentModel

RATE = 44100


@pytest.fixture(scope="module")
def comparer():
    return RateComparer(wb.read_model("diode_clipper"))


@pytest.fixture(scope="module")
def string():
    return wb.plucked_string(sample_rate=RATE, seconds=1.0, frequency_hertz=196.0).numpy()


def test_the_better_method_has_the_smaller_error(comparer, string):
    found = {
        name: comparer.compare(string, RATE, seconds=0.5, start=0.2, interpolation=name)
        for name in ("stn", "linear", "cubic")
    }
    ratios = [
        found["stn"].signal_to_error[0],
        *(made.signal_to_error[1] for made in found.values()),
    ]
    assert all(np.diff(ratios) > 6), ratios  # naive, stn, linear, cubic


def test_where_an_excerpt_begins_does_not_change_what_it_holds(comparer, string):
    """The model has come to rest before it, and there are no edges in it."""
    whole = comparer.compare(string, RATE, start=0.2, seconds=0.6, sample_rate=88200)
    part = comparer.compare(string, RATE, start=0.4, seconds=0.2, sample_rate=88200)
    first = round(0.2 * 88200)
    expected = whole.waves[:, first : first + part.waves.shape[1]]
    assert part.time.start == pytest.approx(0.4)
    # the state forgets with a pole of 0.996: after 0.1 s what is left is below 1e-7
    np.testing.assert_allclose(part.waves[0], expected[0], atol=2e-6)
    np.testing.assert_allclose(part.waves[2], expected[2], atol=2e-6)


def test_a_sound_at_any_rate_will_do(comparer, string):
    slower = wb.resample(string, orig_rate=RATE, target_rate=22050)
    made = comparer.compare(slower, 22050, seconds=0.5, start=0.1)
    expected = comparer.compare(string, RATE, seconds=0.5, start=0.1)
    assert made.waves.shape == expected.waves.shape
    assert signal_to_error(expected.waves[0], made.waves[0]) > 20


def test_a_gain_acts_before_the_model(comparer, string):
    louder = comparer.compare(10 ** (6 / 20) * string, RATE, seconds=0.3)
    gained = comparer.compare(string, RATE, seconds=0.3, gain_db=6.0)
    np.testing.assert_allclose(gained.waves, louder.waves, atol=1e-5)


def test_a_higher_rate_aliases_less(comparer, string):
    made = comparer.compare(string, RATE, seconds=0.1, sample_rate=96000, tone_hertz=3100.0)
    reference, naive, cubic = made.alias_levels
    assert cubic < reference - 20
    assert naive < reference - 20


def test_two_layers_have_a_plane_together_and_a_reason_each(string):
    keras.utils.set_random_seed(1)
    lstm, gru = (
        layer(3, training_rate=RATE, sample_rate=48000, return_sequences=True)
        for layer in (wb.layers.RateIndependentLSTM, wb.layers.RateIndependentGRU)
    )
    model = RecurrentModel(
        [lstm, gru, keras.layers.Dense(1)], training_rate=RATE, sample_rate=48000
    )
    model.build((None, None, 1))
    made = RateComparer(model).compare(string, RATE, seconds=0.1, interpolation="auto")
    assert len(made.notes) == 2
    assert made.poles["order 1"]["in silence"].shape == ((2 * 3 + 3) * 2,)


def test_a_model_of_two_channels_is_refused():
    rates = {"training_rate": 8000, "sample_rate": 8000}
    lstm = wb.layers.RateIndependentLSTM(2, **rates, return_sequences=True)
    lstm.build((None, None, 2))
    model = RecurrentModel([lstm], **rates)
    with pytest.raises(ValueError, match="RateComparer: model must take one channel; got 2"):
        RateComparer(model)


def test_a_model_may_begin_with_another_layer(string):
    """Its channels are then those of that layer, not of the recurrent one."""
    rates = {"training_rate": RATE, "sample_rate": RATE}
    lstm = wb.layers.RateIndependentLSTM(2, **rates, return_sequences=True)
    model = RecurrentModel([keras.layers.Dense(3), lstm, keras.layers.Dense(1)], **rates)
    made = RateComparer(model).compare(string, RATE, seconds=0.1)
    assert (model.channels, lstm.cell.kernel.shape[0]) == (1, 3)
    assert made.signal_to_error[1] > made.signal_to_error[0]


def test_a_model_that_gives_two_channels_is_refused(string):
    rates = {"training_rate": RATE, "sample_rate": RATE}
    lstm = wb.layers.RateIndependentLSTM(2, **rates, return_sequences=True)
    comparer = RateComparer(RecurrentModel([lstm], **rates))
    with pytest.raises(ValueError, match=r"^compare: model must give one channel; got 2"):
        comparer.compare(string, RATE, seconds=0.1)


def test_a_model_that_rests_at_no_input_has_no_poles(string):
    """Its state turns and grows until tanh bounds it: it oscillates by itself."""
    rates = {"training_rate": RATE, "sample_rate": RATE}
    turning = wb.layers.RateIndependentSimpleRNN(2, **rates, return_sequences=True)
    turning.build((None, None, 1))
    kernels = np.full((1, 2), 0.1), 3.0 * np.array([[0, -1], [1, 0]])
    turning.cell.set_weights([*kernels, np.full(2, 0.2)])
    mean = keras.layers.Dense(1, kernel_initializer="ones")
    model = RecurrentModel([turning, mean], **rates)
    assert np.isnan(turning.eigenvalues).all()
    for interpolation in ("cubic", "minimax"):
        made = RateComparer(model).compare(string, RATE, seconds=0.1, interpolation=interpolation)
        assert [len(each) for plane in made.poles.values() for each in plane.values()] == (
            [0] * 2 * len(made.poles)
        )


@pytest.mark.parametrize(
    ("name", "other"), [("in_gain_db", 6.0), ("out_gain_db", 6.0), ("skip", 0), ("rate", 22050)]
)
def test_nothing_that_is_kept_outlives_a_change_of_the_model(string, name, other):
    model = wb.read_model("diode_clipper")
    before = RateComparer(model)
    first = before.compare(string, RATE, seconds=0.1)
    if name == "rate":
        model.set(training_rate=other)
    else:
        model.skip = 1
        first = before.compare(string, RATE, seconds=0.1)
        setattr(model, name, other)
    found = before.compare(string, RATE, seconds=0.1)
    wanted = RateComparer(model).compare(string, RATE, seconds=0.1)
    assert np.abs(found.waves - first.waves).max() > 1e-3
    np.testing.assert_array_equal(found.waves, wanted.waves)
    np.testing.assert_array_equal(found.tone_spectra, wanted.tone_spectra)
    for plane, points in wanted.poles.items():
        for level, values in points.items():
            np.testing.assert_array_equal(found.poles[plane][level], values)


def test_an_excerpt_beyond_the_ends_is_led_in_and_out_by_zeros():
    made = cut(np.arange(1.0, 11.0), 10, 0.0, 5.0)
    assert (made.first, made.count) == (-0.1, 10)
    np.testing.assert_array_equal(made.signal, [0.0, *np.arange(1.0, 11.0), 0.0])
    assert made == cut(np.arange(1.0, 11.0), 10, 0.0, 5.0)
    assert made != cut(np.arange(2.0, 12.0), 10, 0.0, 5.0)


def test_figures_of_a_sine_are_those_of_a_sine():
    time = np.arange(48000) / 48000
    wave = 0.1 * np.sin(2 * np.pi * 3000 * time)[None]
    np.testing.assert_allclose(levels(wave, 48000)[0, 10:-10], -20 - 3.0103, atol=0.01)
    line = spectra(wave, 4800, "kaiser", 14.0)[0]
    assert (line.max(), line.argmax()) == (pytest.approx(-20, abs=1e-3), 300)
    assert signal_to_error(wave, wave) == np.inf


def test_what_is_no_harmonic_is_an_alias():
    time = np.arange(9600) / 48000
    wave = np.sin(2 * np.pi * 3000 * time) + 0.01 * np.sin(2 * np.pi * 7100 * time)
    line = spectra(wave[None], 9600, "kaiser", 14.0)[0]
    assert alias_level(line, 5.0, 3000.0, 7) == pytest.approx(-40, abs=0.01)
