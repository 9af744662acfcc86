"""A user who tries everything for half an hour: no error, no stale picture, memory flat.

`python -m benchmarks soak [--minutes 30] [--seed 0]`. It stops at the first thing that is wrong,
says what was done before, and leaves a screenshot. What is done is written into a file all along.

TensorFlow's oneDNN keeps what it has compiled for each shape that ever came, and in a pool of its
own what the largest pictures so far have taken: weighed with it, the kernel grows with all that is
new to it. So it is off, as in `workbench serve`, unless `TF_ENABLE_ONEDNN_OPTS=1` says otherwise;
what is then held is what the workbench holds.
"""

import os
import random
import shutil
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

from benchmarks.report import Report
from benchmarks.soak_user import PATIENCE, User
from benchmarks.soak_witness import Witness
from tests.lab import Lab, notebook
from workbench.dashboards.ideas import IDEAS
from workbench.dashboards.rest import PATIENCE as REST

CELLS = ["import workbench as wb\n\ngallery = wb.gallery()\ngallery"]
SAMPLE = 90.0  # seconds between two weighings, for which all dashboards are as they were at first
RELOAD = 150.0
WARM_UP = 0.2  # of the time: what has an end fills, such as caches
DASHBOARDS = 10
COMPARED = (2, 0)  # dashboards; a gallery keeps the widgets of two
_SLACK = 1.0
_LAST = 30  # actions that are told where something is wrong
_ENOUGH = 3.0  # seconds that something may go on by itself


class Soak:
    """One session of a user.

    Attributes:
        log: The file of what was done, the newest last.
        counts: How often each kind of action was done.
        samples: Seconds, actions and what was held, at each weighing.
    """

    def __init__(self, lab: Lab, seed: int, folder: Path):
        self.user, self.witness = User(lab, seed, folder), Witness(lab)
        self.log = folder / "actions.txt"
        self.counts: Counter[str] = Counter()
        self.samples: list[dict[str, float]] = []
        self._lab, self._random, self._start = lab, random.Random(seed), time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._start

    @property
    def actions(self) -> int:
        return self.counts.total()

    def run(self, seconds: float, actions: int = 0, filled: bool = True) -> None:
        """Go on for so many seconds and at least so many actions; raise at what is wrong.

        Before, all dashboards are opened and (`filled`) what has an end fills, such as caches.
        """
        self._lab.run_all()
        self._lab.page.wait_for_selector(".workbench-scope canvas")
        self.witness.begin()
        self._lab.page.set_default_timeout(PATIENCE * 1000)
        self._start = time.monotonic()
        for number in range(DASHBOARDS):
            self._done(f"open: {self.user.open(number)}")
            if filled:
                self.witness.ask("soak_everything")
                self._done("fill: caches")
        self._start = time.monotonic()
        weighed = reloaded = self.seconds
        self._weigh()
        while self.seconds < seconds or self.actions < actions:
            self._done(self.user.act())
            if self._random.random() < 0.1:
                self.witness.compare_anew()
            if self.seconds - reloaded > RELOAD:
                reloaded = self.seconds
                self._done(f"reload: {self.user.reload()}")
            if self.seconds - weighed > SAMPLE:
                weighed = self.seconds
                self._weigh()
        self._weigh()

    def _done(self, said: str) -> None:
        self._note(said)
        self.counts[said.partition(":")[0]] += 1
        self._rest()
        self.witness.agree(self.user.provoked)
        self.user.provoked = False

    def _note(self, said: str) -> None:
        with self.log.open("a") as file:
            file.write(f"{self.seconds:7.1f} s  {said}\n")

    def _rest(self) -> None:
        """What goes on by itself is let for a while, and then stopped."""
        end = time.monotonic() + self._random.uniform(0.0, _ENOUGH)
        while self.witness.ask("soak_facts").get("job"):
            if time.monotonic() < end:
                time.sleep(0.05)
                continue
            self.witness.look()
            pause = self._lab.page.locator("button[title^='Pause: Learning']:visible")
            stop = self._lab.page.locator("button.workbench-stop:visible")
            button = self._random.choice([pause, stop])
            if button.count():
                button.click()
                self.user.provoked = True  # the page says that something has been stopped
                self._note("(stopped)")
            time.sleep(0.2)

    def _weigh(self) -> None:
        """Weigh like with like: the same two dashboards on the page, all as at first, at rest.

        The user then goes on with the dashboard that was open.
        """
        there = [*IDEAS].index(self.witness.ask("soak_facts")["name"])
        self.witness.ask("soak_first")
        for number in COMPARED:
            self._done(f"open: {self.user.open(number)}")
        time.sleep(REST + _SLACK)
        now = {"seconds": self.seconds, "actions": float(self.actions)}
        self.samples.append(now | self.witness.weigh())
        self._done(f"open: {self.user.open(there)}")


def soak(minutes: float, seed: int, actions: int = 0, filled: bool = True) -> Soak:
    """Run a user for so many minutes, and at least so many actions however slow the machine is.

    Where something is wrong, say what was done before.
    """
    folder = Path(tempfile.mkdtemp(prefix="workbench-soak-"))
    with Lab(notebook(CELLS, folder)) as lab:
        found = Soak(lab, seed, folder)
        try:
            found.run(60 * minutes, actions, filled)
        except Exception as error:
            lab.screenshot(folder / "failed.png")
            done = "\n".join(found.log.read_text().splitlines()[-_LAST:])
            kernel = found.witness.kernel
            error.add_note(f"{kernel.get('name')}: {kernel.get('values')}")
            for name, figures in growth(found.samples).items() if found.samples else ():
                error.add_note("{}: {:.4g}, {:+.2g} %, {:+.3g} per 1000".format(name, *figures))
            error.add_note(f"seed {seed}, action {found.actions}; the last ones:\n{done}")
            error.add_note(f"screenshot: {folder / 'failed.png'}")
            raise
    shutil.rmtree(folder)
    return found


def growth(samples: list[dict[str, float]]) -> dict[str, tuple[float, float, float]]:
    """Of each figure after the warm-up: its start, growth in percent, growth per 1000 actions.

    Start and end are the medians of the first and last third.
    """
    warm = [s for s in samples if s["seconds"] >= WARM_UP * samples[-1]["seconds"]] or samples
    third = -(-len(warm) // 3)
    found = {}
    for name in [name for name in samples[0] if name not in ("seconds", "actions")]:
        (start, before), (end, after) = (
            [float(np.median([s[key] for s in part])) for key in (name, "actions")]
            for part in (warm[:third], warm[-third:])
        )
        rate = 1000 * (end - start) / max(after - before, 1.0)
        found[name] = start, 100 * (end - start) / max(start, 1.0), rate
    return found


def main(report: Report, minutes: float = 30.0, seed: int | None = None) -> None:
    """Run it, and print what was done and what it cost."""
    seed = random.randrange(10**6) if seed is None else seed
    print(f"soak: {minutes:g} min, seed {seed}", flush=True)
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    found = soak(minutes, seed)
    witness = found.witness
    report.table(
        "A user who tries everything",
        ["minutes", "seed", "actions", "per minute", "pictures drawn afresh", "computed afresh",
         "views given up at first"],
        [[found.seconds / 60, seed, found.actions, 60 * found.actions / found.seconds,
          witness.redrawn, witness.anew, found.user.given_up]],
    )  # fmt: skip
    report.table("What was done", ["action", "times"], [*found.counts.most_common()])
    grown = growth(found.samples)
    for name in ("kernel MiB held", "traces MiB"):
        weighed = " ".join(f"{sample[name]:.0f}" for sample in found.samples)
        print(f"\n{name}, every {SAMPLE:g} s: {weighed}")
    report.table(
        "Memory after the warm-up",
        ["figure", "at first", "growth %", "per 1000 actions"],
        [[name, *figures] for name, figures in grown.items()],
    )
    for name in ("kernel MiB held", "page MiB", "widgets"):
        report.target(f"soak, growth of {name}", grown[name][1], "<=", 5, "%")
