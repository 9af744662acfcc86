"""Keras files of strangers: what could be run is refused, and is not."""

import io
import json
import os
import pickle
import zipfile

import h5py
import keras
import numpy as np
import pytest
from keras.src.saving.serialization_lib import SafeModeScope

import workbench as wb
from workbench import app
from workbench.errors import ParameterError
from workbench.safe_loading import loaded

CODE = "bring no code along"


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A saved chain with weights."""
    path = tmp_path_factory.mktemp("saved") / "a.keras"
    layers = [wb.layers.LogMelSpectrogram(num_mel_bins=20), keras.layers.Dense(3)]
    chain = wb.Chain(layers, sample_rate=8000)
    chain(np.zeros((1, 2000), np.float32))
    chain.save(path)
    return path.read_bytes()


def changed(content, **files):
    """The archive with other files in it, each made of the old one's bytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            change = files.pop(name.replace(".", "_"), lambda data: data)
            new.writestr(name, change(old.read(name)))
    return made.getvalue()


def configured(content, change):
    def changed_config(data):
        config = json.loads(data)
        change(config["config"]["layers"])
        return json.dumps(config).encode()

    return changed(content, config_json=changed_config)


def added(content, name):
    made = io.BytesIO(content)
    with zipfile.ZipFile(made, "a") as archive:
        archive.writestr(name, b"mine")
    return made.getvalue()


def test_a_saved_model_is_loaded(saved):
    assert [type(each).__name__ for each in loaded(saved).layers] == ["LogMelSpectrogram", "Dense"]


class Evil:
    """What pickle would run."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def lambda_file(folder, mark):
    """A model whose layer makes a folder."""
    inputs = keras.Input((None,))
    code = keras.layers.Lambda(lambda x: __import__("os").mkdir(mark) or x, output_shape=(None,))
    keras.Model(inputs, code(inputs)).save(folder / "a.keras")
    if os.path.exists(mark):
        os.rmdir(mark)  # made while the shapes were inferred
    return (folder / "a.keras").read_bytes()


@pytest.mark.parametrize("command", ["export", "extract"])
@pytest.mark.parametrize("kind", ["pickle", "lambda", "class", "registered", "path"])
def test_the_command_line_runs_nothing_of_a_stranger(command, kind, saved, tmp_path, capsys):
    mark = str(tmp_path / "mark")

    def foreign(layers):
        layers[1] |= {"module": "os", "class_name": "system", "registered_name": None}

    def registered(layers):
        layers[1] |= {"registered_name": "stranger>Dense"}

    content = {
        "pickle": lambda: pickle.dumps(Evil(mark)),
        "lambda": lambda: lambda_file(tmp_path, mark),
        "class": lambda: configured(saved, foreign),
        "registered": lambda: configured(saved, registered),
        "path": lambda: added(saved, "../../mark"),
    }[kind]()
    design, out = tmp_path / "stranger.keras", tmp_path / "out"
    design.write_bytes(content)
    more = ["--to", "litert"] if command == "export" else [str(tmp_path)]
    with SafeModeScope(False):  # even where somebody has switched it off
        assert app.main([command, str(design), *more, "--out", str(out)]) != 0
    said = capsys.readouterr().err
    reason = {"pickle": "must be a .keras file", "path": "unpack to its own folder"}.get(kind, CODE)
    assert reason in said
    assert said.startswith(f"workbench {command}: ")
    assert not os.path.exists(mark)
    assert not out.exists()


@pytest.mark.parametrize("name", ["../a", "a/../../b", "/etc/a", "..\\a", "C:\\a"])
def test_what_leaves_its_folder_is_refused(name, saved):
    with pytest.raises(ParameterError, match="design must unpack to its own folder"):
        loaded(added(saved, name))


@pytest.mark.parametrize("name", ["__lambda__", "__typespec__", "Lambda", "TFSMLayer"])
def test_what_brings_code_is_refused_wherever_it_stands(name, saved):
    def change(layers):
        hidden = {"class_name": name, "config": {"value": "eJw="}, "module": "keras.layers"}
        layers[2]["config"]["kernel_initializer"] = {"deep": [hidden]}

    with pytest.raises(ParameterError, match=CODE):
        loaded(configured(saved, change))


def test_weights_that_lie_in_another_file_are_not_read(saved, tmp_path):
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["0"] = np.ones([20, 3], np.float32)

    def linked(data):
        path = tmp_path / "weights.h5"
        path.write_bytes(data)
        with h5py.File(path, "a") as file:
            found = []
            file.visit(lambda name: found.append(name) if name.endswith("vars/0") else None)
            del file[found[0]]
            file[found[0]] = h5py.ExternalLink(str(secret), "/0")
        return path.read_bytes()

    with pytest.raises(ParameterError, match="design must be a saved chain"):
        loaded(changed(saved, model_weights_h5=linked))
