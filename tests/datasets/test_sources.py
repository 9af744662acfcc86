"""Where examples come from, what class each is of, and what is said of the rest."""

import os
import re
from pathlib import Path

import numpy as np
import pytest

import workbench as wb
from tests.datasets.recordings import RATE, record, rows


def listed(source, **options):
    return wb.dataset(source, sample_rate=RATE, length_seconds=0.1, **options)


def labels_of(data):
    return np.concatenate([y for _, y in data]).tolist()


def places(faults):
    return [Path(fault.place).name for fault in faults]


def test_the_classes_of_a_folder_are_its_sub_folders(tmp_path):
    for name in ("dog/2.wav", "dog/more/1.flac", "cat/3.mp3", "cat/4.OGG"):
        record(tmp_path / name)
    (tmp_path / "notes.txt").write_text("not a sound")
    (tmp_path / "cat/.hidden.wav").write_text("not a sound")
    data = listed(tmp_path)
    assert data.class_names == data.report.class_names == ("cat", "dog")
    assert labels_of(data) == [0, 0, 1, 1]
    used = [example.entry.path.name for example in data.report.examples]
    assert used == ["3.mp3", "4.OGG", "2.wav", "1.flac"]
    assert data.report.counts == {"cat": 2, "dog": 2}
    assert places(data.report.ignored) == [".hidden.wav", "notes.txt"]
    assert [fault.why for fault in data.report.ignored] == [
        "it is hidden",
        "its name does not end as one of a sound file",
    ]


def test_a_folder_without_sub_folders_has_no_labels(tmp_path):
    record(tmp_path / "b.wav", seed=1)
    record(tmp_path / "a.wav")
    data = listed(str(tmp_path))
    assert data.class_names == ()
    assert [example.entry.path.name for example in data.report.examples] == ["a.wav", "b.wav"]
    assert rows(data).shape == (2, 800)


def test_what_lies_beside_the_class_folders(tmp_path):
    record(tmp_path / "dog/1.wav")
    record(tmp_path / "stray.wav")
    with pytest.raises(ValueError, match=r"stray.wav: it lies beside the folders of the classes"):
        listed(tmp_path)
    data = listed(tmp_path, on_error="skip")
    assert places(data.report.skipped) == ["stray.wav"]
    assert labels_of(data) == [0]
    assert len(rows(listed(tmp_path, labels=None))) == 2


def test_a_class_without_a_file(tmp_path):
    record(tmp_path / "dog/1.wav")
    (tmp_path / "cat").mkdir()
    with pytest.raises(ValueError, match=r"cat: no sound file is in this class"):
        listed(tmp_path)
    data = listed(tmp_path, on_error="skip")
    assert (data.class_names, labels_of(data)) == (("cat", "dog"), [1])
    assert data.report.counts == {"cat": 0, "dog": 1}


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_are_followed_once(tmp_path):
    record(tmp_path / "elsewhere/1.wav")
    (tmp_path / "source").mkdir()
    (tmp_path / "source/dog").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere/loop").symlink_to(tmp_path / "elsewhere")
    data = listed(tmp_path / "source")
    assert labels_of(data) == [0]
    assert [str(fault) for fault in data.report.ignored] == [
        f"{tmp_path / 'source/dog/loop'}: it is a link to a folder that it lies in"
    ]


def test_a_folder_that_cannot_be_listed(tmp_path, monkeypatch):
    record(tmp_path / "dog/1.wav")
    record(tmp_path / "cat/1.wav")
    scan = os.scandir

    def refuse(path):
        if str(path).endswith("cat"):
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)  # root may list all there is
    with pytest.raises(ValueError, match=r"cat: it cannot be listed \(Permission denied\)"):
        listed(tmp_path)
    assert "Permission denied" in str(listed(tmp_path, on_error="skip").report)


def test_lists_with_and_without_labels(tmp_path):
    paths = [record(tmp_path / f"{i}.wav", seed=i) for i in range(3)]
    assert rows(listed(paths)).shape == (3, 800)
    data = listed([str(path) for path in paths], labels=["b", "a", "b"])
    assert (data.class_names, labels_of(data)) == (("a", "b"), [1, 0, 1])
    assert labels_of(listed(paths, labels=np.array([3, 1, 2]))) == [2, 0, 1]
    assert rows(listed(paths[0])).shape == (1, 800)
    with pytest.raises(ValueError, match="labels must be as many as there are files, 3; got 2"):
        listed(paths, labels=["a", "b"])


@pytest.mark.parametrize(
    ("pattern", "classes"),
    [
        ("LABEL_*", ("dog", "red-cat")),
        ("LABEL_*.wav", ("dog", "red-cat")),
        ("*_LABEL.wav", ("1", "x")),
        ("*-LABEL_*", ("cat",)),
    ],
)
def test_labels_from_the_names_of_files(tmp_path, pattern, classes):
    for name in ("dog_1.wav", "red-cat_2_x.wav"):
        record(tmp_path / "any" / name)
    data = listed(tmp_path, labels=pattern, on_error="skip")
    assert data.class_names == classes
    assert len(data.report.skipped) == 2 - len(classes)


def test_names_that_do_not_fit_the_pattern(tmp_path):
    for name in ("dog_1.wav", "cat.wav", "(+)_1.wav"):
        record(tmp_path / name)
    with pytest.raises(ValueError, match=r"cat\.wav: its name does not fit 'LABEL_\*'"):
        listed(tmp_path, labels="LABEL_*")
    assert listed(tmp_path, labels="LABEL_*", on_error="skip").class_names == ("(+)", "dog")
    with pytest.raises(ValueError, match=r"labels must be .* got '\*\.wav'\. For example 'LABEL_"):
        listed(tmp_path, labels="*.wav")


def test_class_names_may_be_given(tmp_path):
    for name in ("dog/1.wav", "cat/2.wav"):
        record(tmp_path / name)
    data = listed(tmp_path, class_names=["dog", "owl", "cat"])
    assert (data.class_names, labels_of(data)) == (("dog", "owl", "cat"), [2, 0])
    with pytest.raises(ValueError, match="its class, 'cat', is not among class_names"):
        listed(tmp_path, class_names=["dog"])
    assert labels_of(listed(tmp_path, class_names=["dog"], on_error="skip")) == [0]
    with pytest.raises(ValueError, match="class_names must be different names in a list"):
        listed(tmp_path, class_names=["dog", "dog"])
    with pytest.raises(ValueError, match="class_names must be None where there are no labels"):
        listed(tmp_path, class_names=["dog"], labels=None)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("empty", "source must hold at least one sound file; got none in"),
        ("nowhere", "source must be there; got .*nowhere, which does not exist"),
        ([], "source must hold at least one sound file; got none in"),
        (["gone.wav"], "hold something that can be used; got gone.wav: .* does not exist"),
        (3, "source must be a folder, a manifest, or a list of paths; got 3"),
    ],
)
@pytest.mark.parametrize("on_error", ["raise", "skip"])
def test_sources_that_hold_nothing(tmp_path, monkeypatch, source, message, on_error):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises((ValueError, TypeError), match=f"^dataset: .*{message}"):
        listed(source, on_error=on_error)


def test_many_faults_are_counted(tmp_path):
    names = [tmp_path / f"{i}.wav" for i in range(9)]
    with pytest.raises(ValueError, match=r"0\.wav: .*4\.wav: .*; and 4 more") as caught:
        listed(names)
    assert not re.search(r"5\.wav", str(caught.value))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"channels": "left"}, "channels must be one of 'mix', 'split', 'keep'; got 'left'"),
        ({"keep": "middle"}, "keep must be one of 'start', 'center', 'end', 'random'"),
        ({"on_error": "ignore"}, "on_error must be one of 'raise', 'skip'"),
        ({"batch_size": 0}, "batch_size must be a whole number of at least 1, or None; got 0"),
        ({"batch_size": 2.5}, "batch_size must be a whole number"),
        ({"seed": -1}, "seed must be a whole number of at least 0"),
        ({"length_seconds": 0}, "length_seconds must be a number of seconds above 0; got 0"),
        ({"length_seconds": 1e-6}, "length_seconds must be at least one sample"),
        ({"length_seconds": "2 s"}, "length_seconds must be a number or None"),
        ({"length_seconds": float("nan")}, "length_seconds must be a number of seconds above 0"),
        ({"keep": "random", "length_seconds": None}, "keep must not be 'random' with a cache or"),
        ({"keep": "random", "cache": True}, "keep must not be 'random' with a cache or"),
        ({"sample_rate": None}, "sample_rate must be given if there is no chain"),
        ({"chain": wb.Chain([], sample_rate=RATE)}, "sample_rate must be given if there is no"),
        ({"chain": wb.layers.STFT()}, "chain must be a wb.Chain or None; got STFT"),
        ({"augment": wb.layers.STFT()}, "augment must be layers that take a seed"),
        ({"augment": 3}, "augment must be layers or functions; got 3"),
    ],
)
def test_illegal_arguments(tmp_path, options, message):
    given = {"sample_rate": RATE, "length_seconds": 0.1} | options
    path = record(tmp_path / "a.wav")
    with pytest.raises((ValueError, TypeError), match=f"^dataset: {re.escape(message)}"):
        wb.dataset([path], **given)
