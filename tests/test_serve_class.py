"""`workbench serve` for a class: places come to an end and come back, and a crash is one's own."""

import json
import math
import os
import signal
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import NamedTuple

import psutil
import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.lab import PATIENCE, Served, notebook
from workbench.serving.command import PASSWORD
from workbench.serving.pages import settings
from workbench.serving.places import Places

LIGHT = """
import ipywidgets as widgets

slider = widgets.IntSlider(description="level")
label = widgets.Label("level 0").add_class("shown")
slider.observe(lambda change: setattr(label, "value", f"level {change.new}"), "value")
widgets.VBox([slider, label])
"""  # a page that lives, without TensorFlow's seconds and hundreds of megabytes


def until(what, why):
    """Wait until something is so."""
    end = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < end, why
        time.sleep(0.05)


class Refused(NamedTuple):
    """The answer where there is no page."""

    status: int
    retry_after: str | None
    words: str


def ask(server, query=""):
    """Ask for a page without a browser: its kernel's identity, or what is answered instead."""
    try:
        with urllib.request.urlopen(server.address + query, timeout=PATIENCE) as answer:
            text = answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return Refused(error.code, error.headers["Retry-After"], error.read().decode())
    config = text.partition('id="jupyter-config-data"')[2].partition(">")[2]
    if not config:  # its kernel has ended while the page was made
        return Refused(answer.status, None, text)
    return json.loads(config.partition("</script>")[0])["kernelId"]


def leave(server, identity):
    """Do as a page's script does when the page is closed."""
    request = urllib.request.Request(
        f"{server.url}voila/api/shutdown/{identity}?token={server.token}", method="POST"
    )
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        assert answer.status == 204


def is_full(answer):
    return isinstance(answer, Refused) and answer.status == 503


# places


@pytest.mark.slow
def test_places_are_taken_and_come_back():
    with Served(notebook([LIGHT]), ["--visitors=2", "--ready=2"]) as server:
        until(lambda: len(server.kernel_pids) == 2, "two are ready")
        first = ask(server)
        second = ask(server, "&theme=dark")  # none of those that are ready suits this one
        assert len(server.kernel_pids) <= 2
        full = ask(server)
        assert is_full(full)
        assert int(full.retry_after) > 0
        assert "All 2 places are taken." in full.words
        assert "try again" in full.words
        assert sorted(server.kernel_pids) == sorted(
            server.process_of(each).pid for each in (first, second)
        )

        leave(server, first)
        third = ask(server)
        assert is_full(ask(server))
        server.process_of(third).kill()  # a place comes back, whatever the kernel ended by
        found = []
        until(lambda: not is_full(found.append(ask(server)) or found[-1]), "the place is free")
        leave(server, found[-1])
        leave(server, second)
        until(lambda: len(server.kernel_pids) == 2, "two are ready again")
        for pid in server.kernel_pids:  # what was to be ready may crash as well
            psutil.Process(pid).kill()
        until(
            lambda: (
                isinstance(found.append(ask(server)) or found[-1], str)
                and server.process_of(found[-1]).is_running()
            ),
            "a page gets a kernel that runs",
        )


@pytest.mark.slow
def test_of_those_who_come_at_once_only_as_many_get_a_place_as_there_are():
    with Served(notebook([LIGHT]), ["--visitors=2", "--ready=0"]) as server:
        with ThreadPoolExecutor(4) as threads:
            answers = list(threads.map(ask, [server] * 4))
        assert sum(map(is_full, answers)) == 2
        assert len(server.kernel_pids) == 2


@pytest.mark.slow
def test_a_page_waits_a_moment_for_one_that_leaves():
    with Served(notebook([LIGHT]), ["--visitors=1"]) as server, ThreadPoolExecutor(1) as thread:
        first = ask(server)
        waiting = thread.submit(ask, server)
        time.sleep(0.5)
        assert not waiting.done()
        leave(server, first)
        assert not is_full(waiting.result())


def test_a_kernel_that_was_ready_for_long_does_not_count_as_unused(monkeypatch):
    loop = SimpleNamespace(call_later=lambda *_: None)
    monkeypatch.setattr("workbench.serving.places.IOLoop.current", lambda: loop)
    kernel = SimpleNamespace(last_activity=datetime(2000, 1, 1, tzinfo=UTC))
    places = SimpleNamespace(pages=set(), arrival=90.0, _expect=print)
    places.get_kernel = {"ready": kernel}.get
    before = datetime.now(UTC)
    Places._seat(places, "ready")
    assert places.pages == {"ready"}
    assert before <= kernel.last_activity <= datetime.now(UTC)


@pytest.fixture
def places(monkeypatch):
    """Places as `workbench serve` sets them: one kernel has a page, and one is ready."""
    made = Places.__new__(Places)
    kernels = {name: SimpleNamespace(
        execution_state="idle", kernel_name="python3", last_activity=datetime.now(UTC),
        kernel_spec=SimpleNamespace(metadata={})) for name in ("page", "ready")}  # fmt: skip
    shut = []

    async def shutdown_kernel(kernel_id):
        shut.append(kernel_id)

    task = SimpleNamespace(done=lambda: True, result=lambda: {"kernel_id": "ready"})
    for name, value in {
        "pages": {"page"}, "_kernels": kernels, "_pools": {"": [task]}, "shut": shut,
        "_kernel_connections": {"page": 1}, "shutdown_kernel": shutdown_kernel,
    }.items():  # fmt: skip
        monkeypatch.setattr(made, name, value, raising=False)
    return made


@pytest.mark.parametrize(
    ("kernel_id", "connections", "unused", "state", "idle", "ended"),
    [
        ("page", 1, 3500, "idle", 3600.0, False),
        ("page", 1, 3700, "idle", 3600.0, True),
        ("page", 1, 3700, "busy", 3600.0, False),
        ("page", 1, 1e6, "idle", math.inf, False),
        ("page", 1, 0, "dead", 3600.0, True),
        ("page", 0, 800, "idle", 3600.0, False),
        ("page", 0, 1000, "idle", 3600.0, True),
        ("page", 0, 1000, "idle", math.inf, True),
        ("page", 0, 100, "idle", 60.0, True),
        ("ready", 0, 1e6, "idle", 60.0, False),
    ],
)
def test_a_kernel_ends_that_a_page_has_and_nobody_uses(
    places, kernel_id, connections, unused, state, idle, ended
):
    for name, value in settings(idle=idle).Places.items():
        setattr(places, name, value)
    kernel = places._kernels[kernel_id]
    kernel.last_activity -= timedelta(seconds=unused)
    kernel.execution_state = state
    places._kernel_connections[kernel_id] = connections
    with pytest.raises(StopIteration):  # nothing is waited for; a browser's loop may run already
        places.cull_kernel_if_idle(kernel_id).send(None)
    assert places.shut == [kernel_id] * ended


def test_a_page_out_of_reach_is_waited_for_from_then_on(places):
    places._kernels["page"].last_activity = datetime(2000, 1, 1, tzinfo=UTC)
    before = datetime.now(UTC)
    places.notify_disconnect("page")
    assert before <= places._kernels["page"].last_activity <= datetime.now(UTC)
    places.notify_disconnect("gone")


@pytest.mark.slow
@pytest.mark.browser
def test_who_never_comes_loses_the_place_and_who_came_keeps_it(visit):
    with Served(notebook([LIGHT]), ["--visitors=2", "--Places.arrival=10"]) as server:
        page = visit(server)
        move(page)
        absent = ask(server)
        until(lambda: not is_full(ask(server)), "the place is free")
        with pytest.raises(LookupError):
            server.process_of(absent)
        assert move(page) == 2


# in a browser


@pytest.fixture
def visit(browser):
    """Opens pages of a server, each as a person of their own."""
    contexts = []

    def begin(server, query=""):
        contexts.append(browser.new_context(viewport={"width": 1000, "height": 700}))
        page = contexts[-1].new_page()
        page.set_default_timeout(1000 * PATIENCE)
        page.goto(server.address + query, wait_until="commit")
        return page

    yield begin
    for context in contexts:
        context.close()


def move(page):
    """Move the slider; the kernel's word of it is on the page."""
    handle = page.get_by_role("slider")
    handle.wait_for()
    level = int(float(handle.get_attribute("aria-valuenow"))) + 1
    handle.press("ArrowRight")
    page.locator(".shown").get_by_text(f"level {level}").wait_for()
    return level


def identity_of(page):
    return page.evaluate("() => window.jupyterapp.widgetManager.kernel.id")


def complaints(page):
    """What is hard to read, or has no name, on a page."""
    return [found["id"] for found in Axe().run(page).response["violations"]]


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_crash_is_told_on_its_page_and_touches_no_other(visit, theme):
    with Served(notebook([LIGHT]), [f"--theme={theme}", "--visitors=2"]) as server:
        mine, other = visit(server), visit(server)
        assert move(mine) == move(other) == 1
        assert identity_of(mine) != identity_of(other)
        os.kill(server.process_of(identity_of(mine)).pid, signal.SIGKILL)
        alert = mine.get_by_role("alert")
        alert.get_by_text("This page has stopped").wait_for()
        assert mine.locator("main[inert]").count() == 1
        assert not {"color-contrast", "button-name", "empty-heading"} & set(complaints(mine))

        assert move(other) == 2
        assert other.get_by_role("alert").count() == 0

        alert.get_by_role("button", name="Start anew").press("Enter")
        alert.wait_for(state="hidden")
        assert move(mine) == 1
        assert move(other) == 3


@pytest.mark.slow
@pytest.mark.browser
def test_the_full_class_is_a_page_of_words_and_then_one_with_a_place(visit):
    with Served(notebook([LIGHT]), ["--visitors=1"]) as server:
        for theme in ("light", "dark"):
            first = visit(server)
            move(first)
            late = visit(server, f"&theme={theme}")
            late.get_by_role("heading", name="The class is full").wait_for()
            late.get_by_text("The only place is taken.").wait_for()
            assert complaints(late) == []
            first.reload()  # leaves its place, and takes it again
            assert move(first) == 1
            first.close(run_before_unload=True)
            again = late.get_by_role("link", name="Try again")
            while again.count():
                again.press("Enter")
                late.wait_for_load_state()
            assert move(late) == 1
            late.close(run_before_unload=True)


@pytest.mark.slow
@pytest.mark.browser
def test_a_page_that_nobody_uses_gives_its_place_away_and_says_so(visit):
    with Served(notebook([LIGHT]), ["--visitors=1", "--idle=4"]) as server:
        page = visit(server)
        move(page)
        end = time.monotonic() + 2 * 4
        while time.monotonic() < end:  # as long as somebody uses it, it stays
            time.sleep(0.5)
            move(page)
        page.get_by_role("alert").get_by_text("This page has been closed").wait_for()
        until(lambda: not is_full(ask(server)), "the place is free")


@pytest.mark.slow
@pytest.mark.browser
def test_a_connection_lasts(visit):
    with Served(notebook([LIGHT])) as server:
        page = visit(server)
        move(page)
        page.evaluate("""() => {
            window.statuses = [];
            const { kernel } = window.jupyterapp.widgetManager;
            kernel.connectionStatusChanged.connect((_, status) => window.statuses.push(status));
        }""")
        page.wait_for_timeout(32_000)  # the server has asked by then whether the page is there
        assert page.evaluate("window.statuses") == []
        assert "ping" not in server.output


@pytest.mark.slow
@pytest.mark.browser
def test_a_server_out_of_reach_is_told_until_it_is_back(visit):
    with Served(notebook([LIGHT])) as server:
        page = visit(server)
        move(page)
        os.kill(server.pid, signal.SIGSTOP)  # it neither answers nor refuses
        try:
            page.evaluate("() => { window.jupyterapp.widgetManager.kernel.reconnect(); }")
            page.get_by_role("alert").get_by_text("The server cannot be reached").wait_for()
        finally:
            os.kill(server.pid, signal.SIGCONT)
        page.get_by_role("alert").wait_for(state="hidden")
        move(page)


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_password_is_asked_for_and_no_kernel_inherits_it(visit, monkeypatch, theme):
    monkeypatch.setenv(PASSWORD, "open sesame")
    cell = f"import os\nprint('inherited:', {PASSWORD!r} in os.environ)"
    with Served(notebook([cell]), [f"--theme={theme}"]) as server:
        assert "token" not in server.output
        page = visit(server)
        field = page.get_by_label("Password")
        field.wait_for()
        assert complaints(page) == []
        field.fill("open")
        field.press("Enter")
        page.get_by_role("alert").get_by_text("That was not the password").wait_for()
        assert complaints(page) == []
        field.fill("open sesame")
        page.get_by_role("button", name="Log in").press("Enter")
        page.get_by_text("inherited: False").wait_for()
