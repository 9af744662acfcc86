"""The scope's page half in a real browser; the test plays the kernel."""

import base64

import numpy as np
import pytest

from tests.dashboards import frames
from tests.dashboards.page import LEFT, RIGHT, TITLE
from workbench.dashboards.frames import Frame
from workbench.dashboards.panels import ImagePanel, WavePanel

pytestmark = pytest.mark.browser


def test_hello_says_how_many_pixels_there_are(page):
    [hello] = page.sent("hello")
    assert hello["columns"] == 900 - 16 - LEFT - RIGHT
    assert (hello["first"], hello["last"], hello["ratio"]) == (None, None, 1)


def test_a_frame_is_drawn_acknowledged_and_announced(page):
    before = page.pixels("data")
    page.show(frames.frame(750))
    after = page.pixels("data")
    assert after.shape != before.shape or (after != before).any()
    assert [message["id"] for message in page.sent("drawn")] == [1]
    [detail] = page.page.evaluate("window.drawn")
    assert detail["values"] == {"level": 0.9, "phase": 0.0}
    assert detail["time"] > 0
    page.show(frames.frame(750, phase=1.0))
    assert (page.pixels("data") != after).any()


def test_only_the_newest_of_many_frames_is_drawn(page):
    heads = [frame.encode() for frame in (frames.frame(100), frames.frame(100, phase=1.0))]
    page.page.evaluate(
        """(heads) => {
            for (let id = 1; id <= 30; id++) {
                const [content, texts] = heads[id % 2];
                window.scopes.first.model.receive({ kind: "frame", id, ...content }, texts);
            }
        }""",
        [[head, [base64.b64encode(part).decode() for part in parts]] for head, parts in heads],
    )
    page.settle()
    assert [message["id"] for message in page.sent("drawn")] == [30]


@pytest.mark.parametrize("ratio", [1, 2])
def test_an_image_shows_its_bytes_at_the_right_place(open_page, ratio):
    page = open_page(device_scale_factor=ratio)
    data = np.zeros((4, 5), np.uint8)
    data[3, 0] = 255  # the highest row, the first column
    panel = ImagePanel(
        "", "level", "dB", -100, 0, 0, 0.2, data, "frequency", "Hz", np.arange(4.0), height=100
    )
    page.show(Frame((panel,), (0, 1), (0, 1)))
    pixels = page.pixels("data")
    assert pixels.shape[1] == (900 - 16) * ratio
    bright = np.argwhere(pixels[..., 0] > 200) / ratio
    width = 900 - 16 - LEFT - RIGHT
    np.testing.assert_allclose(bright.min(0), [TITLE, LEFT], atol=1)
    np.testing.assert_allclose(bright.max(0), [TITLE + 25, LEFT + width / 5], atol=1)


def test_a_constant_wave_is_a_thin_line_at_its_value(page):
    data = np.full((1, 750, 2), 0.5, np.float32)
    panel = WavePanel("", "amplitude", "", -1, 1, 0, 1 / 750, data, height=100)
    page.show(Frame((panel,), (0, 1), (0, 1)))
    rows = np.argwhere(page.pixels("data")[..., 3] > 100)[:, 0]
    assert abs(rows.mean() - (TITLE + 25)) <= 1
    assert np.ptp(rows) <= 2


@pytest.mark.parametrize("columns", [37, 750, 900, 5000])
def test_translucent_envelopes_have_no_stripes(page, columns):
    data = np.broadcast_to(np.float32([-0.5, 0.5]), (2, columns, 2))
    panel = WavePanel("", "amplitude", "", -1, 1, 0, 1 / columns, data, height=100)
    page.show(Frame((panel,), (0, 1), (0, 1)))
    alpha = page.pixels("data")[TITLE + 30 : TITLE + 70, LEFT : 900 - 16 - RIGHT, 3]
    assert alpha.min() > 200
    assert np.ptp(alpha) <= 2


def test_the_readout_tells_the_values_under_the_pointer(page):
    page.show(frames.frame(750))
    panel = frames.frame(750).panels[1]
    width = 900 - 16 - LEFT - RIGHT
    column, row = 300, 100
    top = TITLE + 110 + 8 + TITLE
    page.move(LEFT + width * (column + 0.5) / 1000, top + 190 * (1 - (row + 0.5) / 257))
    level = -100 + 100 * int(panel.data[row, column]) / 255
    text = page.readout.replace("−", "-")
    assert text == f"3.00 s · {panel.y_values[row] / 1000:.3f} kHz · {level:.1f} dB"
    page.move(LEFT + width / 2, TITLE + 20)
    low, high = frames.frame(750).panels[0].data[0, 375]
    assert f"amplitude {low:.3f} … {high:.3f} |" in page.readout.replace("−", "-")
    page.move(10, 10)
    assert page.readout == ""


@pytest.mark.parametrize(
    ("colormap", "unit", "bytes_", "said"),
    [
        ("magma", "dB", (0, 255), ("≤ −80.0 dB", "0.0 dB")),
        ("diverging", "", (0, 255), ("≤ −80.0", "≥ 0.0")),
        ("cyclic", "rad", (0, 255), ("−80.0 rad", "0.0 rad")),
    ],
)
def test_what_is_beyond_the_colours_is_not_read_as_their_last(page, colormap, unit, bytes_, said):
    data = np.array([bytes_], np.uint8)
    panel = ImagePanel(
        "Two", "level", unit, -80, 0, 0, 0.5, data, "y", "", np.arange(1.0), colormap=colormap
    )
    page.show(Frame((panel,), (0, 1), (0, 1)))
    width = 900 - 16 - LEFT - RIGHT
    for part, text in zip((0.25, 0.75), said, strict=True):
        page.move(LEFT + part * width, TITLE + 50)
        assert page.readout.endswith(f"· {text}")


def test_single_samples_are_read_one_by_one(page):
    page.show(frames.frame(750))
    page.move(LEFT + 313, 60)
    page.page.keyboard.down("Control")
    for _ in range(70):
        page.page.mouse.wheel(0, -120)
    page.page.keyboard.up("Control")
    view = page.last_view()
    assert view["last"] - view["first"] < 1e-3
    page.show(frames.samples(view["first"] - 5 / frames.RATE))
    view = page.last_view()
    assert view["last"] - view["first"] == pytest.approx(4 / frames.RATE, rel=1e-6)
    page.move(LEFT + 313, 60)
    time, *_ = page.readout.split(" ms")
    index = round(float(time) / 1000 * frames.RATE)
    value = frames.chirp()[0, index]
    assert f"amplitude {value:.3f} |" in page.readout.replace("−", "-")


def test_views_are_asked_one_at_a_time_and_the_newest_wins(page):
    page.show(frames.frame(750))
    page.last_view()
    before = len(page.sent("view"))
    page.page.locator("#first .workbench-figure").focus()
    for _ in range(5):
        page.page.keyboard.press("+")
    assert len(page.sent("view")) == before + 1
    view = page.last_view()
    assert len(page.sent("view")) == before + 2
    assert view["last"] - view["first"] == pytest.approx(10 / 2**5)


def test_the_keyboard_zooms_pans_and_resets(page):
    page.show(frames.frame(750))
    page.page.locator("#first .workbench-figure").focus()
    press = page.page.keyboard.press
    press("+")
    view = page.last_view()
    assert (view["first"], view["last"]) == (2.5, 7.5)
    press("ArrowRight")
    view = page.last_view()
    assert (view["first"], view["last"]) == (3.0, 8.0)
    for _ in range(9):
        press("ArrowLeft")
    view = page.last_view()
    assert (view["first"], view["last"]) == (0.0, 5.0)
    press("-")
    view = page.last_view()
    assert (view["first"], view["last"]) == (None, None)
    press("+")
    press("Home")
    view = page.last_view()
    assert (view["first"], view["last"]) == (None, None)


def test_buttons_drag_and_double_click(page):
    page.show(frames.frame(750))
    page.page.get_by_role("button", name="Zoom in").click()
    assert page.last_view()["first"] == 2.5
    page.page.get_by_role("button", name="Zoom out").click()
    assert page.last_view()["first"] is None
    width = 900 - 16 - LEFT - RIGHT
    page.move(LEFT + width * 0.2, 60)
    page.page.mouse.down()
    page.move(LEFT + width * 0.4, 200)
    assert page.pixels("overlay")[..., 3].astype(bool).sum() > 10_000  # the selection
    page.page.mouse.up()
    view = page.last_view()
    assert (view["first"], view["last"]) == pytest.approx((2.0, 4.0), abs=0.02)
    page.page.locator("#first .workbench-figure").dblclick(position={"x": 300, "y": 60})
    assert page.last_view()["first"] is None


def test_the_plain_wheel_scrolls_the_page_and_a_sideways_one_pans(page):
    page.page.set_viewport_size({"width": 900, "height": 400})
    page.show(frames.frame(750))
    page.page.locator("#first .workbench-figure").focus()
    page.page.keyboard.press("+")
    first = page.last_view()["first"]
    page.move(400, 60)
    page.page.mouse.wheel(75, 0)
    page.settle()
    assert page.last_view()["first"] == pytest.approx(first + 5 * 75 / 750)
    page.page.mouse.wheel(0, 100)
    page.page.wait_for_function("window.scrollY > 0")
    assert page.last_view()["first"] == pytest.approx(first + 5 * 75 / 750)


def test_zooming_draws_at_once_with_the_data_that_there_are(page):
    page.show(frames.frame(750))
    before = page.pixels("data")
    page.page.locator("#first .workbench-figure").focus()
    page.page.keyboard.press("+")
    page.settle()
    assert (page.pixels("data") != before).mean() > 0.05


def test_a_longer_signal_is_shown_whole(page):
    page.show(frames.frame(750))
    page.show(frames.frame(750, time=20.0))
    page.move(LEFT + 375, 60)
    assert page.readout.startswith("10.00 s")
    assert page.last_view()["first"] is None


def play(page):
    page.page.get_by_role("button", name="Play", exact=True).click()


def test_sound_is_fetched_once_and_the_playhead_moves(page):
    page.show(frames.frame(750, time=2.0))
    assert page.sent("audio") == []
    play(page)
    assert len(page.sent("audio")) == 1
    page.receive({"kind": "audio", "name": "tone"}, [frames.tone()])
    time = "document.querySelector('.workbench-audio').currentTime"
    page.page.wait_for_function(f"{time} > 0.2")
    early = page.pixels("overlay")
    page.page.wait_for_function(f"{time} > 0.6")
    late = page.pixels("overlay")
    place = [np.flatnonzero(image[TITLE + 5, :, 3]).mean() for image in (early, late)]
    assert place[1] - place[0] > 0.2 / 2.0 * 750
    page.page.get_by_role("button", name="Pause").click()
    assert page.page.evaluate("document.querySelector('.workbench-audio').paused")
    play(page)
    assert len(page.sent("audio")) == 1


def test_a_click_seeks_space_plays_and_loop_toggles(page):
    page.show(frames.frame(750, time=2.0))
    page.page.locator("#first .workbench-figure").click(position={"x": LEFT + 375, "y": 60})
    position = page.page.locator("#first .workbench-position")
    assert position.text_content() == "1.00 / 2.00 s"
    page.page.keyboard.press("Space")
    page.receive({"kind": "audio", "name": "tone"}, [frames.tone()])
    page.page.wait_for_function("document.querySelector('.workbench-audio').currentTime > 1.05")
    loop = page.page.get_by_role("button", name="Loop")
    loop.click()
    assert loop.get_attribute("aria-pressed") == "true"
    assert page.page.evaluate("document.querySelector('.workbench-audio').loop")


def test_stale_sound_is_replaced_at_its_position_while_it_plays(page):
    page.show(frames.frame(750, time=2.0))
    play(page)
    page.receive({"kind": "audio", "name": "tone"}, [frames.tone()])
    audio = "document.querySelector('.workbench-audio')"
    page.page.wait_for_function(f"{audio}.currentTime > 0.3")
    url = page.page.evaluate(f"{audio}.src")
    for _ in range(5):
        page.receive({"kind": "stale"})
    page.page.wait_for_function(
        "window.scopes.first.model.sent.filter(({ kind }) => kind === 'audio').length > 1"
    )
    assert len(page.sent("audio")) == 2
    page.receive({"kind": "audio", "name": "tone"}, [frames.tone()])
    page.page.wait_for_function(f"{audio}.currentTime > 0.35 && !{audio}.paused")
    page.page.wait_for_function(f"url => {audio}.src !== url", arg=url)
    revoked = "url => fetch(url).then(() => false, () => true)"
    assert page.page.evaluate(revoked, url)
    assert page.messages  # the browser tells that it could not fetch
    page.messages.clear()


def test_the_theme_is_followed(page):
    page.page.evaluate("document.body.dataset.theme = 'light'")
    page.show(frames.frame(750))
    light = page.pixels("axes")
    page.page.evaluate("document.body.dataset.theme = 'dark'")
    page.settle()
    dark = page.pixels("axes")
    inside = (TITLE + 3, LEFT + 3)
    assert light[inside][:3].min() > 200
    assert dark[inside][:3].max() < 60
    page.page.evaluate("delete document.body.dataset.theme")
    page.settle()
    assert page.pixels("axes")[inside][:3].min() > 200
    page.page.emulate_media(color_scheme="dark")
    page.settle()
    assert page.pixels("axes")[inside][:3].max() < 60


def test_a_new_width_is_drawn_and_reported(page):
    page.show(frames.frame(750))
    page.last_view()
    page.page.set_viewport_size({"width": 436, "height": 900})
    page.page.wait_for_function("document.querySelector('.workbench-data').width === 420")
    view = page.last_view()
    assert view["columns"] == 420 - LEFT - RIGHT
    assert page.page.evaluate("document.documentElement.scrollWidth") <= 436


@pytest.mark.parametrize("width", [420, 700, 1600])
def test_nothing_is_cut_at_the_edges(open_page, width):
    page = open_page(viewport={"width": width + 16, "height": 900})
    page.show(frames.frame(600))
    axes = page.pixels("axes")[..., 3]
    assert axes.shape[1] == width
    for edge in (axes[:2], axes[-2:], axes[:, :2], axes[:, -2:]):
        assert not edge.any()


def test_names_for_assistive_technology(page):
    page.show(frames.frame(750))
    figure = page.page.get_by_role("img", name="A chirp from 40 Hz to 640 Hz.")
    assert figure.count() == 1
    help_id = figure.get_attribute("aria-describedby")
    assert "Space plays" in page.page.locator(f"#{help_id}").text_content()
    page.page.get_by_role("slider", name="Volume").wait_for()
    page.page.get_by_role("slider", name="Frame length").wait_for(state="attached")
    page.receive({"kind": "status", "text": "resample: target_rate must be positive; got 0."})
    assert "got 0" in page.page.locator("#first .workbench-status").text_content()


def test_a_slider_that_goes_on_moving_says_its_number_meanwhile(page):
    """As while something learns; it moves every 30 ms, here by the test."""
    page.page.evaluate("""() => {
        const number = document.createElement("div");
        number.className = "workbench-number";
        number.innerHTML = "<label class='widget-label'>delay</label><input>"
            + "<div class='noUi-target'><div class='noUi-handle' role='slider'></div></div>";
        document.querySelector(".workbench-dashboard").prepend(number);
        const handle = number.querySelector(".noUi-handle");
        window.moves = 0;
        setInterval(() => {
            number.querySelector("input").value = window.moves += 1;
            handle.setAttribute("aria-valuenow", window.moves);
        }, 30);
    }""")
    said = "() => document.querySelector('.workbench-number .noUi-handle').ariaValueText"
    page.page.wait_for_function(f"() => ({said})() !== null", timeout=5000)
    first = page.page.evaluate(said)
    page.page.wait_for_function(f"first => ({said})() !== first", arg=first, timeout=5000)


def test_busy_is_shown_and_said(page):
    page.receive({"kind": "busy", "number": 7})
    assert page.page.locator("#first .workbench-working").text_content() == "Computing"
    assert page.page.locator("#first .workbench-computing").count() == 1
    page.receive({"kind": "busy", "number": None})
    assert page.page.locator(".workbench-computing").count() == 0
    assert page.page.locator("#first .workbench-working").text_content() == ""


def test_two_scopes_do_not_interfere(page):
    page.page.evaluate("window.scopes.second = window.start('second')")
    page.page.wait_for_function("window.scopes.second.model.sent.length")
    page.show(frames.frame(750))
    page.show(frames.frame(750, phase=2.0), "second")
    first = page.pixels("data")
    page.page.locator("#second .workbench-figure").focus()
    page.page.keyboard.press("+")
    page.settle()
    assert (page.pixels("data") == first).all()
    # it may have said which panels are on the screen, but asked for no other range
    assert {(view["first"], view["last"]) for view in page.sent("view")} <= {(None, None)}
    assert len(page.sent("view", "second")) + len(page.sent("hello", "second")) == 1
    assert page.sent("drawn", "second") == [{"kind": "drawn", "id": 2}]


def test_dispose_leaves_nothing_behind(page):
    page.show(frames.frame(750))
    picture = page.page.locator(".jp-RenderedImage")
    assert not picture.is_visible()
    page.page.evaluate("window.scopes.first.dispose()")
    assert picture.is_visible()
    assert page.page.locator(".workbench-scope").count() == 0
    assert page.page.evaluate("window.scopes.first.model.listeners.size") == 0
    sent = page.page.evaluate("window.scopes.first.model.sent.length")
    page.page.evaluate("document.body.dataset.theme = 'dark'")
    page.page.set_viewport_size({"width": 500, "height": 500})
    page.settle()
    assert page.page.evaluate("window.scopes.first.model.sent.length") == sent


@pytest.mark.slow
def test_memory_is_flat_over_hundreds_of_frames(page):
    head, parts = frames.frame(750).encode()
    texts = [base64.b64encode(part).decode() for part in parts]
    run = """async ([head, texts, count]) => {
        for (let i = 0; i < count; i++) {
            window.drawn.length = window.scopes.first.model.sent.length = 0;
            window.scopes.first.model.receive({ kind: "frame", id: i, ...head }, texts);
            await new Promise(requestAnimationFrame);
        }
    }"""
    session = page.context.new_cdp_session(page.page)

    def heap():
        session.send("HeapProfiler.collectGarbage")
        return session.send("Runtime.getHeapUsage")["usedSize"]

    page.page.evaluate(run, [head, texts, 100])
    before = heap()
    page.page.evaluate(run, [head, texts, 600])
    assert heap() - before < 3e5


def test_a_file_is_saved_by_the_page_that_asked_for_it_alone(page):
    actions = page.page.locator("#first .workbench-actions")
    assert not actions.is_visible()  # a scope without a dashboard has none
    page.receive({"kind": "actions", "enabled": ["download"]})
    page.page.locator("#first [data-action=undo]").click(force=True)
    page.page.locator("#first [data-action=download]").click()
    page.page.locator("#first [data-form=csv]").click()
    (asked,) = page.sent("action")
    assert (asked["name"], asked["form"]) == ("download", "csv")
    saved = []
    page.page.on("download", lambda download: saved.append(download.suggested_filename))
    answer = {"kind": "file", "action": "download", "name": "other.csv", "type": "text/csv"}
    answer["to"] = "another page"
    page.receive(answer, [b"x"])
    with page.page.expect_download():
        page.receive(answer | {"name": "mine.csv", "to": asked["from"]}, [b"x,y"])
    assert saved == ["mine.csv"]
