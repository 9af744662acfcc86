"""Masks on features, drawn at random: training that does not lean on any one of them."""

from __future__ import annotations

from typing import Annotated

import tensorflow as tf

from workbench.core.chance import Seed, below, draw
from workbench.ops import op
from workbench.params import Param
from workbench.tensors import as_type, silence_beyond

_MOST_MASKS = 1000  # each takes memory over its axis
NumTimeMasks = Annotated[
    int,
    Param(
        "Most masks in time; how many there are is drawn.",
        words="most time masks",
        low=0,
        high=_MOST_MASKS,
        slider=(0, 10),
    ),
]
TimeMaskWidth = Annotated[
    int,
    Param(
        "Width of the widest mask in time; how wide each is is drawn.",
        unit="frames",
        words="widest time mask",
        low=0,
        high=2**31 - 1,
        slider=(0, 100),
    ),
]
NumFrequencyMasks = Annotated[
    int,
    Param(
        "Most masks in frequency; how many there are is drawn.",
        words="most frequency masks",
        low=0,
        high=_MOST_MASKS,
        slider=(0, 10),
    ),
]
FrequencyMaskWidth = Annotated[
    int,
    Param(
        "Width of the widest mask in frequency; how wide each is is drawn.",
        unit="bins",
        words="widest frequency mask",
        low=0,
        high=2**31 - 1,
        slider=(0, 40),
    ),
]
MaskValue = Annotated[
    float,
    Param(
        "What a mask puts there. None: the mean of the example.",
        none="mean",
        slider=(-100.0, 0.0),
        differentiable=True,
    ),
]


@op(takes=2, keeps_padding=True)
def spec_augment(
    signal: tf.Tensor,
    lengths: tf.Tensor,
    *,
    seed: Seed = (1, 2),
    num_time_masks: NumTimeMasks = 2,
    time_mask_width: TimeMaskWidth = 20,
    num_frequency_masks: NumFrequencyMasks = 2,
    frequency_mask_width: FrequencyMaskWidth = 8,
    mask_value: MaskValue | None = 0.0,
) -> tf.Tensor:
    """SpecAugment: hides some stretches of time and some bands of frequency of each example.

    Three draws, each uniform over whole numbers: how many masks an example gets, 0 to the most; the
    width of each, 0 to the widest (or to all there is, where that is less); its start, 0 to the
    last one from which the mask still lies inside the example's valid length. Masks may overlap;
    what lies beyond the valid length stays as it is.
    Examples are the dimensions before time; what comes after frequency, channels, shares the masks.

    The draws depend on the seed and on an example's number in the batch, on nothing else: they are
    the same eagerly, in a graph, under XLA and in `tf.data`. A new seed draws new ones; where it is
    to change in a graph, give it as a tensor of two integers.

    Returns:
        `[..., frames, bins]`.

    Source: Park et al., "SpecAugment: a simple data augmentation method for automatic speech
    recognition", Interspeech 2019; there the number of masks is fixed.

    >>> import workbench as wb
    >>> wb.spec_augment(tf.ones([100, 80]), seed=(3, 4)).shape
    TensorShape([100, 80])
    """
    frames, bins = tf.shape(signal)[-2], tf.shape(signal)[-1]
    raw = draw(seed, tf.shape(lengths), 2 + 2 * (num_time_masks + num_frequency_masks))
    of_time, of_frequency = tf.split(raw, [1 + 2 * num_time_masks, 1 + 2 * num_frequency_masks], -1)
    hidden_frames = _hidden(of_time, time_mask_width, lengths, frames)
    hidden_bins = _hidden(of_frequency, frequency_mask_width, bins, bins)
    hidden = hidden_frames[..., tf.newaxis] | hidden_bins[..., tf.newaxis, :]
    if mask_value is None:
        value = _example_mean(signal, lengths)
    else:
        value = as_type(mask_value, signal.dtype)
    valid = tf.sequence_mask(lengths, frames)[..., tf.newaxis]
    return tf.where(hidden & valid, value, signal)


def _hidden(raw: tf.Tensor, width: int, room: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """Which of `size` places lie under a mask, given raw numbers for count, widths and starts."""
    most = raw.shape[-1] // 2
    room = tf.cast(room, tf.int64)[..., tf.newaxis]
    count, widths, starts = tf.split(raw, [1, most, most], -1)
    widths = below(widths, tf.minimum(room, width) + 1)
    starts = below(starts, room - widths + 1)
    drawn = tf.range(most, dtype=tf.int64) < below(count, most + 1)
    ends = tf.where(drawn, starts + widths, starts)
    places = tf.range(tf.cast(size, tf.int64))
    under = (places >= starts[..., tf.newaxis]) & (places < ends[..., tf.newaxis])
    return tf.reduce_any(under, axis=-2)


def _example_mean(signal: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
    """The mean of each example as far as it is valid."""
    signal, _ = silence_beyond(signal, lengths, 2)
    cells = tf.cast(tf.maximum(lengths, 1), signal.dtype) * tf.cast(
        tf.shape(signal)[-1], signal.dtype
    )
    return tf.reduce_sum(signal, axis=[-2, -1], keepdims=True) / cells[..., tf.newaxis, tf.newaxis]
