"""What is wrong with a model file is said, with its key: no fault passes, none is guessed at."""

import re

import pytest

from tests.models import keras_model, torch_model, written
from workbench.errors import ParameterError, ParameterTypeError
from workbench.model_files import parse_model


def spoilt(tree, place, value):
    """The tree with another value at a place; `...` takes what is there away."""
    *way, last = place
    at = tree
    for key in way:
        at = at[key]
    if value is ...:
        del at[last]
    else:
        at[last] = value
    return tree


STATE, DATA = "state_dict", "model_data"
NAN = float("nan")
ROWS = [[0.0] * 5] * 20

BAD_TORCH = [
    ((DATA,), ..., "the file must have the key 'model_data'; got ['state_dict']"),
    ((STATE,), ..., "the file must have the key 'state_dict'"),
    ((DATA,), [], "model_data must be a JSON object; got []"),
    ((STATE,), None, "state_dict must be a JSON object; got None"),
    (
        ("metadata",),
        {},
        "the file must have no keys but 'model_data', 'state_dict'; got 'metadata'",
    ),
    ((DATA, "dropout"), 0.1, "model_data must have no keys but"),
    ((DATA, "dropout"), 0.1, "got 'dropout'"),
    ((DATA, "model"), "RecNet", "model_data['model'] must be one of 'SimpleRNN'; got 'RecNet'"),
    ((DATA, "unit_type"), "lstm", "model_data['unit_type'] must be one of 'LSTM', 'GRU', 'RNN'"),
    ((DATA, "unit_type"), ["LSTM"], "model_data['unit_type'] must be one of"),
    ((DATA, "unit_type"), ..., "model_data must have the key 'unit_type'"),
    ((DATA, "hidden_size"), ..., "model_data must have the key 'hidden_size'"),
    ((DATA, "hidden_size"), 0, "model_data['hidden_size'] must be a whole number of at least 1"),
    ((DATA, "hidden_size"), -5, "model_data['hidden_size'] must be a whole number"),
    ((DATA, "hidden_size"), 5.5, "model_data['hidden_size'] must be a whole number"),
    ((DATA, "hidden_size"), "5", "model_data['hidden_size'] must be a whole number"),
    ((DATA, "hidden_size"), True, "model_data['hidden_size'] must be a whole number"),
    ((DATA, "hidden_size"), NAN, "model_data['hidden_size'] must be a whole number"),
    ((DATA, "hidden_size"), 10**400, "state_dict['rec.weight_ih_l0'] must have shape [4000"),
    ((DATA, "hidden_size"), 6, "state_dict['rec.weight_ih_l0'] must have shape [24, 1]"),
    (
        (DATA, "input_size"),
        2,
        "state_dict['rec.weight_ih_l0'] must have shape [20, 2]; got [20, 1]",
    ),
    ((DATA, "num_layers"), 2, "state_dict must have the key 'rec.weight_ih_l1'"),
    ((DATA, "num_layers"), 10**12, "state_dict must have the key 'rec.weight_ih_l1'"),
    ((DATA, "num_layers"), 0, "model_data['num_layers'] must be a whole number of at least 1"),
    ((DATA, "output_size"), 2, "state_dict['lin.weight'] must have shape [2, 5]; got [1, 5]"),
    ((DATA, "skip"), ..., "model_data must have the key 'skip'"),
    ((DATA, "skip"), -1, "model_data['skip'] must be a whole number of at least 0"),
    ((DATA, "skip"), True, "model_data['skip'] must be a whole number of at least 0; got True"),
    (
        (DATA, "skip"),
        2,
        "model_data['skip'] must be 0, 1 or all 1 outputs, and at most the 1 inputs",
    ),
    ((DATA, "bias_fl"), 1, "model_data['bias_fl'] must be true or false; got 1"),
    (
        (DATA, "sample_rate"),
        0,
        "model_data['sample_rate'] must be a positive whole number of hertz",
    ),
    ((STATE, "rec.bias_hh_l0"), ..., "state_dict must have the key 'rec.bias_hh_l0'"),
    ((STATE, "rec.bias_hh_l1"), [], "state_dict must have no keys but"),
    ((STATE, "rec.bias_hh_l1"), [], "got 'rec.bias_hh_l1'"),
    ((STATE, "rec.weight_hh_l0"), [[0.0] * 6] * 20, "['rec.weight_hh_l0'] must have shape [20, 5]"),
    ((STATE, "rec.weight_hh_l0"), [[0.0] * 6] * 20, "; got [20, 6]."),
    ((STATE, "rec.weight_hh_l0"), [0.0] * 20, "['rec.weight_hh_l0'] must have shape [20, 5]"),
    ((STATE, "rec.weight_hh_l0"), [ROWS] * 20, "must have shape [20, 5]; got [20, 20, 5]"),
    ((STATE, "rec.weight_hh_l0"), {}, "['rec.weight_hh_l0'] must have shape [20, 5]; got {}"),
    ((STATE, "rec.weight_hh_l0"), 1.0, "['rec.weight_hh_l0'] must have shape [20, 5]; got 1.0"),
    ((STATE, "rec.weight_hh_l0"), [], "['rec.weight_hh_l0'] must have shape [20, 5]; got [0]"),
    ((STATE, "rec.weight_hh_l0", 7), [0.0] * 4, "['rec.weight_hh_l0'] must have 5 numbers in each"),
    ((STATE, "rec.weight_hh_l0", 7), 0.0, "['rec.weight_hh_l0'] must have 5 numbers in each row"),
    (
        (STATE, "rec.weight_hh_l0", 7, 2),
        NAN,
        "must hold numbers that are finite in float32; got nan",
    ),
    ((STATE, "rec.weight_hh_l0", 7, 2), [0.0], "['rec.weight_hh_l0'] must hold numbers"),
    ((STATE, "rec.bias_ih_l0", 3), NAN, "state_dict['rec.bias_ih_l0'] must hold numbers"),
    (
        (STATE, "rec.bias_ih_l0", 3),
        -float("inf"),
        "['rec.bias_ih_l0'] must hold numbers that are f",
    ),
    ((STATE, "rec.bias_ih_l0", 3), 1e39, "state_dict['rec.bias_ih_l0'] must hold numbers"),
    ((STATE, "rec.bias_ih_l0", 3), 10**400, "state_dict['rec.bias_ih_l0'] must hold numbers"),
    ((STATE, "rec.bias_ih_l0", 3), "0.5", "state_dict['rec.bias_ih_l0'] must hold numbers"),
    ((STATE, "rec.bias_ih_l0", 3), None, "state_dict['rec.bias_ih_l0'] must hold numbers"),
    ((STATE, "rec.bias_ih_l0", 3), True, "state_dict['rec.bias_ih_l0'] must hold numbers"),
    ((STATE, "lin.weight"), [[0.0]] * 5, "state_dict['lin.weight'] must have shape [1, 5]"),
    ((STATE, "lin.bias"), 0.0, "state_dict['lin.bias'] must have shape [1]; got 0.0"),
]

FIRST = ("layers", 0)
BAD_KERAS = [
    (("in_shape",), ..., "the file must have the key 'in_shape'"),
    (("layers",), ..., "the file must have the key 'layers'"),
    (("layers",), [], "layers must be a list with at least one entry"),
    (("layers",), {}, "layers must be a list with at least one entry"),
    (FIRST, "lstm", "layers[0] must be a JSON object; got 'lstm'"),
    (("state",), 1, "the file must have no keys but 'in_shape'"),
    (("in_shape",), 1, "in_shape must be a list"),
    (
        ("in_shape",),
        [None, None, None],
        "in_shape[2] must be a whole number of at least 1; got None",
    ),
    (("in_shape",), [None, None, 0], "in_shape[2] must be a whole number of at least 1"),
    (
        ("in_shape",),
        [None, None, 2],
        "layers[0]['weights'][0] must have shape [2, 15]; got [1, 15]",
    ),
    (("in_shape",), [None, 4, 4, 1], "in_shape must be [null, null, channels]"),
    (("in_shape",), ["time", 1], "in_shape must be a whole number"),
    (("in_skip",), 2, "in_skip must be 0, 1 or all 1 outputs"),
    (("in_skip",), "1", "in_skip must be a whole number of at least 0"),
    (("in_gain",), "0 dB", "in_gain must be a number of dB"),
    (("in_gain",), NAN, "in_gain must be a number of dB from -200 to 200; got nan"),
    (("out_gain",), None, "out_gain must be a number of dB"),
    (("out_gain",), 1e9, "out_gain must be a number of dB"),
    (("metadata",), "48000", "metadata must be a JSON object"),
    (
        ("metadata",),
        ...,
        "metadata must have the key 'samplerate'; got []. Or give training_rate=.",
    ),
    (("metadata", "samplerate"), ..., "metadata must have the key 'samplerate'; got ['name']"),
    (
        ("metadata", "samplerate"),
        "48 kHz",
        "metadata['samplerate'] must be a positive whole number",
    ),
    (
        ("metadata", "samplerate"),
        "44100.5",
        "metadata['samplerate'] must be a positive whole number",
    ),
    (("metadata", "samplerate"), -48000, "metadata['samplerate'] must be a positive whole number"),
    (("metadata", "samplerate"), "0", "metadata['samplerate'] must be a positive whole number"),
    (("metadata", "samplerate"), "9" * 5000, "metadata['samplerate'] must be a positive whole"),
    (("metadata", "samplerate"), 1e300, "metadata['samplerate'] must be a positive whole number"),
    (
        ("metadata", "sample_rate"),
        44100,
        "metadata must give one rate as samplerate and sample_rate",
    ),
    ((*FIRST, "type"), ..., "layers[0] must have the key 'type'"),
    ((*FIRST, "type"), "conv1d", "layers[0]['type'] must be one of 'lstm', 'gru', 'simple_rnn'"),
    ((*FIRST, "type"), "lstm", "layers[0]['weights'][0] must have shape [1, 20]; got [1, 15]"),
    ((*FIRST, "kernel_size"), [3], "layers[0] must have no keys but 'type'"),
    ((*FIRST, "shape"), [None, None, 6], "layers[0]['weights'][0] must have shape [1, 18]"),
    ((*FIRST, "shape"), [], "layers[0]['shape'] must be a list with at least one entry"),
    ((*FIRST, "activation"), "relu", "layers[0]['activation'] must be one of '', 'tanh'"),
    (("layers", 1, "activation"), "gelu", "layers[1]['activation'] must be one of '', 'linear'"),
    ((*FIRST, "weights"), [], "layers[0]['weights'] must be a list with at least one entry"),
    ((*FIRST, "weights", 2), ..., "layers[0]['weights'] must have 3 arrays; got 2"),
    (
        (*FIRST, "weights", 2),
        [0.0] * 15,
        "layers[0]['weights'][2] must have shape [2, 15]; got [15]",
    ),
    ((*FIRST, "weights", 1, 4, 3), NAN, "layers[0]['weights'][1] must hold numbers"),
    (("layers", 1, "weights"), [[[0.0]] * 4], "layers[1]['weights'][0] must have shape [5, 1]"),
    (("layers", 0), ..., "layers must have one of lstm, gru, simple_rnn; got ['dense']"),
]


@pytest.mark.parametrize(("place", "value", "match"), BAD_TORCH, ids=[row[2] for row in BAD_TORCH])
def test_a_fault_in_a_torch_model_is_named(place, value, match):
    with pytest.raises(ParameterError, match=f"^read_model: .*{re.escape(match)}"):
        parse_model(spoilt(torch_model(), place, value))


@pytest.mark.parametrize(("place", "value", "match"), BAD_KERAS, ids=[row[2] for row in BAD_KERAS])
def test_a_fault_in_a_keras_model_is_named(place, value, match):
    tree = keras_model("gru")
    if place == ("layers", 0) and value is ...:
        tree["in_shape"] = [None, None, 5]
    with pytest.raises(ParameterError, match=f"^read_model: .*{re.escape(match)}"):
        parse_model(spoilt(tree, place, value))


BAD_TEXT = {
    b"": "path must lead to a file of JSON; got (Expecting value: line 1 column 1",
    b"\x80\x04}q\x00.": "path must lead to a file of JSON; got ('utf-8' codec can't decode",
    b"{'in_shape': 1}": "path must lead to a file of JSON; got (Expecting property name",
    b'{"layers": [], "layers": []}': "'layers' must stand once in its object; got it twice",
    b'{"a": {"b": 1, "b": 2}}': "'b' must stand once in its object",
    b"[" * 200_000: "path must lead to a file of JSON; got (maximum recursion depth exceeded",
    b"9" * 5000: "path must lead to a file of JSON; got (Exceeds the limit",
    b"[1, 2]": "the file must be a JSON object; got [1, 2]",
    b"{}": "the file must have the keys 'model_data' and 'state_dict', or 'in_shape' and 'layers'",
    b'{"version": "0.5"}': "'layers'; got ['version']",
}


def test_no_more_channels_are_skipped_than_come_in():
    rule = "must be 0, 1 or all 2 outputs, and at most the 1 inputs; got 2"
    with pytest.raises(ParameterError, match=re.escape(f"model_data['skip'] {rule}")):
        parse_model(torch_model(outputs=2, skip=2))
    with pytest.raises(ParameterError, match=f"in_skip {rule}"):
        parse_model(keras_model("gru", outputs=2, in_skip=2))


@pytest.mark.parametrize(("content", "match"), BAD_TEXT.items(), ids=list(BAD_TEXT.values()))
def test_a_fault_of_the_whole_file_is_named_with_the_file(tmp_path, content, match):
    path = tmp_path / "amp.json"
    path.write_bytes(content)
    with pytest.raises(ParameterError, match=rf"{re.escape(match)}.* File: .*amp\.json\.$"):
        parse_model(path)


def test_the_literal_nan_of_json_is_found_in_a_file(tmp_path):
    path = written(spoilt(torch_model(), (STATE, "lin.bias", 0), NAN), tmp_path, "amp.json")
    assert "NaN" in path.read_text()
    message = r"read_model: state_dict\['lin.bias'\] must hold .*; got nan. File: .*amp\.json\.$"
    with pytest.raises(ParameterError, match=message):
        parse_model(path)


def test_a_file_too_large_is_not_loaded(tmp_path):
    path = tmp_path / "amp.json"
    with path.open("wb") as file:
        file.truncate((64 << 20) + 1)
    with pytest.raises(ParameterError, match="path must lead to a file of at most 67108864 bytes"):
        parse_model(path)


def test_what_is_no_file(tmp_path):
    with pytest.raises(ParameterError, match="path must lead to a file; got a folder"):
        parse_model(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"none\.json"):
        parse_model(tmp_path / "none.json")
    with pytest.raises(
        ParameterTypeError, match="read_model: path must be a path or a dict; got 3"
    ):
        parse_model(3)
