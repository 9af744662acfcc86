"""What happens to one example: read, resampled, fitted, through the layers, augmented.

Each function makes a step of a `tf.data` pipeline. Only reading is Python; the rest is graph, with
the numbers that the ops and the chain have outside of it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from workbench.audio import AudioError
from workbench.core.chance import seed_of_step
from workbench.core.lengths import fit_length
from workbench.core.resampling import resample
from workbench.datasets.examples import Example
from workbench.datasets.report import Report
from workbench.errors import ParameterError
from workbench.masks import mask_of, valid_steps
from workbench.op_layer import OpLayer
from workbench.ops import spec

Augmentation = OpLayer | Callable[[tf.Tensor, tf.Tensor], Any]
Step = Callable[..., Any]


def reading(
    examples: Sequence[Example], report: Report, most: Mapping[int, int | None], skip: bool
) -> Step:
    """From an example's number to its samples `[channels, time]`, and whether it could be read.

    One that could not, and is to be skipped, is a sample of silence. `most` says for each rate how
    many samples are enough.
    """

    def read(index: Any) -> tuple[np.ndarray, bool]:
        example = examples[int(index)]
        try:
            return example.read(most[example.rate]), True
        except (AudioError, OSError) as error:
            if not skip:
                raise
            report.failed(int(index), str(error))
            return np.zeros((example.rows, 1), np.float32), False

    found = {example.rows for example in examples}
    rows = found.pop() if len(found) == 1 else None

    def step(index: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        signal, whole = tf.numpy_function(read, [index], (tf.float32, tf.bool))
        signal.set_shape([rows, None])
        whole.set_shape([])
        return signal, whole

    return step


def enough(rate: int, target: int, length: int) -> int:
    """How many samples at `rate` decide the first `length` ones at another rate.

    >>> enough(8000, 8000, 100)
    100
    """
    values = spec(resample).check({"orig_rate": rate, "target_rate": target})
    return int(spec(resample).reach(values).last_input(length - 1)) + 1


def waveform(rates: Sequence[int], target: int, mix: bool, split: bool) -> Step:
    """From samples `[channels, time]` at the rate of a number to a batch of one, at `target`.

    The batch is `[1, time]`, or `[1, time, channels]` where channels are kept.
    """

    def step(signal: tf.Tensor, rate: tf.Tensor) -> tf.Tensor:
        if mix and signal.shape[0] != 1:
            signal = tf.reduce_mean(signal, axis=0, keepdims=True)
        ways = [partial(resample, signal, orig_rate=r, target_rate=target) for r in rates]
        signal = ways[0]() if len(ways) == 1 else tf.switch_case(rate, ways)
        return signal if mix or split else tf.transpose(signal)[tf.newaxis]

    return step


def fitting(length: int | None, keep: str, padded: bool) -> Step:
    """From a batch of one, of any length, to one of this length, and where its sound ends.

    Where none is to be `padded` the beginning is taken without asking: a condition in its graph
    would take a third of the time in which an epoch begins.
    """

    def begin(x: tf.Tensor, seed: Any = (0, 0)) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.ensure_shape(x[:, :length], [1, length, *x.shape[2:]]), tf.constant([length])

    def step(x: tf.Tensor, seed: Any = (0, 0)) -> tuple[tf.Tensor, tf.Tensor]:
        if length is None:
            return x, tf.shape(x)[1:2]

        def fit() -> tuple[tf.Tensor, tf.Tensor]:
            return fit_length(x, length=length, keep=keep, seed=seed, axis=1)

        given = tf.shape(x)[1:2]
        fitted, ends = tf.cond(given[0] == length, lambda: (x, given), fit)
        fitted.set_shape([1, length, *x.shape[2:]])
        return fitted, ends

    return begin if length is not None and keep == "start" and not padded else step


def through(chain: keras.Sequential | None, padded: bool, needed: bool) -> Step:
    """From a batch of one to its features, and how many of their steps are valid.

    The chain is given a mask where a row is padded, and only there: it takes time. -1 steps: the
    chain lets no mask through, which is an error if it is `needed`.
    """

    def step(x: tf.Tensor, ends: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        if chain is None:
            return x[0], ends[0]
        mask = tf.sequence_mask(ends, tf.shape(x)[1])

        def alone() -> tf.Tensor:
            return chain(x, training=False)

        def masked() -> tf.Tensor:
            return chain(x, mask=mask, training=False)

        y = tf.cond(ends[0] < tf.shape(x)[1], masked, alone) if padded else alone()
        valid = valid_steps(mask_of(masked() if padded or needed else y))  # only this is computed
        if valid is None and needed:
            raise ParameterError("masks", "be False: the chain lets no mask through", True)
        return y[0], tf.constant(-1) if valid is None else tf.cast(valid[0], tf.int32)

    return step


def augmenting(layers: Sequence[Augmentation | keras.layers.Layer]) -> Step:
    """From features to what a model is trained on: each layer draws by a seed of its own."""

    def step(features: tf.Tensor, steps: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        for number, layer in enumerate(layers):
            own = seed_of_step(seed, number)
            if isinstance(layer, OpLayer) and takes_seed(layer):
                lengths = tf.where(steps < 0, tf.shape(features)[0], steps)[tf.newaxis]
                features = layer.apply(features[tf.newaxis], {"seed": own}, lengths)[0]
            elif isinstance(layer, keras.layers.Layer):
                features = layer(features[tf.newaxis], training=True)[0]
            else:
                features = tf.convert_to_tensor(layer(features, own))
        return features

    return step


def takes_seed(layer: Any) -> bool:
    """Whether a layer is one of ours that draws by a seed.

    >>> import workbench as wb
    >>> takes_seed(wb.layers.SpecAugment()), takes_seed(wb.layers.STFT())
    (True, False)
    """
    return isinstance(layer, OpLayer) and "seed" in layer.spec.parameters


def acts_in_training(layer: keras.layers.Layer) -> bool:
    """Whether it is one of ours that does something in training alone."""
    return takes_seed(layer) and "training" in inspect.signature(layer.call).parameters
