"""What is shown and heard as files, read back by other programs."""

import csv
import io
import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import soundfile as sf
from PIL import Image

import workbench as wb
from workbench.dashboards.controllers.forms import SHOWN
from workbench.dashboards.downloads import KINDS, file_name, table
from workbench.dashboards.frames import View
from workbench.dashboards.panels import ImagePanel, LinesPanel, WavePanel, ZPlanePanel

TONE = np.asarray(wb.tone(sample_rate=8000, seconds=1.0, frequency_hertz=1000.0))


@pytest.fixture(scope="module")
def dashboard():
    layers = [wb.layers.Saturate(drive_db=6.0), wb.layers.LogMelSpectrogram(num_mel_bins=40)]
    return wb.explore(layers, (np.stack([TONE, 0.5 * TONE]), 8000))


@pytest.fixture(scope="module")
def recurrent():
    return wb.explore("recurrent", "plucked_string")


def rows(data):
    return list(csv.DictReader(io.StringIO(data.decode("utf-8"), newline="")))


def test_wav_is_what_is_heard(dashboard):
    samples, rate = sf.read(io.BytesIO(dashboard.download("wav")))
    assert rate == 8000
    np.testing.assert_allclose(samples[:, 0], np.tanh(10**0.3 * TONE), atol=1e-4)  # 16 bits


def test_png_is_the_picture_in_more_dots(dashboard):
    image = Image.open(io.BytesIO(dashboard.download("png")))
    image.load()
    assert image.format == "PNG"
    assert image.size[0] == 2 * Image.open(io.BytesIO(dashboard.picture())).size[0]


def test_svg_is_a_picture_of_the_same_shape(dashboard):
    root = ET.fromstring(dashboard.download("svg"))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    width, height = (float(root.get(name).removesuffix("pt")) for name in ("width", "height"))
    image = Image.open(io.BytesIO(dashboard.download("png")))
    assert width / height == pytest.approx(image.size[0] / image.size[1], rel=0.01)  # whole dots


def test_csv_has_every_point_of_every_wave(dashboard):
    dashboard.controller.look(View(0.5, 0.51, 600, 1.0))
    found = rows(dashboard.download("csv"))
    dashboard.controller.look(View(None, None, 1000, 1.0))
    first = [row for row in found if (row["panel"], row["line"]) == ("Signal: signal", "channel 2")]
    assert {row["x_axis"] for row in first} == {"time (s)"}
    assert {row["y_axis"] for row in first} == {"amplitude"}
    x, y = (np.array([float(row[name]) for row in first]) for name in "xy")
    assert 80 <= len(x) <= 84
    np.testing.assert_allclose(y, 0.5 * TONE[np.round(x * 8000).astype(int)], rtol=1e-7)


def test_csv_tells_the_ends_of_an_envelope(dashboard):
    lines = {(row["panel"], row["line"]) for row in rows(dashboard.download("csv"))}
    assert ("Saturate", "channel 1, lowest") in lines
    assert ("Saturate", "channel 1, highest") in lines


def test_csv_has_lines_and_poles(recurrent):
    found = rows(recurrent.download("csv"))
    panels = recurrent.controller.frame.panels
    lines = next(panel for panel in panels if isinstance(panel, LinesPanel))
    mine = [r for r in found if (r["panel"], r["line"]) == (lines.title, lines.names[1])]
    assert {row["x_axis"] for row in mine} == {"frequency (Hz)"}
    np.testing.assert_allclose([float(r["x"]) for r in mine], lines.positions, rtol=1e-9)
    np.testing.assert_allclose([float(r["y"]) for r in mine], lines.data[1], rtol=1e-7)
    planes = next(panel for panel in panels if isinstance(panel, ZPlanePanel))
    poles = [r for r in found if r["panel"] == planes.title]
    assert len(poles) == sum(len(g) for plane in planes.planes for g in plane.points.values())
    assert {row["x_axis"] for row in poles} == {"real part"}


def test_csv_names_the_points_of_a_single_plane():
    dashboard = wb.explore("delay", (TONE, 8000))
    dashboard.set(0, kind="thiran")
    dashboard.set(SHOWN, poles_and_zeros=True)
    found = rows(dashboard.download("csv"))
    lines = {row["line"] for row in found if row["panel"] == "Poles and zeros"}
    assert lines == {"poles", "zeros"}


def test_csv_of_images_alone_is_the_table_of_parameters(dashboard, monkeypatch):
    controller = dashboard.controller
    images = tuple(p for p in controller.frame.panels if isinstance(p, ImagePanel))
    assert images
    assert any(isinstance(p, WavePanel) for p in controller.frame.panels)
    only = type(controller.frame)(images, controller.frame.time, controller.frame.shown)
    monkeypatch.setattr(controller, "frame", only)
    found = {row["parameter"]: row["value"] for row in rows(table(controller))}
    assert found["0.drive_db"] == "6.0"
    assert found["1.num_mel_bins"] == "40"


def test_npz_has_all_arrays_with_their_axes_and_the_state(dashboard):
    found = np.load(io.BytesIO(dashboard.download("npz")))
    result = dashboard.controller.result
    np.testing.assert_array_equal(found["0_signal"], np.stack([TONE, 0.5 * TONE]))
    np.testing.assert_array_equal(found["2_LogMelSpectrogram"], result.outputs[2])
    np.testing.assert_array_equal(found["0_signal.gradient"], result.signal)
    np.testing.assert_allclose(found["0_signal.time_s"], np.arange(8000) / 8000)
    bands = found["2_LogMelSpectrogram.mel_band_Hz"]
    assert bands.shape == (40,)
    assert np.all(np.diff(bands) > 0)
    assert json.loads(str(found["state"])) == dashboard.controller.state()


def test_npz_of_a_model_at_another_rate(recurrent):
    found = np.load(io.BytesIO(recurrent.download("npz")))
    result = recurrent.controller.result
    assert list(found["names"]) == list(result.names)
    np.testing.assert_array_equal(found["waves"], result.waves)
    assert found["waves.time_s"].shape == result.waves.shape[1:]
    assert found["spectra.frequency_Hz"].shape == result.spectra.shape[1:]
    poles = [name for name in found if name.startswith("poles.")]
    assert len(poles) == sum(len(groups) for groups in result.poles.values())
    assert "state" in found


def test_without_a_gradient_there_is_none_in_the_npz():
    bare = wb.explore(wb.layers.Saturate(), (TONE, 8000), gradient="")
    found = np.load(io.BytesIO(bare.download("npz")))
    assert set(found) == {
        "state", "0_signal", "0_signal.time_s", "1_Saturate", "1_Saturate.time_s",
    }  # fmt: skip


def test_an_unknown_kind_is_refused(dashboard):
    with pytest.raises(ValueError, match=r"download: kind must be one of 'wav', .*; got 'mp3'"):
        dashboard.download("mp3")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("speech.flac", "chain_speech.wav"),
        ("plucked string", "chain_plucked_string.wav"),
        ("<img src=x>/../..", "chain_img_src_x.wav"),
        ("a.b", "chain_a.b.wav"),
        ("Grüße.mp3", "chain_Grüße.wav"),
        ("x" * 300, "chain_" + "x" * 60 + ".wav"),
    ],
)
def test_file_names_are_tame(dashboard, monkeypatch, name, expected):
    monkeypatch.setattr(dashboard.controller.source, "name", name)
    assert file_name(dashboard.controller, "wav") == expected


def test_every_kind_has_a_media_type():
    assert all(media.count("/") == 1 for media, _ in KINDS.values())
