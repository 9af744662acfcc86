"""What ops have in common is computed once while a memory is shared, and only then."""

import numpy as np
import pytest
import tensorflow as tf

import workbench as wb
from workbench.core import spectral
from workbench.recall import LastResults

OPTIONS = {"sample_rate": 8000, "num_mel_bins": 20}


@pytest.fixture
def transforms(monkeypatch):
    """The shapes of the frames that were transformed."""
    found = []
    transform = spectral.transform_parts

    def counted(frames, *options):
        if tf.executing_eagerly():  # a thread may still be tracing for an earlier test
            found.append(frames.shape)
        return transform(frames, *options)

    monkeypatch.setattr(spectral, "transform_parts", counted)
    return found


def noise(seed: int = 0) -> tf.Tensor:
    return tf.constant(np.random.default_rng(seed).standard_normal((2, 6000)), tf.float32)


def test_what_ops_have_in_common_is_computed_once(transforms):
    signal = noise()
    alone = wb.mfcc(signal, **OPTIONS), wb.mel_spectrogram(signal, **OPTIONS)
    transforms.clear()
    with LastResults().shared():
        coefficients = wb.mfcc(signal, **OPTIONS)
        bands = wb.mel_spectrogram(signal, **OPTIONS)
        wb.spectrogram(signal)
        wb.mfcc(signal, num_mfccs=5, **OPTIONS)
    assert len(transforms) == 1
    np.testing.assert_array_equal(coefficients, alone[0])
    np.testing.assert_array_equal(bands, alone[1])


@pytest.mark.parametrize(
    "other", [{"frame_length": 512}, {"window": "hamming"}, {"power": 1.0}, {"center": False}]
)
def test_other_parameters_are_computed_anew(transforms, other):
    signal, kept = noise(), LastResults()
    with kept.shared():
        wb.mel_spectrogram(signal, **OPTIONS)
        found = wb.mel_spectrogram(signal, **OPTIONS, **other)
    assert len(transforms) == 2
    np.testing.assert_array_equal(found, wb.mel_spectrogram(signal, **OPTIONS, **other))


def test_another_signal_and_other_lengths_are_computed_anew(transforms):
    signal, kept = noise(), LastResults()
    with kept.shared():
        first = wb.spectrogram(signal)
        other = wb.spectrogram(noise(1))
        padded, _ = wb.spectrogram(signal, lengths=[6000, 100])
    assert len(transforms) == 3
    assert not np.array_equal(first, other)
    assert not np.array_equal(first, padded)


def test_rows_that_end_share_what_has_the_same_lengths(transforms):
    signal, kept = noise(), LastResults()
    alone, _ = wb.log_mel_spectrogram(signal, lengths=[6000, 100], **OPTIONS)
    transforms.clear()
    for bands in (10, 30, 20):  # as a slider does it: lengths are made anew from a mask
        with kept.shared():
            lengths = tf.constant([6000, 100])
            options = OPTIONS | {"num_mel_bins": bands}
            found, _ = wb.log_mel_spectrogram(signal, lengths=lengths, **options)
    assert len(transforms) == 1
    np.testing.assert_array_equal(found, alone)
    with kept.shared():
        found, _ = wb.log_mel_spectrogram(signal, lengths=[6000, 99], **OPTIONS)
    assert len(transforms) == 2
    assert not np.array_equal(found, alone)


def test_without_a_memory_nothing_is_kept(transforms):
    signal, kept = noise(), LastResults()
    with kept.shared():
        wb.spectrogram(signal)
    for _ in range(2):
        wb.spectrogram(signal)
    assert len(transforms) == 3


def test_what_was_shared_is_there_the_next_time(transforms):
    signal, kept = noise(), LastResults()
    for _ in range(3):
        with kept.shared():
            wb.spectrogram(signal)
    assert len(transforms) == 1


def test_a_graph_keeps_none_of_its_tensors():
    signal, kept = noise(), LastResults()
    traced = tf.function(lambda x: wb.spectrogram(x))
    with kept.shared():
        made = traced(signal)
        np.testing.assert_allclose(wb.spectrogram(signal), made, rtol=1e-5, atol=1e-3)


def test_a_computation_that_fails_is_not_kept():
    kept = LastResults()

    def fail():
        raise ValueError("no")

    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            kept.recall("name", (1,), fail)
    assert kept.recall("name", (1,), lambda: 2) == 2
