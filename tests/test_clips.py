import hashlib
import importlib.util
import json
import subprocess
import sys

import numpy as np
import pytest

from workbench import audio, clips

NAMES = list(clips.clips())
FOLDER = clips.clips()[NAMES[0]].path.parent


@pytest.fixture(scope="module")
def make():
    spec = importlib.util.spec_from_file_location("make_clips", FOLDER / "make.py")
    module = sys.modules["make_clips"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules["make_clips"]


@pytest.fixture
def no_cached_folder():
    clips.data_folder.cache_clear()
    yield
    clips.data_folder.cache_clear()


def test_the_manifest_names_every_clip_and_no_other():
    assert {entry.path.name for entry in clips.clips().values()} == {
        path.name for path in FOLDER.glob("*.flac")
    }


@pytest.mark.parametrize("name", NAMES)
def test_the_manifest_equals_the_file(name):
    entry = clips.clips()[name]
    assert hashlib.sha256(entry.path.read_bytes()).hexdigest() == entry.sha256
    clip = clips.clip(name)
    assert (clip.sample_rate, clip.channels) == (entry.sample_rate, entry.channels)
    assert clip.seconds == entry.seconds
    assert entry.title
    assert entry.purpose.endswith(".")


def test_the_clips_are_small_short_and_of_several_kinds():
    entries = clips.clips().values()
    assert sum(entry.path.stat().st_size for entry in entries) < 3_000_000
    assert all(2 <= entry.seconds <= 6 for entry in entries)
    assert {entry.sample_rate for entry in entries} == {22050, 44100, 48000}
    assert {entry.channels for entry in entries} == {1, 2}


@pytest.mark.parametrize("name", NAMES)
def test_no_clipping_no_silence_soft_ends(name):
    signal = clips.clip(name).signal
    # One step of 16 bits around the -3 dBFS that make.py aims at.
    assert np.abs(signal).max() == pytest.approx(10 ** (-3 / 20), abs=2**-15)
    assert np.all(np.sqrt(np.mean(signal**2, axis=1)) > 0.02)
    assert np.all(np.abs(signal[:, [0, -1]]) <= 2**-15)
    assert np.all(np.abs(signal.mean(axis=1)) < 0.005)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "speech"])
def test_the_script_makes_them_again(tmp_path, make, name):
    (tmp_path / "again").mkdir()
    line = make.make(name, tmp_path)
    assert make.make(name, tmp_path / "again") == line
    manifest = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
    (old_line,) = [old for old in manifest if old["file"] == line["file"]]
    assert {**old_line, "sha256": ""} == {**line, "sha256": ""}
    # One step of 16 bits for a processor that rounds the other way; and the bytes, where the FLAC
    # encoder that packed them is the same.
    new, old = audio.read(tmp_path / f"{name}.flac"), clips.clip(name)
    np.testing.assert_allclose(new.signal, old.signal, rtol=0, atol=2**-15)
    packed = [(folder / f"{name}.flac").read_bytes() for folder in (tmp_path, FOLDER)]
    if np.array_equal(new.signal, old.signal) and encoder(packed[0]) == encoder(packed[1]):
        assert line["sha256"] == clips.clips()[name].sha256


def encoder(flac):
    """The encoder's name and version, which a FLAC file carries near its head."""
    start = flac.index(b"reference libFLAC")
    return flac[start : start + 32]


def test_the_script_and_the_manifest_say_the_same(make):
    for name, recipe in make.RECIPES.items():
        entry = clips.clips()[name]
        assert (entry.title, entry.purpose) == (recipe.title, recipe.purpose)
    assert list(make.RECIPES) == NAMES


def test_the_script_writes_what_is_read_here(tmp_path, make, monkeypatch):
    monkeypatch.setattr(make, "RECIPES", {"chirp": make.RECIPES["chirp"]})
    make.main(tmp_path)
    (line,) = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert line == make.make("chirp", tmp_path)


@pytest.mark.parametrize("name", ["sirene", "", "siren.flac"])
def test_an_unknown_name_lists_the_known_ones(name):
    message = f"clip: name must be one of siren, plucked_string, .*, speech; got '{name}'"
    with pytest.raises(ValueError, match=message):
        clips.clip(name)


@pytest.mark.usefixtures("no_cached_folder")
@pytest.mark.parametrize("place", ["workbench/data", "data"])
def test_the_folder_is_found_in_a_wheel_and_in_a_checkout(tmp_path, monkeypatch, place):
    (tmp_path / place).mkdir(parents=True)
    (tmp_path / place / "manifest.json").write_text("[]")
    monkeypatch.setattr(clips, "__file__", str(tmp_path / "workbench" / "clips.py"))
    assert clips.data_folder() == tmp_path / place
    assert clips.clips() == {}


@pytest.mark.usefixtures("no_cached_folder")
def test_a_lost_folder_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(clips, "__file__", str(tmp_path / "workbench" / "clips.py"))
    with pytest.raises(FileNotFoundError, match=r"must hold manifest.json\. Install the package"):
        clips.clips()


def test_clips_need_no_tensorflow():
    program = (
        "import sys, workbench.clips as c; c.clip('siren'); print('tensorflow' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (found.stdout, found.returncode) == ("False\n", 0)
