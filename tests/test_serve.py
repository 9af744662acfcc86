"""The web page of `workbench serve`: live, without code, for one person on one machine."""

import json
import signal
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from benchmarks.comm import TARGET_P95, served, served_round_trips
from benchmarks.kernel_socket import KernelSocket
from benchmarks.report import percentiles
from tests.lab import PATIENCE, Served, notebook
from workbench import app
from workbench.serving import command
from workbench.serving.command import default_notebook
from workbench.serving.pages import Pages

CELLS = [
    "import workbench as wb\n"
    'wb.explore([wb.layers.Saturate(drive_db=6.0), wb.layers.LogMelSpectrogram()], "speech")'
]
PIXELS = "() => document.querySelector('.workbench-data').toDataURL()"
DRAWN = """() => {
    document.addEventListener("workbench:drawn", ({ detail }) => {
        window.drawn = detail.values["0.drive_db"];
    });
}"""
# What Voila's parts and the widgets' ask for of each other; nothing here can change it.
VERSIONS = ("of shared singleton module", "of shared module")


@pytest.fixture(scope="module")
def server():
    with Served(notebook(CELLS)) as server:
        yield server


class Visit:
    """A page of the server in the browser: what it complains of, and what it fetches elsewhere."""

    def __init__(self, browser, server, query="", **options):
        self.context = browser.new_context(viewport={"width": 1400, "height": 1000}, **options)
        self.page = self.context.new_page()
        self.messages, self.foreign = [], []
        self.page.set_default_timeout(PATIENCE * 1000)
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.messages.append(str(error)))
        self.page.on("request", lambda request: self._see(request.url, server.url))
        self.page.goto(server.address + query, wait_until="commit")

    def _hear(self, message):
        if message.type in ("error", "warning") and not any(v in message.text for v in VERSIONS):
            self.messages.append(message.text)

    def _see(self, url, own):
        if not url.startswith((own, "data:", "blob:")):
            self.foreign.append(url)

    def wait_for_picture(self):
        self.page.wait_for_selector(".workbench-figure[aria-label*='Hz']")

    def colour(self, selector):
        return self.page.evaluate(
            "selector => getComputedStyle(document.querySelector(selector)).backgroundColor",
            selector,
        )


@pytest.fixture
def visit(browser, server):
    visits = []

    def begin(query="", **options):
        visits.append(Visit(browser, server, query, **options))
        return visits[-1]

    yield begin
    for each in visits:
        assert each.messages == []
        assert each.foreign == []
        each.page.close(run_before_unload=True)
        each.context.close()


def test_a_missing_notebook_is_refused(capsys, tmp_path):
    assert app.main(["serve", str(tmp_path / "none.ipynb")]) == 2
    assert "workbench serve: notebook must be a file; got" in capsys.readouterr().err


def test_there_is_a_page_without_naming_one():
    assert default_notebook().name == "gallery.ipynb"


@pytest.mark.parametrize("made_up", [True, False])
def test_the_address_tells_no_token_but_the_one_that_was_made_up(made_up):
    provider = SimpleNamespace(token="secret", token_generated=made_up)
    pages = SimpleNamespace(identity_provider=provider, ip="127.0.0.1", _url="http://{}:1/".format)
    expected = "http://127.0.0.1:1/" + ("?token=secret" if made_up else "")
    assert Pages.address.fget(pages) == expected


@pytest.mark.parametrize("browser", [True, False])
def test_a_browser_is_sent_to_the_page_by_a_file_that_only_its_owner_reads(
    browser, monkeypatch, capsys
):
    opened, handlers = [], []

    def seen(address):  # the command's arguments show this to everybody: no token
        path = Path(address.removeprefix("file://"))
        opened.append((address, path, path.stat().st_mode & 0o777, path.read_text()))

    monkeypatch.setattr(command.webbrowser, "open", seen)
    monkeypatch.setattr(command.signal, "signal", lambda *given: handlers.append(given))
    pages = SimpleNamespace(
        address='http://127.0.0.1:1/?token=secret&a="b"', _handle_signal_stop=print
    )
    with ExitStack() as stack:
        command._tell(pages, browser, stack)
        assert all(path.exists() for _, path, _, _ in opened)
    assert handlers == [(signal.SIGINT, print)]
    printed = capsys.readouterr().out
    assert pages.address in printed
    assert ("opens in your browser" in printed) is browser
    assert len(opened) == browser
    for address, path, mode, text in opened:
        assert "secret" not in address
        assert mode == 0o600
        assert "url=http://127.0.0.1:1/?token=secret&amp;a=&quot;b&quot;" in text
        assert not path.exists()


@pytest.mark.slow
@pytest.mark.browser
def test_a_slider_changes_the_picture(visit):
    visitor = visit()
    page = visitor.page
    visitor.wait_for_picture()
    page.evaluate(DRAWN)
    before = page.evaluate(PIXELS)
    page.get_by_role("slider", name="drive (dB)").press("PageUp")
    page.wait_for_function("() => window.drawn > 6")
    assert page.evaluate(PIXELS) != before
    assert page.locator(".jp-InputArea").count() == 0  # no code
    assert not page.locator(".jp-RenderedImage").first.is_visible()  # the live picture covers it


@pytest.mark.slow
@pytest.mark.browser
def test_a_slider_and_its_picture_agree_after_the_connection_was_gone(visit):
    visitor = visit()
    page = visitor.page
    visitor.wait_for_picture()
    page.evaluate(DRAWN)
    slider = page.get_by_role("slider", name="drive (dB)")
    slider.press("PageUp")
    page.wait_for_function("() => window.drawn > 6")
    page.evaluate("""() => {
        window.broken = window.jupyterapp.widgetManager.kernel._ws;
        Object.assign(window.broken, { send: () => {}, onmessage: () => {} });
    }""")
    for _ in range(4):
        slider.press("ArrowRight")
    before = page.evaluate("() => window.drawn")
    page.evaluate("() => window.broken.close()")
    page.wait_for_function("before => window.drawn > before", arg=before)
    page.wait_for_timeout(2500)  # what else would come
    now, place = page.evaluate("() => window.drawn"), slider.get_attribute("aria-valuenow")
    slider.press("ArrowRight")
    page.wait_for_function("now => window.drawn > now", arg=now)
    slider.press("ArrowLeft")
    page.wait_for_function("now => window.drawn === now", arg=now)
    assert slider.get_attribute("aria-valuenow") == place
    gone = "Connection lost", "WebSocket is already in CLOSING"  # as JupyterLab and the browser say
    visitor.messages[:] = [m for m in visitor.messages if not any(word in m for word in gone)]


@pytest.mark.slow
@pytest.mark.browser
def test_the_page_says_what_it_waits_for_and_then_no_more(visit):
    visitor = visit("&theme=dark")  # no kernel was prepared for this theme
    visitor.page.get_by_role("status").get_by_text("Starting TensorFlow").wait_for()
    visitor.wait_for_picture()
    assert visitor.page.locator("#loading").count() == 0


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize(("theme", "dark"), [("light", False), ("dark", True)])
def test_page_and_plot_follow_the_theme_whatever_the_system_prefers(visit, theme, dark):
    visitor = visit(f"&theme={theme}", color_scheme="light" if dark else "dark")
    visitor.wait_for_picture()
    for selector in ("#rendered_cells", ".workbench-scope"):
        red = int(visitor.colour(selector).partition("(")[2].partition(",")[0])
        assert (red < 64) is dark


@pytest.mark.slow
@pytest.mark.browser
def test_nothing_is_cut_off_on_a_narrow_screen(visit):
    visitor = visit()
    visitor.wait_for_picture()
    visitor.page.set_viewport_size({"width": 480, "height": 900})
    visitor.page.wait_for_function(
        """() => {
            const wide = [...document.querySelectorAll(
                "#rendered_cells, .workbench-dashboard, .workbench-controls, .workbench-scope")];
            return wide.every((e) => e.scrollWidth <= e.clientWidth + 1
                && e.getBoundingClientRect().right <= innerWidth);
        }"""
    )


@pytest.mark.slow
@pytest.mark.browser
def test_a_closed_page_ends_its_kernel(browser, server):
    before = set(server.kernel_pids)
    visitor = Visit(browser, server)
    visitor.wait_for_picture()
    begun = set(server.kernel_pids) | before
    visitor.page.close(run_before_unload=True)
    end = time.monotonic() + PATIENCE
    while begun <= set(server.kernel_pids):
        assert time.monotonic() < end, "every kernel still runs"
        time.sleep(0.05)
    visitor.context.close()


@pytest.mark.slow
@pytest.mark.browser
def test_a_crash_is_told_once_and_the_page_begins_anew(visit, server):
    visitor = visit()
    visitor.wait_for_picture()
    page = visitor.page
    identity = page.evaluate("() => window.jupyterapp.widgetManager.kernel.id")
    server.process_of(identity).kill()
    alert = page.get_by_role("alert")
    alert.get_by_text("This page has stopped").wait_for()
    page.wait_for_function("() => document.querySelector('.workbench-controls').inert")
    assert page.locator(".workbench-status").text_content() == ""  # the alert has said it
    alert.get_by_role("button").click()
    alert.wait_for(state="hidden")
    visitor.wait_for_picture()


@pytest.mark.slow
def test_only_this_machine_and_only_with_the_token(server):
    listening = {
        connection.laddr.ip
        for connection in psutil.Process(server.pid).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}
    for query in ("", "?token=wrong"):
        with urllib.request.urlopen(server.url + query) as answer:
            assert "/login" in answer.url
        with pytest.raises(urllib.error.HTTPError, match="403") as refused:
            urllib.request.urlopen(f"{server.url}api/kernels/{'0' * 8}-0-0-0-{'0' * 12}{query}")
        refused.value.close()


@pytest.mark.slow
@pytest.mark.timed
def test_round_trip_and_no_code_from_the_page(tmp_path):
    # The median is held to the p95 target, as in test_server.py.
    with served() as server:
        median, _ = percentiles(served_round_trips(server, 60))
        with urllib.request.urlopen(server.address) as answer:
            page = answer.read().decode()
        config = page.partition('id="jupyter-config-data"')[2].partition(">")[2]
        identity = json.loads(config.partition("</script>")[0])["kernelId"]
        with KernelSocket(server.url, server.token, identity) as kernel:
            code = f"open({str(tmp_path / 'done')!r}, 'w')"
            kernel.send("execute_request", {"code": code, "silent": False})
            kernel.send("kernel_info_request", {})
            kernel.receive(lambda m: m["msg_type"] == "kernel_info_reply")
        output = server.output
    assert median <= TARGET_P95
    assert not (tmp_path / "done").exists()
    assert "Traceback" not in output


@pytest.mark.slow
def test_control_c_stops_it_and_its_kernels():
    with Served(notebook(["1 + 1"])) as server:
        end = time.monotonic() + PATIENCE
        while not (kernels := server.kernel_pids):  # the one that is kept ready
            assert time.monotonic() < end
            time.sleep(0.02)
        assert server.interrupt() == 0
        assert not any(psutil.pid_exists(pid) for pid in kernels)
        assert server.output.count("token=") == 1
