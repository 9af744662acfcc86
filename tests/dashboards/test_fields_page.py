"""What fields say of what is typed into them, in JupyterLab, in a real browser."""

import pytest

from tests.lab import Lab, notebook

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CELLS = ['import workbench as wb\nwb.explore("delay", (wb.clip("speech").signal[:, :9000], 16000))']


@pytest.fixture(scope="module")
def lab():
    with Lab(notebook(CELLS)) as lab:
        lab.run_all()
        lab.page.wait_for_selector(".workbench-number input[aria-label='delay (samples)']")
        lab.page.set_default_timeout(20000)
        yield lab
        assert lab.messages == []


@pytest.fixture
def field(lab):
    """The field of the delay, 3.3 before and after."""
    found = lab.page.locator("input[aria-label='delay (samples)']").first
    yield found
    enter(lab, found, "3.3")
    assert (alerts(lab), invalid(found)) == ([], None)


def enter(lab, field, text):
    """Typed over what stands there, and Enter."""
    field.click()
    lab.page.keyboard.press("Control+A")
    lab.page.keyboard.type(text)
    lab.page.keyboard.press("Enter")
    lab.settle()


def alert(lab):
    return lab.page.locator(".workbench-control [role=alert]")


def alerts(lab):
    return alert(lab).all_inner_texts()


def invalid(field):
    return field.get_attribute("aria-invalid")


@pytest.mark.parametrize(("typed", "got"), [("abc", "; got abc"), ("2,5", "; got ,"), ("1e", "")])
def test_what_is_no_number_is_refused_in_words_until_there_is_one(lab, field, typed, got):
    enter(lab, field, typed)
    assert alerts(lab) == [
        f"delay (samples) must be a number, such as 2.5{got}. It stays as it was."
    ]
    assert (field.input_value(), invalid(field)) == ("3.3", "true")
    box, said = field.bounding_box(), alert(lab).bounding_box()
    assert 0 < said["y"] - box["y"] < 60
    enter(lab, field, "4.5")
    assert (alerts(lab), invalid(field), field.input_value()) == ([], None, "4.5")


def test_what_is_pasted_is_taken_whole_or_refused(lab, field):
    refusal = "delay (samples) must be a number, such as 2.5; got 2,5. It stays as it was."
    for text, taken, said, kept in [("2,5", "", [refusal], "3.3"), (" 4.5 ", "4.5", [], "4.5")]:
        field.click()
        lab.page.keyboard.press("Control+A")
        lab.page.keyboard.press("Delete")
        # as the clipboard does it, which a browser without a person keeps closed
        lab.page.keyboard.insert_text(text)
        lab.settle()
        assert field.input_value() == taken
        lab.page.keyboard.press("Enter")
        lab.settle()
        assert (field.input_value(), alerts(lab)) == (kept, said)


def test_what_the_slider_is_moved_to_answers_it_too(lab, field):
    enter(lab, field, "x")
    assert len(alerts(lab)) == 1
    lab.page.get_by_role("slider", name="delay (samples)", exact=True).press("ArrowRight")
    alert(lab).wait_for(state="detached")
    assert invalid(field) is None


def test_what_the_kernel_refuses_is_marked_as_well(lab, field):
    enter(lab, field, "-3")
    lab.page.wait_for_function("e => e.ariaInvalid === 'true'", arg=field.element_handle())
    assert "delay must be" in alerts(lab)[0]
    enter(lab, field, "3")
    lab.page.wait_for_function("e => e.ariaInvalid === null", arg=field.element_handle())


def test_the_upload_is_called_by_its_words(lab):
    assert lab.page.get_by_role("button", name="Upload a sound file", exact=True).count() == 1
