"""The Export panel in a real browser; the test is the kernel."""

TARGETS = [["keras", "Keras file (.keras)", "Python"], ["onnx", "ONNX (.onnx)", "servers"]]
STATE = {"targets": TARGETS, "going": None, "title": "", "rows": [], "problem": "", "old": False}


def told(page, **changed):
    page.receive({"kind": "export", **STATE, **changed})


def opened(page):
    """The panel, open, with its buttons at work."""
    page.receive({"kind": "actions", "enabled": ["export", "stop_export"]})
    told(page)
    page.page.get_by_role("button", name="Export").click()
    return page.page.get_by_role("region", name="Export")


def asked(page):
    return [(each["name"], each.get("form")) for each in page.sent("action")]


def focused(page, locator):
    return locator.evaluate("each => each === document.activeElement")


def test_the_button_opens_the_panel_and_escape_closes_it(page):
    panel = opened(page)
    choice = panel.get_by_label("Export as")
    assert focused(page, choice)
    said = ["Keras file (.keras): Python", "ONNX (.onnx): servers"]
    assert choice.locator("option").all_text_contents() == said
    choice.press("Escape")
    assert not panel.is_visible()
    button = page.page.get_by_role("button", name="Export")
    assert button.get_attribute("aria-expanded") == "false"
    assert focused(page, button)
    button.press("Enter")
    assert button.first.get_attribute("aria-expanded") == "true"


def test_one_file_is_asked_for_at_a_time_and_can_be_stopped(page):
    panel = opened(page)
    panel.get_by_label("Export as").select_option("onnx")
    button = panel.get_by_role("button", name="Export")
    button.press("Enter")
    told(page, going="Writing ONNX")
    assert button.get_attribute("aria-disabled") == "true"
    button.press("Enter")
    assert asked(page) == [("export", "onnx")]
    stop = panel.get_by_role("button", name="Stop")
    stop.wait_for()
    assert panel.get_by_text("Writing ONNX").is_visible()
    stop.press("Enter")
    assert asked(page)[1:] == [("stop_export", None)]
    assert panel.get_by_text("Stopping").is_visible()
    told(page)
    stop.wait_for(state="hidden")
    assert focused(page, button)  # it does not get lost with the button


def test_the_report_and_what_has_changed_since(page):
    panel = opened(page)
    told(page, title="ONNX: a.onnx", rows=[["error", "-120 dB"], ["ops", "<b>Conv</b> 1"]])
    assert panel.get_by_role("table", name="ONNX: a.onnx").is_visible()
    assert panel.get_by_role("rowheader").all_text_contents() == ["error", "ops"]
    assert panel.get_by_role("cell").all_text_contents() == ["-120 dB", "<b>Conv</b> 1"]
    assert panel.get_by_role("status").text_content() == ""
    told(page, title="ONNX: a.onnx", rows=[["error", "-120 dB"]], old=True)
    assert panel.get_by_role("status").text_content() == "Something has changed since."
    told(page, problem="export: no")
    assert panel.get_by_role("alert").text_content() == "export: no"
    assert panel.get_by_role("table").count() == 0
    assert panel.get_by_role("status").text_content() == ""


def test_nothing_is_pushed_out_of_a_narrow_page(open_page):
    page = open_page(viewport={"width": 360, "height": 900})
    panel = opened(page)
    told(page, going="Comparing, signal 5")
    panel.get_by_role("button", name="Stop").wait_for()
    told(
        page, going="Comparing, signal 5", title="ONNX", rows=[["ops", "Conv_2_Transposed, " * 20]]
    )
    wide = "each => [each.scrollWidth, each.clientWidth]"
    inner, outer = panel.evaluate(wide)
    assert inner <= outer
