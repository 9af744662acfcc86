"""Designs: files of JSON that a dashboard saves and loads."""

import json

import numpy as np
import pytest

import workbench as wb
from workbench.dashboards.designs import MOST_BYTES, layer_of_design, read_design
from workbench.errors import ParameterError


@pytest.fixture(scope="module")
def dashboard():
    return wb.explore([wb.layers.Saturate(drive_db=6.0), wb.layers.Spectrogram()], "speech")


@pytest.fixture
def design(dashboard):
    return json.loads(dashboard.design())


def test_a_design_says_its_version_its_kind_and_the_code(design):
    assert list(design) == [
        "workbench_design", "kind", "source", "channel", "looks", "shown", "layers",
        "sample_rate", "code",
    ]  # fmt: skip
    assert (design["workbench_design"], design["kind"]) == (1, "chain")
    scope = {}
    exec("\n".join(design["code"]), scope)
    assert scope["outputs"][-1].shape[2] == 513


def test_a_design_is_saved_and_loaded(dashboard, tmp_path):
    path = tmp_path / "mine.json"
    before = dashboard.controller.state()
    dashboard.save(path)
    dashboard.set(0, drive_db=20.0)
    dashboard.load(path)
    assert dashboard.controller.state() == before
    assert dashboard.controls[0, "drive_db"].value == 6.0
    dashboard.undo()
    assert dashboard.controls[0, "drive_db"].value == 20.0
    dashboard.undo()


def test_words_of_any_language_survive(tmp_path):
    path = tmp_path / "Grüße 你好.wav"
    wb.audio.write(path, np.full(800, 0.5, np.float32), sample_rate=8000)
    dashboard = wb.explore(wb.layers.Saturate(), path)
    text = dashboard.design()
    assert "Grüße 你好".encode() in text
    dashboard.change_source("siren")
    dashboard.load(text)
    assert dashboard.controller.source.name == path.name


def changed(**changes):
    return lambda design: json.dumps(design | changes).encode()


def without(key):
    return lambda design: json.dumps({n: v for n, v in design.items() if n != key}).encode()


BAD = {
    "empty": (lambda design: b"", "load: path must lead to a file of JSON"),
    "sound": (lambda design: b"RIFF\x00\x00\xff", "load: path must lead to a file of JSON"),
    "cut": (lambda design: json.dumps(design).encode()[:-9], "must lead to a file of JSON"),
    "utf-16": (lambda design: json.dumps(design).encode("utf-16"), "must lead to a file of JSON"),
    "deep": (lambda design: b"[" * 100_000, "must lead to a file of JSON"),
    "twice": (lambda design: b'{"kind": 1, "kind": 2}', "'kind' must stand once in its object"),
    "long": (lambda design: b" " * (MOST_BYTES + 1), "design must have at most 1048576 bytes"),
    "list": (lambda design: b"[]", "load: design must be a JSON object"),
    "other": (
        lambda design: b"{}",
        "load: design must have the key 'workbench_design'; got \\[\\]",
    ),
    "later": (
        changed(workbench_design=2),
        "workbench_design must be at most 1; got 2. It was saved by a later workbench; update",
    ),
    "version": (changed(workbench_design="1"), "must be a whole number of at least 1; got '1'"),
    "another dashboard": (
        changed(kind="recurrent"),
        r"load: design must be of this dashboard, 'chain'; got 'recurrent'. "
        r"Load it in wb.explore\('recurrent'\).",
    ),
    "kind": (changed(kind="os"), r"state\['kind'\] must be one of 'chain'; got 'os'"),
    "kinds": (changed(kind=["mel"]), r"state\['kind'\] must be one of 'chain'; got"),
    "no kind": (without("kind"), "state must have the key 'kind'"),
    "no source": (without("source"), "state must have the key 'source'"),
    "source": (changed(source={"clip": "song"}), r"source\['clip'\] must be one of 'siren'"),
    "upload": (changed(source={"given": "my.wav"}), "source must be at hand: .*; got 'my.wav'"),
    "layers": (changed(layers="none"), r"state\['layers'\] must be an array; got 'none'"),
    "more": (changed(volume=3), "state must have no keys but .*; got 'volume'"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_design_is_refused_and_nothing_is_changed(dashboard, design, case):
    make, match = BAD[case]
    before = dashboard.controller.frame
    possible = dashboard.possible
    with pytest.raises((ValueError, TypeError), match=match):
        dashboard.load(make(design))
    assert dashboard.controller.frame is before
    assert dashboard.possible == possible


def test_a_missing_file_is_named(dashboard, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.json"):
        dashboard.load(tmp_path / "none.json")


def test_the_code_is_for_reading_only(dashboard, design):
    assert "code" not in read_design(changed(code=["import os"])(design), "chain")
    assert read_design(without("code")(design), "chain") == dashboard.controller.state()


NOISE = 0.1 * np.random.default_rng(0).standard_normal((1, 6000)).astype(np.float32)


def edited(path):
    """A dashboard of a recording, with a stage that is switched off."""
    wb.audio.write(path, NOISE, sample_rate=11025)
    layers = [wb.layers.Saturate(drive_db=6.0), wb.layers.Normalize(), wb.layers.Spectrogram()]
    dashboard = wb.explore(layers, path)
    dashboard.controller.act(1, "off")
    path.unlink()  # a design is taken away without its signal
    return dashboard


@pytest.mark.parametrize("name", ["chain", "augment", "gradient"])
def test_a_design_alone_makes_the_same_chain(name, tmp_path):
    if name == "chain":
        dashboard = edited(tmp_path / "a.wav")
    else:
        dashboard = wb.explore(name, "speech")
    if name == "augment":
        dashboard.set(0, length=7000)  # its layers have more to them than parameters
    if name == "gradient":
        dashboard.set(0, delay=7.5)
        dashboard.set(-2, start=2.5)
    chain = dashboard.controller.chain
    made = layer_of_design(dashboard.design())
    assert made.sample_rate == chain.sample_rate
    assert [type(each) for each in made.layers] == [type(each) for each in chain.layers]
    np.testing.assert_array_equal(made.run(NOISE)[-1], chain.run(NOISE)[-1])


def test_a_design_alone_makes_the_same_model():
    dashboard = wb.explore("recurrent", "plucked_string")
    dashboard.set(0, sample_rate=96000)
    made = layer_of_design(dashboard.design())
    assert made.values["sample_rate"] == 96000
    x = NOISE[:, :300]
    np.testing.assert_array_equal(made(x), dashboard.controller.layer(x))
    other = dashboard.design().replace(b'"model": "diode_clipper"', b'"model": "mine.json"')
    with pytest.raises(ParameterError, match=r"model'.* must be one of 'diode_clipper'; got 'mine"):
        layer_of_design(other)


def test_a_design_of_before_has_the_rate_of_its_signal(design):
    del design["sample_rate"]
    assert layer_of_design(json.dumps(design).encode()).sample_rate == 22050
    design["source"] = {"given": "mine"}
    with pytest.raises(ParameterError, match="design: source must be at hand"):
        layer_of_design(json.dumps(design).encode())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "os.system"}, "kind must be one of 'resample'"),
        ({"layers": [{"layer": "Lambda", "name": "a", "on": True, "values": {}}]}, "'Lambda'"),
        ({"sample_rate": -1}, r"sample_rate'\] must be a positive whole number"),
        ({"more": 1}, "state must have no keys but"),
    ],
)
def test_a_design_that_says_something_else_makes_nothing(design, change, message):
    with pytest.raises(ParameterError, match=message):
        layer_of_design(json.dumps(design | change).encode())
