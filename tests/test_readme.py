"""What the README shows runs as it stands there."""

import re
from pathlib import Path

import numpy as np
import pytest

import workbench as wb
from workbench.ops import registry

TEXT = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


FIRST, RECURRENT, FILES = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


def run(code, folder, monkeypatch):
    monkeypatch.chdir(folder)
    scope = {}
    exec(code, scope)
    return scope


def test_the_first_lines_run(tmp_path, monkeypatch):
    scope = run(FIRST, tmp_path, monkeypatch)
    assert scope["features"].shape[-1] == 40
    assert (tmp_path / "front_end.keras").exists()


def test_the_lines_about_recurrent_layers_run(tmp_path, monkeypatch, capsys):
    scope = run(RECURRENT, tmp_path, monkeypatch)
    assert capsys.readouterr().out.startswith("lagrange order")
    assert scope["sound"].shape == (1, 240000)


def test_the_lines_about_files_run(tmp_path, monkeypatch, capsys):
    for name, place in (("dog/1.wav", 110.0), ("cat/1.flac", 220.0), ("cat/2.ogg", 330.0)):
        (tmp_path / "recordings" / name).parent.mkdir(parents=True, exist_ok=True)
        tone = wb.tone(frequency_hertz=place, sample_rate=22050, seconds=1.0)
        wb.audio.write(tmp_path / "recordings" / name, tone, sample_rate=22050)
    scope = run(FILES, tmp_path, monkeypatch)
    assert scope["train"].class_names == ("cat", "dog")
    ((x, _),) = scope["train"]
    assert x["features"].shape == (3, 126, 80)
    assert x["mask"].numpy().sum(1).tolist() == [63] * 3  # 1 s of 2
    for one in x["features"].numpy():
        assert not np.any(one[63:])
        assert abs(one[:63].mean()) < 1e-5
        assert abs(one[:63].std() - 1) < 1e-5
    said = capsys.readouterr().out
    assert said.startswith("3 examples, 3.0 s; 22050 Hz; cat 2, dog 1\n0 skipped\n")


def named_in(row):
    line = next(line for line in TEXT.splitlines() if f"| {row} |" in line)
    return set(re.findall(r"`(\w+)`", line))


def test_the_ops_and_test_signals_that_are_named_are_those_that_are_there():
    ops = {name for name, op in registry().items() if op.takes}
    assert named_in("ops") == ops
    assert named_in("test signals") == set(registry()) - ops
    for name in registry():
        assert callable(getattr(wb, name))


@pytest.mark.parametrize("path", re.findall(r"`((?:workbench|tests)/[\w./]*)`", TEXT))
def test_every_file_that_is_named_is_there(path):
    assert (Path(__file__).parent.parent / path).exists()
