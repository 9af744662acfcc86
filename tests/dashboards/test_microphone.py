"""Recording: in a real browser with a false microphone, and what the kernel makes of it."""

import numpy as np
import pytest
from playwright.sync_api import sync_playwright

import workbench as wb
from tests.browser import launch
from workbench.dashboards.controls.microphone import Microphone

FLAGS = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = launch(playwright, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser, address):
    page = browser.new_page()
    complaints = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{address}microphone.html")
    page.wait_for_function("window.sent")
    yield page
    assert complaints == []
    page.close()


def button(page, name):
    return page.get_by_role("button", name=name)


def recording(page):
    """The samples that the page has sent, and their rate."""
    page.wait_for_function(
        "window.sent.length && window.sent.length === window.sent[0].content.parts"
    )
    numbers = page.evaluate(
        "window.sent.flatMap(({ buffers: [part] }) => [...new Float32Array(part)])"
    )
    return np.array(numbers), page.evaluate("window.sent[0].content.rate")


@pytest.mark.browser
def test_nothing_is_asked_for_before_the_click(page):
    page.evaluate("""() => {
        const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        window.asked = [];
        navigator.mediaDevices.getUserMedia = (what) => {
            window.asked.push(what);
            return ask(what);
        };
    }""")
    page.wait_for_timeout(100)
    assert page.evaluate("window.asked") == []
    button(page, "Record").click()
    button(page, "Stop").wait_for()
    [asked] = page.evaluate("window.asked")
    assert asked["audio"]["noiseSuppression"] is False
    assert "video" not in asked


@pytest.mark.browser
def test_it_records_until_stop_and_shows_the_time(page):
    button(page, "Record").click()
    button(page, "Stop").wait_for()
    page.wait_for_function("parseFloat(document.querySelector('[role=timer]').textContent) >= 1.2")
    assert page.get_by_role("timer").text_content().endswith(" of 60 s")
    button(page, "Stop").click()
    samples, rate = recording(page)
    assert rate in (44100, 48000)
    assert 1.15 * rate <= len(samples) <= 3 * rate  # the timer rounds to a tenth
    assert 0.05 < np.abs(samples).max() <= 1.0  # the beep of the false device, one each second
    button(page, "Record").wait_for()
    assert page.get_by_role("timer").text_content() == ""


@pytest.mark.browser
def test_it_ends_after_a_minute_and_sends_it_in_parts(page):
    # a minute of samples at once, as the worklet would deliver them
    page.evaluate("""() => {
        const Node = AudioWorkletNode;
        window.AudioWorkletNode = class extends Node {
            constructor(...given) { super(...given); window.tape = this; }
        };
    }""")
    button(page, "Record").click()
    button(page, "Stop").wait_for()
    page.evaluate(
        "() => window.tape.port.onmessage({ data: new Float32Array(61 * 48000).fill(0.25) })"
    )
    button(page, "Record").wait_for()
    sizes = page.evaluate("window.sent.map(({ buffers: [part] }) => part.byteLength / 4)")
    rate = page.evaluate("window.sent[0].content.rate")
    assert sum(sizes) == 60 * rate
    assert max(sizes) <= 2**20
    assert page.evaluate("window.sent[0].content.parts") == len(sizes) >= 3


@pytest.mark.browser
@pytest.mark.parametrize(
    ("error", "text"),
    [
        ("NotAllowedError", "does not allow the microphone"),
        ("NotFoundError", "There is no microphone"),
        ("NotReadableError", "in use by another program"),
        ("TypeError", "The recording failed: because"),
    ],
)
def test_a_refusal_is_said_and_one_can_try_again(page, error, text):
    page.evaluate(
        """name => {
            const refuse = async () => { throw new DOMException("because", name); };
            navigator.mediaDevices.getUserMedia = refuse;
        }""",
        error,
    )
    button(page, "Record").click()
    page.get_by_role("alert").filter(has_text=text).wait_for()
    page.evaluate("delete navigator.mediaDevices.getUserMedia")
    button(page, "Record").click()
    button(page, "Stop").wait_for()
    assert page.get_by_role("alert").text_content() == ""


@pytest.mark.browser
def test_a_page_that_cannot_record_says_so(page):
    page.evaluate("Object.defineProperty(navigator, 'mediaDevices', { value: undefined })")
    button(page, "Record").click()
    page.get_by_role("alert").filter(has_text="only to pages from https").wait_for()


@pytest.mark.browser
def test_the_microphone_is_let_go(page):
    page.evaluate("""() => {
        const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = async (what) => (window.stream = await ask(what));
    }""")
    live = "window.stream.getTracks().some((track) => track.readyState === 'live')"
    for end in ("document.querySelector('button').click()", "window.dispose()"):
        button(page, "Record").click()
        button(page, "Stop").wait_for()
        assert page.evaluate(live)
        page.evaluate(end)
        assert not page.evaluate(live)


# -------------------------------------------------------------------------------- the kernel


def receive(microphone, samples, parts=1, **content):
    for part in np.array_split(samples.astype("<f4"), parts):
        message = {"kind": "recording", "id": 1, "parts": parts, "rate": 48000} | content
        microphone._handle_custom_msg(message, [memoryview(part.tobytes())])


def test_parts_become_one_clip():
    microphone = Microphone()
    clips = []
    microphone.on_recording(clips.append)
    samples = np.linspace(-0.5, 0.5, 1000)
    receive(microphone, samples, parts=3)
    receive(microphone, samples[:10], rate=44100)
    first, second = clips
    np.testing.assert_array_equal(first.signal, samples.astype(np.float32)[np.newaxis])
    assert (first.name, first.sample_rate, second.sample_rate) == ("recording", 48000, 44100)
    assert microphone._parts == {}
    microphone.close()


def test_recordings_of_two_pages_do_not_mix():
    microphone = Microphone()
    clips = []
    microphone.on_recording(clips.append)
    for part in (b"\0\0\0?", b"\0\0\0\0"):
        for page in (1, 2):
            content = {"kind": "recording", "id": page, "parts": 2, "rate": 8000}
            microphone._handle_custom_msg(content, [memoryview(part)])
    assert [clip.signal.tolist() for clip in clips] == [[[0.5, 0.0]]] * 2
    microphone.close()


def test_a_recording_becomes_the_source():
    dashboard = wb.explore("saturate")
    samples = 0.5 * np.sin(np.arange(9600) / 10)
    receive(dashboard.panel.choices.microphone, samples)
    source = dashboard.controller.source
    assert (source.name, source.sample_rate) == ("recording", 48000)
    np.testing.assert_array_equal(source.clip.signal[0], samples.astype(np.float32))
    assert dashboard.panel.choices.source.label == "recording"


def test_a_recording_that_does_not_fit_is_said_and_the_source_stays():
    dashboard = wb.explore("spectrogram")
    before = dashboard.controller.source
    receive(dashboard.panel.choices.microphone, np.array([np.nan, 0.0]))
    assert "finite" in dashboard.panel.choices.error
    assert dashboard.controller.source is before
