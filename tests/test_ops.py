import inspect
from typing import Annotated

import numpy as np
import pytest
import tensorflow as tf

import workbench as wb
from workbench import ops
from workbench.errors import ParameterError
from workbench.params import Param

Gain = Annotated[float, Param("Gain.", low=0.0, slider=(0.0, 2.0), differentiable=True)]


@pytest.fixture
def declare():
    """`ops.op`, with what it registers taken out again."""
    before = dict(ops._registry)
    yield ops.op
    ops._registry.clear()
    ops._registry.update(before)


def test_a_declared_function_is_registered_documented_and_signed(declare):
    @declare()
    def louder(signal, *, gain: Gain = 2.0):
        """Multiplies.

        Returns:
            The product.
        """
        return signal * tf.cast(gain, signal.dtype)

    assert ops.registry()["louder"] is ops.spec(louder)
    assert list(inspect.signature(louder).parameters) == ["signal", "gain", "axis", "lengths"]
    assert "gain: Gain. Must be a finite number, at least 0. Default: 2.0." in louder.__doc__
    assert louder.__doc__.index("Args:") < louder.__doc__.index("Returns:")
    assert louder([1.0, 2.0], gain=3.0).numpy().tolist() == [3.0, 6.0]


def test_parameters_of_another_op_are_taken_over_with_its_defaults(declare):
    @declare()
    def base(signal, *, gain: Gain = 0.5):
        """Multiplies."""
        return signal * gain

    @declare(extends=base)
    def twice(signal, *, more: Gain = 1.0, **options):
        """Multiplies twice."""
        return ops.spec(base).function(signal, **options) * more

    assert list(ops.declared(twice)) == ["gain", "more"]
    assert twice([4.0], more=2.0).numpy().tolist() == [4.0]


def test_options_without_a_base_are_refused(declare):
    with pytest.raises(TypeError, match="belong together"):

        @declare()
        def careless(signal, **options):
            pass


def test_an_error_names_the_op_that_was_called(declare):
    @declare()
    def picky(signal, *, gain: Gain = 1.0):
        """Refuses."""
        raise ParameterError("gain", "please", gain)

    with pytest.raises(ParameterError, match=r"^picky: gain must please; got 1\.0\.$"):
        picky([1.0])


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: wb.stft(np.zeros(8, np.int16)), TypeError,
         r"stft: signal must be floating point; got int16. Scale it .* signal / 32768\."),
        (lambda: wb.stft(["a"]), TypeError, "stft: signal must be floating point; got string"),
        (lambda: wb.stft(np.zeros(8, np.complex64)), TypeError, "got complex64"),
        (lambda: wb.stft(1.0), ValueError, r"must have the shape \[\.\.\., time\]; got \[\]"),
        (lambda: wb.decibels([1.0]), ValueError, r"shape \[\.\.\., frames, bins\]; got \[1\]"),
        (lambda: wb.stft(np.zeros((2, 0))), ValueError, "signal must hold at least one sample"),
        (lambda: wb.stft(np.zeros((2, 9)), axis=2), ValueError, "axis must name 1 dimension"),
        (lambda: wb.stft(np.zeros(9), length=3), TypeError,
         "stft: there is no parameter 'length'. Known: frame_length, frame_step"),
        (lambda: wb.resample(np.zeros(9), target_rate=3), TypeError,
         "resample: orig_rate must be given, or ratio in place of both rates; got nothing"),
        (lambda: wb.resample(np.zeros(9), orig_rate=5512.5, target_rate=3), ValueError,
         r"resample: orig_rate must be a whole number of hertz, at least 1 .*; got 5512\.5\. "
         r"Scale both rates, e\.g\. 11025 -> 88200"),
        (lambda: wb.resample(np.zeros(9), orig_rate=-1, target_rate=3), ValueError, "got -1"),
        (lambda: wb.stft(np.zeros(9), frame_length=512, fft_length=256), ValueError,
         "stft: frame_length must be at most fft_length, 256: the window lies .*got 512"),
        (lambda: wb.mel_spectrogram(np.zeros(9), sample_rate=100, upper_edge_hertz=51.0),
         ValueError, "mel_spectrogram: upper_edge_hertz must be at most half .* 50 Hz; got 51"),
        (lambda: wb.mel_spectrogram(np.zeros(9), sample_rate=100, lower_edge_hertz=50.0),
         ValueError, "lower_edge_hertz and upper_edge_hertz must rise; got 50 and 50"),
        (lambda: ops.spec(print), TypeError, "is not an op"),
    ],
)  # fmt: skip
def test_bad_calls(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


def test_axis_puts_frames_where_time_was_and_bins_after_them():
    x = np.random.default_rng(0).standard_normal((2, 900, 3))
    out = wb.stft(x, axis=1, frame_length=64, frame_step=32)
    assert out.shape == (2, 29, 33, 3)
    alone = wb.stft(x[1, :, 2], frame_length=64, frame_step=32)
    np.testing.assert_allclose(out[1, :, :, 2], alone, atol=1e-12)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_computed_in_single_and_returned_in_its_type(dtype):
    x = tf.cast(np.random.default_rng(0).uniform(-1, 1, 64), dtype)
    out = wb.saturate(x, drive_db=20.0)
    assert out.dtype == dtype
    expected = tf.cast(wb.saturate(tf.cast(x, tf.float32), drive_db=20.0), dtype)
    np.testing.assert_array_equal(tf.cast(out, tf.float32), tf.cast(expected, tf.float32))


def test_half_precision_keeps_complex_results_complex():
    x = np.random.default_rng(0).uniform(-1, 1, 64).astype(np.float16)
    expected = wb.stft(x.astype(np.float32), frame_length=16)
    np.testing.assert_array_equal(wb.stft(x, frame_length=16), expected)


def test_a_transform_that_would_fill_the_memory_is_refused():
    with pytest.raises(ValueError, match=r"at least 1 and at most 1048576; got 999999999\."):
        wb.stft(np.zeros(100), frame_length=999999999)


def test_an_empty_time_axis_is_refused_wherever_it_is():
    with pytest.raises(ValueError, match="stft: signal must hold at least one sample"):
        wb.stft(np.zeros((1, 0, 2)), axis=1)
