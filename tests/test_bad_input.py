"""Bad input: `op: name must <rule>; got <value>.`, for every op and for each thing named."""

import math
import re

import numpy as np
import pytest
import tensorflow as tf

import workbench as wb
from tests.ops import (
    LEARNABLE,
    ON_SIGNALS,
    PARAMETERS,
    call,
    example,
    named,
    needed,
    numbers,
)
from workbench.errors import ParameterError, ParameterTypeError

FORM = r"^{op}: [a-z_ ]*\b{name}\b[a-z_ ]* must .+; got .+\."
X = np.zeros(900)
S = np.ones((5, 4))


def refused(op, name, kind, run):
    """Runs something that an op must refuse with an error of the form, and returns its text."""
    with pytest.raises(kind, match=FORM.format(op=op, name=name)) as caught:
        run()
    assert isinstance(caught.value, (ParameterError, ParameterTypeError))
    assert name in caught.value.parameters
    return str(caught.value)


on_signals = pytest.mark.parametrize("op", ON_SIGNALS, ids=named)
NUMBERS = [(op, d) for op, d in PARAMETERS if d.kind in (int, float)]
WORDS = [(op, d) for op, d in PARAMETERS if d.kind not in (int, float)]


def set_to(op, parameter, value):
    """Calls an op with one parameter set."""
    values = needed(op) | {parameter.name: value}
    return lambda: op.check(values) if not op.takes else public(op)(example(op), **values)


def public(op):
    return getattr(wb, op.name)


@pytest.mark.parametrize(("op", "parameter"), NUMBERS, ids=named)
def test_every_number_is_finite_legal_and_a_number(op, parameter):
    def give(value):
        return (value,) * parameter.count if parameter.count > 1 else value

    for value in (math.nan, math.inf, -math.inf, np.float32("nan")):
        refused(op.name, parameter.name, ValueError, set_to(op, parameter, give(value)))
    wrong = ["1", True, [1.0], 1j, object(), *([] if parameter.optional else [None])]
    for value in wrong:
        refused(op.name, parameter.name, TypeError, set_to(op, parameter, give(value)))
    low, high = parameter.param.low, parameter.param.high
    below = [] if low is None else [low - 1] + [low] * parameter.param.open_low
    above = [] if high is None else [high + 1]
    part = [max(low or 0, 0) + 0.5] if parameter.kind is int else []
    for value in (*below, *above, *part):
        text = refused(op.name, parameter.name, ValueError, set_to(op, parameter, give(value)))
        assert f"must be {parameter.rule}; got {value}." in text


@pytest.mark.parametrize(("op", "parameter"), WORDS, ids=named)
def test_every_word_and_switch_is_one_of_its_own(op, parameter):
    for value in (1, 0.5, ["hann"], *([] if parameter.optional else [None])):
        refused(op.name, parameter.name, TypeError, set_to(op, parameter, value))
    if parameter.kind is str:
        refused(op.name, parameter.name, ValueError, set_to(op, parameter, "no such word"))
    else:
        refused(op.name, parameter.name, TypeError, set_to(op, parameter, "True"))


@pytest.mark.parametrize(("op", "parameter"), LEARNABLE, ids=named)
def test_a_tensor_for_a_parameter_has_numbers_in_a_shape_that_fits(op, parameter):
    for value, kind in (
        (tf.constant(["1"]), TypeError),
        (tf.constant(1j), TypeError),
        (tf.constant(True), TypeError),
        *([] if parameter.param.varies else [(tf.constant([1.0, 2.0]), ValueError)]),
    ):
        refused(op.name, parameter.name, kind, set_to(op, parameter, value))


@on_signals
@pytest.mark.parametrize(
    ("spoil", "kind"),
    [
        (lambda x: (1000 * x).astype(np.int16), TypeError),
        (lambda x: x > 0, TypeError),
        (lambda x: x.astype(str), TypeError),
        (lambda x: "speech.wav", TypeError),
        (lambda x: None, TypeError),
        (lambda x: [[1.0, 2.0], [3.0]], TypeError),
        (lambda x: tf.ragged.constant([[1.0, 2.0], [3.0]]), TypeError),
        (lambda x: tf.sparse.from_dense(x), TypeError),
        (lambda x: 1.0, ValueError),
        (lambda x: x[..., :0], ValueError),
        (lambda x: x[:, :0], ValueError),
        (lambda x: np.zeros((2, 0, 0)), ValueError),
    ],
)
def test_every_op_refuses_what_is_no_signal(op, spoil, kind):
    spoilt = spoil(np.abs(example(op)))
    if kind is ValueError:  # then it is of the right type
        spoilt = numbers(op, np.asarray(spoilt))
    refused(op.name, "signal", kind, lambda: call(op, spoilt))


@on_signals
def test_every_op_refuses_complex_numbers_or_wants_them(op):
    x = np.abs(example(op))
    refused(op.name, "signal", TypeError, lambda: call(op, x if op.of_complex else x + 0j))


@on_signals
def test_an_empty_batch_is_no_error(op):
    x = example(op)
    assert call(op, x[:0]).shape == (0, *call(op, x).shape[1:])


@on_signals
def test_every_op_refuses_an_axis_that_is_none(op):
    for axis, kind in ((3, ValueError), (-4, ValueError), (1.0, TypeError), ("time", TypeError),
                       (None, TypeError), (True, TypeError)):  # fmt: skip
        refused(op.name, "axis", kind, lambda axis=axis: call(op, example(op), axis=axis))


@on_signals
@pytest.mark.parametrize(
    ("lengths", "kind"),
    [
        ([1.0, 2.0, 3.0], TypeError),
        ([True, True, False], TypeError),
        ("long", TypeError),
        ([[1], [2, 3]], TypeError),
        ([1, -1, 3], ValueError),
        ([1, 2, 10**6], ValueError),
        ([1, 2], ValueError),
        (3, ValueError),
        ([[1, 2, 3]], ValueError),
    ],
)
def test_every_op_refuses_lengths_that_no_row_can_have(op, lengths, kind):
    refused(op.name, "lengths", kind, lambda: call(op, example(op), lengths=lengths))


@on_signals
def test_every_op_refuses_names_that_it_does_not_know(op):
    rule = rf"{op.name}: there is no parameter 'gian'\. Known: .*{next(iter(op.parameters))}"
    with pytest.raises(TypeError, match=rule):
        call(op, example(op), gian=1.0)


@on_signals
def test_samples_that_are_no_numbers_stay_visible(op):
    """They are data: an op neither refuses nor hides them."""
    x = example(op, rows=2)
    x[0, ..., x.shape[-1] // 4] = np.nan
    out = np.asarray(call(op, x))
    assert np.any(np.isnan(out[0]))
    assert not np.any(np.isnan(out[1]))


TEXTS = [
    # samples
    (lambda: wb.stft(np.zeros(8, np.int16)), TypeError,
     "stft: signal must be floating point; got int16. "
     "Scale it to -1 .. 1, e.g. signal / 32768."),
    (lambda: wb.stft(np.zeros(8, np.complex64)), TypeError,
     "stft: signal must be floating point; got complex64. Take its magnitude, tf.abs(signal), or "
     "real and imaginary parts apart."),
    (lambda: wb.stft([[1.0, 2.0], [3.0]]), TypeError,
     "stft: signal must be a tensor, an array, or numbers in rows of one length; got list."),
    (lambda: wb.stft(1.0), ValueError, "stft: signal must have the shape [..., time]; got []."),
    (lambda: wb.decibels([1.0]), ValueError,
     "decibels: signal must have the shape [..., frames, bins]; got [1]."),
    (lambda: wb.resample(np.zeros((2, 0)), orig_rate=2, target_rate=1), ValueError,
     "resample: signal must hold at least one sample; got [2, 0]."),
    (lambda: wb.stft(np.zeros((1, 0, 2)), axis=1), ValueError,
     "stft: signal must hold at least one sample; got [1, 0, 2]."),
    (lambda: wb.spec_augment(np.zeros((3, 0))), ValueError,
     "spec_augment: signal must hold at least one sample; got [3, 0]."),
    # where time is, and where it ends
    (lambda: wb.stft(np.zeros((2, 9)), axis=2), ValueError,
     "stft: axis must name 1 dimension(s) of a signal of shape (2, 9); got 2."),
    (lambda: wb.decibels(S, axis=-1), ValueError,
     "decibels: axis must name 2 dimension(s) of a signal of shape (5, 4); got -1."),
    (lambda: wb.stft(X, axis="time"), TypeError, "stft: axis must be a whole number; got 'time'."),
    (lambda: wb.saturate(S, lengths=[1.0] * 5), TypeError,
     "saturate: lengths must be integers; got float32."),
    (lambda: wb.saturate(S, lengths=[1, 2]), ValueError,
     "saturate: lengths must have the shape (5,) of the rows; got (2,)."),
    (lambda: wb.saturate(S, lengths=[1, 2, 3, 4, 5]), ValueError,
     "saturate: lengths must lie in 0 .. 4; got [1 2 3 4 5]."),
    (lambda: wb.normalize(S, lengths=[1, 2, -3, 4, 0]), ValueError,
     "normalize: lengths must lie in 0 .. 4; got [ 1  2 -3  4  0]."),
    # names
    (lambda: wb.saturate(X, gain=3), TypeError,
     "saturate: there is no parameter 'gain'. Known: drive_db."),
    (lambda: wb.resample(X, target_rate=3), TypeError,
     "resample: orig_rate must be given, or ratio in place of both rates; got nothing."),
    (lambda: wb.fit_length(X), TypeError, "fit_length: length must be given; got nothing."),
    (lambda: wb.stft(X, 512), TypeError,
     "stft: signal must be given, and nothing else by position; got 2."),
    # rates
    (lambda: wb.resample(X, orig_rate=-1, target_rate=3), ValueError,
     "resample: orig_rate must be a whole number of hertz, at least 1 and at most "
     "2147483647 or None; got -1."),
    (lambda: wb.resample(X, orig_rate=3, target_rate=0), ValueError,
     "resample: target_rate must be a whole number of hertz, at least 1 and at most "
     "2147483647 or None; got 0."),
    (lambda: wb.resample(X, orig_rate=5512.5, target_rate=3), ValueError,
     "resample: orig_rate must be a whole number of hertz, at least 1 and at most "
     "2147483647 or None; got 5512.5. "
     "Scale both rates, e.g. 11025 -> 88200 for 5512.5 -> 44100."),
    (lambda: wb.mel_spectrogram(X, sample_rate=0), ValueError,
     "mel_spectrogram: sample_rate must be a whole number of hertz, at least 1; got 0."),
    (lambda: wb.tone(sample_rate=math.nan), ValueError,
     "tone: sample_rate must be a whole number of hertz, at least 1; got nan."),
    (lambda: wb.Chain([], sample_rate=0), ValueError,
     "Chain: sample_rate must be a whole number of hertz above 0; got 0."),
    (lambda: wb.Chain([], sample_rate=math.nan), ValueError,
     "Chain: sample_rate must be a whole number of hertz above 0; got nan."),
    (lambda: wb.Chain([], sample_rate="48k"), ValueError,
     "Chain: sample_rate must be a whole number of hertz above 0; got 48k."),
    # numbers and words
    (lambda: wb.saturate(X, drive_db=math.nan), ValueError,
     "saturate: drive_db must be a finite number of dB; got nan."),
    (lambda: wb.saturate(X, drive_db="loud"), TypeError,
     "saturate: drive_db must be a finite number of dB; got 'loud'."),
    (lambda: wb.saturate(X, drive_db=tf.zeros(2)), ValueError,
     "saturate: drive_db must be a finite number of dB; got a tensor float32 of shape (2,). "
     "It takes one number."),
    (lambda: wb.stft(X, frame_length=tf.constant(9)), TypeError,
     "stft: frame_length must be a whole number of samples, at least 1 and at most 1048576; "
     "got a tensor int32 of shape (). It is not differentiable; give a plain number."),
    (lambda: wb.stft(X, frame_length=999999999), ValueError,
     "stft: frame_length must be a whole number of samples, at least 1 and at most 1048576; "
     "got 999999999."),
    (lambda: wb.normalize(X, kind="loudness"), ValueError,
     "normalize: kind must be one of 'peak', 'rms', 'zscore'; got 'loudness'."),
    (lambda: wb.fit_length(X, length=0), ValueError,
     "fit_length: length must be a whole number of samples, at least 1 and at most 2147483647; "
     "got 0."),
    (lambda: wb.spec_augment(S, seed=7), TypeError,
     "spec_augment: seed must be 2 whole numbers, each at least 0 and at most 2147483647; got 7."),
    # parameters that must fit each other
    (lambda: wb.stft(X, frame_length=512, fft_length=256), ValueError,
     "stft: frame_length must be at most fft_length, 256: the window lies inside the transform; "
     "got 512."),
    (lambda: wb.mel_spectrogram(X, sample_rate=100, upper_edge_hertz=51.0), ValueError,
     "mel_spectrogram: upper_edge_hertz must be at most half the sample rate, 50 Hz; got 51."),
    (lambda: wb.mel_spectrogram(X, sample_rate=100, lower_edge_hertz=50.0), ValueError,
     "mel_spectrogram: lower_edge_hertz and upper_edge_hertz must rise; got 50 and 50."),
    (lambda: wb.chirp(sample_rate=8, start_hertz=0.0, sweep="exponential"), ValueError,
     "chirp: start_hertz and stop_hertz must be above 0 Hz for an exponential sweep; "
     "got 0.0 and 8000.0."),
    (lambda: wb.impulse(sample_rate=8, delay_seconds=2.0), ValueError,
     "impulse: delay_seconds and seconds must leave room for the impulse; got 2 and 1."),
    (lambda: wb.modulated_delay(X, sample_rate=48000, delay_seconds=11.0, depth_seconds=11.0),
     ValueError,
     "modulated_delay: delay_seconds and depth_seconds must come to at most 1048576 samples at "
     "48000 Hz; got 11 and 11."),
    (lambda: wb.modulated_delay(X, sample_rate=48000, speed_meters_per_second=343.0), ValueError,
     "modulated_delay: speed_meters_per_second must be a finite number of m/s, at least 0 and at "
     "most 340; got 343."),
    (lambda: wb.resample(X, ratio=tf.constant(0.5), kind="nearest"), ValueError,
     "resample: kind must not be 'nearest' with a tensor as ratio: its slope is 0 wherever it does "
     "not jump; got 'nearest'."),
    # layers say the same
    (lambda: wb.layers.STFT(frame_length=0), ValueError,
     "stft: frame_length must be a whole number of samples, at least 1 and at most 1048576; "
     "got 0."),
    (lambda: wb.layers.Saturate(gain=1), ValueError,  # Keras' own words
     "Unrecognized keyword arguments passed to Saturate: {'gain': 1}"),
    (lambda: wb.layers.STFT(learn=("window",)), ValueError,
     "STFT: learn must name some of ['window_length', 'kaiser_beta', 'gaussian_std']; "
     "got 'window'."),
    (lambda: wb.layers.ModulatedDelay()(np.zeros((1, 900))), TypeError,
     "modulated_delay: sample_rate must be given; got nothing."),
    (lambda: wb.Stream(wb.layers.ModulatedDelay(sample_rate=48000)), ValueError,
     "modulated_delay: motion must be 'still' in a stream: a chunk does not say at which time it "
     "begins; got 'sine'."),
    (lambda: wb.layers.MelSpectrogram()(np.zeros((1, 900))), TypeError,
     "mel_spectrogram: sample_rate must be given; got nothing."),
]  # fmt: skip


@pytest.mark.parametrize(("run", "kind", "text"), TEXTS, ids=[text[:40] for _, _, text in TEXTS])
def test_the_whole_text(run, kind, text):
    with pytest.raises(kind, match=re.escape(text)):
        run()
