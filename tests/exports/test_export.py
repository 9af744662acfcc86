"""The front door: what it refuses, what it leaves, what travels in the files."""

import json
import os
import threading
import zipfile

import keras
import numpy as np
import pytest
import tensorflow as tf

import workbench as wb
from tests.exports.cases import SHORT, TARGETS
from workbench.errors import ExportError, ParameterError, ParameterTypeError
from workbench.exports.check import compared
from workbench.exports.export import TARGETS as KNOWN
from workbench.exports.export import export_steps
from workbench.exports.litert import LiteRT
from workbench.exports.onnx_file import ONNX
from workbench.exports.onnx_ops import handlers
from workbench.exports.subject import subject_of

X = (0.3 * np.random.default_rng(0).standard_normal((1, 1000))).astype(np.float32)
STFT = {key: SHORT[key] for key in ("frame_length", "frame_step")}


@keras.saving.register_keras_serializable("tests")
class Magnitude(keras.layers.Layer):
    """Takes complex numbers."""

    def call(self, inputs):
        return tf.abs(inputs)


@keras.saving.register_keras_serializable("tests")
class Digamma(keras.layers.Layer):
    """What neither LiteRT nor ONNX has an operation for."""

    def call(self, inputs):
        return tf.math.digamma(1.0 + tf.abs(inputs))


def ended(steps):
    """What a generator returns."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def saturating(**values):
    return wb.Chain([wb.layers.Saturate(**values)], sample_rate=8000)


@pytest.mark.parametrize("target", TARGETS)
def test_the_design_travels_in_the_file(target, tmp_path):
    path = tmp_path / TARGETS[target]
    wb.export(saturating(drive_db=7.25), path, check=X)
    found = wb.exported_design(path)
    assert "7.25" in json.dumps(found["design"])
    if target != "keras":  # whose own configuration it is
        assert found["sample_rate"] == 8000
        assert found["versions"]["tensorflow"] == tf.__version__
        assert "wb.layers.Saturate(drive_db=7.25)" in found["code"]
        assert found["axes"] == ["time (s)"]


def test_a_file_without_a_design_is_said_to_be_none(tmp_path):
    path = tmp_path / "other.mlir"
    path.write_text("module {}\n")
    with pytest.raises(ParameterError, match="path must be a file that workbench has exported"):
        wb.exported_design(path)


class Wrong(LiteRT):
    """Writes, and computes something else."""

    def load(self, path):
        run = super().load(path)
        return lambda x: run(x) * np.float32(1 + 1e-4)


@pytest.mark.parametrize("before", [None, b"what was there"])
def test_a_failed_export_leaves_what_was_there(before, tmp_path, monkeypatch):
    path = tmp_path / "made.tflite"
    if before is not None:
        path.write_bytes(before)
    monkeypatch.setattr("workbench.exports.export.TARGETS", dict(KNOWN) | {"litert": Wrong()})
    with pytest.raises(
        ExportError, match=r"the result in LiteRT must be within -100 dB .* -80\.0 dB"
    ):
        wb.export(saturating(), path, check=X)
    assert os.listdir(tmp_path) == ([] if before is None else ["made.tflite"])
    if before is not None:
        assert path.read_bytes() == before


def test_an_old_saved_model_gives_way_and_a_strange_folder_does_not(tmp_path):
    for drive in (0.0, 20.0):
        wb.export(saturating(drive_db=drive), tmp_path / "made", check=X)
    assert os.listdir(tmp_path) == ["made"]
    run = KNOWN["saved_model"].load(tmp_path / "made")
    np.testing.assert_allclose(run(X), np.tanh(10 * X), rtol=1e-5)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "dear.txt").write_text("diary")
    with pytest.raises(ExportError, match="path must be free, or an older SavedModel"):
        wb.export(saturating(), tmp_path / "notes", check=X)
    assert os.listdir(tmp_path / "notes") == ["dear.txt"]


@pytest.mark.parametrize(
    ("layers", "name", "why"),
    [
        (["stft", Magnitude], "made.tflite", "layer 'stft' .* takes its complex numbers"),
        (["stft", Magnitude], "made.onnx", "layer 'stft' .* takes its complex numbers"),
        (["late", Digamma], "made.tflite", "layer 'digamma.*' must be made of LiteRT's built-in"),
        (["late", Digamma], "made.onnx", "layer 'digamma.*' must be made of operations that ONNX"),
        (["double"], "made.tflite", "layer 'double' .* double precision, which LiteRT lacks"),
        (["fft"], "made.onnx", "layer 'fft' .* transforms a signal of any length at once"),
        (["kept"], "made.mlir", "layer 'kept' .* keeps its state from call to call"),
    ],
)
def test_what_cannot_be_held_is_named_before_anything_is_written(
    layers, name, why, tmp_path, monkeypatch
):
    made = {
        "stft": lambda: wb.layers.STFT(**STFT, name="stft"),
        "late": lambda: wb.layers.FractionalDelay(delay=2.0),
        "double": lambda: wb.layers.Saturate(dtype="float64", name="double"),
        "fft": lambda: wb.layers.FractionalDelay(delay=2.5, kind="fft", name="fft"),
        "kept": lambda: keras.layers.SimpleRNN(2, stateful=True, name="kept"),
    }
    model = keras.Sequential([made[one]() if isinstance(one, str) else one() for one in layers])
    check = X[..., None] if layers == ["kept"] else X
    written = []
    monkeypatch.setattr("pathlib.Path.write_bytes", lambda path, data: written.append(path))
    with pytest.raises(ExportError, match=why):
        wb.export(model, tmp_path / name, check=check)
    assert written == []
    assert os.listdir(tmp_path) == []


def test_a_missing_package_is_named_with_what_installs_it(tmp_path, monkeypatch):
    monkeypatch.setattr(LiteRT, "packages", {"no_such_module": "no-such-package"})
    with pytest.raises(ExportError, match=r"no no-such-package. Run: pip install 'workbench\[exp"):
        wb.export(saturating(), tmp_path / "made.tflite", check=X)


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ((None, "a.onnx"), ParameterTypeError, "model must be a chain, a Keras model or a layer"),
        ((wb.layers.Saturate(), "a.wav"), ParameterError, r"path must end in \.keras, \.tflite"),
        ((wb.layers.Saturate(), 3), ParameterTypeError, "path must be a path; got int"),
        ((wb.layers.Saturate(), "no/a.onnx"), ParameterError, "a folder that there is"),
        ((wb.layers.Decibels(), "a.onnx"), ParameterTypeError, "check must be given: nothing says"),
    ],
)
def test_wrong_arguments(arguments, error, text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=f"export: {text}" if "folder" not in text else text):
        wb.export(*arguments)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("check", "error"), [(np.zeros((1, 9), int), TypeError), (np.zeros(9), ValueError)]
)
def test_a_signal_to_check_with_must_be_one(check, error, tmp_path):
    with pytest.raises(error, match="export: check must be"):
        wb.export(wb.layers.Saturate(), tmp_path / "a.onnx", check=check)


def test_the_model_stays_as_it_is(tmp_path):
    layer = wb.layers.Spectrogram(**STFT, power=1.5, learn=("power",))
    chain = wb.Chain([layer], sample_rate=8000)
    expected = chain(X)
    report = wb.export(chain, tmp_path / "a.onnx", check=X)
    assert layer.values["impl"] == "fft"
    assert layer.learn == ("power",)
    assert len(chain.trainable_weights) == 1
    np.testing.assert_array_equal(chain(X), expected)
    assert report.switched == (
        f"{layer.name}: power as learnt, a number",
        f"{layer.name}: impl='dft' in place of 'fft'",
    )


def test_what_spec_augment_does_outside_of_training_is_exported(tmp_path):
    layer = wb.layers.SpecAugment()
    x = np.ones((2, 30, 12), np.float32)
    wb.export(layer, tmp_path / "a.onnx", check=x)
    np.testing.assert_array_equal(ONNX().load(tmp_path / "a.onnx")(x), x)


def test_a_report_says_what_was_made(tmp_path):
    report = wb.export(saturating(), tmp_path / "a.tflite", check=X)
    assert report.size_bytes == (tmp_path / "a.tflite").stat().st_size
    assert set(report.ops) <= {"MUL", "TANH"}
    assert (report.lengths, report.signals) == ((667, 1201), 5)
    for text in ("LiteRT", "dB of the result's peak", "ms per second of audio", "TANH", "silence"):
        assert text in repr(report)
        assert text in report._repr_html_()


def test_the_comparison_sees_each_kind_of_fault():
    subject = subject_of(wb.layers.Normalize(), None)
    target = KNOWN["onnx"]

    def right(x):
        return np.asarray(subject(x))

    assert ended(compared(subject, target, right, X)).error_db == -300.0
    faults = {
        "be finite": lambda x: np.where(right(x) == 0, np.nan, right(x)),
        r"give \[1, 1000\]": lambda x: right(x)[:, 1:],
        r"got -60\.0 dB": lambda x: (
            right(x) + np.float32(1e-3) * (x == 0).all()
        ),  # at silence alone
        "must take a signal": lambda x: [][len(x)],
    }
    for text, wrong in faults.items():
        with pytest.raises(ExportError, match=text):
            ended(compared(subject, target, wrong, X))


def test_an_angle_is_compared_round_the_circle_and_as_its_magnitude_counts():
    subject = subject_of(wb.layers.Phase(**STFT), None)

    def turned(x):
        return np.asarray(subject(x)) + 2 * np.pi

    assert ended(compared(subject, KNOWN["onnx"], turned, X)).error_db < -120
    with pytest.raises(ExportError, match="must be within"):
        ended(compared(subject, KNOWN["onnx"], lambda x: np.asarray(subject(x)) + 0.01, X))


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.float32])
def test_onnx_divides_as_tensorflow_does(dtype, tmp_path):
    x = np.arange(-7, 8).astype(dtype)
    for function in (lambda x: x // 3, lambda x: x % 3, lambda x: x // -3, lambda x: x % -3):
        np.testing.assert_array_equal(through_onnx(function, x), function(tf.constant(x)))


@pytest.mark.parametrize("function", [tf.math.log1p, tf.math.expm1])
def test_onnx_keeps_the_digits_of_small_numbers(function):
    x = np.concatenate([10.0 ** np.arange(-30, 2), [0.0]]).astype(np.float32)
    oracle = np.log1p if function is tf.math.log1p else np.expm1
    # four roundings of float32
    np.testing.assert_allclose(through_onnx(function, x), oracle(np.float64(x)), rtol=5e-7)
    if function is tf.math.expm1:
        low = np.array([-1e-20, -0.5, -20.0, -200.0], np.float32)
        np.testing.assert_allclose(through_onnx(function, low), np.expm1(low), rtol=5e-7)


def through_onnx(function, x):
    """What onnxruntime makes of a function that was converted with our operations."""
    import onnxruntime
    import tf2onnx

    from workbench.exports.quiet import quiet

    spec = [tf.TensorSpec([None], x.dtype)]
    with quiet():
        model, _ = tf2onnx.convert.from_function(
            tf.function(function, spec), spec, opset=18, custom_op_handlers=handlers()
        )
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(None, {session.get_inputs()[0].name: x})[0]


def test_a_strangers_file_is_read_not_run(tmp_path, capfd):
    from workbench import app

    model = keras.Sequential([keras.Input((None,)), keras.layers.Lambda(lambda x: 2 * x)])
    model.save(tmp_path / "theirs.keras")
    assert app.main(["export", str(tmp_path / "theirs.keras"), "--to", "onnx"]) == 1
    assert "workbench export: " in capfd.readouterr().err
    assert os.listdir(tmp_path) == ["theirs.keras"]


def test_the_command_line_exports_a_saved_chain(tmp_path, capsys):
    from workbench import app

    design = tmp_path / "front_end.keras"
    saturating().save(design)
    assert app.main(["export", str(design), "--to", "litert"]) == 0
    assert "LiteRT" in capsys.readouterr().out
    assert (tmp_path / "front_end.tflite").is_file()
    assert app.main(["export", str(design), "--to", "keras"]) == 1
    assert "out must not be the design itself" in capsys.readouterr().err
    assert app.main(["export", str(tmp_path / "no.keras"), "--to", "onnx"]) == 1
    assert "design must be a .keras file" in capsys.readouterr().err
    with zipfile.ZipFile(design) as archive:
        assert archive.testzip() is None


def test_an_export_goes_in_steps_that_say_what_comes_next(tmp_path):
    path = tmp_path / "made.tflite"
    said = list(export_steps(saturating(), path, check=X))
    assert said[:3] == ["Looking through the layers", "Writing LiteRT", "Reading it again"]
    assert said[3:-1] == [f"Comparing, signal {n}" for n in range(1, 6)]
    assert path.is_file()


@pytest.mark.parametrize("steps", [1, 2, 3, 5])
def test_an_export_that_is_closed_leaves_nothing(steps, tmp_path):
    before = os.fstat(2).st_ino
    going = export_steps(saturating(), tmp_path / "made.tflite", check=X)
    for _ in range(steps):
        next(going)
    going.close()
    assert os.listdir(tmp_path) == []
    assert os.fstat(2).st_ino == before
    wb.export(saturating(), tmp_path / "made.tflite", check=X)  # nobody waits for the closed one


def test_two_exports_at_once_wait_for_each_other(tmp_path):
    before = os.fstat(2).st_ino
    first = export_steps(saturating(), tmp_path / "a.tflite", check=X)
    second = export_steps(saturating(), tmp_path / "b.tflite", check=X)
    for steps in (first, first, second):
        next(steps)
    gone_on = threading.Event()

    def go_on():
        next(second)
        gone_on.set()
        ended(second)

    thread = threading.Thread(target=go_on)
    thread.start()
    assert not gone_on.wait(0.5)  # what is held back belongs to the first one
    ended(first)
    thread.join()
    assert sorted(os.listdir(tmp_path)) == ["a.tflite", "b.tflite"]
    assert os.fstat(2).st_ino == before


def test_a_chain_without_layers_is_refused(tmp_path):
    with pytest.raises(ParameterError, match="export: model must hold at least one layer"):
        wb.export(wb.Chain([], sample_rate=8000), tmp_path / "made.onnx")


def test_the_command_line_takes_the_design_of_a_dashboard(tmp_path, capsys, monkeypatch):
    from workbench import app

    dashboard = wb.explore(wb.layers.Saturate(drive_db=7.25), (X, 8000))
    design = tmp_path / "mine.json"
    dashboard.save(design)
    assert app.main(["export", str(design), "--to", "litert"]) == 0
    assert "LiteRT" in capsys.readouterr().out
    found = KNOWN["litert"].load(tmp_path / "mine.tflite")(X)
    np.testing.assert_allclose(found, np.tanh(10 ** (7.25 / 20) * X), rtol=1e-5, atol=1e-7)
    given = []
    monkeypatch.setattr("workbench.corpus.command.run", lambda options: given.append(options) or 0)
    assert app.main(["extract", str(design), str(tmp_path), "--out", str(tmp_path / "out")]) == 0
    assert given[0].design.layers[0].values["drive_db"] == 7.25
    assert given[0].design.sample_rate == 8000
    design.write_text("{}")
    for command in (["export", "--to", "onnx"], ["extract", str(tmp_path), "--out", "no"]):
        assert app.main([command[0], str(design), *command[1:]]) != 0
        assert "must have the key 'workbench_design'" in capsys.readouterr().err
