"""Extraction into a folder, and again: what is kept, what is refused, what stays data."""

import json
import os

import numpy as np
import pyarrow.parquet as pq
import pytest

import workbench as wb
from tests.corpus.corpora import design, digests, parts, run_here, write_corpus, write_noise
from workbench import audio
from workbench.corpus import folder as folders
from workbench.corpus import trials, work
from workbench.corpus.designs import design_of
from workbench.corpus.folder import Folder
from workbench.errors import ParameterError


@pytest.fixture
def src(tmp_path, monkeypatch):
    """A folder of twelve files, in parts of four."""
    monkeypatch.setattr(folders, "_PARTS", 3)
    run_here(monkeypatch)
    write_corpus(tmp_path / "src", 12)
    return tmp_path / "src"


def extract(src, out, chain=None, **options):
    return wb.extract(chain or design(), src, out, progress=False, **options)


def manifest(out):
    return [json.loads(line) for line in (out / "manifest.jsonl").read_text().splitlines()]


def test_every_file_has_its_row_and_its_line(src, tmp_path):
    report = extract(src, tmp_path / "out")
    assert (report.files, report.kept, report.failed) == (12, 0, ())
    table = pq.read_table(
        tmp_path / "out" / "parts", columns=["recording", "path", "shape", "features"]
    )
    assert table["recording"].to_pylist() == list(range(12))
    lines = manifest(tmp_path / "out")
    for row, line, path in zip(table.to_pylist(), lines, sorted(src.iterdir()), strict=True):
        assert row["path"] == line["path"] == str(path)
        assert (line["status"], line["sample_rate"], line["channels"]) == ("ok", 8000, 1)
        clip = audio.read(path)
        assert line["samples"] == clip.signal.shape[1]
        features = np.reshape(np.float32(row["features"]), row["shape"])
        np.testing.assert_array_equal(features, design()(clip.signal)[0])
    assert [line["part"] for line in lines] == [0] * 4 + [1] * 4 + [2] * 4


def test_the_folder_says_what_made_it(src, tmp_path):
    chain = design()
    extract(src, tmp_path / "out", chain)
    about = json.loads((tmp_path / "out" / "extraction.json").read_text())
    assert about["code"] == chain.code().splitlines()
    assert about["axes"] == ["time (s)", "mel band (Hz)"]
    assert set(about["versions"]) > {"workbench", "tensorflow", "numpy"}
    stored = design_of(tmp_path / "out" / "design.keras")
    assert stored.fingerprint == about["fingerprint"] == design_of(chain).fingerprint


def test_broken_files_are_reported_and_stop_nothing(src, tmp_path):
    (src / "003.wav").write_bytes(b"")
    (src / "006.wav").write_bytes((src / "006.wav").read_bytes()[:1000])
    (src / "007.wav").unlink()
    paths = [src / f"{i:03d}.wav" for i in range(12)]
    report = extract(paths, tmp_path / "out")
    assert report.files == 9
    reasons = dict(report.failed)
    assert "003.wav is empty" in reasons[str(paths[3])]
    assert "006.wav is truncated" in reasons[str(paths[6])]
    assert "007.wav does not exist" in reasons[str(paths[7])]
    assert "9 of 12 recordings" in str(report)
    assert "003.wav is empty" in str(report)
    failed = [line for line in manifest(tmp_path / "out") if line["status"] == "failed"]
    assert {line["path"]: line["reason"] for line in failed} == reasons
    assert pq.read_table(tmp_path / "out" / "parts")["recording"].to_pylist() == [
        0,
        1,
        2,
        4,
        5,
        8,
        9,
        10,
        11,
    ]


def test_a_file_that_was_mended_comes_into_its_part_as_if_it_never_was_broken(src, tmp_path):
    extract(src, tmp_path / "whole")
    good = (src / "006.wav").read_bytes()
    (src / "006.wav").write_bytes(good[:1000])
    first = extract(src, tmp_path / "out")
    assert len(first.failed) == 1
    before = {path: path.stat().st_mtime_ns for path in parts(tmp_path / "out")}
    again = extract(src, tmp_path / "out")
    assert (again.kept, again.failed) == (11, first.failed)
    assert before == {path: path.stat().st_mtime_ns for path in before}  # nothing to write
    (src / "006.wav").write_bytes(good)
    last = extract(src, tmp_path / "out")
    assert (last.files, last.kept, last.failed) == (12, 11, ())
    assert digests(tmp_path / "out") == digests(tmp_path / "whole")
    changed = [path.name for path in before if path.stat().st_mtime_ns != before[path]]
    assert changed == ["part-00001.parquet"]
    whole, mended = ((tmp_path / name / "manifest.jsonl").read_text() for name in ("whole", "out"))
    assert json.loads(mended.splitlines()[6])["status"] == "ok"
    assert len(whole.splitlines()) == len(mended.splitlines()) == 12


def test_new_files_come_into_new_parts(src, tmp_path):
    extract(src, tmp_path / "out")
    before = digests(tmp_path / "out")
    write_noise(src / "000a.wav", 2000)
    report = extract(src, tmp_path / "out")
    assert (report.files, report.kept) == (13, 12)
    after = digests(tmp_path / "out")
    assert after.items() > before.items()
    assert manifest(tmp_path / "out")[12]["path"] == str(src / "000a.wav")


def test_a_damaged_part_is_made_again(src, tmp_path):
    extract(src, tmp_path / "out")
    before = digests(tmp_path / "out")
    part = tmp_path / "out" / "parts" / "part-00001.parquet"
    part.write_bytes(part.read_bytes()[:-9])
    assert extract(src, tmp_path / "out").kept == 8
    assert digests(tmp_path / "out") == before


def test_another_design_is_refused(src, tmp_path):
    extract(src, tmp_path / "out")
    before = digests(tmp_path / "out")
    with pytest.raises(ParameterError, match=r"extract: design must be the one (.|\n)*20\),\n"):
        extract(src, tmp_path / "out", design(power=1.0))
    with pytest.raises(ParameterError, match=r"extract: channels must be as .*: mix; got split"):
        extract(src, tmp_path / "out", channels="split")
    assert digests(tmp_path / "out") == before


def test_a_workbench_of_other_numbers_is_refused(src, tmp_path, monkeypatch):
    extract(src, tmp_path / "out")
    monkeypatch.setattr(folders, "NUMBERS", folders.NUMBERS + 1)
    with pytest.raises(ParameterError, match="begun by a workbench that computes the same numbers"):
        extract(src, tmp_path / "out")


def test_a_folder_of_something_else_is_refused(src, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("years of work")
    with pytest.raises(ParameterError, match="out must be a folder that is empty or that an extr"):
        extract(src, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["thesis.txt"]


def test_two_runs_do_not_share_a_folder(src, tmp_path):
    with Folder(tmp_path / "out", design_of(design()), split=False).held():
        with pytest.raises(ParameterError, match="out must have one run at a time"):
            extract(src, tmp_path / "out")
    extract(src, tmp_path / "out")


def test_names_of_strangers_stay_data(tmp_path, monkeypatch):
    run_here(monkeypatch)
    names = [
        "..",
        "part-00000.parquet",
        "a\nb",
        "$(touch x)",
        "%s",
        "é",
        "~",
        "con",
        "-rf",
        "'; --",
    ]
    paths = [write_noise(tmp_path / "src" / name / f"{name}.wav", 2000) for name in names[1:]]
    paths.append(write_noise(tmp_path / "outside.wav", 2000))
    odd = os.fsencode(tmp_path) + b"/src/\xff.wav"
    os.rename(write_noise(tmp_path / "src" / "x.wav", 2000), odd)
    given = [*paths[:-1], f"{tmp_path}/src/../outside.wav", os.fsdecode(odd)]
    before = {path for path in tmp_path.rglob("*")}
    report = extract(given, tmp_path / "deep" / "out")
    assert (report.files, report.failed) == (len(given), ())
    made = {path for path in tmp_path.rglob("*")} - before
    out = tmp_path / "deep" / "out"
    names = {".lock", "design.keras", "extraction.json", "manifest.jsonl", "parts"}
    assert {path.name for path in out.iterdir()} == names
    assert made - {tmp_path / "deep", out} == {*out.iterdir(), *parts(out)}
    found = [line["path"] for line in manifest(out)]
    assert found == [*map(str, paths), os.fsdecode(odd)]
    assert extract(given, out).kept == len(given)


def test_a_manifest_of_strangers_names_no_other_files(src, tmp_path):
    extract(src, tmp_path / "out")
    path = tmp_path / "out" / "manifest.jsonl"
    lines = path.read_text().splitlines()
    for part in ('"../../x"', "-1", "1.5", "true", "null"):
        path.write_text("\n".join([lines[0].replace('"part": 0', f'"part": {part}'), *lines[1:]]))
        with pytest.raises(ParameterError, match=r"line 1.*part.* must be a whole number"):
            extract(src, tmp_path / "out")


def test_a_design_that_was_changed_meanwhile_is_not_used(src, tmp_path, monkeypatch):
    made = work.make_part

    def change_first(task):
        other = design_of(design(power=1.0)).content
        (tmp_path / "out" / "design.keras").write_bytes(other)
        return made(task)

    monkeypatch.setattr(work, "make_part", change_first)
    work._features.cache_clear()
    report = extract(src, tmp_path / "out")
    assert report.files == 0
    assert "design.keras was changed while it was in use" in report.failed[0][1]


def test_a_recording_is_there_once(src, tmp_path):
    with pytest.raises(ParameterError, match=r"sources must hold each recording once; got .*000"):
        extract([src, src / "000.wav"], tmp_path / "out")
    with pytest.raises(ParameterError, match="sources must hold at least one"):
        extract([], tmp_path / "out")


def test_a_long_recording_that_fails_in_the_middle_leaves_no_rows(src, tmp_path, monkeypatch):
    from workbench.corpus import features

    monkeypatch.setattr(features, "SHORT", 1000)
    monkeypatch.setattr(features, "CHUNK", 500)
    monkeypatch.setattr(features, "PIECE", 40)
    made = features.Features._rows

    def spoilt(self, signal):
        rows = made(self, signal)
        counted.append(rows.shape[1])
        return rows * np.float32(np.nan) if len(counted) == 12 else rows

    counted = []
    monkeypatch.setattr(features.Features, "_rows", spoilt)
    report = extract(src, tmp_path / "out")
    assert (report.files, len(report.failed)) == (11, 1)
    assert "results must be finite" in report.failed[0][1]
    rows = pq.read_table(
        tmp_path / "out" / "parts", columns=["recording", "first_step"]
    ).to_pylist()
    assert {row["recording"] for row in rows} == set(range(12)) - {2}
    assert len(rows) > 30


def test_a_recording_at_which_workers_die_is_given_up(src, tmp_path, monkeypatch):
    class Death(BaseException):
        """As sudden as a process can end within a test."""

    made = work.audio.info

    def deadly(path):
        if str(path).endswith("005.wav"):
            raise Death
        return made(path)

    monkeypatch.setattr(work.audio, "info", deadly)
    monkeypatch.setattr(
        trials.Trial, "end", lambda self: None
    )  # a killed worker does not come to it
    monkeypatch.setattr(Folder, "_clear", lambda self: None)
    for _ in range(trials.MOST_DEATHS):
        with pytest.raises(Death):
            extract(src, tmp_path / "out")
    report = extract(src, tmp_path / "out")
    assert report.files == 11
    assert "2 workers died at it" in report.failed[0][1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"workers": 0}, "workers must be a whole number of at least 1; got 0"),
        ({"workers": 2, "scheduler": "tcp://a:1"}, "workers and scheduler must not both be given"),
        ({"channels": "left"}, "channels must be 'mix' or 'split'; got 'left'"),
    ],
)
def test_what_is_asked_for_is_checked(src, tmp_path, options, message):
    with pytest.raises(ParameterError, match=f"extract: {message}"):
        extract(src, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_sources_are_listed_as_a_dataset_lists_them(src, tmp_path):
    for kind in ("cat", "dog"):
        write_noise(tmp_path / "kinds" / kind / "a.wav", 2000)
    lines = [{"path": str(src / "000.wav"), "start": 0.05, "end": 0.1, "label": "x"}, {"path": 3}]
    (tmp_path / "list.jsonl").write_text("\n".join(map(json.dumps, lines)))
    sources = [tmp_path / "kinds", tmp_path / "list.jsonl", src / "001.wav"]
    report = extract(sources, tmp_path / "out")
    found = [(line["label"], line["start"], line["samples"]) for line in manifest(tmp_path / "out")]
    assert found == [("cat", 0.0, 2000), ("dog", 0.0, 2000), ("x", 0.05, 400), (None, 0.0, 2100)]
    ((place, reason),) = report.failed
    assert "list.jsonl, line 2" in place
    assert "must be the path of a file; got 3" in reason
    again = extract(tmp_path / "out" / "manifest.jsonl", tmp_path / "again")
    assert again.files == 3  # the one without a label is a fault, where the others have one


def test_missing_packages_are_named(src, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'workbench\[corpus\]'"):
        extract(src, tmp_path / "out")
