"""`wb.dataset`: sound files through a chain, as a `tf.data.Dataset` that Keras can be given."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from workbench.chain import Chain
from workbench.datasets import steps
from workbench.datasets.assembly import OfFeatures, OfSound
from workbench.datasets.extracted import extraction_at
from workbench.datasets.inventory import take_inventory
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
            `label`, and `start` and `end` in seconds of the part that is meant. Or the folder
            of an extraction by `wb.extract`: its features, read from a few parts at a time.
        chain: What makes features of a signal. None: the signal itself. For features that are
            extracted: what goes on where their design has ended, at its sample rate.
        labels: "auto": those that the source has. None: no labels. A pattern of file names, with
            LABEL where the label stands (as little as fits) and a star for anything, as in
            `"LABEL_*.wav"`, or `"LABEL/*"` for the folder of a file. Or a list with one for each
            path.
        class_names: The classes in the order of their labels. None: those found, sorted.
        sample_rate: Of the signal, in Hz, where there is no chain. This and the next three are for
            sound, not for features that are extracted.
        channels: "mix": their mean. "split": each is an example. "keep": `[time, channels]`.
        length_seconds: Every signal is cropped, or padded with zeros at its end, to this length.
            None: each keeps its own, and a batch is padded with zeros to its longest features.
        keep: Which part of a longer signal: "start", "center", "end", or "random", anew each time.
        augment: A layer that takes a seed, as `wb.layers.SpecAugment`, or a function of features
            and a seed (two integers); or several. Other draws for each example and each epoch.
        training: Layers of the chain that act in training alone, as SpecAugment, do so.
        masks: Inputs are a dictionary of "features" and their "mask" `[batch, frames]`.
        batch_size: Examples in a batch; the last one may have less. None: one by one.
        shuffle: Another order in each epoch. Of extracted features that come to more than 256 MB
            and are not cached: that of their parts, and within so many of them.
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
        extraction = extraction_at(source)
        options = Options(
            chain, sample_rate, channels, length_seconds, keep, augment, training, masks,
            batch_size, shuffle, cache, seed, deterministic, on_error,
            extracted_rate=extraction.sample_rate if extraction else None,
        )  # fmt: skip
        if extraction:
            inventory = extraction.take_inventory(labels, class_names, options.skip)
        else:
            inventory = take_inventory(source, labels, class_names, channels, options.skip)
        report, given = Report(inventory), (options, inventory)
        assembly = OfFeatures(*given, report, extraction) if extraction else OfSound(*given, report)
        made = assembly.made()
    made.class_names, made.report = report.class_names, report  # as Keras' own loaders have it
    return made
