"""Restarts, reloads, closed tabs, two pages and errors: no broken view, nothing lost or unsaid."""

import pytest

from tests.lab import PATIENCE, Lab, notebook

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CELLS = [
    "import workbench as wb",
    "layers = [wb.layers.Saturate(drive_db=6.0), wb.layers.LogMelSpectrogram()]\n"
    'dashboard = wb.explore(layers, "speech")\n'
    "dashboard",
]
LISTEN = """() => {
    window.drawn = [];
    document.addEventListener(
        "workbench:drawn", ({ detail }) => window.drawn.push(detail), { capture: true });
}"""
PIXELS = "() => document.querySelector('.workbench-data').toDataURL()"
RECONNECTS = "Connection lost, reconnecting"  # JupyterLab's own words while a kernel restarts
RESTORE = "Restore the settings from before"


@pytest.fixture
def lab():
    with Lab(notebook(CELLS)) as lab:
        lab.page.add_init_script(f"({LISTEN})()")
        begin(lab)
        yield lab
        said = [text for text in lab.messages if RECONNECTS not in text]
        assert said == []


def begin(lab):
    """Run all cells and wait for the picture."""
    lab.page.evaluate(LISTEN)
    lab.run_all()
    wait_for_picture(lab.page)


def wait_for_picture(page):
    page.wait_for_function("() => window.drawn.length")


def drive(page):
    return page.get_by_role("slider", name="drive (dB)")


def move(page, key="PageUp"):
    """Move the slider; return the value that is drawn then."""
    before = page.evaluate("() => window.drawn.at(-1).values['0.drive_db']")
    drive(page).press(key)
    return shown(page, f"value !== {before}")


def shown(page, test):
    """Wait until the last frame's drive passes a JavaScript test; return it."""
    last = "window.drawn.at(-1).values['0.drive_db']"
    page.wait_for_function(f"() => (value => {test})({last})")
    return page.evaluate(f"() => {last}")


def open_another(lab):
    """The same notebook in another page, drawn by the same kernel."""
    lab.command("docmanager:save")
    page = lab.browser.new_page(viewport={"width": 1400, "height": 1000})
    page.set_default_timeout(PATIENCE * 1000)
    page.add_init_script(f"({LISTEN})()")
    page.goto(f"{lab.url}lab/workspaces/other/tree/{lab.start.name}?token={lab.token}")
    page.wait_for_selector(".workbench-scope canvas")
    wait_for_picture(page)
    return page


def restart(lab):
    lab.wait_for_idle()  # what a picture is followed by, the settings, has been sent
    lab.page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.context.sessionContext.restartKernel()"
    )
    lab.wait_for_idle()


def reload(lab):
    """Load the page again, with the notebook's kernel alive."""
    lab.command("docmanager:save")
    lab.page.goto(lab.page.url.partition("?")[0] + "?reset")
    lab.page.wait_for_function(
        "() => window.jupyterapp?.shell.currentWidget?.context?.sessionContext?.session?.kernel"
    )


def test_after_a_restart_the_view_says_so_and_the_next_one_offers_the_settings(lab):
    page = lab.page
    moved = move(page)
    restart(lab)
    page.get_by_text("The kernel has ended: run the cell again.").wait_for()
    assert page.evaluate("() => document.querySelector('.workbench-controls').inert")
    begin(lab)
    assert shown(page, "true") == 6.0
    assert page.get_by_text("The kernel has ended").count() == 0
    page.get_by_role("button", name=RESTORE).click()
    assert shown(page, f"value === {moved}") == moved
    page.get_by_role("button", name=RESTORE).wait_for(state="hidden")
    assert float(page.locator(".workbench-number input").first.input_value()) == moved
    move(page, "PageDown")  # all is alive


def test_settings_that_nobody_wants_back_are_replaced_by_the_next_change(lab):
    move(lab.page)
    restart(lab)
    begin(lab)
    offer = lab.page.get_by_role("button", name=RESTORE)
    offer.wait_for()
    changed = move(lab.page, "PageDown")
    offer.wait_for(state="hidden")
    restart(lab)
    begin(lab)
    offer.click()
    shown(lab.page, f"value === {changed}")


def test_a_reloaded_page_shows_the_settings_of_now(lab):
    moved = move(lab.page)
    reload(lab)
    lab.page.wait_for_selector(".workbench-scope canvas")
    wait_for_picture(lab.page)
    assert shown(lab.page, "true") == moved
    assert lab.page.get_by_role("button", name=RESTORE).is_hidden()
    assert move(lab.page) > moved


def test_a_tab_that_was_closed_can_be_opened_again(lab):
    moved = move(lab.page)
    lab.command("docmanager:save")
    lab.page.goto("about:blank")
    lab.page.close()
    lab.command = lambda _: None  # saved already, and there is no page to ask
    second = open_another(lab)
    assert shown(second, "true") == moved
    assert move(second) > moved


def test_two_pages_on_one_kernel_move_together(lab):
    first, second = lab.page, open_another(lab)
    one = move(first)
    shown(second, f"value === {one}")
    other = move(second)
    shown(first, f"value === {other}")
    newest = second.evaluate("() => window.drawn.at(-1).id")
    before = first.evaluate(PIXELS)
    second.get_by_role("button", name="Zoom in").click()  # they show the same range of time
    first.wait_for_function(
        f"([id, before]) => window.drawn.at(-1).id > id && ({PIXELS})() !== before",
        arg=[newest, before],
    )
    # Nothing is going on any more: pages that asked in turn for their own view would go on.
    lab.wait_for_idle()
    count = first.evaluate("() => window.drawn.length")
    first.wait_for_timeout(1000)
    assert first.evaluate("() => window.drawn.length") <= count + 1


@pytest.mark.timed
def test_a_hidden_page_does_not_hold_up_the_other(lab):
    first, second = lab.page, open_another(lab)
    second.evaluate("() => { window.requestAnimationFrame = () => 1; }")  # as in a hidden tab
    drawn = second.evaluate("() => window.drawn.length")
    begun = first.evaluate("() => performance.now()")
    for _ in range(8):
        move(first)
    elapsed = first.evaluate("() => performance.now()") - begun
    assert second.evaluate("() => window.drawn.length") <= drawn + 1
    # Were frames to wait for the hidden page, every other one took a second.
    assert elapsed < 4000


def test_errors_of_every_callback_are_shown(lab):
    page = lab.page
    for target, act in (
        ("dashboard.controller.look", lambda: page.get_by_role("button", name="Zoom in").click()),
        ("dashboard.controller.sound", lambda: page.get_by_role("button", name="Play").click()),
        ("dashboard.panel.follow", lambda: drive(page).press("PageUp")),
    ):
        owner, _, name = target.rpartition(".")
        run_cell(
            lab,
            f"def broken(*_, **__): raise ArithmeticError('{name} is broken')\n"
            f"{owner}.{name} = broken",
        )
        act()
        page.get_by_role("status").filter(has_text=f"{name} is broken").wait_for()
        run_cell(lab, f"del {owner}.{name}")


def test_an_error_in_a_worker_thread_is_shown(lab):
    run_cell(
        lab,
        "import threading\n"
        "def broken(*_): raise ArithmeticError('the frame is broken')\n"
        "frame = type(dashboard.controller.frame)\n"
        "encode, frame.encode = frame.encode, broken\n"
        "dashboard.scope._flow._alarm(0.01)\n"
        "dashboard.scope._flow._waiting = True",
    )
    lab.page.get_by_role("status").filter(has_text="the frame is broken").wait_for()
    run_cell(lab, "frame.encode = encode")
    move(lab.page)
    lab.page.get_by_text("the frame is broken").wait_for(state="hidden")


SLOW = """
from workbench.stopping import may_stop
def slow(*arguments):
    for _ in range(1200):
        time.sleep(0.05)
        may_stop()
import time
real, dashboard.controller._compute = dashboard.controller._compute, slow
"""


def test_what_takes_long_is_stopped_while_the_kernel_computes(lab):
    page = lab.page
    before = drive(page).get_attribute("aria-valuenow")
    run_cell(lab, SLOW)
    drive(page).press("PageUp")
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("status").filter(has_text="Stopped: nothing has changed.").wait_for()
    page.locator(".workbench-job").wait_for(state="hidden")
    assert drive(page).get_attribute("aria-valuenow") == before
    run_cell(lab, "dashboard.controller._compute = real")
    assert move(page) > 6.0
    assert page.get_by_text("Stopped: nothing has changed.").count() == 0


def run_cell(lab, code):
    """Run code in the notebook's kernel, but in no cell of it."""
    status = lab.page.evaluate(
        """async code => {
            const { kernel } = window.jupyterapp.shell.currentWidget.context.sessionContext.session;
            return (await kernel.requestExecute({ code }).done).content.status;
        }""",
        code,
    )
    assert status == "ok"


# A network that is gone: neither side hears of the other, and only later that it does not.
BREAK = """() => {
    const { kernel } = window.jupyterapp.shell.currentWidget.context.sessionContext.session;
    window.broken = kernel._ws;
    Object.assign(window.broken, { send: () => {}, onmessage: () => {} });
}"""
NOTICE = "() => window.broken.close()"


@pytest.mark.parametrize("moves", [1, 4])
def test_a_control_that_moves_while_the_connection_is_gone_agrees_with_its_picture(lab, moves):
    page = lab.page
    before = move(page)
    page.evaluate(BREAK)
    for _ in range(moves):
        drive(page).press("ArrowRight")
    page.evaluate("() => { window.drawn.length = 0; }")
    page.evaluate(NOTICE)
    wait_for_picture(page)
    page.wait_for_timeout(2500)  # what else would come
    now = shown(page, "true")
    if moves > 1:  # what has been sent is lost, what was to be sent is not
        assert now > before
    place = drive(page).get_attribute("aria-valuenow")
    drive(page).press("ArrowRight")
    shown(page, f"value > {now}")
    drive(page).press("ArrowLeft")
    shown(page, f"value === {now}")
    assert drive(page).get_attribute("aria-valuenow") == place


def test_a_second_page_follows_what_was_moved_while_its_connection_was_gone(lab):
    page = lab.page
    other = open_another(lab)
    page.evaluate(BREAK)
    drive(page).press("ArrowRight")  # nobody hears of it
    value = move(other)
    page.evaluate(NOTICE)
    assert shown(page, f"value === {value}") == value
    place = drive(other).get_attribute("aria-valuenow")
    page.wait_for_function(
        "place => [...document.querySelectorAll('.workbench-controls [role=slider]')]"
        ".some((handle) => handle.getAttribute('aria-valuenow') === place)",
        arg=place,
    )
    other.close()
