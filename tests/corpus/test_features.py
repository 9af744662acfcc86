"""Results of recordings: at once, chunk by chunk, channel by channel, in batches."""

import numpy as np
import pytest

import workbench as wb
from tests.corpus.corpora import design, write_noise
from workbench import audio
from workbench.corpus import features as rooms
from workbench.corpus.features import Features
from workbench.corpus.recordings import Recording
from workbench.errors import ParameterError


def results(made, *paths, **span):
    """The results of files: pieces in a list, or the error."""
    recordings = [Recording(i, str(path), **span) for i, path in enumerate(paths)]
    found = made.of(recordings, [audio.info(path) for path in paths])
    return [each if isinstance(each, Exception) else list(each) for each in found]


def small(monkeypatch, **sizes):
    for name, value in sizes.items():
        monkeypatch.setattr(rooms, name, value)


def test_a_short_recording_is_what_the_chain_gives(tmp_path):
    path = write_noise(tmp_path / "a.wav", 3000)
    ((found,),) = results(Features(design()), path)
    np.testing.assert_array_equal(found, design()(audio.read(path).signal))


def test_another_rate_is_resampled_first(tmp_path):
    path = write_noise(tmp_path / "a.wav", 9000, rate=22050)
    ((found,),) = results(Features(design()), path)
    resampled = wb.resample(audio.read(path).signal, orig_rate=22050, target_rate=8000)
    np.testing.assert_allclose(found, design()(resampled), rtol=1e-5)  # of decibels


def test_channels_are_mixed_or_split(tmp_path):
    path = write_noise(tmp_path / "a.wav", 3000, channels=3)
    signal = audio.read(path).signal
    ((mixed,),) = results(Features(design()), path)
    ((split,),) = results(Features(design(), split=True), path)
    np.testing.assert_allclose(mixed, design()(signal.mean(0, keepdims=True)), rtol=1e-6)
    np.testing.assert_allclose(split, design()(signal), rtol=1e-6)


def test_a_part_of_a_file_is_that_part(tmp_path):
    path = write_noise(tmp_path / "a.wav", 8000)
    ((found,),) = results(Features(design()), path, start=0.25, end=0.75)
    np.testing.assert_array_equal(found, design()(audio.read(path).signal[:, 2000:6000]))


@pytest.mark.parametrize("rate", [8000, 11025])
@pytest.mark.parametrize("split", [False, True])
def test_chunk_by_chunk_equals_the_whole(tmp_path, monkeypatch, rate, split):
    path = write_noise(tmp_path / "a.wav", 30000, rate=rate, channels=2)
    ((whole,),) = results(Features(design(), split=split), path)
    small(monkeypatch, SHORT=1000, CHUNK=4099, PIECE=20 * 17)
    heard = []
    made = Features(design(), split=split)
    (pieces,) = made.of([Recording(0, str(path))], [audio.info(path)], heard.append)
    pieces = list(pieces)
    assert [piece.shape[1] for piece in pieces[:-1]] == [17] * (len(pieces) - 1)
    assert len(pieces) > 4
    assert sum(heard) == pytest.approx(30000 / rate)
    # float32 decibels of about 100: steps see the same samples in sums of another order
    np.testing.assert_allclose(np.concatenate(pieces, 1), whole, rtol=0, atol=1e-4)


def test_a_design_that_cannot_stream_is_computed_whole_or_refused(tmp_path, monkeypatch):
    path = write_noise(tmp_path / "a.wav", 30000)
    chain = design(top_db=60.0)
    small(monkeypatch, SHORT=1000)
    ((found,),) = results(Features(chain), path)
    np.testing.assert_array_equal(found, chain(audio.read(path).signal))
    small(monkeypatch, LONGEST_WHOLE=16000)
    message = r"recording must last at most 2 s, .* at once; got 4 s. .*top_db must be None"
    with pytest.raises(ParameterError, match=message):
        results(Features(chain), path)


@pytest.mark.parametrize("rate", [100, 600000])
def test_a_rate_far_from_the_designs_is_refused(tmp_path, rate):
    path = write_noise(tmp_path / "a.wav", 100, rate=rate)
    (error,) = results(Features(design()), path)
    assert "sample_rate must be at most 64 times the design's 8000 Hz" in str(error)


def test_batches_give_what_each_gives_alone(tmp_path):
    lengths = [3000, 2000, 3000, 3000, 2000, 3000]
    paths = [write_noise(tmp_path / f"{i}.wav", n, seed=i) for i, n in enumerate(lengths)]
    alone = [results(Features(design()), path)[0] for path in paths]
    together = results(Features(design(), batch=3), *paths)
    for (one,), (other,) in zip(alone, together, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-5)


def test_one_error_leaves_the_others(tmp_path):
    paths = [write_noise(tmp_path / f"{i}.wav", 3000, seed=i) for i in range(3)]
    recordings = [Recording(i, str(path)) for i, path in enumerate(paths)]
    infos = [audio.info(path) for path in paths]
    paths[1].unlink()
    first, second, third = Features(design(), batch=3).of(recordings, infos)
    assert isinstance(second, FileNotFoundError)
    assert first[0].shape == third[0].shape


def test_results_without_steps_are_one_empty_piece(monkeypatch):
    nothing = np.zeros((1, 0, 20))
    assert [piece.shape for piece in rooms._cut([nothing, nothing])] == [(1, 0, 20)]
    small(monkeypatch, PIECE=40)
    chunks = [np.zeros((1, 2, 20)), nothing]
    assert [piece.shape for piece in rooms._cut(chunks)] == [(1, 2, 20)]
