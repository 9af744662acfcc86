"""What `workbench serve` is asked for: what is refused before it starts, and a kernel's memory."""

import math
import os
import subprocess
import sys
import urllib.request

import psutil
import pytest

from tests.lab import PATIENCE, Served, notebook
from workbench import app
from workbench.serving import memory
from workbench.serving.access import Unguarded
from workbench.serving.memory import GIB

on_linux = pytest.mark.skipif(not psutil.LINUX, reason="Linux limits a process's data")


# what is refused before anything starts


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--visitors=0"], "--visitors must be at least 1; got 0."),
        (["--ready=9"], "--ready must be from 0 to --visitors (8); got 9."),
        (["--ready=-1"], "--ready must be from 0 to --visitors (8); got -1."),
        (["--idle=0"], "--idle must be at least 1 second; got 0."),
        (["--idle=nan"], "--idle must be at least 1 second; got nan."),
        (["--memory=0.5"], "--memory must be at least 1 GB; got 0.5."),
        (["--memory=nan"], "--memory must be at least 1 GB; got nan."),
        (["--files=/no/such/folder"], "--files must be a folder; got /no/such/folder."),
    ],
)
def test_options_that_cannot_be_are_refused(arguments, words, capsys):
    assert app.main(["serve", *arguments]) == 2
    assert capsys.readouterr().err == f"workbench serve: {words}\n"


def test_an_empty_password_is_refused(capsys, monkeypatch):
    monkeypatch.setattr("workbench.serving.command.getpass.getpass", lambda prompt: "")
    assert app.main(["serve", "--password"]) == 2
    assert "--password must not be empty" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--token="],
        ["--Voila.auto_token=False"],
        ["--Identity.token="],
        ["--PasswordIdentityProvider.token="],
        ["--Identity.token=", "--Voila.allow_unauthenticated_access=True"],
        [
            "--Voila.identity_provider_class=jupyter_server.auth.identity.IdentityProvider",
            "--IdentityProvider.token=",
        ],
    ],
)
def test_a_page_for_others_without_a_token_is_refused(arguments):
    command = [sys.executable, "-m", "workbench.app", "serve", "--no-browser", "--port=0"]
    done = subprocess.run(
        [*command, "--ip=0.0.0.0", *arguments], capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 2
    assert done.stderr == f"workbench serve: {Unguarded('0.0.0.0')}\n"
    assert "must ask for a token or a password" in done.stderr
    assert done.stdout == ""


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [[], ["--Voila.allow_unauthenticated_access=True"]])
def test_an_empty_token_of_the_environment_is_none(monkeypatch, arguments):
    monkeypatch.setenv("JUPYTER_TOKEN", "")
    with Served(notebook(["1"]), ["--ready=0", *arguments]) as server:
        assert len(server.token) >= 32
        own = f"{server.url}?"
        with urllib.request.urlopen(own) as answer:  # nobody's: the way to the login
            assert "/login" in answer.url


# memory


def test_there_is_as_much_memory_as_the_container_may_have_and_at_most_the_machines(tmp_path):
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
    file = tmp_path / "memory.max"
    assert memory.machine(file) == pytest.approx(machine, rel=1e-6)
    for text, expected in (("max\n", machine), (f"{GIB // 4}\n", 0.25), (f"{2**60}\n", machine)):
        file.write_text(text)
        assert memory.machine(file) == pytest.approx(expected, rel=1e-6)


@on_linux
def test_a_limit_is_lowered_but_never_raised():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        asleep = psutil.Process(process.pid)
        for most, limit in (
            (math.inf, psutil.RLIM_INFINITY),
            (1.0, GIB),
            (2.0, GIB),
            (0.5, GIB // 2),
        ):
            memory.limit(process.pid, most)
            assert asleep.rlimit(psutil.RLIMIT_DATA) == (limit, limit)
        process.communicate(b"\n")


@pytest.mark.slow
@on_linux
@pytest.mark.parametrize(
    ("arguments", "most"),
    [
        ([], memory.share(memory.machine(), 2)),
        (["--memory=1.5"], 1.5),
        (["--memory=inf"], psutil.RLIM_INFINITY / GIB),
    ],
)
def test_a_kernel_may_hold_its_share_of_the_memory_or_what_is_said(arguments, most):
    options = ["--visitors=2", "--ready=0", *arguments]
    with Served(notebook(["print('there')"]), options) as server:
        with urllib.request.urlopen(server.address) as answer:
            assert "there" in answer.read().decode()
        (pid,) = server.kernel_pids
        limit = int(most * GIB)
        assert psutil.Process(pid).rlimit(psutil.RLIMIT_DATA) == (limit, limit)


@pytest.mark.slow
@on_linux
def test_what_needs_more_than_its_memory_is_refused_in_words():
    cell = (
        "try:\n    bytearray(2**30 + 2**29)\nexcept MemoryError:\n    print('refused', 'in words')"
    )
    with Served(notebook([cell]), ["--memory=1"]) as server:
        with urllib.request.urlopen(server.address) as answer:
            assert "refused in words" in answer.read().decode()
