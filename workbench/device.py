"""Which processor TensorFlow computes on, and how it starts without noise.

TensorFlow writes to file descriptor 2 while it is imported, before it has read any log setting: a
few informational lines, and on a machine without an NVIDIA GPU an error about the driver that is
not there. In a notebook they land in the first cell that computes something. `quiet_tensorflow`
holds back exactly those lines; whatever else is written in the meantime is passed on.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

_INFORMATION = re.compile(
    rb"(WARNING: All log messages before absl::Init|[IW]\d{4} \d\d:\d\d:\d\d)"
)
_NO_DRIVER = re.compile(rb"E\d{4} \d\d:\d\d:\d\d.*failed call to cuInit")


def nvidia_present() -> bool:
    """Whether the system has a device node of an NVIDIA driver (or of WSL's graphics bridge)."""
    return Path("/dev/dxg").exists() or any(Path("/dev").glob("nvidia[0-9]*"))


def is_noise(line: bytes, has_nvidia: bool) -> bool:
    """Whether a line of TensorFlow's start-up tells the user nothing.

    Informational lines never do. That the CUDA driver failed to start is news only where there is
    an NVIDIA device.
    """
    if _INFORMATION.match(line):
        return True
    return not has_nvidia and _NO_DRIVER.match(line) is not None


@contextmanager
def filtered_stderr(has_nvidia: bool) -> Iterator[None]:
    """Hold back what goes to file descriptor 2, and afterwards pass on all that is not noise.

    It works below `sys.stderr`, where C++ writes; the same holds in a notebook, whose kernel reads
    the descriptor through a pipe. Other threads' lines come late, not never.
    """
    try:
        original = os.dup(2)
    except OSError:  # closed, as in a daemon: there is nobody to disturb
        yield
        return
    with tempfile.TemporaryFile() as held:
        _flush()
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            _flush()
            os.dup2(original, 2)
            os.close(original)
            held.seek(0)
            news = [line for line in held if not is_noise(line, has_nvidia)]
            if news:
                os.write(2, b"".join(news))


def _flush() -> None:
    if sys.stderr is not None:
        sys.stderr.flush()


class _QuietLoader(importlib.abc.Loader):
    """Runs another loader with the start-up noise held back."""

    def __init__(self, loader: importlib.abc.Loader):
        self._loader = loader

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        """Let the wrapped loader create the module."""
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Run TensorFlow's start-up; without an NVIDIA device also its futile search for one."""
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        has_nvidia = nvidia_present()
        with filtered_stderr(has_nvidia):
            self._loader.exec_module(module)
            if not has_nvidia:  # else the search happens at the first op, and its errors show
                module.config.list_physical_devices()


class _QuietFinder(importlib.abc.MetaPathFinder):
    """Finds `tensorflow` once, as the other finders do, and wraps its loader."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Answer for `tensorflow` only, the first time it is asked for."""
        if fullname != "tensorflow":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _QuietLoader(spec.loader)
        return spec


def quiet_tensorflow() -> None:
    """Make the first import of TensorFlow in this process a quiet one.

    Nothing is imported here. A user who sets `TF_CPP_MIN_LOG_LEVEL` to 0 or 1 asks to see it all.
    """
    level = os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if level in ("0", "1") or "tensorflow" in sys.modules:
        return
    if not any(isinstance(finder, _QuietFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _QuietFinder())


def describe() -> str:
    """Say in one line which device TensorFlow uses in this process."""
    quiet_tensorflow()
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        names = [tf.config.experimental.get_device_details(gpu).get("device_name") for gpu in gpus]
        return f"Computing on GPU {', '.join(name or 'of unknown name' for name in names)}."
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    line = f"Computing on the CPU ({cores} core{'' if cores == 1 else 's'})."
    if nvidia_present():
        line += " TensorFlow can't use the NVIDIA GPU of this machine; `workbench doctor` says why."
    return line


def describe_in_child(log_level: str = "2") -> tuple[str, str]:
    """Ask a process of its own for `describe`, so that this one holds neither TensorFlow nor a GPU.

    Returns the line, empty when TensorFlow didn't start, and what the process wrote to its
    standard error.
    """
    child = subprocess.run(
        [sys.executable, "-c", "from workbench import device; print(device.describe())"],
        capture_output=True,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": log_level},
    )
    lines = child.stdout.strip().splitlines()
    return (lines[-1] if child.returncode == 0 and lines else ""), child.stderr
