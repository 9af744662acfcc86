"""Every layer on every target, in the target's own runtime: an error, or the reason why not."""

import os

import numpy as np
import pytest

import workbench as wb
from tests.exports.cases import LAYERS, RECURRENT, REFUSED, SHORT, TARGETS, front_end, layer_named
from workbench.errors import ExportError
from workbench.exports.export import TARGETS as KNOWN
from workbench.exports.target import stacked

# float32: what every target but those of TensorFlow itself reaches with sums in another order
WORST_DB = -100.0
SLOW = {*RECURRENT, "RecurrentModel"}  # their loops are compiled for each length and form
CELLS = [
    pytest.param(name, target, marks=pytest.mark.slow if name in SLOW else ())
    for name in LAYERS
    for target in TARGETS
]


def test_the_targets_of_the_matrix_are_all():
    assert list(TARGETS) == list(KNOWN)


@pytest.mark.parametrize(("name", "target"), CELLS)
def test_a_layer_leaves_without_changing_a_number(name, target, tmp_path):
    layer, check = layer_named(name, tmp_path)
    folder = tmp_path / "out"
    folder.mkdir()
    if (name, target) in REFUSED:
        with pytest.raises(ExportError, match=REFUSED[name, target]):
            wb.export(layer, folder / TARGETS[target], check=check)
        assert os.listdir(folder) == []
        return
    report = wb.export(layer, folder / TARGETS[target], check=check)
    assert report.error_db <= WORST_DB
    assert report.signals == (3 if target == "stablehlo" else 5)
    assert os.listdir(folder) == [TARGETS[target]]


def noise(rows, length):
    rng = np.random.default_rng(length)
    return (0.3 * rng.standard_normal((rows, length))).astype(np.float32)


def test_a_tone_may_be_as_far_off_as_its_own_rounding(tmp_path):
    # between the harmonics of a pure tone there are rounding errors alone, and their levels
    chain = wb.Chain([wb.layers.LogMelSpectrogram(**SHORT, floor_db=-200.0)], sample_rate=8000)
    tone = wb.tone(sample_rate=8000, seconds=0.5, frequency_hertz=1000.0)[None]
    report = wb.export(chain, tmp_path / "a.onnx", check=tone)
    assert WORST_DB < report.error_db < report.own_db + 12.1


@pytest.mark.parametrize("target", TARGETS)
def test_a_chain_with_a_net_behind_it(target, tmp_path):
    chain, path = front_end(), tmp_path / TARGETS[target]
    report = wb.export(chain, path, check=noise(1, 4000))
    assert report.error_db <= WORST_DB
    assert report.result == ((1, 5) if target == "stablehlo" else (None, 5))
    assert report.milliseconds_per_second == pytest.approx(report.milliseconds * 16000 / 4000)
    run = KNOWN[target].load(path)
    for rows, length in [(1, 4000)] if target == "stablehlo" else [(1, 3000), (2, 5123)]:
        x = noise(rows, length)
        expected = stacked(chain(x))
        np.testing.assert_allclose(run(x), expected, atol=1e-5)  # of probabilities
