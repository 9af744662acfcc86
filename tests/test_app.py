"""The command line, and TensorFlow's start without noise."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.lab import PATIENCE, Lab, Server, notebook
from workbench import app, device

DEVICE_LINE = re.compile(r"^Computing on (the CPU \(\d+ cores?\)|GPU .+)\.", re.MULTILINE)
FIRST_OP = "import workbench\nimport tensorflow as tf\nprint(float(tf.reduce_sum(tf.ones(3))))"


def run(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2", **environment},
    )


def test_importing_the_app_loads_neither_jupyter_nor_tensorflow():
    heavy = "{'tensorflow', 'keras', 'jupyterlab', 'jupyter_server', 'numpy'}"
    found = run(f"import sys, workbench.app; print({heavy} & set(sys.modules))")
    assert found.stdout.strip() == "set()"


@pytest.mark.parametrize("first", ["", "import keras\n", "import workbench.layers\n"])
def test_first_op_is_quiet(first):
    found = run("import workbench\n" + first + FIRST_OP)
    assert found.stdout.strip() == "3.0"
    assert found.stderr == ""


def test_noise_is_there_without_the_workbench():
    # Were TensorFlow to become silent by itself, the tests of silence would prove nothing.
    found = run("import tensorflow")
    if not found.stderr:
        pytest.skip("this TensorFlow starts without a word")
    assert all(device.is_noise(line.encode(), False) for line in found.stderr.splitlines())


def test_what_is_not_noise_is_passed_on():
    code = (
        "import os\nfrom workbench import device\n"
        "with device.filtered_stderr(has_nvidia=False):\n"
        "    os.write(2, b'I0000 00:00:1795219116.9 1 a.cc:1] chatter\\nsomething broke\\n')\n"
    )
    assert run(code).stderr == "something broke\n"


def test_errors_are_passed_on_when_the_start_fails():
    code = (
        "import os\nfrom workbench import device\n"
        "with device.filtered_stderr(has_nvidia=False):\n"
        "    os.write(2, b'no AVX here\\n')\n    raise ImportError('broken')\n"
    )
    found = run(code)
    assert found.stderr.startswith("no AVX here\n")
    assert "ImportError: broken" in found.stderr


def test_closed_stderr_does_no_harm():
    found = run("import os\nos.close(2)\n" + FIRST_OP)
    assert found.stdout.strip() == "3.0"


@pytest.mark.parametrize("has_nvidia", [True, False])
def test_failed_driver_is_news_only_with_a_device(has_nvidia):
    line = b"E0000 00:00:1795219122.402946 1 cuda_platform.cc:52] failed call to cuInit: INTERNAL"
    assert device.is_noise(line, has_nvidia) is not has_nvidia


@pytest.mark.parametrize(
    "line", [b"E0000 00:00:1795219116.9 1 x.cc:1] out of memory", b"Traceback", b""]
)
def test_errors_are_never_noise(line):
    assert not device.is_noise(line, has_nvidia=False)


def test_log_level_of_the_user_shows_everything():
    found = run("import workbench, tensorflow", TF_CPP_MIN_LOG_LEVEL="0").stderr
    plain = run("import tensorflow", TF_CPP_MIN_LOG_LEVEL="0").stderr
    # the clock and the process id differ, so compare what follows them
    assert [line[-40:] for line in found.splitlines()][:3] == [
        line[-40:] for line in plain.splitlines()
    ][:3]


def test_tensorflow_keeps_its_own_loader():
    code = "import workbench, sys, tensorflow as tf\n"
    found = run(code + "print(type(tf.__spec__.loader).__name__, len(sys.meta_path))")
    assert found.stdout.split()[0] == "SourceFileLoader"


def test_doctor_finds_everything(capsys):
    assert app.main(["doctor"]) == 0
    printed = capsys.readouterr().out
    assert "MISSING" not in printed
    assert DEVICE_LINE.search(re.sub(r"(?m)^.*?(?=Computing)", "", printed))
    for name in ("Python", "tensorflow", "anywidget", "server extension", "FLAC"):
        assert name in printed


def test_doctor_says_what_is_missing_and_how_to_get_it(capsys, monkeypatch):
    monkeypatch.setattr(app, "_WIDGETS", ("no-such-package",))
    monkeypatch.setattr(app.device, "describe_in_child", lambda log_level: ("", "no AVX\n"))
    assert app.main(["doctor"]) == 1
    printed = capsys.readouterr().out
    assert re.search(r"MISSING +no-such-package .*\n +-> .*make lab", printed)
    assert re.search(r"MISSING +device .*\nno AVX", printed)


def test_doctor_explains_an_unused_gpu(capsys, monkeypatch):
    monkeypatch.setattr(app.device, "nvidia_present", lambda: True)
    answer = ("Computing on the CPU (2 cores).", "Cannot dlopen libcudnn\n")
    monkeypatch.setattr(app.device, "describe_in_child", lambda log_level: answer)
    assert app.main(["doctor"]) == 1
    printed = capsys.readouterr().out
    assert "Cannot dlopen libcudnn" in printed
    assert "workbench[gpu]" in printed


def test_lab_refuses_a_missing_notebook(capsys, tmp_path):
    assert app.main(["lab", str(tmp_path / "none.ipynb")]) == 2
    assert "notebook must be a file; got" in capsys.readouterr().err


def test_doctor_takes_no_further_arguments(capsys):
    with pytest.raises(SystemExit):
        app.main(["doctor", "--loud"])
    assert "--loud" in capsys.readouterr().err


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is a display")
def test_display(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert not app.has_display()
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert app.has_display()


def test_lab_arguments(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments = app.lab_arguments(tmp_path / "deep" / "a.ipynb", 0, browser=False)
    assert "--ServerApp.ip=127.0.0.1" in arguments
    assert f"--ServerApp.root_dir={tmp_path}" in arguments
    assert "--ServerApp.port=0" not in arguments
    assert ("--ServerApp.allow_root=True" in arguments) == (os.geteuid() == 0)
    elsewhere = app.lab_arguments(Path("/elsewhere/a.ipynb"), None, browser=True)
    assert "--ServerApp.root_dir=/elsewhere" in elsewhere
    assert "--ServerApp.open_browser=True" in elsewhere


@pytest.mark.slow
def test_lab_says_where_it_is_and_what_it_computes_on():
    with Server() as server:
        while not DEVICE_LINE.search(server.output):
            assert server._process.poll() is None
        printed = server.output
    assert printed.count("token=") == 1
    assert "TensorFlow" not in printed
    assert "Traceback" not in printed


@pytest.mark.slow
@pytest.mark.browser
def test_first_op_in_jupyterlab_is_quiet():
    # What goes to descriptor 2 is read late but in order, and the server prints it too: wait there
    # for a mark behind all that may have come before.
    with Lab(notebook([FIRST_OP, "import os\nos.write(2, b'the mark\\n');", "1 / 0"])) as lab:
        lab.run_all(allow_errors=True)
        end = time.monotonic() + PATIENCE
        while "the mark" not in lab.output:
            assert time.monotonic() < end
            lab.page.wait_for_timeout(20)
        first, _, last = lab.cells()
        assert [output["text"] for output in first["outputs"]] == ["3.0\n"]
        assert not [n for n in lab.output.splitlines() if device.is_noise(n.encode(), False)]
        assert last["outputs"][0]["ename"] == "ZeroDivisionError"
        assert lab.messages == []
        with pytest.raises(AssertionError, match="ZeroDivisionError"):
            lab.run_all()
