"""Designs from files: the same chain again, and nothing of a stranger's code."""

import io
import json
import os
import pickle
import zipfile

import keras
import numpy as np
import pytest
from keras.src.saving.serialization_lib import SafeModeScope

import workbench as wb
from tests.corpus.corpora import design
from workbench.corpus import designs
from workbench.errors import ParameterError, ParameterTypeError


def with_config(content, change):
    """A .keras file with another configuration."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "config.json":
                config = json.loads(data)
                change(config)
                data = json.dumps(config).encode()
            new.writestr(name, data)
    return made.getvalue()


def trained():
    chain = wb.Chain(
        [wb.layers.LogMelSpectrogram(num_mel_bins=20), keras.layers.Dense(3)], sample_rate=8000
    )
    chain(np.zeros((1, 2000), np.float32))
    return chain


def test_a_design_from_a_file_is_that_of_the_chain(tmp_path):
    chain = trained()
    chain.save(tmp_path / "a.keras")
    made, given = designs.design_of(tmp_path / "a.keras"), designs.design_of(chain)
    assert made.fingerprint == given.fingerprint
    signal = np.random.default_rng(0).standard_normal((1, 3000)).astype(np.float32)
    np.testing.assert_array_equal(made.chain(signal), chain(signal))


def test_a_fingerprint_does_not_know_the_names_of_layers():
    first, second = design(), design()
    assert first.layers[0].name != second.layers[0].name
    assert designs.design_of(first).fingerprint == designs.design_of(second).fingerprint


def test_a_fingerprint_knows_parameters_rates_and_weights():
    chain = trained()
    found = [designs.design_of(each).fingerprint for each in (design(), design(power=1.0), chain)]
    chain.layers[1].bias.assign([0.0, 0.0, 1e-7])
    found.append(designs.design_of(chain).fingerprint)
    other = design()
    other.sample_rate = 16000
    found.append(designs.design_of(other).fingerprint)
    assert len(set(found)) == 5


class Evil:
    """What pickle would run."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_a_pickle_is_not_loaded(tmp_path):
    (tmp_path / "a.keras").write_bytes(pickle.dumps(Evil(str(tmp_path / "made"))))
    with pytest.raises(ParameterError, match=r"design must be a .keras file"):
        designs.design_of(tmp_path / "a.keras")
    assert not (tmp_path / "made").exists()


def test_a_lambda_is_not_loaded(tmp_path):
    mark = str(tmp_path / "made")
    code = keras.layers.Lambda(lambda x: __import__("os").mkdir(mark) or x)
    wb.Chain([wb.layers.Saturate(), code], sample_rate=8000).save(tmp_path / "a.keras")
    os.rmdir(mark)  # made while the shapes were inferred
    message = r"bring no code along; got 'keras.layers.Lambda'"
    with SafeModeScope(False), pytest.raises(ParameterError, match=message):
        designs.design_of(tmp_path / "a.keras")  # even where somebody has switched it off
    assert not os.path.exists(mark)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "mkdir"),
        ("subprocess", "Popen"),
        ("keras_hub.models", "Backbone"),
        ("keras.layers", "TFSMLayer"),
        ("keras.layers", "TorchModuleWrapper"),
        ("keras.layers", "Lambda"),
    ],
)
@pytest.mark.parametrize("place", ["layer", "function"])
def test_classes_from_elsewhere_are_not_loaded(module, name, place):
    def change(config):
        inner = config["config"]["layers"][1]
        if place == "layer":
            inner |= {"module": module, "class_name": name, "registered_name": None}
        else:
            inner["config"]["window"] = {"module": module, "class_name": name, "config": {}}

    content = with_config(designs.design_of(design()).content, change)
    with pytest.raises(ParameterError, match=f"bring no code along; got '{module}.{name}'"):
        designs.loaded(content)


@pytest.mark.parametrize("content", [b"", b"PK", b"\x89HDF\r\n\x1a\n" + bytes(100)])
def test_what_is_no_keras_file_is_refused(content):
    with pytest.raises(ParameterError, match=r"design must be a .keras file"):
        designs.loaded(content)


def test_a_file_that_unpacks_to_too_much_is_refused(monkeypatch):
    content = designs.design_of(design()).content
    monkeypatch.setattr("workbench.safe_loading.MOST_BYTES", 1000)
    with pytest.raises(ParameterError, match="design must have at most 1000 bytes unpacked"):
        designs.loaded(content)


def test_a_damaged_design_says_why():
    content = with_config(
        designs.design_of(design()).content,
        lambda config: config["config"]["layers"][1]["config"].update(num_mel_bins=-3),
    )
    with pytest.raises(ParameterError, match=r"design must be a saved chain; got .*got -3"):
        designs.loaded(content)


def test_only_chains_are_designs(tmp_path):
    keras.Sequential([keras.Input((None,)), wb.layers.Saturate()]).save(tmp_path / "a.keras")
    with pytest.raises(ParameterError, match=r"design must be a saved wb.Chain; got Sequential"):
        designs.design_of(tmp_path / "a.keras")
    with pytest.raises(ParameterTypeError, match=r"design must be a wb.Chain or .*; got Saturate"):
        designs.design_of(wb.layers.Saturate())
    with pytest.raises(FileNotFoundError):
        designs.design_of(tmp_path / "b.keras")
