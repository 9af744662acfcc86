"""What the README shows runs as it stands there."""

import re
from pathlib import Path

import pytest

import workbench as wb

TEXT = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("code", re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL))
def test_code_runs(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scope = {}
    exec(code, scope)
    assert scope["features"].shape[-1] == 40
    assert (tmp_path / "front_end.keras").exists()


def test_every_op_and_layer_is_named_and_exists():
    ops = re.findall(r"`(\w+)`", next(line for line in TEXT.splitlines() if "| ops |" in line))
    signals = re.findall(
        r"`(\w+)`", next(line for line in TEXT.splitlines() if "signals |" in line)
    )
    for name in [*ops, *signals]:
        if not name.startswith("float") and name != "axis":
            assert callable(getattr(wb, name))


@pytest.mark.parametrize("path", re.findall(r"`((?:workbench|tests)/[\w./]*)`", TEXT))
def test_every_file_that_is_named_is_there(path):
    assert (Path(__file__).parent.parent / path).exists()
