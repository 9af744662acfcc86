"""Tracks, loops and selections that are heard, in a real browser; the test plays the kernel."""

import io
import wave
from dataclasses import replace

import numpy as np
import pytest

from tests.dashboards import frames
from tests.dashboards.page import LEFT, RIGHT

pytestmark = [pytest.mark.browser, pytest.mark.timed]  # sound goes on while a machine is busy

WIDTH = 900 - 16 - LEFT - RIGHT
SECONDS = 4.0
AUDIO = "document.querySelector('.workbench-audio')"
BYTES = f"""fetch({AUDIO}.src).then((answer) => answer.arrayBuffer())
    .then((buffer) => [...new Uint8Array(buffer)])"""


def ramp(sign=1, rate=8000):
    """A WAV file whose samples say where they are: `sign` times 8000 per second."""
    samples = sign * np.arange(int(SECONDS * rate)) * 8000 // rate
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((1, 2, rate, 0, "NONE", ""))
        out.writeframes(samples.astype("<i2").tobytes())
    return file.getvalue()


def deck(page):
    """The samples of the deck that is heard, in seconds."""
    with wave.open(io.BytesIO(bytes(page.page.evaluate(BYTES)))) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2") / 8000


@pytest.fixture
def page(page):
    frame = frames.frame(WIDTH, time=SECONDS)
    page.show(replace(frame, tracks=("result", "original", "naive")))
    return page


def play(page):
    page.page.get_by_role("button", name="Play", exact=True).click()


def answer(page, wav, count=1):
    """Answer the question for a sound that is the newest of so many."""
    page.page.wait_for_function(
        "count => window.scopes.first.model.sent.filter(({ kind }) => kind === 'audio').length"
        " === count",
        arg=count,
    )
    asked = page.sent("audio")[-1]
    page.receive({**asked, "name": "sound"}, [wav])
    return asked["track"], asked["matched"]


def wait(page, test):
    page.page.wait_for_function(f"() => (audio => {test})({AUDIO})")


def choose(page, track):
    page.page.get_by_role("radio", name=track).check(force=True)


def test_tracks_are_radio_buttons_with_the_first_chosen(page):
    group = page.page.get_by_role("radiogroup", name="Track")
    assert group.get_by_role("radio").count() == 3
    assert page.page.get_by_role("radio", name="result").is_checked()
    assert page.page.get_by_role("button", name="Equally loud").is_visible()
    page.show(replace(frames.frame(WIDTH, time=SECONDS), tracks=("original",)))
    assert not group.is_visible()
    assert not page.page.get_by_role("button", name="Equally loud").is_visible()


def test_a_track_is_asked_for_once_and_goes_on_at_the_position(page):
    play(page)
    assert answer(page, ramp()) == ("result", True)
    wait(page, "audio.currentTime > 0.4")
    first = page.page.evaluate(f"{AUDIO}.src")
    choose(page, "original")
    assert page.page.evaluate(f"!{AUDIO}.paused")  # the other goes on until this one is there
    assert answer(page, ramp(-1), 2) == ("original", True)
    page.page.wait_for_function(f"url => {AUDIO}.src !== url", arg=first)
    position = page.page.evaluate(f"[{AUDIO}.currentTime, {AUDIO}.paused]")
    assert position[0] > 0.4
    assert position[1] is False
    assert deck(page)[-1] < 0
    choose(page, "result")
    page.page.wait_for_function(f"url => {AUDIO}.src !== url", arg=first)
    assert len(page.sent("audio")) == 2


CHANGES = """async () => {
    const find = () => document.querySelector('.workbench-audio');
    const figure = document.querySelector('.workbench-figure');
    figure.focus();
    const results = [];
    for (let i = 0; i < 8; i++) {
        const before = find();
        const key = 'ba'[i % 2];
        figure.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
        let silent = 0, from = 0;
        while (find() === before) {
            from = before.currentTime;
            silent += before.paused;
            await new Promise(done => setTimeout(done));
        }
        results.push([find().currentTime - from, silent, find().paused]);
        await new Promise(done => setTimeout(done, 150));
    }
    return results;
}"""


def test_keys_change_between_a_and_b_without_a_gap(page):
    play(page)
    answer(page, ramp())
    wait(page, "audio.currentTime > 0.1")
    page.page.locator("#first .workbench-figure").focus()
    page.page.keyboard.press("b")
    answer(page, ramp(-1), 2)
    page.page.wait_for_timeout(200)
    page.page.keyboard.press("a")
    page.page.wait_for_timeout(200)
    results = page.page.evaluate(CHANGES)
    assert len(page.sent("audio")) == 2
    for _, silent, paused in results:
        assert not silent  # nothing is paused before the other plays
        assert not paused
    jumps = sorted(abs(jump) for jump, *_ in results)
    assert jumps[len(jumps) // 2] < 0.1
    assert jumps[-1] < 0.4  # a busy machine; one that began anew would jump by all it had played


def test_level_matching_is_another_sound_of_the_same_track(page):
    play(page)
    answer(page, ramp())
    match = page.page.get_by_role("button", name="Equally loud")
    match.click()
    assert match.get_attribute("aria-pressed") == "false"
    assert answer(page, ramp(), 2) == ("result", False)
    match.click()
    match.click()
    assert len(page.sent("audio")) == 2


def test_after_a_change_of_parameters_only_what_plays_is_fetched_again(page):
    play(page)
    answer(page, ramp())
    choose(page, "original")
    answer(page, ramp(-1), 2)
    wait(page, "audio.currentTime > 0.1")
    page.receive({"kind": "stale"})
    assert answer(page, ramp(-1), 3) == ("original", True)
    choose(page, "result")
    assert answer(page, ramp(), 4) == ("result", True)


def test_what_is_chosen_in_silence_is_fetched_at_play(page):
    choose(page, "naive")
    page.page.locator("#first .workbench-figure").click(position={"x": LEFT + WIDTH / 2, "y": 60})
    assert page.sent("audio") == []
    play(page)
    assert answer(page, ramp()) == ("naive", True)
    wait(page, "audio.currentTime > 2")


def mark(page, first, last):
    selection = {"panel": 0, "first": first, "last": last, "low": None, "high": None}
    page.receive({"kind": "select", "selection": selection})
    page.settle()


def test_play_plays_the_selection_and_stops_at_its_end(page):
    mark(page, 1.0, 1.5)
    play(page)
    answer(page, ramp())
    wait(page, "audio.currentTime > 0")
    heard = deck(page)
    assert heard[[0, -1]] == pytest.approx([1.0, 1.5], abs=2e-4)
    wait(page, "audio.ended")
    page.page.get_by_role("button", name="Play", exact=True).wait_for()
    assert 1.0 <= position(page) <= 1.5
    play(page)  # once more
    wait(page, "audio.currentTime > 0.1 && !audio.paused")
    assert len(page.sent("audio")) == 1


def position(page):
    return float(page.page.locator("#first .workbench-position").text_content().split(" /")[0])


def test_a_looped_selection_is_one_sound_and_the_playhead_stays_inside(page):
    page.page.get_by_role("button", name="Loop").click()
    mark(page, 1.0, 1.03)
    play(page)
    answer(page, ramp())
    wait(page, "audio.currentTime > 0.5")  # many turns of 30 ms
    heard = deck(page)
    np.testing.assert_allclose(heard[:240], heard[240:480])
    assert heard.min() >= 1.0
    assert heard.max() <= 1.03
    assert len(heard) >= 5 * 8000
    for _ in range(20):
        assert 1.0 <= position(page) <= 1.03
        page.settle()
    assert page.page.evaluate(f"{AUDIO}.loop && !{AUDIO}.paused")


def test_without_its_selection_the_sound_goes_on_where_it_is(page):
    page.page.get_by_role("button", name="Loop").click()
    mark(page, 1.0, 2.0)
    play(page)
    answer(page, ramp())
    wait(page, "audio.currentTime > 0.3")
    page.page.locator("#first .workbench-figure").focus()
    page.page.keyboard.press("Escape")
    page.page.wait_for_function(f"{AUDIO}.duration === 4 && !{AUDIO}.paused")
    assert 1.2 < page.page.evaluate(f"{AUDIO}.currentTime") < 2.1
    mark(page, 3.0, 3.5)  # from before the kernel has heard of the Escape: the person's counts
    assert page.page.evaluate(f"{AUDIO}.duration === 4")
    page.receive({"kind": "selected", "id": page.sent("select")[-1]["id"]})
    mark(page, 3.0, 3.5)  # away from the playhead
    page.page.wait_for_function(f"{AUDIO}.duration < 6 && {AUDIO}.duration !== 4")
    assert 3.0 <= position(page) <= 3.5


def test_pausing_while_another_track_comes_silences_both(page):
    play(page)
    answer(page, ramp())
    wait(page, "audio.currentTime > 0.2")
    choose(page, "original")
    page.page.get_by_role("button", name="Pause").click()
    answer(page, ramp(-1), 2)
    page.page.wait_for_timeout(200)
    decks = "[...document.querySelectorAll('.workbench-scope audio')].every(deck => deck.paused)"
    assert page.page.evaluate(decks)
    assert position(page) > 0.2


def test_a_track_that_comes_too_late_is_kept_and_not_heard(page):
    play(page)
    answer(page, ramp())
    wait(page, "audio.currentTime > 0.1")
    choose(page, "original")
    choose(page, "result")
    before = page.page.evaluate(f"{AUDIO}.src")
    answer(page, ramp(-1), 2)
    page.page.wait_for_timeout(200)
    assert page.page.evaluate(f"[{AUDIO}.src, {AUDIO}.paused]") == [before, False]
    choose(page, "original")
    page.page.wait_for_function(f"url => {AUDIO}.src !== url", arg=before)
    assert deck(page)[-1] < 0
    assert len(page.sent("audio")) == 2


def test_another_track_that_is_chosen_before_the_first_has_come_is_heard(page):
    play(page)
    choose(page, "original")
    page.page.wait_for_function(
        "() => window.scopes.first.model.sent.filter(({ kind }) => kind === 'audio').length === 2"
    )
    first, second = page.sent("audio")
    assert (first["track"], second["track"]) == ("result", "original")
    page.receive({**first, "name": "sound"}, [ramp()])
    page.receive({**second, "name": "sound"}, [ramp(-1)])
    wait(page, "audio.currentTime > 0.1")
    assert deck(page)[-1] < 0


def test_a_sound_that_is_not_to_be_had_is_waited_for_no_longer(page):
    play(page)
    (asked,) = page.sent("audio")
    page.receive({**asked, "kind": "silence", "track": "naive"})  # another one
    assert page.page.get_by_role("button", name="Pause", exact=True).is_visible()
    page.receive({**asked, "kind": "silence"})
    play(page)
    answer(page, ramp(), 2)
    wait(page, "audio.currentTime > 0.1")


def test_a_pause_during_the_change_of_decks_silences_both(page):
    play(page)
    answer(page, ramp())
    choose(page, "original")
    answer(page, ramp(-1), 2)
    choose(page, "result")
    wait(page, "audio.currentTime > 0.2")
    page.page.evaluate(
        """() => {
            const figure = document.querySelector('.workbench-figure');
            for (const key of ['b', ' ']) {
                figure.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
            }
        }"""
    )
    page.page.wait_for_timeout(300)
    decks = "[...document.querySelectorAll('.workbench-scope audio')].every(deck => deck.paused)"
    assert page.page.evaluate(decks)
    play(page)
    wait(page, "!audio.paused && audio.currentTime > 0.2")
    assert deck(page)[-1] < 0
