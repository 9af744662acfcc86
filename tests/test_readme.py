"""What the README shows runs as it stands there."""

import re
from pathlib import Path

import pytest

import workbench as wb
from workbench.ops import registry

TEXT = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
(FIRST,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
LINKS = re.findall(r"(?:\]\(|(?:src|srcset)=\")(?!https?:)([^)\"]+)", TEXT)


def test_the_first_lines_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scope = {}
    exec(FIRST, scope)
    assert scope["features"].shape[-1] == 40
    assert (tmp_path / "front_end.keras").exists()


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


@pytest.mark.parametrize("link", LINKS)
def test_every_link_leads_somewhere(link):
    assert (Path(__file__).parent.parent / link.partition("#")[0]).exists()
