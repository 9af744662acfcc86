"""What buttons say of what they have done, and names of controls, in a real browser."""

import pytest

pytestmark = pytest.mark.browser

ICON = "name => document.querySelector(`[data-action=${name}] svg`).innerHTML"


def icons(page):
    return [page.page.evaluate(ICON, name) for name in ("save", "copy")]


def test_a_button_that_has_done_its_work_looks_as_before_soon(page):
    """Also where another one is pressed meanwhile."""
    page.receive({"kind": "actions", "enabled": ["save", "copy"]})
    before = icons(page)
    head = {"kind": "file", "name": "a.json", "type": "application/json", "action": "save"}
    page.receive({**head, "to": ""}, [b"{}"])
    assert icons(page)[0] != before[0]
    page.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.receive({"kind": "copy", "text": "wb", "to": ""})
    page.page.get_by_text("Code copied").wait_for()
    assert icons(page)[0] == before[0]
    assert icons(page)[1] != before[1]
    page.page.get_by_text("Code copied").wait_for(state="detached")
    assert icons(page) == before


def test_a_control_that_comes_gets_its_name_while_something_plays(page):
    """The player writes its position with every picture."""
    page.page.evaluate(
        """() => {
            const label = document.querySelector(".workbench-position");
            const write = () => { label.textContent = performance.now(); };
            setInterval(write, 10);
            const track = document.querySelector(".noUi-target");
            const handle = track.firstElementChild.cloneNode();
            handle.removeAttribute("aria-label");
            track.parentElement.append(Object.assign(document.createElement("div"),
                { className: "noUi-target", id: "new" }));
            document.querySelector("#new").append(handle);
        }"""
    )
    page.page.locator("#new [aria-label='Frame length']").wait_for(state="attached", timeout=5000)
