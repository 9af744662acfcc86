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


def test_only_a_declared_function_is_an_op():
    with pytest.raises(TypeError, match="is not an op"):
        ops.spec(print)


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


@pytest.mark.parametrize("dtype", [tf.uint8, tf.uint32, tf.int32, tf.int64])
def test_lengths_of_any_whole_type_mean_the_same(dtype):
    x = np.zeros((4, 3000), np.float32)
    given = tf.constant([1, 2, 3, 200], dtype)
    for made in (
        lambda n: wb.stft(x, lengths=n, center=False)[1],
        lambda n: wb.phase(x, lengths=n, center=False)[1],
        lambda n: wb.mfcc(x, sample_rate=8000, lengths=n, center=False)[1],
    ):
        assert made(given).numpy().tolist() == [1, 1, 1, 1]
        assert tf.function(made)(given).numpy().tolist() == [1, 1, 1, 1]
