"""Recurrent models into files and out of them: exactly, or not at all."""

import os

import keras
import numpy as np
import pytest

import workbench as wb
from tests.models import written
from tests.test_recurrent_model import OPTIONS, TREES, signal
from workbench import stored_models
from workbench.errors import ParameterError, ParameterTypeError
from workbench.layers import RateIndependentGRU, RateIndependentLSTM
from workbench.recurrent_model import RecurrentModel


@pytest.fixture
def path(tmp_path):
    return written(TREES["RNN"], tmp_path)


@pytest.mark.parametrize("name", TREES)
def test_a_model_written_and_read_is_the_same(tmp_path, name):
    made = wb.read_model(written(TREES[name], tmp_path))
    wb.write_model(made, tmp_path / "again.json")
    again = wb.read_model(tmp_path / "again.json")
    for found, wanted in zip(again.get_weights(), made.get_weights(), strict=True):
        np.testing.assert_array_equal(found, wanted, strict=True)
    for kept in ("skip", "in_gain_db", "out_gain_db"):
        assert getattr(again, kept) == getattr(made, kept)
    assert [type(each) for each in again.layers] == [type(each) for each in made.layers]


def model_of(*layers, training_rate=44100.0):
    made = RecurrentModel(layers, training_rate=training_rate, sample_rate=training_rate)
    made.build((None, None, 1))
    return made


def test_a_model_without_biases_is_written_with_zeros(tmp_path):
    bare = OPTIONS | {"use_bias": False}
    dense = keras.layers.Dense(1, use_bias=False)
    made = model_of(RateIndependentLSTM(3, **bare), RateIndependentGRU(2, **bare), dense)
    wb.write_model(made, tmp_path / "model.json")
    again = wb.read_model(tmp_path / "model.json", sample_rate=44100)
    np.testing.assert_array_equal(again(signal()), made(signal()))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: model_of(RateIndependentLSTM(3, activation="relu", **OPTIONS)),
            r"layers\[0\].activation must be 'tanh' in a file; got 'relu'",
        ),
        (
            lambda: model_of(RateIndependentLSTM(3, recurrent_activation="relu", **OPTIONS)),
            r"layers\[0\].recurrent_activation must be 'sigmoid'",
        ),
        (
            lambda: model_of(RateIndependentGRU(3, reset_after=False, **OPTIONS)),
            r"layers\[0\].reset_after must be True",
        ),
        (
            lambda: model_of(RateIndependentLSTM(3, **OPTIONS), keras.layers.Dense(1, "gelu")),
            r"layers\[1\]\['activation'\] must be one of",
        ),
        (
            lambda: model_of(RateIndependentLSTM(3, **OPTIONS), keras.layers.Dropout(0.5)),
            r"layers\[1\] must be one of dense, lstm, gru, simple_rnn; got Dropout",
        ),
        (
            lambda: model_of(RateIndependentLSTM(3, **OPTIONS), training_rate=44100.5),
            "training_rate must be a whole number of hertz in a file; got 44100.5",
        ),
        (lambda: keras.Sequential(), "model must come from read_model; got Sequential"),
    ],
)
def test_what_a_file_cannot_hold_is_not_written(tmp_path, make, message):
    path = tmp_path / "model.json"
    path.write_text("before")
    with pytest.raises((ParameterError, ParameterTypeError), match=f"^write_model: {message}"):
        wb.write_model(make(), path)
    assert path.read_text() == "before"


def test_a_file_is_never_half_written(path, tmp_path, monkeypatch):
    def full(*paths):
        raise OSError("disk full")

    made, before = wb.read_model(path), path.read_bytes()
    monkeypatch.setattr(stored_models.os, "replace", full)
    with pytest.raises(OSError, match="disk full"):
        wb.write_model(made, path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == [path.name]
    with pytest.raises(FileNotFoundError, match=r"^write_model: the folder .* must exist"):
        wb.write_model(made, tmp_path / "none" / "model.json")


def test_a_word_is_the_name_of_a_model_that_comes_along(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path.rename("diode_clipper")
    assert wb.read_model("diode_clipper").recurrent[0].units != 5
    assert wb.read_model("./diode_clipper").recurrent[0].units == 5
    rule = "^read_model: path must be a file or one of diode_clipper; got 'diode'"
    with pytest.raises(ParameterError, match=rule):
        wb.read_model("diode")
    with pytest.raises(FileNotFoundError, match=r"'diode\.json'"):
        wb.read_model("diode.json")
    with pytest.raises(ParameterTypeError, match=r"^read_model: path must be a path or a name"):
        wb.read_model({"in_shape": []})
