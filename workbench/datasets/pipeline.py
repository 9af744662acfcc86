"""`wb.dataset`: sound files through a chain, as a `tf.data.Dataset` that Keras can be given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from workbench.chain import Chain
from workbench.datasets import steps
from workbench.datasets.inventory import Inventory, take_inventory
from workbench.datasets.options import Options
from workbench.datasets.report import Report
from workbench.datasets.sources import Labels, Source
from workbench.errors import naming


def dataset(
    source: Source,
    chain: Chain | None = None,
    *,
    labels: Labels = "auto",
    class_names: Sequence[str] | None = None,
    sample_rate: int | None = None,
    channels: str = "mix",
    length_seconds: float | None = None,
    keep: str = "start",
    augment: steps.Augmentation | Sequence[steps.Augmentation] = (),
    training: bool = False,
    masks: bool = False,
    batch_size: int | None = 32,
    shuffle: bool = False,
    cache: bool = False,
    seed: int | None = None,
    deterministic: bool = True,
    on_error: str = "raise",
) -> tf.data.Dataset:
    """Sound files through a chain: batches of features with their labels, for `fit`.

    A file is read, mixed, resampled to the chain's rate, fitted to a length and sent through the
    chain: the same numbers as `chain(signal)` outside. WAV of every coding, FLAC, OGG, MP3, and
    what else `wb.audio.read` reads, of any rate and number of channels.

    The chain gets a Keras mask of what is sound: padding stays out of normalisation and features.
    Changes of the chain's parameters do not reach a pipeline that is made; its weights do.

    Args:
        source: A folder, where sub-folders are classes; a list of paths; a manifest: CSV with a
            head or JSON in lines, with `path` (relative to the manifest), and if there is one
            `label`, and `start` and `end` in seconds of the part that is meant.
        chain: What makes features of a signal. None: the signal itself.
        labels: "auto": those that the source has. None: no labels. A pattern of file names, with
            LABEL where the label stands (as little as fits) and * for anything: "LABEL_*.wav". Or
            a list with one for each path.
        class_names: The classes in the order of their labels. None: those found, sorted.
        sample_rate: Of the signal, in Hz, where there is no chain.
        channels: "mix": their mean. "split": each is an example. "keep": `[time, channels]`.
        length_seconds: Every signal is cropped, or padded with zeros at its end, to this length.
            None: each keeps its own, and a batch is padded with zeros to its longest features.
        keep: Which part of a longer signal: "start", "center", "end", or "random", anew each time.
        augment: A layer that takes a seed, as `wb.layers.SpecAugment`, or a function of features
            and a seed (two integers); or several. Other draws for each example and each epoch.
        training: Layers of the chain that act in training alone, as SpecAugment, do so.
        masks: Inputs are a dictionary of "features" and their "mask" `[batch, frames]`.
        batch_size: Examples in a batch; the last one may have less. None: one by one.
        shuffle: Another order in each epoch.
        cache: Features are kept in memory after the first epoch; augmentation goes on.
        seed: Of order and augmentation. None: another one each time.
        deterministic: Same order, same bytes for the same seed. False may be faster.
        on_error: "raise", or "skip" what can't be used, and say so in the report. As decoding may
            find more of it, the number of batches is then unknown; Keras remarks on it once.

    Returns:
        `(inputs, labels)`, labels int32; `inputs` alone where there are no labels. The dataset has
        two attributes more, which those made of it lose: `class_names`, and `report`, a `Report` of
        what is used and what was left out and why; `print` shows it.

    Raises:
        ParameterError, ParameterTypeError: An argument is illegal, the source holds nothing, or
            (on_error="raise") something that can't be used; all of it is named. What only shows
            while samples are decoded is raised while the dataset is read, by TensorFlow.

    >>> import workbench as wb
    >>> from workbench.clips import data_folder
    >>> chain = wb.Chain([wb.layers.LogMelSpectrogram(num_mel_bins=40)], sample_rate=16000)
    >>> clips = wb.dataset(data_folder(), chain, length_seconds=2.0)
    >>> [batch.shape for batch in clips]
    [TensorShape([5, 126, 40])]
    """
    with naming("dataset"):
        options = Options(
            chain, sample_rate, channels, length_seconds, keep, augment, training, masks,
            batch_size, shuffle, cache, seed, deterministic, on_error,
        )  # fmt: skip
        inventory = take_inventory(source, labels, class_names, channels, options.skip)
        report = Report(inventory)
        made = _Pipeline(options, inventory, report).made()
    made.class_names, made.report = report.class_names, report  # as Keras' own loaders have it
    return made


class _Pipeline:
    """The steps in a row. Elements are a signal or features, then what goes along."""

    def __init__(self, options: Options, inventory: Inventory, report: Report):
        self.options, self.inventory, self.report = options, inventory, report
        if options.chain is not None and not options.chain.built:  # no weights in a graph
            kept = {e.channels for e in inventory.examples} if options.channels == "keep" else ()
            options.chain.build((None, None, *kept))
        self.head, self.tail = options.halves()
        self.seed = options.drawn_seed()
        self.rates = sorted({example.rate for example in inventory.examples})

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
        fit = steps.fitting(options.length, options.keep)
        through = steps.through(self.head, self._may_pad(), options.masks)

        def compute(index: tf.Tensor, rate: tf.Tensor, label: tf.Tensor, *seed: Any) -> Any:
            signal, whole = read(index)
            return (*through(*fit(wave(signal, rate), *seed)), label, whole)

        return compute

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

    def _may_pad(self) -> bool:
        """Whether a signal is shorter than it is to be."""
        length, rate = self.options.length or 0, self.options.rate
        return any(e.count * rate <= (length - 1) * e.rate for e in self.inventory.examples)

    def _shuffled(self, data: tf.data.Dataset, each: bool = True) -> tf.data.Dataset:
        count = len(self.inventory.examples)
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
