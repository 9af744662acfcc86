"""Manifests: parts of files with their labels, relative paths, and rows that are wrong."""

import json
import os
from itertools import pairwise

import numpy as np
import pytest

import workbench as wb
from tests.datasets.recordings import RATE, record, rows

HEAD = "path,label,start,end\n"


@pytest.fixture
def folder(tmp_path):
    record(tmp_path / "sounds/a.wav", 0.5)
    record(tmp_path / "sounds/b.flac", 0.5, 16000, 2, seed=1)
    return tmp_path


def listed(path, **options):
    return wb.dataset(path, sample_rate=RATE, length_seconds=0.1, **options)


def write(path, text):
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


ROWS = [
    {"path": "sounds/a.wav", "label": "dog", "start": 0.1, "end": 0.2},
    {"path": "sounds/a.wav", "label": "dog", "start": 0.25},
    {"path": "sounds/b.flac", "label": "cat", "end": 0.05},
    {"path": "sounds/b.flac", "label": "cat"},
]


def manifest(folder, kind):
    if kind == "jsonl":
        return write(folder / "all.jsonl", "\n\n".join(map(json.dumps, ROWS)))
    cells = [[str(row.get(name, "")) for name in ("label", "path", "end", "start")] for row in ROWS]
    lines = ["\ufefflabel, path,end,start,ignored", *(",".join([*c, '"a, b"']) for c in cells)]
    return write(folder / "all.CSV", "\r\n".join(lines) + "\r\n\r\n")


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_parts_of_files(folder, kind, monkeypatch):
    path = manifest(folder, kind)
    monkeypatch.chdir(folder.parent)
    relative = os.path.relpath(path)  # paths are relative to the manifest, not to where we are
    data = listed(relative, masks=True)
    ((inputs, labels),) = data
    assert (data.class_names, labels.numpy().tolist()) == (("cat", "dog"), [1, 1, 0, 0])
    first = wb.audio.read(folder / "sounds/a.wav").signal[0]
    np.testing.assert_array_equal(inputs["features"][0], first[800:1600])
    np.testing.assert_array_equal(inputs["features"][1], first[2000:2800])
    assert inputs["mask"].numpy().sum(1).tolist() == [800, 800, 400, 800]
    assert [example.seconds for example in data.report.examples] == [0.1, 0.25, 0.05, 0.5]


def test_parts_that_follow_each_other_share_no_sample(folder):
    edges = [0.0, 0.10003, 0.20006, 0.3]
    lines = [f"sounds/a.wav,x,{a},{b}" for a, b in pairwise(edges)]
    data = listed(write(folder / "parts.csv", HEAD + "\n".join(lines)))
    spans = [(e.first, e.first + e.count) for e in data.report.examples]
    assert spans == [(0, 800), (800, 1600), (1600, 2400)]


def test_labels_may_be_whole_numbers_or_missing(folder):
    path = write(folder / "a.jsonl", '{"path": "sounds/a.wav", "label": 3}')
    assert listed(path).class_names == ("3",)
    path = write(folder / "b.csv", "path\nsounds/a.wav\n")
    assert rows(listed(path)).shape == (1, 800)
    assert len(rows(listed(manifest(folder, "csv"), labels=None))) == 4


WRONG_CSV = {
    "sounds/a.wav,dog,0.1": "the line must have 4 cells, as the first",
    "sounds/a.wav,dog,0.1,0.2,0.3": "the line must have 4 cells",
    ",dog,,": "path must be the path of a file; got None",
    "sounds/a.wav,dog,soon,": "start must be a number of seconds, at least 0; got 'soon'",
    "sounds/a.wav,dog,-1,": "start must be a number of seconds, at least 0; got '-1'",
    "sounds/a.wav,dog,,nan": "end must be a number of seconds, at least 0; got 'nan'",
    "sounds/a.wav,dog,0.3,0.2": "start and end must be in this order; got 0.3 and 0.2",
    "sounds/a.wav,dog,0.6,": "it is 0.500 s long, and the part starts at 0.6 s",
    "sounds/a.wav,dog,0.3,0.6": "it is 0.500 s long, and the part ends at 0.6 s",
    "sounds/gone.wav,dog,,": "gone.wav does not exist",
    "sounds/a.wav,,,": "it has no label",
    'sounds/a.wav,"dog,,': "the line must be CSV; got (unexpected end of data)",
    'sounds/a.wav,"do"g,,': "the line must be CSV; got (",
    b"sounds/a.wav,d\xf6g,,": "the line must be text in UTF-8",
    "sounds,dog,,": "sounds is a directory, not a sound file",
    "all.csv,dog,,": "is not a sound file that can be read",
    "sounds/a\0.wav,dog,,": "path must be the path of a file",
}
WRONG_JSON = {
    '{"path": "sounds/a.wav", "label": ': "the line must be JSON; got (",
    "[1, 2]": "the line must be a JSON object in UTF-8; got [1, 2]",
    '{"label": "dog"}': "path must be the path of a file; got None",
    '{"path": 3, "label": "dog"}': "path must be the path of a file; got 3",
    '{"path": "sounds/a.wav", "label": ["dog"]}': "label must be a text; got ['dog']",
    '{"path": "sounds/a.wav", "label": " "}': "label must be a text; got ' '",
    '{"path": "sounds/a.wav", "label": "dog", "start": true}': "start must be a number of seconds",
    '{"path": "sounds/a.wav", "label": "dog", "end": 1e999}': "end must be a number of seconds",
    '{"path": "a", "path": "b"}': "must stand once in its object",
    "[" * 100000: "the line must be JSON; got (",
    b'{"path": "sounds/a.wav", "label": "d\xf6g"}': "the line must be a JSON object in UTF-8",
}


@pytest.mark.parametrize(
    ("kind", "row"),
    [*(("csv", row) for row in WRONG_CSV), *(("jsonl", row) for row in WRONG_JSON)],
    ids=lambda given: str(given)[:40],
)
def test_a_row_that_is_wrong_is_named_by_its_line(folder, kind, row):
    wrong = row if isinstance(row, bytes) else row.encode()
    sound = {"csv": b"sounds/a.wav,dog,,", "jsonl": b'{"path": "sounds/a.wav", "label": "dog"}'}
    head = [HEAD.strip().encode()] if kind == "csv" else [b""]
    text = b"\n".join([*head, sound[kind], wrong])
    path = write(folder / f"all.{kind}", text)
    message = (WRONG_CSV if kind == "csv" else WRONG_JSON)[row]
    with pytest.raises(ValueError, match=f"all.{kind}, line 3") as caught:
        listed(path)
    assert message in str(caught.value)
    data = listed(path, on_error="skip")
    assert [message in str(fault) for fault in data.report.skipped] == [True]
    assert len(data.report.examples) == 1


@pytest.mark.parametrize("head", ["", "\n", "file,label\n", "path,label,path\n", "a.wav\n"])
def test_a_head_without_path(folder, head):
    path = write(folder / "all.csv", head + "sounds/a.wav,dog\n" * bool(head))
    with pytest.raises(ValueError, match=r"dataset: source must begin with a line of .* 'path'"):
        listed(path, on_error="skip")


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_an_end_that_was_rounded_up_is_the_files_end(folder, kind):
    row = {"path": "sounds/a.wav", "label": "x", "end": 0.509}
    text = json.dumps(row) if kind == "jsonl" else "path,end\nsounds/a.wav,0.509"
    data = listed(write(folder / f"all.{kind}", text))
    assert [example.count for example in data.report.examples] == [4000]


def test_nothing_in_a_manifest_is_run(folder):
    """Text that other loaders would evaluate or unpickle is a path that does not exist."""
    evil = "__import__('os').mkdir('harm')"
    lines = [{"path": evil}, {"path": "$(mkdir harm)"}, {"path": "|mkdir harm"}]
    path = write(folder / "all.jsonl", "\n".join(map(json.dumps, lines)))
    with pytest.raises(ValueError, match=r"line 1.*does not exist.*line 3"):
        listed(path)
    assert not list(folder.rglob("harm"))
