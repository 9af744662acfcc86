"""A class of eight at `workbench serve`: eight pages, all of them live, all dragging at once.

They share one browser, each with a context of its own, and the machine with their kernels. Slider
to pixels is the age of the input that a drawn frame shows, of all frames of all visitors. The first
way of the slider, on which each value is computed for the first time, is told apart. In the end one
kernel is killed: its page says so, and all others go on.
"""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from playwright.async_api import Browser, Page, async_playwright

from benchmarks.gestures import ages
from benchmarks.report import Report, percentiles
from tests.browser import FLAGS, find
from tests.lab import PATIENCE, Served
from workbench.core.resampling import resample
from workbench.dashboards.controls.control import label
from workbench.dashboards.controls.numbers import rungs_of
from workbench.ops import declared
from workbench.serving.command import default_notebook

VISITORS = 8
SECONDS = 20.0
MOVES_PER_SECOND = 20
MOVES = 60  # from one end of the slider to the other, however long it is
TARGET_P95 = 400.0  # ms
IMPORTING = 2.0  # s of a core that TensorFlow takes to come up, and more
GIB, MIB = 2**30, 2**20
_PROBE = (Path(__file__).parent / "probe.js").read_text()
_DECLARED = declared(resample)["target_rate"]  # the first slider of the page that comes along
_SLIDER = f".widget-slider:has(.widget-label:text-is({label(_DECLARED)!r})) .noUi-handle"
_WATCH = f"""handle => {{
    probe.watchSlider(handle, 0, 1);
    probe.watchRungs("0.target_rate", {[float(rung) for rung in rungs_of(_DECLARED)]});
}}"""


@dataclass
class Visitor:
    """A person with a page: how long it took to come up, and how old what they saw was, in ms."""

    page: Page
    seconds: float = 0.0
    first: tuple[float, ...] = ()
    ages: tuple[float, ...] = ()
    frames_per_second: float = 0.0

    async def arrive(self, address: str) -> None:
        """Open the page, and wait until it is live."""
        start = time.perf_counter()
        await self.page.goto(address, wait_until="commit")
        await self.page.locator(".workbench-figure[aria-label*='Hz']").wait_for()
        self.seconds = time.perf_counter() - start
        await self.page.evaluate(_PROBE)
        handle = self.page.locator(_SLIDER).first
        await handle.evaluate(_WATCH)
        await handle.press("ArrowLeft")  # it answers
        await self._catch_up()

    async def drag(self) -> None:
        """Drag the slider to and fro, and see what comes of it."""
        start = time.perf_counter()
        ways = await self.page.evaluate(f"() => probe.drag({SECONDS}, {MOVES_PER_SECOND}, {MOVES})")
        self.frames_per_second = sum(len(frames) for _, frames in ways) / (
            time.perf_counter() - start
        )
        self.first = tuple(ages(*ways[0]))
        self.ages = tuple(age for way in ways[1:] for age in ages(*way))

    async def lives(self) -> bool:
        """Whether the page still draws what its slider says: not where its kernel has ended."""
        ended = self.page.locator("#workbench-ending:visible")
        if await ended.count():
            return False
        await self.page.locator(_SLIDER).first.press("ArrowRight")
        await self._catch_up()
        return not await ended.count()

    async def _catch_up(self) -> None:
        await self.page.wait_for_function("() => probe.caughtUp()", polling=50)


async def _visitor(browser: Browser) -> Visitor:
    context = await browser.new_context(viewport={"width": 1200, "height": 900})
    context.set_default_timeout(4000 * PATIENCE)
    return Visitor(await context.new_page())


async def crash(server: Served, visitors: list[Visitor]) -> int:
    """Kill one kernel; how many pages live on when one has said that its kernel has ended."""
    os.kill(server.kernel_pids[0], signal.SIGKILL)
    told = [
        asyncio.create_task(visitor.page.locator("#workbench-ending:visible").wait_for())
        for visitor in visitors
    ]
    await asyncio.wait(told, return_when=asyncio.FIRST_COMPLETED)
    for task in told:
        task.cancel()
    await asyncio.gather(*told, return_exceptions=True)
    return sum([await visitor.lives() for visitor in visitors])


async def lesson(server: Served) -> tuple[list[Visitor], int, list[float], list[float]]:
    """Everybody comes at once and drags when all are there, and one kernel is killed.

    Returns what they met, how many live on, and `memory` before.
    """
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find(), args=[*FLAGS])
        visitors = [await _visitor(browser) for _ in range(VISITORS)]
        await asyncio.gather(*(visitor.arrive(server.address) for visitor in visitors))
        await asyncio.gather(*(visitor.drag() for visitor in visitors))
        held = memory(server)
        alive = await crash(server, visitors)
        await browser.close()
    return visitors, alive, *held


def wait_until_ready(server: Served) -> float:
    """Wait until the kernels for everybody have nothing to do; return after how many seconds."""
    start = time.perf_counter()
    while True:
        kernels = [psutil.Process(pid) for pid in server.kernel_pids]
        before = [sum(kernel.cpu_times()[:2]) for kernel in kernels]
        time.sleep(2.0)
        after = [sum(kernel.cpu_times()[:2]) for kernel in kernels]
        busy = max((b - a for a, b in zip(before, after, strict=True)), default=2.0)
        started = len(kernels) == VISITORS and min(after) > IMPORTING
        if started and busy < 0.1:
            return time.perf_counter() - start
        if time.perf_counter() - start > 5 * PATIENCE:
            raise TimeoutError(f"{len(kernels)} kernels, of which one was busy for {busy:.1f} s.")


def memory(server: Served) -> tuple[list[float], list[float]]:
    """What the kernels have, and what would be free without them (Linux), each in bytes."""
    found: list[Any] = [psutil.Process(pid).memory_full_info() for pid in server.kernel_pids]
    return [each.rss for each in found], [getattr(each, "pss", each.uss) for each in found]


def main(report: Report) -> None:
    """Hold the lesson, and print what everybody met and what it costs."""
    notebook = default_notebook()
    if notebook is None:
        raise FileNotFoundError("the gallery's notebook is missing.")
    with Served(notebook, [f"--visitors={VISITORS}", f"--ready={VISITORS}"]) as server:
        ready = wait_until_ready(server)
        visitors, alive, resident, proportional = asyncio.run(lesson(server))
    late = percentiles([age for visitor in visitors for age in visitor.ages])
    first = percentiles([age for visitor in visitors for age in visitor.first])
    starts = [visitor.seconds for visitor in visitors]
    report.table(
        f"A class of {VISITORS} at `workbench serve`, all dragging at once",
        ["figure", "median", "worst"],
        [
            ["slider to pixels of all, ms: p50, p95", *late],
            ["the same on the first way, ms: p50, p95", *first],
            [
                "slider to pixels of a visitor, p95, ms",
                *_of([percentiles(v.ages)[1] for v in visitors]),
            ],
            ["frames per second of a visitor", *_of([v.frames_per_second for v in visitors], min)],
            ["page live, all coming at once, s", *_of(starts)],
            ["kernel, resident, MiB", *_of([each / MIB for each in resident])],
            ["kernel, its share (PSS), MiB", *_of([each / MIB for each in proportional])],
        ],
    )
    per_gib = VISITORS * GIB / sum(proportional)
    print(f"\n{VISITORS} kernels ready after {ready:.0f} s; {per_gib:.1f} visitors per GiB.")
    report.target(f"{VISITORS} visitors dragging, p95", late[1], "<=", TARGET_P95, "ms")
    report.target("the same on the first way", first[1], "<=", TARGET_P95, "ms")
    report.target("pages that live on where one kernel is killed", alive, ">=", VISITORS - 1, "")


def _of(values: list[float], worst: Callable[[list[float]], float] = max) -> tuple[float, float]:
    return percentiles(values)[0], worst(values)
