"""The Export panel without a page: what is exported, what is told; nothing waits for it."""

import io
import threading
import time
import zipfile

import numpy as np
import pytest

import workbench as wb
from tests.exports.cases import SHORT
from workbench.errors import ExportError
from workbench.exports.export import TARGETS
from workbench.exports.litert import LiteRT

PATIENCE = 120.0
KINDS = {
    "keras": ".keras",
    "saved_model": ".zip",
    "litert": ".tflite",
    "onnx": ".onnx",
    "stablehlo": ".mlir",
}


class Panel:
    """A dashboard whose Export panel is used, and what the page is told."""

    def __init__(self, *explored):
        self.dashboard = wb.explore(*explored)
        self.told = []
        self.dashboard.scope.send = lambda content, buffers=None: self.told.append(
            (content, buffers)
        )

    def act(self, name, **more):
        content = {"kind": "action", "name": name, "from": "page 1", **more}
        self.dashboard.scope._receive(None, content, [])

    def of_kind(self, kind):
        return [(content, buffers) for content, buffers in self.told if content["kind"] == kind]

    @property
    def state(self):
        return self.of_kind("export")[-1][0]

    def wait(self, true):
        end = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < end, self.told[-3:]
            time.sleep(0.01)

    def export(self, form):
        """Press Export, and wait for the end of it."""
        self.act("export", form=form)
        self.wait(lambda: self.state["going"] is None)
        return self.state

    def saved(self):
        """The one file that was sent."""
        ((content, (data,)),) = self.of_kind("file")
        assert (content["to"], content["action"]) == ("page 1", "export")
        return content["name"], data


class Held(LiteRT):
    """Waits in the middle of what it writes."""

    def __init__(self):
        self.begun, self.free = threading.Event(), threading.Event()

    def write(self, subject, design, path):
        self.begun.set()
        assert self.free.wait(PATIENCE)
        super().write(subject, design, path)


@pytest.fixture
def held(monkeypatch):
    target = Held()
    for module in ("workbench.exports.export", "workbench.dashboards.exporting"):
        monkeypatch.setattr(f"{module}.TARGETS", dict(TARGETS) | {"litert": target})
    yield target
    target.free.set()


@pytest.fixture
def panel():
    """A chain of two layers over a test signal, of which `code` says all."""
    layers = [wb.layers.Saturate(drive_db=6.0), wb.layers.LogMelSpectrogram(**SHORT)]
    opened = Panel(layers, wb.noise)
    yield opened
    opened.dashboard.close()


def computed(dashboard):
    """The signal, and what the dashboard's own code makes of it."""
    names = {}
    exec(dashboard.code(), names)
    return np.asarray(names["x"]), names["outputs"][-1].numpy()


def run(name, data, folder):
    """The result of a file on a signal, in its own runtime."""
    (target,) = [each for each in TARGETS.values() if KINDS[each.format] == name[name.index(".") :]]
    path = folder / name
    path.write_bytes(data)
    if path.suffix == ".zip":
        path = folder / path.stem
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            archive.extractall(folder)
    return target.load(path)


def test_the_panel_lists_what_can_be_exported_to(panel):
    panel.dashboard.scope._receive(
        None,
        dict(kind="hello", id=1, first=None, last=None, columns=500, ratio=1),
        [],
    )
    targets = panel.state["targets"]
    assert [each[0] for each in targets] == list(TARGETS)
    assert targets[2][1:] == ["LiteRT (.tflite)", "phones, browsers, small boards"]
    assert targets[1][1] == "SavedModel"
    assert (panel.state["going"], panel.state["title"], panel.state["problem"]) == (None, "", "")


@pytest.mark.parametrize("form", KINDS)
def test_the_file_gives_the_numbers_of_the_code(form, panel, tmp_path):
    state = panel.export(form)
    assert state["problem"] == ""
    name, data = panel.saved()
    assert name == f"chain_noise{KINDS[form]}"
    x, expected = computed(panel.dashboard)
    found = run(name, data, tmp_path)(x)
    # the exporter lets -100 dB of the peak through
    assert np.abs(found - expected).max() <= 1e-5 * np.abs(expected).max()
    rows = dict(state["rows"])
    assert float(rows["error"].split()[0]) <= -100
    assert rows["speed"].endswith("ms per second of audio")
    assert name in state["title"]
    assert ("switched" in rows) == (form in ("litert", "onnx"))


def test_it_says_what_is_being_done(panel):
    panel.export("litert")
    going = [content["going"] for content, _ in panel.of_kind("export")]
    assert [text for text in going if text in ("Writing LiteRT", "Comparing, signal 5")]
    assert going[-1] is None


def test_the_dashboard_goes_on_while_a_file_is_written(held, panel, tmp_path):
    x, expected = computed(panel.dashboard)
    panel.act("export", form="litert")
    assert held.begun.wait(PATIENCE)
    panel.dashboard.set(0, drive_db=20.0)  # on this thread: it would hang if it had to wait
    assert panel.dashboard.controller.values["0.drive_db"] == 20.0
    assert panel.state["going"] == "Writing LiteRT"
    held.free.set()
    panel.wait(lambda: panel.state["going"] is None)
    found = run(*panel.saved(), tmp_path)(x)
    assert np.abs(found - expected).max() <= 1e-5 * np.abs(expected).max()  # those of before
    assert panel.state["old"]  # which it says
    panel.dashboard.undo()
    assert not panel.state["old"]


def test_a_change_says_that_a_report_is_of_before(panel):
    assert not panel.export("keras")["old"]
    panel.dashboard.set(0, drive_db=9.0)
    assert panel.state["old"]
    assert not panel.export("keras")["old"]


def test_stop_ends_it_without_a_file(held, panel):
    panel.act("export", form="litert")
    assert held.begun.wait(PATIENCE)
    panel.act("stop_export")
    held.free.set()
    panel.wait(lambda: panel.state["going"] is None)
    assert (panel.state["title"], panel.state["problem"]) == ("", "")
    assert panel.of_kind("file") == []
    assert panel.export("keras")["title"]  # and the next one goes


def test_closing_the_dashboard_ends_it(held, panel):
    panel.act("export", form="litert")
    assert held.begun.wait(PATIENCE)
    panel.dashboard.close()
    held.free.set()
    panel.wait(lambda: panel.state["going"] is None)
    assert panel.of_kind("file") == []


def test_what_a_target_cannot_hold_is_said(panel):
    panel.dashboard.controller.chain.arrange([wb.layers.Resample(ratio=1.01)])
    state = panel.export("litert")
    assert "a ratio counts time in double precision, which LiteRT lacks" in state["problem"]
    assert state["problem"].startswith("export: layer 'resample")  # and not with a class of errors
    assert (state["title"], state["rows"]) == ("", [])
    assert panel.of_kind("file") == []


def test_a_missing_package_is_said_with_the_command_that_brings_it(panel, monkeypatch):
    monkeypatch.setattr(LiteRT, "packages", {"no_such_module": "no-such-package"})
    problem = panel.export("litert")["problem"]
    assert "no no-such-package" in problem
    assert "pip install 'workbench[export]'" in problem


def test_a_chain_without_stages_has_nothing_to_take_away(panel):
    for _ in range(2):
        panel.dashboard.controller.act(0, "remove")
    assert "model must hold at least one layer" in panel.export("keras")["problem"]


def test_an_unknown_format_is_said(panel):
    panel.act("export", form="pickle")
    text = panel.of_kind("status")[-1][0]["text"]
    assert "format must be one of 'keras', 'saved_model'" in text


def test_what_was_learnt_is_taken_away(tmp_path):
    panel = Panel("gradient", "speech")
    controller = panel.dashboard.controller
    before = controller.chain.code()
    for _ in range(3):
        controller.act(0, "step")
    assert controller.chain.code() != before
    assert panel.export("keras")["problem"] == ""
    x = controller.result.outputs[0].numpy()
    expected = controller.chain.run(x)[-1].numpy()
    found = run(*panel.saved(), tmp_path)(x)
    assert np.abs(found - expected).max() <= 1e-5 * np.abs(expected).max()
    panel.dashboard.close()


def test_a_recurrent_model_is_taken_away_at_the_chosen_rate(tmp_path):
    panel = Panel("recurrent", "plucked_string")
    panel.dashboard.set(0, sample_rate=96000)
    panel.dashboard.set(0, interpolation="lagrange")
    panel.dashboard.set(0, order=2)
    assert panel.export("keras")["problem"] == ""
    model = wb.read_model("diode_clipper", sample_rate=96000, interpolation="lagrange", order=2)
    x = np.asarray(wb.plucked_string(sample_rate=96000, seconds=0.02, frequency_hertz=196.0))[None]
    expected = np.asarray(model(x))
    found = run(*panel.saved(), tmp_path)(x)
    assert np.abs(found - expected).max() <= 1e-5 * np.abs(expected).max()
    assert "sample_rate" not in panel.dashboard.controller.comparer.model.given  # as it was
    panel.dashboard.close()


def test_from_python(panel, tmp_path):
    report = panel.dashboard.export(tmp_path / "mine.tflite")
    assert report.path == tmp_path / "mine.tflite"
    x, expected = computed(panel.dashboard)
    found = TARGETS["litert"].load(report.path)(x)
    assert np.abs(found - expected).max() <= 1e-5 * np.abs(expected).max()
    with pytest.raises(ExportError, match="a ratio counts time in double precision"):
        wb.explore(wb.layers.Resample(ratio=1.01), wb.noise).export(tmp_path / "other.tflite")
