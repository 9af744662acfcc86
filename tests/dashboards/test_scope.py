"""The scope without a browser: what it sends, and when."""

import json
import re
import sys
import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from tests.dashboards import frames
from workbench.dashboards import computing
from workbench.dashboards import scope as module
from workbench.dashboards.flow import Flow, cell_is_running
from workbench.dashboards.frames import Frame, View
from workbench.dashboards.later import Alarm, Later
from workbench.dashboards.page_module import MODULES, PAGE, page_module
from workbench.dashboards.scope import Scope


class Line:
    """A flow on a fake clock: what was delivered, when, and for when the alarm is set."""

    def __init__(self):
        self.now = 100.0
        self.delivered = []
        self.due = None
        self.rooms = 0
        self.flow = Flow(self.deliver, lambda: self.now, self.set_alarm, self.make_room)

    def deliver(self, number, frame, paced):
        self.delivered.append((number, frame))

    def set_alarm(self, delay):
        assert delay > 0
        due = self.now + delay
        self.due = due if self.due is None else min(self.due, due)

    def make_room(self):
        self.rooms += 1

    def push(self, *frames, **how):
        for frame in frames:
            self.flow.push(frame, **how)

    def wait(self, seconds):
        """Let time pass; the alarm rings when it is due."""
        end = self.now + seconds
        while self.due is not None and self.due <= end:
            self.now, self.due = max(self.due, self.now), None
            self.flow.pump()
        self.now = end

    @property
    def frames(self):
        return [frame for _, frame in self.delivered]


@pytest.fixture
def line():
    return Line()


def test_two_frames_go_at_once_and_the_third_waits(line):
    line.push("a", "b", "c")
    assert line.delivered == [(1, "a"), (2, "b")]


def test_only_the_newest_waiting_frame_goes_upon_acknowledgement(line):
    line.push("a", "b", "c", "d", "e")
    line.flow.acknowledge(1)
    assert line.frames == ["a", "b", "e"]
    line.flow.acknowledge(2)
    line.flow.acknowledge(3)
    assert line.frames == ["a", "b", "e"]


def test_one_acknowledgement_covers_the_frames_that_the_page_skipped(line):
    line.push("a", "b")
    line.flow.acknowledge(2)
    line.push("c", "d")
    assert line.frames == ["a", "b", "c", "d"]


def test_an_acknowledgement_that_comes_twice_or_late_frees_no_second_place(line):
    line.push("a", "b")
    line.flow.acknowledge(1)
    line.flow.acknowledge(1)
    line.push("c", "d")
    assert line.frames == ["a", "b", "c"]
    line.flow.acknowledge(0)
    assert line.frames == ["a", "b", "c"]


def test_a_lost_acknowledgement_expires_after_a_second(line):
    line.push("a", "b", "c")
    line.wait(0.99)
    assert line.frames == ["a", "b"]
    line.wait(0.02)
    assert line.frames == ["a", "b", "c"]


def test_a_hidden_page_gets_two_frames_per_second(line):
    for i in range(500):
        line.push(i)
        line.wait(0.02)
    assert 18 <= len(line.frames) <= 22


def test_hello_sends_the_newest_frame_again_and_forgets_what_was_under_way(line):
    line.push("a", "b")
    with line.flow.anew():
        pass
    assert line.frames == ["a", "b", "b"]
    line.push("c", "d")
    assert line.frames == ["a", "b", "b", "c"]


def test_hello_sends_a_waiting_frame_once(line):
    line.push("a", "b", "c")
    with line.flow.anew():
        pass
    line.flow.acknowledge(3)
    assert line.frames == ["a", "b", "c"]


def test_hello_before_the_first_frame_sends_nothing(line):
    with line.flow.anew():
        pass
    assert line.frames == []


def test_numbers_rise_by_one(line):
    for i in range(10):
        line.push(i)
        line.flow.acknowledge(i + 1)
    assert [number for number, _ in line.delivered] == list(range(1, 11))


def test_a_running_cell_is_paced_by_time_without_acknowledgements(line):
    for i in range(300):
        line.push(i, paced=True)
        line.wait(0.01)
    assert 72 <= len(line.frames) <= 77  # 25 per second for 3 s


def test_no_paced_frame_is_older_than_one_period(line):
    for i in range(300):
        line.push(i, paced=True)
        line.wait(0.01)
        assert i - line.frames[-1] <= 4


@pytest.mark.parametrize("count", [1, 2, 3, 5, 299])
@pytest.mark.parametrize("pause", [0.0, 0.003, 0.05])
def test_the_last_frame_of_a_loop_arrives_though_nothing_else_happens(line, count, pause):
    for i in range(count):
        line.push(i, paced=True)
        line.wait(pause)
    line.wait(0.041)
    assert line.frames[-1] == count - 1


def test_after_a_loop_a_frame_goes_at_once_since_paced_ones_are_not_acknowledged(line):
    for i in range(20):
        line.push(i, paced=True)
        line.wait(0.04)
    line.push("slider", "again", "third")
    assert line.frames[-2:] == ["slider", "again"]
    line.flow.acknowledge(line.delivered[-1][0])
    assert line.frames[-1] == "third"


def test_a_loop_does_not_wait_for_frames_from_before_it(line):
    line.push("a", "b", "c")
    line.push("first", paced=True)
    line.wait(0.04)
    assert line.frames == ["a", "b", "first"]


def test_a_slow_page_keeps_at_most_two_frames_whatever_the_order(line):
    generator = np.random.default_rng(0)
    acknowledged = 0
    for i in range(2000):
        line.push(i)
        line.wait(0.001)
        if generator.random() < 0.2 and acknowledged < len(line.delivered):
            acknowledged += 1
            line.flow.acknowledge(acknowledged)
        assert len(line.delivered) - acknowledged <= 2
    line.flow.acknowledge(len(line.delivered))
    assert line.frames[-1] == 1999
    assert line.frames == sorted(line.frames)


def test_the_alarm_rings_on_its_own_thread_and_the_thread_ends(monkeypatch):
    monkeypatch.setattr(Alarm, "LINGER", 0.05)
    rang = threading.Event()
    threads = []

    def ring():
        threads.append(threading.current_thread())
        rang.set()

    alarm = Alarm(ring)
    for _ in range(2):
        rang.clear()
        alarm(4.0)
        time.sleep(0.1)  # the thread waits for that now
        begin = time.monotonic()
        alarm(0.01)
        assert rang.wait(5)
        assert time.monotonic() - begin < 2
        threads[-1].join(5)
        assert not threads[-1].is_alive()
    assert threading.main_thread() not in threads
    assert len(threads) == 2


def drawn(line, number, after):
    """The page draws a frame so many seconds later."""
    line.wait(after)
    line.flow.acknowledge(number)


def test_without_a_page_nobody_waits(line):
    line.push("a", "b", "c")
    assert not line.flow.behind


def test_a_quick_page_has_room_for_two(line):
    line.push("a")
    drawn(line, 1, after=0.05)
    line.push("b")
    assert not line.flow.behind
    line.push("c")
    assert line.flow.behind
    drawn(line, 2, after=0.05)
    assert line.rooms == 1
    assert not line.flow.behind


@pytest.fixture
def slow(line):
    """A line to a page that took a while with a frame, and that has another on its way."""
    line.push("a")
    drawn(line, 1, after=0.2)
    line.push("b")
    assert line.flow.behind
    return line


def test_a_slow_page_has_room_for_one_until_it_is_quick_again(slow):
    assert slow.rooms == 0
    drawn(slow, 2, after=0.05)
    assert slow.rooms == 1
    slow.push("c")
    assert not slow.flow.behind


def test_a_page_that_takes_more_than_a_second_is_slow_too(line):
    line.push("a")
    drawn(line, 1, after=1.5)
    line.push("b")
    assert line.flow.behind


def test_who_waits_is_called_once_and_where_the_page_says_nothing_after_a_while(slow):
    slow.wait(0.99)
    assert slow.rooms == 0
    slow.wait(0.02)
    assert slow.rooms == 1
    slow.flow.acknowledge(2)
    assert slow.rooms == 1


def test_real_threads_lose_no_last_frame():
    delivered = []
    flow = Flow(lambda number, frame, paced: delivered.append((number, frame)))
    flow.PACE = 0.002

    def loop(name):
        for i in range(200):
            flow.push((name, i), paced=True)

    threads = [threading.Thread(target=loop, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    newest = flow._newest
    deadline = time.monotonic() + 5
    while delivered[-1][1] != newest and time.monotonic() < deadline:
        time.sleep(0.001)
    assert delivered[-1][1] == newest
    assert [number for number, _ in delivered] == list(range(1, len(delivered) + 1))


# ------------------------------------------------------------------------------------ widget

HELLO = {
    "kind": "hello",
    "id": 1,
    "first": None,
    "last": None,
    "columns": 700,
    "ratio": 1,
}


@pytest.fixture
def scope(monkeypatch):
    widget = Scope()
    widget.sent = []
    monkeypatch.setattr(
        Scope,
        "send",
        lambda self, content, buffers=None: getattr(self, "sent", []).append((content, buffers)),
    )
    yield widget
    widget.close()


def receive(scope, content):
    scope._handle_custom_msg(content, [])


def kinds(scope):
    return [content["kind"] for content, _ in scope.sent]


def test_a_frame_is_json_and_bytes(scope):
    frame = frames.frame(100)
    scope.show(frame)
    [(content, buffers)] = scope.sent
    assert json.loads(json.dumps(content))["values"] == frame.values
    assert [panel["kind"] for panel in content["panels"]] == [
        "wave",
        "image",
        "image",
        "wave",
        "image",
    ]
    wave = np.frombuffer(buffers[0], "<f4").reshape(content["panels"][0]["shape"])
    np.testing.assert_array_equal(wave, frame.panels[0].data)
    np.testing.assert_array_equal(np.frombuffer(buffers[1], np.uint8), frame.panels[1].data.ravel())
    np.testing.assert_array_equal(np.frombuffer(buffers[2]), frame.panels[1].y_values)


def test_the_page_is_one_module_of_all_files():
    assert {path.stem for path in PAGE.glob("*.js")} == {*MODULES, "microphone"}  # a widget itself
    lines = page_module().splitlines()
    assert not [line for line in lines if line.startswith("import ")]
    assert [line for line in lines if line.startswith("export ")] == ["export default {"]
    assert Scope._esm == page_module()


def test_a_module_of_the_page_imports_from_those_before_it():
    for i, name in enumerate(MODULES):
        text = (PAGE / f"{name}.js").read_text("utf-8")
        assert set(re.findall(r'from "\./(\w+)\.js";', text)) <= set(MODULES[:i])


def test_no_signal_goes_into_the_notebook(scope):
    before = scope.get_state()
    scope.show(frames.frame(100))
    receive(scope, HELLO)
    assert scope.get_state() == before


def test_hello_reports_the_view_and_sends_the_last_frame(scope):
    views = []
    scope.on_view(views.append)
    scope.show(frames.frame(100))
    receive(scope, HELLO)
    assert views == [View(None, None, 700, 1)] == [scope.view]
    assert kinds(scope) == ["frame", "frame", "viewed"]


def test_a_page_that_comes_up_gets_no_frame_of_another_view(scope):
    """It would follow that view, and then hold the frame of its own against it."""
    scope.show(frames.frame(100))
    scope.on_view(lambda view: scope.show(frames.frame(view.columns)))
    receive(scope, HELLO | {"from": "one"})
    assert kinds(scope) == ["frame", "frame", "viewed"]
    assert [c["for"] for c, _ in scope.sent if c["kind"] == "frame"] == ["", "one"]


def test_a_page_that_comes_up_shows_what_was_shown_before(scope):
    """As one that is loaded again, or a dashboard that comes back in a gallery."""

    def show(view):
        shown = view.span((0.0, frames.SECONDS))
        scope.show(replace(frames.frame(100), shown=shown))

    scope.on_view(show)
    receive(scope, HELLO | {"kind": "view", "first": 2.0, "last": 3.0, "from": "one"})
    receive(scope, HELLO | {"from": "two"})
    newest, answer = (content for content, _ in scope.sent[-2:])
    assert newest["shown"] == [2.0, 3.0]
    assert answer["instead"] == {"first": 2.0, "last": 3.0, "band": None}
    assert scope.view.columns == HELLO["columns"]
    receive(scope, HELLO | {"kind": "view", "from": "two"})
    receive(scope, HELLO | {"from": "three"})
    assert scope.sent[-2][0]["shown"] == [0.0, frames.SECONDS]


def test_a_page_that_is_connected_again_hears_all_that_it_may_have_missed(scope):
    told = []
    scope.on_return(lambda: told.append(kinds(scope)[-1]))
    scope.show(frames.frame(100))
    scope.set_status("so it is")
    receive(scope, HELLO)
    assert told == []
    assert "select" not in kinds(scope)
    before = len(scope.sent)
    receive(scope, HELLO | {"returned": True})
    told_then = ["stale", "status", "busy", "select", "progress", "frame", "viewed"]
    assert kinds(scope)[before:] == told_then
    assert scope.sent[before + 1][0]["text"] == "so it is"
    assert told == ["viewed"]


def test_a_page_is_answered_though_what_it_comes_up_with_fails(scope):
    def fail(view):
        raise RuntimeError

    scope.on_view(fail)
    with pytest.raises(RuntimeError):
        scope._receive(scope, HELLO | {"returned": True}, [])
    assert "viewed" in kinds(scope)


def test_a_view_is_answered_after_its_frame(scope):
    scope.on_view(lambda view: scope.show(frames.frame(view.columns)))
    receive(scope, {**HELLO, "kind": "view", "id": 7, "first": 1.0, "last": 2.0})
    assert kinds(scope) == ["frame", "viewed"]
    assert scope.sent[-1][0]["id"] == 7
    assert scope.view == View(1.0, 2.0, 700, 1)


def test_a_page_without_room_is_drawn_for_all_the_same(scope):
    receive(scope, {**HELLO, "columns": -30})
    assert scope.view.columns == 16


def test_a_view_is_answered_though_the_callback_fails(scope):
    def fail(view):
        raise RuntimeError

    scope.on_view(fail)
    with pytest.raises(RuntimeError):
        scope._receive(scope, HELLO, [])
    assert kinds(scope) == ["viewed", "status"]


def test_acknowledgements_reach_the_flow(scope):
    for _ in range(3):
        scope.show(frames.frame(100))
    assert kinds(scope) == ["frame", "frame"]
    receive(scope, {"kind": "drawn", "id": 2})
    assert kinds(scope) == ["frame", "frame", "frame"]


def test_audio_is_asked_for_sent_and_invalidated_once(scope):
    scope.on_audio(lambda *asked: scope.send_audio(b"RIFF", "take 1", *asked))
    scope.invalidate_audio()
    assert kinds(scope) == []
    asked = {"kind": "audio", "track": "original", "matched": False}
    receive(scope, asked)
    assert scope.sent == [({**asked, "name": "take 1"}, [b"RIFF"])]
    scope.invalidate_audio()
    scope.invalidate_audio()
    assert kinds(scope) == ["audio", "stale"]


def told(scope):
    """Of each word about what lasts, whether it does."""
    said = [content["number"] for content, _ in scope.sent if content["kind"] == "busy"]
    return [number is not None for number in said]


def wait_until(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    assert condition()


def test_a_page_is_told_of_what_lasts_and_when_it_is_over(scope, monkeypatch):
    monkeypatch.setattr(computing, "LASTING", 0.05)
    with scope.busy():
        with scope.busy():  # one in another
            wait_until(lambda: told(scope) == [True])
        assert told(scope) == [True]
    assert told(scope) == [True, False]


def test_it_is_over_too_when_it_fails(scope, monkeypatch):
    monkeypatch.setattr(computing, "LASTING", 0.0)

    def fail():
        with scope.busy():
            wait_until(lambda: told(scope) == [True])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert told(scope) == [True, False]


def test_a_page_is_told_of_nothing_that_is_over_soon(scope, monkeypatch):
    monkeypatch.setattr(computing, "LASTING", 0.2)
    for _ in range(3):
        with scope.busy():
            time.sleep(0.1)
    time.sleep(0.3)
    assert told(scope) == []


def test_settings_are_kept_at_once_and_the_same_are_not_sent_again(scope):
    for value in (1, 2, 2):
        scope.keep({"value": value}, {"value": 0})
    assert [content["design"] for content, _ in scope.sent] == [{"value": 1}, {"value": 2}]


def test_what_is_due_later_comes_in_its_time_once_and_not_if_it_is_forgotten():
    later, called = Later(), []
    first, second = (lambda: called.append("first")), (lambda: called.append("second"))
    start = time.monotonic()
    later(second, 0.3)
    later(first, 0.1)
    later(first, 5.0)  # the earlier call counts
    later(forgotten := lambda: called.append("forgotten"), 0.05)
    later.forget(forgotten)
    wait_until(lambda: called == ["first"])
    assert 0.1 <= time.monotonic() - start
    wait_until(lambda: called == ["first", "second"])
    assert 0.3 <= time.monotonic() - start


def test_status(scope):
    scope.set_status("resample: target_rate must be positive; got 0.")
    assert scope.sent[0][0]["kind"] == "status"


def test_unknown_messages_are_ignored(scope):
    receive(scope, {"kind": "new in a later version"})
    receive(scope, {})
    assert scope.sent == []


class Kernel:
    def __init__(self, kind):
        self.kind = kind

    def get_parent(self):
        return {"header": {"msg_type": self.kind}} if self.kind else {}


@pytest.mark.parametrize(
    ("kind", "running"), [("execute_request", True), ("comm_msg", False), (None, False)]
)
def test_a_running_cell_is_recognised(monkeypatch, kind, running):
    shell = SimpleNamespace(kernel=Kernel(kind))
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    assert cell_is_running() is running
    found = []
    thread = threading.Thread(target=lambda: found.append(cell_is_running()))
    thread.start()
    thread.join()
    assert found == [False]  # there the kernel names the last cell, which may be over


def test_without_a_notebook_no_cell_is_running():
    assert cell_is_running() is False


@pytest.mark.timed
def test_a_cell_that_shows_frames_in_a_loop_is_paced(scope, monkeypatch):
    monkeypatch.setattr(module, "cell_is_running", lambda: True)
    frame = frames.frame(10)
    begin = time.monotonic()
    while time.monotonic() < begin + 0.5:
        scope.show(frame)
    assert 10 <= len(scope.sent) <= 14


@pytest.mark.parametrize(
    ("view", "span"),
    [
        (View(None, None, 1, 1), (0.0, 4.0)),
        (View(1.0, 2.0, 1, 1), (1.0, 2.0)),
        (View(3.0, 9.0, 1, 1), (3.0, 4.0)),
        (View(7.0, 9.0, 1, 1), (0.0, 4.0)),
    ],
)
def test_span_of_a_view(view, span):
    assert view.span((0.0, 4.0)) == span


def test_a_frame_without_panels_is_legal(scope):
    scope.show(Frame((), (0.0, 1.0), (0.0, 1.0)))
    assert scope.sent[0][1] == []


def test_the_alarm_rings_again_after_it_failed(monkeypatch):
    rung = []

    def ring():
        rung.append(1)
        if len(rung) == 1:
            raise RuntimeError("the page is gone")

    monkeypatch.setattr(threading, "excepthook", lambda arguments: None)
    alarm = Alarm(ring)
    for count in (1, 2):
        alarm(0.0)
        end = time.monotonic() + 5
        while len(rung) < count and time.monotonic() < end:
            time.sleep(0.01)
        thread = alarm._thread
        if count == 1 and thread is not None:
            thread.join(5)
    assert len(rung) == 2


def test_one_that_fails_keeps_no_other_from_its_time(monkeypatch):
    def fail():
        raise RuntimeError("the page is gone")

    monkeypatch.setattr(threading, "excepthook", lambda arguments: None)
    later, called = Later(), []
    later(fail, 0.05)
    later(lambda: called.append("same time"), 0.05)
    later(lambda: called.append("after"), 0.2)
    wait_until(lambda: called == ["same time", "after"])


@pytest.mark.parametrize("by_hand", [True, False])
def test_a_region_that_moved_with_the_panels_is_kept_but_was_not_marked(scope, by_hand):
    told = []
    scope.on_select(told.append)
    place = {"panel": 0, "first": 1.0, "last": 2.0, "low": None, "high": None}
    receive(scope, {"kind": "select", "id": 3, **place, "by_hand": by_hand})
    assert scope.selection.last == 2.0
    assert told == ([scope.selection] if by_hand else [])
    assert scope.sent[-1][0] == {"kind": "selected", "id": 3}
