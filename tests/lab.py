"""JupyterLab as a user has it, driven by a program: for the browser tests and the benchmarks.

    with Lab(notebook(["import workbench as wb", "wb.explore(...)"])) as lab:
        lab.run_all()
        lab.page.wait_for_selector(".workbench-scope canvas")
        assert not lab.messages

The server is `workbench lab --no-browser` on a free port, with settings of its own in a temporary
folder: it neither reads nor writes the user's. Nothing waits for a fixed time.
"""

import itertools
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import nbformat
import psutil
from playwright.sync_api import ConsoleMessage, sync_playwright

from tests.browser import launch

# Keeps what the first scope of a page says of each frame that it draws, in `window.drawn`.
DRAWN = """() => {
    window.drawn = [];
    document.querySelector('.workbench-scope').addEventListener(
        'workbench:drawn', event => window.drawn.push(event.detail));
}"""
PATIENCE = 120.0  # seconds that a slow machine may take for one step
_SETTINGS = {
    "apputils-extension/notification": {
        "checkForUpdates": False,
        "doNotDisturbMode": True,
        "fetchNews": "false",
    },
    "docmanager-extension/plugin": {"autosave": False},
}
_ADDRESS = re.compile(r"(?P<url>http://127\.0\.0\.1:\d+/)(lab[^\s?]*)?(\?token=(?P<token>\w+))?\s")
_counter = itertools.count()
_FOLDER = tempfile.TemporaryDirectory(prefix="workbench-")  # until the tests end


def notebook(cells: Sequence[str], folder: Path | None = None) -> Path:
    """Write a notebook of code cells into the folder, or into a new temporary one."""
    document = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    folder = folder or Path(tempfile.mkdtemp(dir=_FOLDER.name))
    path = folder / f"notebook{next(_counter)}.ipynb"
    nbformat.write(document, path)
    return path


def _command_of(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:  # it has ended meanwhile
        return []


class Server:
    """A running `workbench lab`: `url`, `token`, `pid`; `root` is the folder that it shows."""

    subcommand = "lab"

    def __init__(self, start: Path | None = None, arguments: Sequence[str] = ()):
        self._stack = ExitStack()
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="workbench-lab-"))
        self._folder = Path(folder)
        self.start = (start or notebook([], self._folder)).resolve()
        self._arguments = list(arguments)

    def __enter__(self) -> Self:
        with self._stack:  # undoes what is done so far, should the rest fail
            self._start_process()
            self._stack.callback(self._stop_process)
            address = self._wait_for_address()
            self.url, self.token = address["url"], address["token"] or ""
            path = (address[2] or "").partition("/tree/")[2]
            self.root = self.start.parents[path.count("/")]
            self._stack = self._stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def output(self) -> str:
        """What the server has printed so far."""
        return (self._folder / "output.txt").read_text()

    @property
    def kernel_pids(self) -> list[int]:
        """The process ids of the running kernels."""
        children = psutil.Process(self.pid).children(recursive=True)
        return [p.pid for p in children if "ipykernel_launcher" in _command_of(p)]

    def _start_process(self) -> None:
        self._write_settings()
        command = [
            sys.executable,
            "-m",
            "workbench.app",
            self.subcommand,
            "--no-browser",
            "--port=0",
        ]
        with (self._folder / "output.txt").open("w") as output:
            self._process = subprocess.Popen(
                [*command, str(self.start), *self._arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._environment(),
                cwd=self._folder,
            )
        self.pid = self._process.pid

    def _wait_for_address(self) -> re.Match[str]:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self._process.poll() is None:
            if address := _ADDRESS.search(self.output):
                return address
            time.sleep(0.02)
        raise RuntimeError(f"workbench {self.subcommand} did not start:\n{self.output}")

    def _stop_process(self) -> None:
        """Stop the server, and what it started if that outlives it, by their own process ids."""
        try:
            started = psutil.Process(self.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            started = []
        self._process.terminate()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for process in psutil.wait_procs(started, timeout=5)[1]:
            process.kill()

    def _environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "JPY_"))}
        own = {f"JUPYTER_{n}_DIR": str(self._folder / n) for n in ("CONFIG", "DATA", "RUNTIME")}
        own |= {f"JUPYTERLAB_{n}_DIR": str(self._folder / n) for n in ("SETTINGS", "WORKSPACES")}
        return {**kept, **own, "IPYTHONDIR": str(self._folder / "ipython")}

    def _write_settings(self) -> None:
        for plugin, settings in _SETTINGS.items():
            path = self._folder / "SETTINGS" / "@jupyterlab" / f"{plugin}.jupyterlab-settings"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(settings))


class Served(Server):
    """A running `workbench serve` of a notebook; each page has a kernel of its own."""

    subcommand = "serve"

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"{self.url}?token={self.token}"

    def process_of(self, kernel: str) -> psutil.Process:
        """The process of a kernel that runs, by the kernel's identity."""
        for pid in self.kernel_pids:
            if any(kernel in word for word in _command_of(psutil.Process(pid))):
                return psutil.Process(pid)
        raise LookupError(kernel)

    def interrupt(self) -> int:
        """Stop it as Control-C does; return the exit status."""
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(PATIENCE)


class Lab(Server):
    """JupyterLab in a browser; `page` is Playwright's, `messages` what its console complains of.

    Args:
        start: The notebook that is open at first; an empty one if not given.
        size: Width and height of the page.
        scale: Device pixels per CSS pixel.
        arguments: Further arguments of `workbench lab`.
        flags: Further arguments of the browser.
    """

    def __init__(
        self,
        start: Path | None = None,
        *,
        size: tuple[int, int] = (1400, 1000),
        scale: float = 1.0,
        arguments: Sequence[str] = (),
        flags: Sequence[str] = (),
    ):
        super().__init__(start, ["--expose-app-in-browser", *arguments])
        self._view = {
            "viewport": {"width": size[0], "height": size[1]},
            "device_scale_factor": scale,
        }
        self._flags = list(flags)
        self.messages: list[str] = []

    def __enter__(self) -> Self:
        super().__enter__()
        with self._stack:
            playwright = self._stack.enter_context(sync_playwright())
            self.browser = launch(playwright, args=self._flags)
            self._stack.callback(self.browser.close)
            self.page = self.browser.new_page(**self._view)
            self.page.set_default_timeout(PATIENCE * 1000)
            self.page.on("console", self._hear)
            self.page.on("pageerror", lambda error: self.messages.append(f"pageerror: {error}"))
            self.open(self.start)
            self._stack = self._stack.pop_all()
        return self

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.messages.append(f"{message.type}: {message.text} ({message.location['url']})")

    def open(self, path: Path) -> None:
        """Open a notebook below `root` in a fresh workspace, and wait for its kernel."""
        name = path.resolve().relative_to(self.root).as_posix()
        self.page.goto(f"{self.url}lab/tree/{name}?token={self.token}&reset")
        self.page.wait_for_function(
            """path => {
                const widget = window.jupyterapp?.shell.currentWidget;
                const kernel = widget?.context?.sessionContext?.session?.kernel;
                return widget?.context?.path === path && kernel?.status === "idle"
                    && kernel.connectionStatus === "connected";
            }""",
            arg=name,
        )
        self.page.evaluate("() => window.jupyterapp.shell.collapseLeft()")

    def command(self, name: str) -> object:
        """Execute a command of JupyterLab and wait until it is done."""
        return self.page.evaluate("name => window.jupyterapp.commands.execute(name)", name)

    def run_all(self, *, allow_errors: bool = False) -> None:
        """Run all cells to the end; a cell that raises is an error here unless allowed."""
        self.page.evaluate(
            """() => {
                window.workbenchRun = "running";
                window.jupyterapp.commands.execute("notebook:run-all-cells").finally(
                    () => { window.workbenchRun = "done"; });
            }"""
        )
        self.page.wait_for_function("() => window.workbenchRun === 'done'")
        self.wait_for_idle()
        outputs = [output for cell in self.cells() for output in cell.get("outputs", ())]
        errors = [o for o in outputs if o["output_type"] == "error"]
        if errors and not allow_errors:
            raise AssertionError("\n".join(errors[0]["traceback"]))

    def run_cell(self, number: int) -> None:
        """Run one cell, the first being 0, to its end; an error in it is an error here."""
        self.page.evaluate(
            """async number => {
                const { content } = window.jupyterapp.shell.currentWidget;
                content.activeCellIndex = number;
                await window.jupyterapp.commands.execute("notebook:run-cell");
            }""",
            number,
        )
        for output in self.cells()[number]["outputs"]:
            if output["output_type"] == "error":
                raise AssertionError("\n".join(output["traceback"]))

    def choose_theme(self, name: str) -> None:
        """Switch to a theme of JupyterLab, such as "JupyterLab Dark"."""
        self.page.evaluate(
            "theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })",
            name,
        )
        self.settle()

    def settle(self) -> None:
        """Wait until the kernel has nothing to do and what it has sent is drawn, all of it."""
        self.wait_for_idle()
        self.page.wait_for_function("() => !document.querySelector('.workbench-scope [aria-busy]')")
        self.wait_for_idle()
        self.page.evaluate(
            "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    def wait_for_idle(self) -> None:
        """Wait until the kernel of the open notebook has nothing to do and has heard all.

        After a connection that broke that may be never: what was lost on the way is not heard.
        """
        self.page.wait_for_function(
            """() => {
                const { kernel } = window.jupyterapp.shell.currentWidget.context
                    .sessionContext.session;
                const done = ({ _status }) => _status & 4; // JupyterLab's own mark
                return kernel.status === "idle" && [...kernel._futures.values()].every(done);
            }"""
        )

    def metrics(self) -> dict[str, float]:
        """What the page holds after its garbage has been collected, by the browser's own names."""
        session = self.page.context.new_cdp_session(self.page)
        session.send("Performance.enable")
        session.send("HeapProfiler.collectGarbage")
        metrics = session.send("Performance.getMetrics")["metrics"]
        session.detach()
        return {metric["name"]: metric["value"] for metric in metrics}

    def cells(self) -> list[dict]:
        """The cells of the open notebook with their outputs, as the page has them now."""
        return self.page.evaluate(
            "() => window.jupyterapp.shell.currentWidget.content.model.toJSON().cells"
        )

    def screenshot(self, path: Path) -> None:
        """Save a picture of the whole page."""
        self.page.screenshot(path=path)
