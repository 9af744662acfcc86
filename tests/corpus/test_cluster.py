"""On real workers: killed, stopped, lost; and then all files are there, once, bit for bit."""

import json
import multiprocessing
import os
import signal

import psutil
import pyarrow.parquet as pq
import pytest

from tests.corpus.corpora import design, digests, run_here, write_corpus
from tests.corpus.machines import dask, end, gone, running, wait_for_parts, wait_until, workers_of
from workbench import app
from workbench.corpus import cluster
from workbench.errors import ParameterError

FILES, BROKEN = 60, (5, 17, 40)
RATE = 44100  # far from the design's: resampling makes a part last


@pytest.fixture
def corpus(tmp_path):
    """Sixty files, three of them broken, and a design."""
    for path in write_corpus(tmp_path / "src", FILES, samples=4 * RATE, rate=RATE):
        if int(path.stem) in BROKEN:
            path.write_bytes(path.read_bytes()[:5000])
    design().save(tmp_path / "design.keras")
    return tmp_path


def command(given, *options):
    """`workbench extract` as a list of words."""
    chain, sources, out = given
    return ["extract", *map(str, (chain, sources, "--out", out, *options))]


def extract_here(given, monkeypatch):
    """The exit status of the command where it uses no cluster, and parts are made right here."""
    with monkeypatch.context() as patch:
        run_here(patch)
        patch.setattr(signal, "signal", lambda *_: None)
        return app.main(command(given))


def check_complete(out, wanted):
    """Every file is there once, the bytes are those, and the manifest tells of the broken ones."""
    assert digests(out) == wanted
    assert not list((out / "parts").glob(".*"))
    good = [number for number in range(FILES) if number not in BROKEN]
    assert pq.read_table(out / "parts")["recording"].to_pylist() == good
    assert [i for i, status in enumerate(statuses(out)) if status == "failed"] == list(BROKEN)
    assert statuses(out).count("ok") == len(good)


def statuses(out):
    lines = (out / "manifest.jsonl").read_text().splitlines()
    return [json.loads(line)["status"] for line in lines]


def check_ports(processes):
    """Whatever listens can be reached from this machine alone."""
    found = [port for each in processes for port in each.net_connections()]
    heard = {port.laddr.ip for port in found if port.status == psutil.CONN_LISTEN}
    assert heard == {"127.0.0.1"}


def test_what_is_killed_or_stopped_is_gone_on_with(corpus, monkeypatch, capsys):
    """A worker and the scheduler are killed, a run is stopped, and one killed; then all is done.

    Most of the time goes into processes that load TensorFlow: no more of them than this takes.
    """
    out, given = corpus / "out", (corpus / "design.keras", corpus / "src", corpus / "out")
    assert extract_here((*given[:2], corpus / "whole"), monkeypatch) == 1  # some are broken
    wanted = digests(corpus / "whole")
    capsys.readouterr()

    with dask(corpus, workers=1) as (scheduler, workers, address):
        with running(*given, "--scheduler", address) as run:
            wait_for_parts(out, 2, run)
            workers_of(workers)[0].kill()
            wait_for_parts(out, 10, run)
            scheduler.kill()
            status, _, errors = end(run)
    assert status == 1, errors
    assert "the scheduler went away. Finished parts are kept; the same command" in errors
    first = digests(out)
    assert 10 <= len(first) < FILES

    with running(*given, "--workers", 2) as run:
        wait_for_parts(out, len(first) + 2, run)
        below = workers_of(run)
        assert len(below) == 2
        check_ports([psutil.Process(run.pid), *below])
        os.killpg(run.pid, signal.SIGINT)  # Ctrl-C reaches the workers too
        status, _, errors = end(run)
    assert status == 130, errors
    assert errors.endswith("Stopped. Finished parts are kept; the same command goes on.\n")
    assert gone(below)
    assert not list((out / "parts").glob(".*"))
    second = digests(out)
    assert first.items() < second.items()
    assert statuses(out).count("pending") == FILES - len(second) > 0

    with running(*given, "--workers", 1) as run:
        wait_for_parts(out, len(second) + 2, run)
        below = workers_of(run)
    wait_until(lambda: gone(below))  # the run was killed, and its worker ends with it
    assert second.items() < digests(out).items()
    assert len(digests(out)) < FILES

    assert extract_here(given, monkeypatch) == 1
    output, errors = capsys.readouterr()
    assert f"{FILES - len(BROKEN)} of {FILES} recordings are in" in output
    assert "017.wav is truncated" in output
    assert "files/s" in errors
    check_complete(out, wanted)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--scheduler", "tcp://127.0.0.1:1"], "scheduler must be the address of a Dask scheduler"),
        (["--workers", "0"], "workers must be a whole number of at least 1; got 0"),
        (["--labels", "x"], "labels must be 'auto', None, one label for each"),
    ],
)
def test_the_command_says_what_it_refuses(tmp_path, monkeypatch, options, message, capsys):
    monkeypatch.setattr(cluster, "_PATIENCE", 1)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    write_corpus(tmp_path / "src", 1)
    design().save(tmp_path / "design.keras")
    given = tmp_path / "design.keras", tmp_path / "src", tmp_path / "out"
    assert app.main(command(given, *options)) == 2
    assert f"workbench extract: {message}" in capsys.readouterr().err


def test_a_script_that_its_own_workers_run_is_told(monkeypatch):
    monkeypatch.setattr(multiprocessing, "parent_process", lambda: "a script")
    with pytest.raises(RuntimeError, match=r"Call wb\.extract below"):
        with cluster.connected(1, None):
            pass


def test_a_cluster_without_workers_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "_PATIENCE", 1)
    with dask(tmp_path, workers=0) as (_, _, address):
        with pytest.raises(ParameterError, match="scheduler must have workers; got none at tcp"):
            with cluster.connected(None, address):
                pass
