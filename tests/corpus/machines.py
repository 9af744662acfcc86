"""Real processes for the tests of clusters: the command, a scheduler with workers, their ends."""

import contextlib
import json
import signal
import subprocess
import sys
import time

import psutil

from tests.corpus.corpora import parts

PATIENCE = 180  # seconds: TensorFlow starts in each worker
_DASK = "from distributed.cli.dask_{0} import main; main()"


def _listens():
    """As in a terminal: what a shell has started in the background is deaf to Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextlib.contextmanager
def running(design, sources, out, *options):
    """`workbench extract` in a process group of its own, as a terminal starts it."""
    command = [sys.executable, "-m", "workbench.app", "extract", design, sources, "--out", out]
    with subprocess.Popen(
        [*map(str, command), *map(str, options)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=_listens,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def end(process):
    """Status, output and errors of a process that ends by itself."""
    output, errors = process.communicate(timeout=PATIENCE)
    return process.returncode, output, errors


def workers_of(process):
    """The worker processes below a process."""
    below = psutil.Process(process.pid).children(recursive=True)
    return [each for each in below if "spawn_main" in " ".join(each.cmdline())]


def wait_for_parts(out, count, process):
    """Waits until so many parts are finished while the process runs."""
    wait_until(lambda: len(parts(out)) >= count or process.poll() is not None)
    assert process.poll() is None, process.communicate()


def wait_until(holds):
    """Waits until something holds."""
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until, "it took too long"
        time.sleep(0.005)


def gone(processes):
    """Whether all of the processes have ended."""
    return all(not each.is_running() or each.status() == "zombie" for each in processes)


@contextlib.contextmanager
def dask(folder, workers):
    """A scheduler and the nanny of some workers, in processes of their own; and its address."""
    file = folder / "scheduler.json"
    where = ["--host", "127.0.0.1", "--scheduler-file", str(file)]
    own = {
        "scheduler": ["--port", "0", "--dashboard-address", "127.0.0.1:0"],
        "worker": ["--no-dashboard", "--nthreads", "1", "--death-timeout", "60"],
    }
    own["worker"] += ["--nworkers", str(workers), "--local-directory", str(folder)]
    with contextlib.ExitStack() as stack:
        started = []
        for name, options in own.items():
            command = [sys.executable, "-c", _DASK.format(name), *where, *options]
            process = subprocess.Popen(
                command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            stack.callback(_stop, process)
            started.append(process)
            wait_until(lambda: _address(file))
        yield (*started, _address(file))


def _address(file):
    """What a scheduler has written, once it is there to the end."""
    with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
        return json.loads(file.read_text())["address"]


def _stop(process):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
