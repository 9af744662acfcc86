"""The command line: `workbench lab`, `serve`, `export`, `extract` and `doctor`.

Importing this module is light: Jupyter and TensorFlow are loaded when a command needs them.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import os
import platform
import socket
import sys
import threading
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from workbench import device
from workbench.serving import command

_CHECKOUT = Path(__file__).resolve().parent.parent
_START_NOTEBOOK = _CHECKOUT / "notebooks" / "00_start.ipynb"
_PACKAGES = ("tensorflow", "keras", "numpy", "soundfile", "matplotlib", "jupyterlab", "voila")
_WIDGETS = ("ipywidgets", "jupyterlab_widgets", "anywidget")
_EXPORT_PACKAGES = ("ai-edge-litert", "onnx", "tf2onnx", "onnxruntime", "jax", "jaxlib")
_FORMATS = ("keras", "saved_model", "litert", "onnx", "stablehlo")
_DESIGN = "a chain that was saved (.keras), or the design of a dashboard (.json)"
_REINSTALL = "run `make lab` in the source checkout, or `pip install --upgrade workbench`"


def has_display() -> bool:
    """Whether a browser window can be opened on this machine."""
    if sys.platform.startswith("linux"):
        return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return True


def free_port() -> int:
    """Find a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def lab_arguments(notebook: Path | None, port: int | None, browser: bool) -> list[str]:
    """Build JupyterLab's arguments.

    The folder it shows is the one that holds the notebook, or the current one or the source
    checkout when the notebook lies below it.
    """
    arguments = [
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.open_browser={browser}",
        "--ServerApp.jpserver_extensions=workbench.server=True",
        "--Application.log_level=WARN",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--ServerApp.allow_root=True")
    if port is not None:
        arguments.append(f"--ServerApp.port={port or free_port()}")
    root = Path.cwd()
    if notebook is not None:
        above = [folder for folder in (_CHECKOUT, root) if notebook.is_relative_to(folder)]
        root = above[0] if above else notebook.parent
        arguments.append(str(notebook))
    arguments.append(f"--ServerApp.root_dir={root}")
    return arguments


def lab(options: argparse.Namespace, extra: Sequence[str]) -> int:
    """Run JupyterLab in this process until it is stopped."""
    notebook = options.notebook
    if notebook is not None and not notebook.is_file():
        print(f"workbench lab: notebook must be a file; got {notebook}.", file=sys.stderr)
        return 2
    if notebook is None and _START_NOTEBOOK.is_file():
        notebook = _START_NOTEBOOK
    notebook = notebook.resolve() if notebook is not None else None
    browser = _wants_browser(options)
    _share_free_memory()
    threading.Thread(target=_tell_device, daemon=True).start()
    from jupyter_core.application import NoStart
    from jupyterlab.labapp import LabApp

    arguments = [*lab_arguments(notebook, options.port, browser), *extra]
    with warnings.catch_warnings(record=True):  # what its extensions find old about one another
        server = LabApp.initialize_server(argv=arguments)
    verb = "JupyterLab opens in your browser:" if browser else "Open this address in a browser:"
    text = f"{verb}\n\n    {_address(server, notebook)}\n\nControl-C stops it."
    server.identity_provider.token_generated = False  # or the server adds a longer text of its own
    server.io_loop.add_callback(print, text, flush=True)  # queued behind the opening of the port
    try:
        server.start()
    except NoStart:
        pass
    return 0


def serve(options: argparse.Namespace, extra: Sequence[str]) -> int:
    """Run the dashboards' web page in this process until it is stopped."""
    port = free_port() if options.port == 0 else options.port
    _share_free_memory()
    return command.run(options, port, _wants_browser(options), extra)


def export(options: argparse.Namespace) -> int:
    """Export a saved design; print the report, or why there is no file."""
    from workbench.design_files import layer_in
    from workbench.errors import ExportError
    from workbench.exports.export import TARGETS
    from workbench.exports.export import export as write

    design = options.design
    out = options.out or design.with_suffix(TARGETS[options.to].suffix)
    try:
        if out.exists() and out.samefile(design):
            raise ValueError(f"out must not be the design itself; got {out}.")
        print(write(layer_in(design), out, format=options.to))
    except (ExportError, OSError, TypeError, ValueError) as error:
        print(f"workbench export: {error}", file=sys.stderr)
        return 1
    return 0


def _wants_browser(options: argparse.Namespace) -> bool:
    return has_display() and not options.no_browser


def _share_free_memory() -> None:
    """A page that is loaded again leaves a thread in its kernel: it fills no pool of its own."""
    os.environ.setdefault("MALLOC_ARENA_MAX", "1")


def _tell_device() -> None:
    line, errors = device.describe_in_child()
    if not line:
        print(errors, file=sys.stderr)
        line = "TensorFlow doesn't start on this machine: see above, or run `workbench doctor`."
    print(line, flush=True)


def _address(server: Any, notebook: Path | None) -> str:
    """Where the page is, with the token that the server made up for this run if it did."""
    address = f"{server.connection_url}lab"
    if notebook is not None:
        relative = notebook.relative_to(Path(server.root_dir).resolve())
        address += f"/tree/{quote(relative.as_posix())}"
    provider = server.identity_provider
    if provider.token and provider.token_generated:
        address += f"?token={provider.token}"
    return address


class _Report:
    """Lines of findings, and whether one of them was bad."""

    def __init__(self) -> None:
        self.healthy = True

    def good(self, name: str, finding: str) -> None:
        """Print what is as it should be."""
        print(f"  ok       {name:<20} {finding}")

    def bad(self, name: str, finding: str, remedy: str) -> None:
        """Print what is missing and how to get it."""
        self.healthy = False
        print(f"  MISSING  {name:<20} {finding}\n{'':31} -> {remedy}")

    def check(self, name: str, find: Callable[[], str], remedy: str) -> None:
        """Print what `find` returns, or why it raised."""
        try:
            finding = find()
        except Exception as error:  # whatever it is, the user asked to hear of it
            self.bad(name, f"{type(error).__name__}: {error}", remedy)
        else:
            self.good(name, finding)


def _extension() -> str:
    """Tell where Jupyter's server reads that the extension is on."""
    from jupyter_core.paths import jupyter_config_path
    from jupyter_server.extension.config import ExtensionConfigManager

    importlib.import_module("workbench.server")
    manager = ExtensionConfigManager(read_config_path=jupyter_config_path())
    if manager.get_jpserver_extensions().get("workbench.server"):
        return "workbench.server is enabled"
    raise RuntimeError("workbench.server is not enabled for servers other than `workbench lab`")


def _codecs() -> str:
    """List what the sound library reads."""
    import soundfile

    formats = soundfile.available_formats()
    missing = [name for name in ("WAV", "FLAC", "OGG", "MP3") if name not in formats]
    if missing:
        raise RuntimeError(f"{soundfile.__libsndfile_version__} can't read {', '.join(missing)}")
    return f"{soundfile.__libsndfile_version__}: WAV, FLAC, OGG, MP3"


def _exports() -> str:
    """Tell which kinds of files can be written here."""
    missing = [name for name in _EXPORT_PACKAGES if not _version(name)]
    if not missing:
        return "Keras, SavedModel, LiteRT, ONNX, StableHLO"
    return f"no {', '.join(missing)}: pip install 'workbench[export]' for all kinds of files"


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _check_device(report: _Report) -> None:
    line, errors = device.describe_in_child(log_level="0")
    if not line:
        report.bad("device", f"TensorFlow doesn't start:\n{errors}", _REINSTALL)
    elif "CPU" in line and device.nvidia_present():
        report.bad("device", f"{line}\n{errors}", "pip install 'workbench[gpu]', or its driver")
    else:
        report.good("device", line)


def doctor() -> int:
    """Print versions, devices and codecs; return 1 when something needed is missing."""
    report = _Report()
    print(f"Signal Workbench {importlib.metadata.version('workbench')}")
    python = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    if (3, 11) <= sys.version_info[:2] < (3, 14):
        report.good("Python", python)
    else:
        report.bad("Python", python, "use Python 3.11, 3.12 or 3.13")
    for package in (*_PACKAGES, *_WIDGETS):
        report.check(package, partial(importlib.metadata.version, package), _REINSTALL)
    report.good("exports", _exports())
    report.check("server extension", _extension, _REINSTALL)
    report.check("audio formats", _codecs, "pip install --upgrade soundfile")
    _check_device(report)
    print("All there." if report.healthy else "Something is missing, see above.")
    return 0 if report.healthy else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="workbench", description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name, shows, program in (
        ("lab", "open JupyterLab on the start notebook", "JupyterLab"),
        ("serve", "show the dashboards as a web page, without code", "Voila"),
    ):
        page = commands.add_parser(name, help=shows, epilog=f"Further arguments go to {program}.")
        page.add_argument("notebook", nargs="?", type=Path, help="open this one instead")
        page.add_argument("--port", type=int, help="port to listen on; 0 takes any free one")
        page.add_argument("--no-browser", action="store_true", help="only print the address")
        if name == "serve":
            command.add_options(page)
    page = commands.add_parser("export", help="write a saved chain as a file for another runtime")
    page.add_argument("design", type=Path, help=_DESIGN)
    page.add_argument("--to", required=True, choices=_FORMATS, help="the kind of file")
    page.add_argument("--out", type=Path, help="the file; a folder for saved_model")
    commands.add_parser("doctor", help="versions, devices, what is missing and how to get it")
    _add_extract(commands)
    return parser


def _add_extract(commands: Any) -> None:
    extract = commands.add_parser("extract", help="run a saved design over sound files")
    extract.add_argument(
        "design", metavar="DESIGN", help="a chain that was saved, or a dashboard's design"
    )
    extract.add_argument("sources", metavar="SOURCES", nargs="+", help="files, folders, manifests")
    extract.add_argument("--out", metavar="DIR", required=True, help="where the results go")
    where = extract.add_mutually_exclusive_group()
    where.add_argument("--workers", type=int, metavar="N", help="processes of this machine")
    where.add_argument("--scheduler", metavar="ADDRESS", help="a Dask cluster that runs already")
    extract.add_argument("--channels", choices=("mix", "split"), default="mix")
    label = extract.add_mutually_exclusive_group()
    label.add_argument("--labels", metavar="PATTERN", default="auto", help="such as 'LABEL_*.wav'")
    label.add_argument("--no-labels", dest="labels", action="store_const", const=None)


def _extract(options: argparse.Namespace) -> int:
    from workbench.corpus.command import run
    from workbench.design_files import chain_in

    if options.design.endswith(".json"):
        try:
            options.design = chain_in(Path(options.design))
        except (OSError, TypeError, ValueError) as error:
            print(f"workbench extract: {error}", file=sys.stderr)
            return 2
    return run(options)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name; return the exit status."""
    parser = _parser()
    options, extra = parser.parse_known_args(arguments)
    if options.command == "lab":
        return lab(options, extra)
    if options.command == "serve":
        return serve(options, extra)
    if extra:
        parser.error(f"unrecognized arguments: {' '.join(extra)}")
    if options.command == "export":
        return export(options)
    return _extract(options) if options.command == "extract" else doctor()


if __name__ == "__main__":
    sys.exit(main())
