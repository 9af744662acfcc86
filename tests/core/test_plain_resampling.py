"""The plain kinds of `resample`, by their definitions in NumPy: sample by sample, in float64."""

from fractions import Fraction

import numpy as np
import pytest
import tensorflow as tf

import workbench as wb
from tests.numbers import relative
from tests.streams import arrivals, cut, enough, signal, together
from workbench.core.interpolation import split

PAIRS = [(2, 1), (1, 2), (3, 2), (2, 3), (5, 1), (1, 4), (441, 160), (7, 7), (44100, 44101)]
PAIRS += [(96000, 7), (2**31 - 1, 2**31 - 3)]
LIMIT = {"float32": 1e-6, "float64": 1e-14}  # sums of as many roundings as a mean has samples
KINDS = ["nearest", "average"]
pairs = pytest.mark.parametrize(("orig", "target"), PAIRS)
types = pytest.mark.parametrize("dtype", LIMIT)


def example(rows=2, length=301, seed=0):
    return np.random.default_rng(seed).standard_normal((rows, length)) * [[1.0], [1e-3]][:rows]


def at(x, place):
    return x[place] if 0 <= place < len(x) else 0.0


def nearest(x, step):
    """Of samples equally near to `m * step` the earlier."""
    count = int(np.ceil(len(x) / step))
    times = [m * step for m in range(count)]
    return np.array([at(x, min((int(t), int(t) + 1), key=lambda n: abs(n - t))) for t in times])


def average(x, step):
    """The mean of the held signal from `m * step` to `(m + 1) * step`."""
    made = np.zeros(int(np.ceil(len(x) / step)))
    for m in range(len(made)):
        begin, end = m * step, (m + 1) * step
        for n in range(int(begin), min(int(end) + 1, len(x))):
            made[m] += x[n] * float(max(0, min(end, n + 1) - max(begin, n)) / step)
    return made


DIRECT = {"nearest": nearest, "average": average}


@pytest.mark.parametrize("kind", KINDS)
@pairs
@types
@pytest.mark.parametrize("length", [1, 2, 15, 301])
def test_it_equals_its_definition(kind, orig, target, dtype, length):
    x = example(length=length).astype(dtype)
    found = wb.resample(x, orig_rate=orig, target_rate=target, kind=kind)
    assert found.dtype == dtype
    for row, made in zip(x, found, strict=True):
        step = Fraction(orig, target)
        expected = DIRECT[kind](row.astype(float), step)
        assert made.shape == expected.shape
        summed = DIRECT[kind](np.abs(row.astype(float)), step)  # a mean may cancel, not its error
        limit = 0 if kind == "nearest" else LIMIT[dtype]
        assert np.max(np.abs(made - expected)) <= limit * np.max(summed)


@pytest.mark.parametrize("ratio", [0.37, 0.5, 0.999, 1.0, 1.001, 2.0, 3.3])
def test_a_ratio_is_the_same_as_two_rates(ratio):
    x = example()
    for kind in KINDS:
        found = wb.resample(x, ratio=ratio, kind=kind)
        for row, made in zip(x, found, strict=True):
            # 1e-12: the last digit of a ratio moves the ends of late means
            assert relative(made, DIRECT[kind](row, 1 / Fraction(ratio))) <= 1e-12


def test_between_two_samples_the_earlier_is_the_nearest():
    found = wb.resample([1.0, 2.0, 3.0], orig_rate=1, target_rate=2, kind="nearest")
    assert found.numpy().tolist() == [1, 1, 2, 2, 3, 3]
    found = wb.resample([1.0, 2.0, 3.0], orig_rate=1, target_rate=4, kind="nearest")
    assert found.numpy().tolist() == [1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 0]


def test_averaging_is_pooling_downwards_and_holding_upwards():
    x = example(1, 300)
    pooled = wb.resample(x, orig_rate=4, target_rate=1, kind="average")
    np.testing.assert_allclose(pooled[0], x.reshape(-1, 4).mean(1), rtol=1e-14)
    held = wb.resample(x, orig_rate=1, target_rate=3, kind="average")
    np.testing.assert_allclose(held[0], np.repeat(x[0], 3), rtol=1e-15)


@pytest.mark.parametrize("ratio", [0.01732, 0.61803, 0.99991, 1.37321, 4.12311])
def test_the_slope_of_an_average_by_the_ratio_in_closed_form(ratio):
    """With the integral S of the held signal: y = (S(end) - S(begin)) / step, step = 1 / ratio."""
    x = example(1, 500)[0]
    at_ratio = tf.constant(ratio, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(at_ratio)
        y = wb.resample(x, ratio=at_ratio, kind="average")
        weights = np.random.default_rng(1).standard_normal(y.shape)
        total = tf.reduce_sum(y * weights)
    m, held = np.arange(len(y)), np.append(x, [0.0] * 100)
    begin, end = m / ratio, (m + 1) / ratio
    slope_by_step = -np.asarray(y) * ratio
    slope_by_step += ratio * ((m + 1) * held[end.astype(int)] - m * held[begin.astype(int)])
    expected = np.sum(weights * slope_by_step) * -1 / ratio**2
    assert float(tape.gradient(total, at_ratio)) == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize("ratio", [0.5, 1.0, 2.0])
def test_where_the_slope_jumps_it_is_that_towards_lower_ratios(ratio):
    x, step = example(1, 60)[0], 1e-7

    def total(ratio):
        y = wb.resample(x, ratio=ratio, kind="average")[:20]
        return tf.reduce_sum(y * np.arange(20.0))

    variable = tf.constant(ratio, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(variable)
        value = total(variable)
    expected = (value - total(ratio - step)) / step
    assert float(tape.gradient(value, variable)) == pytest.approx(float(expected), rel=1e-5)


def test_the_slope_by_the_ratio_is_the_same_under_xla():
    x = tf.constant(example())

    def slope(ratio):
        with tf.GradientTape() as tape:
            tape.watch(ratio)
            total = tf.reduce_sum(wb.resample(x, ratio=ratio, kind="average") ** 2)
        return tape.gradient(total, ratio)

    for ratio in (0.36788, 1.20206):
        at_ratio = tf.constant(ratio, tf.float64)
        found = tf.function(slope, jit_compile=True)(at_ratio)
        np.testing.assert_allclose(found, slope(at_ratio), rtol=1e-9)


def test_a_layer_learns_the_ratio_of_an_average():
    x = np.cumsum(example(1, 400), axis=1)
    layer = wb.layers.Resample(ratio=0.8, kind="average", learn="ratio", dtype="float64")
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(layer(x))
    assert float(tape.gradient(total, layer.trainable_weights)[0]) != 0
    layer = wb.layers.Resample(ratio=0.8, kind="nearest", learn="ratio")
    with pytest.raises(ValueError, match="kind must not be 'nearest' with a tensor as ratio"):
        layer(x)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("orig", "target"), [(3, 1), (3, 2), (2, 3), (1, 2), (441, 160), (7, 8)])
def test_a_stream_equals_the_whole_and_waits_for_no_sample_too_many(kind, orig, target):
    options = {"orig_rate": orig, "target_rate": target, "kind": kind, "dtype": "float64"}
    layer = wb.layers.Resample(**options)
    x = signal(layer.spec, 300)
    for size in (1, 60, "random"):
        out = together(wb.Stream(layer), cut(x, size))
        for row, whole in zip(out, layer(x), strict=True):
            assert relative(row, whole) <= 1e-15  # a mean may be summed in another order
    reach = layer.spec.reach(layer.values)
    arrived = arrivals(wb.Stream(layer), signal(layer.spec, enough([reach])))
    steps = tf.cast(tf.range(len(arrived)), tf.float64) * orig / target
    cells, parts = (np.asarray(each) for each in split(steps, tf.float64))
    first = cells + (parts > 0.5) if kind == "nearest" else cells
    assert [reach.first_input(m) for m in range(len(first))] == first.tolist()
    last = first if kind == "nearest" else np.ceil(steps + orig / target) - 1
    np.testing.assert_array_equal(arrived, np.maximum(last, cells))


@pytest.mark.parametrize("kind", KINDS)
def test_time_may_be_anywhere(kind):
    x = np.random.default_rng(0).standard_normal((2, 90, 3))
    rates = {"orig_rate": 5, "target_rate": 3, "kind": kind}
    found = wb.resample(x, axis=1, **rates)
    expected = np.moveaxis(wb.resample(np.moveaxis(x, 1, 2), **rates), 2, 1)
    np.testing.assert_array_equal(found, expected)
