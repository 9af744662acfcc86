"""Files that are damaged: raised or skipped, and always said."""

import os

import numpy as np
import pytest
import tensorflow as tf

import workbench as wb
from tests.datasets.recordings import RATE, record, rows


@pytest.fixture
def folder(tmp_path):
    """Four sound ones, five that their header or length gives away."""
    for i in range(4):
        record(tmp_path / f"good{i}.wav", 0.3, seed=i)
    (tmp_path / "empty.wav").write_bytes(b"")
    (tmp_path / "text.wav").write_text("This is not a sound.")
    (tmp_path / "cut.wav").write_bytes((tmp_path / "good0.wav").read_bytes()[:-100])
    flac = record(tmp_path / "cut.flac", 0.3).read_bytes()
    (tmp_path / "cut.flac").write_bytes(flac[: len(flac) // 2])
    ogg = record(tmp_path / "cut.ogg", 0.3).read_bytes()
    (tmp_path / "cut.ogg").write_bytes(ogg[:-20])
    return tmp_path


BAD = {
    "cut.flac": "truncated or damaged",
    "cut.ogg": "the last page of its OGG stream is missing",
    "cut.wav": "is truncated: its header promises",
    "empty.wav": "is empty: it has 0 bytes",
    "text.wav": "is not a sound file",
}


def listed(source, **options):
    return wb.dataset(source, sample_rate=RATE, length_seconds=0.2, **options)


def test_what_the_header_says_is_known_before_training(folder):
    with pytest.raises(ValueError, match=r"^dataset: source must hold nothing that") as caught:
        listed(folder)
    for name, why in BAD.items():
        assert name in str(caught.value)
        assert why in str(caught.value)
    assert "With on_error='skip' it is left out and reported." in str(caught.value)


def test_all_that_is_skipped_is_reported(folder):
    data = listed(folder, on_error="skip")
    assert rows(data).shape == (4, 1600)
    found = {os.path.basename(fault.place): fault.why for fault in data.report.skipped}
    assert list(found) == list(BAD)
    for name, why in BAD.items():
        assert why in found[name]
    lines = str(data.report).splitlines()
    assert lines[:2] == ["4 examples, 1.2 s; 8000 Hz", "5 skipped"]
    assert lines[2].startswith(f"  {folder / 'cut.flac'}: ")


def damaged(path):
    """A FLAC file whose header and last frame are sound, and a frame between them is not."""
    data = bytearray(record(path, 2.0).read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(3000)
    path.write_bytes(data)
    assert wb.audio.info(path).seconds == 2.0
    return path


def whole(paths, **options):
    return wb.dataset(paths, sample_rate=RATE, batch_size=2, **options)


def test_damage_that_only_decoding_finds_is_raised_with_its_name(tmp_path):
    paths = [record(tmp_path / "good.wav"), damaged(tmp_path / "bad.flac")]
    data = whole(paths)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"read: bad\.flac is truncated or"):
        rows(data)


@pytest.mark.parametrize("cache", [False, True])
def test_damage_that_only_decoding_finds_is_skipped_and_reported_once(tmp_path, cache):
    good = [record(tmp_path / f"{i}.wav", 2.0, seed=i) for i in range(3)]
    bad = damaged(tmp_path / "bad.flac")
    paths = [good[0], bad, *good[1:]]
    data = whole(paths, labels=list("abaa"), on_error="skip", cache=cache, shuffle=True, seed=1)
    assert data.report.skipped == ()
    for _ in range(2):
        labels = np.concatenate([y for _, y in data])
        assert labels.tolist() == [0, 0, 0]
        (fault,) = data.report.skipped
        assert fault.place == str(bad)
        assert "bad.flac is truncated or damaged" in fault.why
        assert data.report.counts == {"a": 3, "b": 0}


def test_a_file_that_has_changed_since_it_was_listed(tmp_path):
    path = record(tmp_path / "a.wav")
    others = [
        (16000, 1, 0.5, "has changed"),
        (RATE, 2, 0.5, "has changed"),
        (RATE, 1, 0.1, "short"),
    ]
    for rate, channels, seconds, why in others:
        record(path)
        data = whole([path], on_error="skip")
        record(path, seconds, rate, channels)
        assert list(data) == []
        assert why in data.report.skipped[0].why
    record(path)
    data = whole([path], on_error="skip")
    path.unlink()
    assert list(data) == []
    assert "does not exist" in data.report.skipped[0].why


def test_another_number_of_channels_cannot_be_kept(tmp_path):
    paths = [record(tmp_path / f"{n}.wav", channels=n) for n in (2, 1)]
    with pytest.raises(ValueError, match=r"1.wav: it has 1 channels, the first file has 2"):
        listed(paths, channels="keep")
    data = listed(paths, channels="keep", on_error="skip")
    assert rows(data).shape == (1, 1600, 2)
    assert len(data.report.skipped) == 1
