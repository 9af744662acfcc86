"""Jobs: one at a time, in turns with callbacks, shown and stopped."""

import itertools
import threading
import time

import pytest

from workbench.dashboards.jobs import Worker
from workbench.dashboards.turns import Turns


class Shown:
    """What a page would have been told, and when."""

    def __init__(self):
        self.told, self.errors, self.ends, self.times = [], [], 0, []

    def progress(self, fraction, seconds_left, text):
        self.told.append((fraction, seconds_left, text))
        self.times.append(time.monotonic())

    def end_progress(self):
        self.ends += 1

    def complain(self, error):
        self.errors.append(str(error))


class Bench:
    """A worker, and what its jobs have said."""

    def __init__(self):
        self.turns, self.shown = Turns(), Shown()
        self.worker = Worker(self.turns, self.shown)
        self.made, self.ended = [], []

    def start(self, steps, **options):
        return self.worker.start(
            steps,
            on_step=self.made.append,
            on_end=lambda job: self.ended.append((job.text, job.state)),
            **options,
        )

    def wait(self, until):
        end = time.monotonic() + 10
        while not until():
            assert time.monotonic() < end
            time.sleep(0.002)


@pytest.fixture
def bench():
    made = Bench()
    yield made
    made.worker.close()
    thread = made.worker._thread
    if thread is not None:
        thread.join(5)
        assert not thread.is_alive()


def endless(closed=None):
    try:
        number = 0
        while True:
            time.sleep(0.002)
            yield (number := number + 1)
    finally:
        if closed is not None:
            closed.append(True)


def test_a_job_takes_its_steps_on_a_daemon_thread_and_tells_the_end_once(bench):
    threads = []

    def steps():
        for number in range(3):
            threads.append(threading.current_thread())
            yield number

    job = bench.start(steps(), total=3, text="counting")
    bench.wait(lambda: bench.ended)
    assert bench.made == [0, 1, 2]
    assert bench.ended == [("counting", "done")]
    assert (job.done, job.fraction) == (3, 1.0)
    assert len(set(threads)) == 1
    assert threads[0].daemon
    assert threads[0] is not threading.main_thread()
    bench.wait(lambda: bench.shown.ends)
    assert bench.worker.job is None


def test_the_newest_wins_and_the_one_before_cleans_up(bench):
    closed = []
    steps = endless(closed)  # held here: nothing but the worker closes it
    bench.start(steps, text="old")
    bench.wait(lambda: len(bench.made) > 2)
    bench.start(iter("abc"), text="new")
    bench.wait(lambda: len(bench.ended) == 2)
    assert bench.ended == [("old", "replaced"), ("new", "done")]
    assert closed == [True]
    assert bench.made[-3:] == ["a", "b", "c"]


def test_pause_resume_stop(bench):
    job = bench.start(endless(), text="walk")
    bench.wait(lambda: len(bench.made) > 2)
    job.pause()
    assert bench.shown.told[-1][2] == "walk (paused)"
    with bench.turns:
        count, seconds = len(bench.made), job.seconds
    time.sleep(0.05)
    assert len(bench.made) == count
    assert job.seconds == seconds
    job.resume()
    assert job.seconds < seconds + 0.04  # the pause is not counted
    bench.wait(lambda: len(bench.made) > count)
    job.pause()
    job.stop()
    bench.wait(lambda: bench.ended)
    assert bench.ended == [("walk", "stopped")]
    job.resume()
    assert job.ended


@pytest.mark.timed
def test_callbacks_and_steps_never_compute_at_once_and_callbacks_go_first(bench):
    inside, waits = [], []

    def steps():
        while True:
            inside.append("step")
            time.sleep(0.01)
            assert inside.pop() == "step"
            assert not inside
            yield

    bench.start(steps())
    for _ in range(20):
        begun = time.monotonic()
        with bench.turns, bench.turns:
            waits.append(time.monotonic() - begun)
            assert not inside
            inside.append("callback")
            time.sleep(0.002)
            inside.pop()
    assert bench.shown.errors == []
    assert sorted(waits)[10] < 0.03  # one step of 10 ms, not one after the other


def test_a_callback_that_comes_later_goes_before_a_step(bench):
    order = []

    def call():
        with bench.turns:
            order.append("callback")

    with bench.turns:
        bench.worker.start(iter(["step"]), on_step=order.append)
        time.sleep(0.05)  # now the worker waits for its turn
        thread = threading.Thread(target=call)
        thread.start()
        time.sleep(0.05)
    thread.join(5)
    bench.wait(lambda: len(order) == 2)
    assert order == ["callback", "step"]


def test_an_error_is_shown_and_the_next_job_runs(bench):
    def steps():
        yield 1
        raise ValueError("the second piece is broken")

    bench.start(steps(), text="bad")
    bench.wait(lambda: bench.ended)
    assert bench.shown.errors == ["the second piece is broken"]
    assert bench.ended == [("bad", "failed")]
    bench.start(iter([2]), text="good")
    bench.wait(lambda: len(bench.ended) == 2)
    assert bench.made == [1, 2]


def test_an_error_of_what_comes_of_a_step_is_shown_too(bench):
    def fail(made):
        raise RuntimeError("no picture")

    job = bench.worker.start(endless(), on_step=fail)
    bench.wait(lambda: job.ended)
    assert bench.shown.errors == ["no picture"]


def test_a_callback_that_is_interrupted_while_it_waits_keeps_no_step_from_its_turn(bench):
    class Lock:
        def acquire(self):
            raise KeyboardInterrupt

    real, bench.turns._lock = bench.turns._lock, Lock()
    with pytest.raises(KeyboardInterrupt), bench.turns:
        pass
    bench.turns._lock = real
    bench.start(iter([1]))
    bench.wait(lambda: bench.made == [1])


def test_where_nothing_can_be_shown_the_next_job_runs_all_the_same(bench, monkeypatch):
    monkeypatch.setattr(threading, "excepthook", lambda arguments: None)
    shown, told = bench.shown.end_progress, []

    def fail():
        told.append(True)
        if len(told) == 1:
            raise RuntimeError("the page is gone")
        shown()

    bench.shown.end_progress = fail
    bench.start(iter([1]))
    bench.wait(lambda: told)
    bench.start(iter([2]))
    bench.wait(lambda: bench.made == [1, 2])


def test_the_end_of_a_job_that_was_stopped_is_told_though_another_has_begun(bench):
    """The page says "Stopping" until then."""
    started, go = threading.Event(), threading.Event()

    def steps():
        started.set()
        go.wait(5)
        yield 1

    job = bench.start(steps())
    assert started.wait(5)
    job.stop()
    other = bench.start(endless())
    go.set()
    bench.wait(lambda: bench.shown.ends == 1)
    bench.wait(lambda: other.done > 2)
    assert bench.shown.ends == 1


def test_progress_is_told_at_most_ten_times_a_second_with_the_time_left(bench):
    def steps():
        for _ in range(60):
            time.sleep(0.01)
            yield

    bench.start(steps(), total=60)
    bench.wait(lambda: bench.ended)
    told, times = bench.shown.told, bench.shown.times
    assert told[0] == (0.0, None, "Computing")
    assert 4 <= len(told) <= 12
    assert min(after - before for before, after in itertools.pairwise(times)) >= 0.099
    fractions = [fraction for fraction, _, _ in told]
    assert fractions == sorted(fractions)
    fraction, left, _ = told[3]
    spent = times[3] - times[0]
    assert left == pytest.approx(spent * (1 - fraction) / fraction, rel=0.2)


def test_closing_ends_the_job_and_the_thread_and_no_other_starts(bench):
    closed = []
    bench.start(endless(closed))
    bench.wait(lambda: bench.made)
    thread = bench.worker._thread
    with bench.turns:
        bench.worker.close()
    thread.join(5)
    assert not thread.is_alive()
    assert closed == [True]
    count = len(bench.made)
    assert bench.start(endless()).ended
    assert len(bench.made) == count


def test_the_thread_ends_after_a_while_and_begins_again(bench, monkeypatch):
    monkeypatch.setattr(Worker, "LINGER", 0.02)
    bench.start(iter([1]))
    bench.wait(lambda: bench.made)
    bench.wait(lambda: bench.worker._thread is None)
    bench.start(iter([2]))
    bench.wait(lambda: len(bench.made) == 2)
