"""The steps of a pipeline in a row: of sound files, or of features that are extracted already."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import numpy as np
import tensorflow as tf

from workbench.chain import Chain
from workbench.datasets import steps
from workbench.datasets.continued import continued
from workbench.datasets.extracted import Extraction
from workbench.datasets.inventory import Inventory
from workbench.datasets.options import Options
from workbench.datasets.report import Report
from workbench.errors import ParameterError

_OPEN_PARTS = 4  # at a time, where the order is shuffled
_SHUFFLED_BYTES = 256 << 20  # of features, most of which wait to be drawn from


class Assembly:
    """What both have in common. Elements are features, then what goes along."""

    def __init__(self, options: Options, inventory: Inventory, report: Report):
        self.options, self.inventory, self.report = options, inventory, report
        self.seed = options.drawn_seed()
        self.head, self.tail = options.halves()

    def made(self) -> tf.data.Dataset:
        """The whole of it."""
        options = self.options
        data = self._features()
        if options.cache:
            data = data.cache()
            data = self._shuffled(data) if options.shuffle else data
        if layers := [*self.tail, *options.augmentations]:
            augment = steps.augmenting(layers)
            data = self._map(
                self._seeded(data), lambda e, seed: (augment(*e[:2], seed), e[1], e[2])
            )
        order = tf.data.Options()
        order.deterministic = options.deterministic
        data = self._batched(data).map(self._element).with_options(order)
        return data.prefetch(tf.data.AUTOTUNE)

    def _features(self) -> tf.data.Dataset:
        """(features, valid steps, label) of each example that can be read."""
        raise NotImplementedError

    def _batched(self, data: tf.data.Dataset) -> tf.data.Dataset:
        size, shapes = self.options.batch_size, data.element_spec[0].shape
        if size is None:
            return data
        return data.batch(size) if shapes.is_fully_defined() else data.padded_batch(size)

    def _element(self, features: tf.Tensor, valid: tf.Tensor, label: tf.Tensor) -> Any:
        inputs: Any = features
        if self.options.masks:
            steps = tf.shape(features)[0 if self.options.batch_size is None else 1]
            inputs = {"features": features, "mask": tf.sequence_mask(valid, steps)}
        return inputs if self.inventory.class_names is None else (inputs, label)

    def _shuffled(
        self, data: tf.data.Dataset, each: bool = True, buffer: int | None = None
    ) -> tf.data.Dataset:
        count = buffer or len(self.inventory.examples)
        return data.shuffle(count, self.seed, reshuffle_each_iteration=each)

    def _seeded(self, data: tf.data.Dataset) -> tf.data.Dataset:
        """Elements with a seed of their own, another one in each epoch."""
        seeds = tf.data.Dataset.random(self.seed, rerandomize_each_iteration=True).batch(2)
        return tf.data.Dataset.zip(data, seeds)

    def _map(self, data: tf.data.Dataset, step: Any) -> tf.data.Dataset:
        plain = tf.autograph.experimental.do_not_convert(step)
        return data.map(
            plain, num_parallel_calls=tf.data.AUTOTUNE, deterministic=self.options.deterministic
        )


class OfSound(Assembly):
    """From sound files, each an element, through the chain."""

    def __init__(self, options: Options, inventory: Inventory, report: Report):
        super().__init__(options, inventory, report)
        if options.chain is not None and not options.chain.built:  # no weights in a graph
            kept = {e.channels for e in inventory.examples} if options.channels == "keep" else ()
            options.chain.build((None, None, *kept))
        self.rates = sorted({example.rate for example in inventory.examples})

    def _features(self) -> tf.data.Dataset:
        compute, data = self._computation(), self._examples()
        if self.options.keep == "random":
            data = self._map(self._seeded(data), lambda e, seed: compute(*e, seed))
        else:
            data = self._map(data, compute)
        if self.options.skip:
            data = data.filter(lambda features, valid, label, whole: whole)
        return data.map(lambda features, valid, label, whole: (features, valid, label))

    def _examples(self) -> tf.data.Dataset:
        """(number, number of its rate, label) of each example."""
        options, examples = self.options, self.inventory.examples
        columns = (
            tf.range(len(examples)),
            tf.constant([self.rates.index(example.rate) for example in examples], tf.int32),
            tf.constant(self.inventory.labels(), tf.int32),
        )
        data = tf.data.Dataset.from_tensor_slices(columns)
        return self._shuffled(data, each=not options.cache) if options.shuffle else data

    def _computation(self) -> steps.Step:
        """From an example to its features, valid steps, label, and whether it could be read."""
        options, rates = self.options, self.rates
        length = options.length if options.keep == "start" else None
        most = {rate: length and steps.enough(rate, options.rate, length) for rate in rates}
        mix, split = (options.channels == way for way in ("mix", "split"))
        read = steps.reading(self.inventory.examples, self.report, most, options.skip)
        wave = steps.waveform(rates, options.rate, mix, split)
        fit = steps.fitting(options.length, options.keep, self._may_pad())
        through = steps.through(self._chain(), self._may_pad(), options.masks)

        def compute(index: tf.Tensor, rate: tf.Tensor, label: tf.Tensor, *seed: Any) -> Any:
            signal, whole = read(index)
            return (*through(*fit(wave(signal, rate), *seed)), label, whole)

        return compute

    def _chain(self) -> Chain | None:
        """What is computed of each signal."""
        if not self.tail or self.options.chain is None:
            return self.options.chain
        return Chain(self.head, sample_rate=self.options.rate) if self.head else None

    def _may_pad(self) -> bool:
        """Whether a signal is shorter than it is to be."""
        length, rate = self.options.length or 0, self.options.rate
        return any(e.count * rate <= (length - 1) * e.rate for e in self.inventory.examples)


class OfFeatures(Assembly):
    """From the parts of an extraction, through what there is of a chain that goes on from there."""

    def __init__(
        self, options: Options, inventory: Inventory, report: Report, extraction: Extraction
    ):
        super().__init__(options, inventory, report)
        self.extraction = extraction
        self.dtype, self.shape = extraction.form(inventory.examples)
        self.chain = self._chain()
        if options.masks and self.shape[0] is not None:
            raise ParameterError("masks", "be False: the features have no time", True)
        numbered = enumerate(inventory.examples)
        groups = groupby(numbered, lambda each: each[1].part)  # type: ignore[attr-defined]
        self.parts: list[tuple[int, list[tuple[int, Any]]]] = [(n, list(g)) for n, g in groups]

    def _chain(self) -> Chain | None:
        """What is computed of features; all layers are built behind the design that made them."""
        if self.options.chain is None:
            return None
        design, rate = self.extraction.design(), self.extraction.sample_rate
        if self.options.chain.sample_rate != rate:
            rule = f"be at the {rate} Hz of the design, which it goes on from"
            raise ParameterError("chain", rule, f"{self.options.chain.sample_rate} Hz")
        continued(design, self.options.chain.layers).build((None, *self.shape))
        return continued(design, self.head) if self.head else None

    def _features(self) -> tf.data.Dataset:
        labels = tf.constant(self.inventory.labels(), tf.int32)
        through = steps.through(self.chain, padded=False, needed=self.options.masks)

        def compute(index: tf.Tensor, features: tf.Tensor) -> Any:
            ends = tf.shape(features)[:1]
            return (*through(features[tf.newaxis], ends), tf.gather(labels, index))

        return self._map(self._examples(), compute)

    def _examples(self) -> tf.data.Dataset:
        """(number, features) of each example, from a few parts at a time."""
        options = self.options
        data = tf.data.Dataset.range(len(self.parts))
        mixed = options.shuffle and not options.cache
        if mixed:
            data = data.shuffle(len(self.parts), self.seed, reshuffle_each_iteration=True)
        data = data.interleave(self._part, cycle_length=_OPEN_PARTS if mixed else 1)
        if not options.skip:
            data = data.apply(tf.data.experimental.assert_cardinality(len(self.inventory.examples)))
        return self._shuffled(data, buffer=self._buffer()) if mixed else data

    def _part(self, number: tf.Tensor) -> tf.data.Dataset:
        form = (tf.TensorSpec([], tf.int32), tf.TensorSpec(self.shape, self.dtype))
        return tf.data.Dataset.from_generator(self._read, output_signature=form, args=(number,))

    def _read(self, number: np.integer) -> Iterator[tuple[int, np.ndarray]]:
        part, examples = self.parts[int(number)]
        left = dict(examples)
        try:
            for index, features in zip(
                list(left), self.extraction.features(part, list(left.values())), strict=True
            ):
                del left[index]
                yield index, features
        except OSError as error:
            if not self.options.skip:
                raise ValueError(f"dataset: {error}") from error
            for index in left:
                self.report.failed(index, str(error))

    def _buffer(self) -> int:
        """How many examples are shuffled together: all, where they fit into the memory for it."""
        count = len(self.inventory.examples)
        size = self.extraction.values({part for part, _ in self.parts}) * self.dtype.itemsize
        return max(1, min(count, count * _SHUFFLED_BYTES // max(1, size)))
