"""The trained model in `data/`, and the script that makes it."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

import workbench as wb
from tests.core.recurrences import lstm_step, run

FOLDER = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("make_model", FOLDER / "make_model.py")
    module = sys.modules["make_model"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules["make_model"]


@pytest.fixture
def file(script):
    return FOLDER / script.NAME


def check_form(text):
    made = json.loads(text)
    lstm, dense = made["layers"]
    units = lstm["shape"][-1]
    assert made["in_shape"] == [None, None, 1]
    assert (made["in_skip"], made["in_gain"], made["out_gain"]) == (0, 0, 0)
    assert made["metadata"]["samplerate"] == "44100"
    assert [lstm["type"], dense["type"], dense["shape"]] == ["lstm", "dense", [None, None, 1]]
    shapes = [[np.shape(weight) for weight in part["weights"]] for part in (lstm, dense)]
    assert shapes == [[(1, 4 * units), (units, 4 * units), (4 * units,)], [(units, 1), (1,)]]
    return [[np.array(weight) for weight in part["weights"]] for part in (lstm, dense)]


def test_the_file_is_small_and_of_the_form_in_common_use(file):
    assert file.stat().st_size < 60_000
    lstm, dense = check_form(file.read_text(encoding="utf-8"))
    assert all(np.all(np.isfinite(weight)) for weight in (*lstm, *dense))


def test_the_model_sounds_like_the_amplifier(file, script):
    (kernel, recurrent, bias), (weights, offset) = check_form(file.read_text(encoding="utf-8"))
    strings = [
        wb.plucked_string(sample_rate=script.RATE, seconds=0.2, frequency_hertz=hertz, amplitude=a)
        for hertz, a in ((110.0, 0.7), (233.0, 0.3))
    ]
    x = np.float64(np.stack(strings))
    rest = np.zeros((2, 2 * len(recurrent)))
    step = lstm_step(kernel, recurrent, bias)
    h = run(step, x[..., None], len(recurrent), ratio=1.0, method="naive", initial=rest)
    found, expected = (h @ weights + offset)[..., 0], script.clipper(x)
    error = np.sum((found - expected) ** 2, axis=1) / np.sum(expected**2, axis=1)
    assert np.all(error < 0.02)
    assert np.all(np.sum((x - expected) ** 2, axis=1) > 0.1 * np.sum(x**2, axis=1))  # it distorts


def test_the_amplifier_is_solved_finely_enough(script, monkeypatch):
    x = np.float64(wb.plucked_string(sample_rate=script.RATE, seconds=0.02, amplitude=1.0))[None]
    coarse = script.clipper(x)
    monkeypatch.setattr(script, "OVERSAMPLING", 4 * script.OVERSAMPLING)
    assert script.error_to_signal(coarse, script.clipper(x)) < 1e-5  # -50 dB


def test_the_amplifier_lets_soft_sounds_through_and_holds_loud_ones(script):
    tone = np.cos(2 * np.pi * 1000 / script.RATE * np.arange(4000))
    levels = np.array([[0.001], [0.01], [1.0]])
    peaks = np.max(np.abs(script.clipper(levels * tone)[:, 1000:3000]), axis=1)
    # far below the diodes' bend all is linear: the gain of the low-pass at 1 kHz
    gain = script.DRIVE / script.HELD / np.sqrt(1 + (1000 / script.CORNER_HERTZ) ** 2)
    assert peaks[0] / levels[0, 0] == pytest.approx(gain, rel=0.01)
    assert peaks[1] / peaks[0] == pytest.approx(10, rel=0.01)
    assert 0.8 < peaks[2] < 1.1


@pytest.mark.slow
def test_the_script_trains_and_writes_the_form(script, monkeypatch, tmp_path, capsys):
    for name, value in {"ROWS": 2, "WINDOW": 256, "WINDOWS": 4, "EPOCHS": 2}.items():
        monkeypatch.setattr(script, name, value)
    script.main(tmp_path)
    check_form((tmp_path / script.NAME).read_text(encoding="utf-8"))
    assert "error to signal on sounds it never heard:" in capsys.readouterr().out
