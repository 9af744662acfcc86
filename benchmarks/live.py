"""Slider to pixels in JupyterLab: the floor, `interact` with pyplot, and the workbench's dashboard.

Latency runs from the slider's input event in the page to the animation frame that draws the new
picture; staleness is the age of the input that a drawn frame shows.

Figures are printed page by page: 2,000 updates alone take three minutes on two cores, and more
where these have something else to do.
"""

import contextlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import psutil

from benchmarks.gestures import Drag, change, drag, watch
from benchmarks.report import Report, percentiles
from benchmarks.variants import FLOOR, OURS, RIVAL, STATIC, Variant
from tests.lab import Lab, notebook

PUSHES = 300
UPDATES = 2000
MIB = 2**20
_PUSH = """
import json, time
pushed = []
for number in range({count}):
    value = round(-20 + number * 0.2, 1)
    pushed.append([value, time.time() * 1000])
    {push}
print(json.dumps(pushed))
"""


@dataclass(frozen=True)
class Result:
    """How fast a page is; times in ms."""

    latency: tuple[float, float]
    drag: Drag


@contextlib.contextmanager
def watched(variant: Variant) -> Iterator[Lab]:
    """The variant's page in a JupyterLab of its own, with the probe in it."""
    say(f"{variant.name}: opening its page")
    with Lab(notebook([*variant.cells])) as lab:
        lab.run_all()
        watch(lab, variant)
        yield lab


def say(text: str) -> None:
    """Tells what goes on, where the tables do not go: nobody takes a long wait for a halt."""
    print(text, file=sys.stderr, flush=True)


def measure(variant: Variant) -> Result:
    """How late a page is when its slider is moved step by step, and when it is dragged."""
    with watched(variant) as lab:
        say(f"{variant.name}: {variant.changes} changes, and a drag")
        latency = percentiles(change(lab, variant, variant.changes))
        return Result(latency, drag(lab, variant))


def endure(variant: Variant) -> tuple[float, float, float]:
    """How late the latest of many results of a loop is, in ms, and the growth of memory in %."""
    push = _PUSH.format(count=PUSHES, push=variant.push)
    with watched(variant) as lab:
        say(f"{variant.name}: {PUSHES} pushes, {UPDATES} updates")
        return push_lag(lab, push), *growth(lab, variant, UPDATES)


def push_lag(lab: Lab, code: str) -> float:
    """Push results by a loop in the kernel; return how late the latest of them was drawn, in ms."""
    lab.page.evaluate("() => probe.clear()")
    pushed = dict(json.loads(execute(lab, code)))
    last = max(pushed)
    lab.page.wait_for_function("value => probe.frames.at(-1)?.value === value", arg=last)
    frames = lab.page.evaluate(
        "() => probe.frames.map(f => [f.value, f.time + performance.timeOrigin])"
    )
    return max(time - pushed[value] for value, time in frames if value in pushed)


def execute(lab: Lab, code: str) -> str:
    """Run code in the page's kernel as a cell would, and return what it printed."""
    return lab.page.evaluate(
        """async code => {
            const { context } = window.jupyterapp.shell.currentWidget;
            const future = context.sessionContext.session.kernel.requestExecute({ code });
            let text = "";
            future.onIOPub = message => { text += message.content.text ?? ""; };
            const reply = await future.done;
            if (reply.content.status !== "ok") throw new Error(reply.content.evalue);
            return text;
        }""",
        code,
    )


def growth(lab: Lab, variant: Variant, updates: int) -> tuple[float, float]:
    """Change the slider many times; by how many percent kernel and page have grown."""
    change(lab, variant, updates // 10)
    before = memory(lab)
    change(lab, variant, updates)
    after = memory(lab)
    kernel, page = (100 * (b / a - 1) for a, b in zip(before, after, strict=True))
    return kernel, page


def memory(lab: Lab) -> tuple[float, float]:
    """What the kernel holds, and the page's JavaScript after its garbage is collected; in MiB."""
    kernel = psutil.Process(lab.kernel_pids[0]).memory_info().rss
    return kernel / MIB, lab.metrics()["JSHeapUsedSize"] / MIB


def main(report: Report) -> None:
    """Measure how fast all pages are, then what ours does in the long run.

    A page that can't be measured is said, the others' figures are still worth having.
    """
    results: dict[Variant, Result] = {}
    for variant in (FLOOR, RIVAL, OURS, STATIC):
        try:
            results[variant] = found = measure(variant)
        except Exception as error:
            print(f"\n{variant.name}: not measured: {error}")
            continue
        say("{}: {:.0f} / {:.0f} ms".format(variant.name, *found.latency))
    floor = results[FLOOR].latency[0] if FLOOR in results else float("nan")
    report.table(
        "Slider to pixels in JupyterLab, 10 s at 48 kHz",
        ["page", "p50 ms", "p95 ms", "x floor", "drag frames/s", "staleness p95 ms", "last lag ms"],
        [
            [v.name, *r.latency, r.latency[0] / floor, *vars(r.drag).values()]
            for v, r in results.items()
        ],
    )
    if OURS in results:
        _speed_targets(report, results[OURS], results.get(RIVAL))
        _long_run(report)


def _speed_targets(report: Report, ours: Result, rival: Result | None) -> None:
    report.target("slider to pixels, p50", ours.latency[0], "<=", 50, "ms")
    report.target("slider to pixels, p95", ours.latency[1], "<=", 70, "ms")
    if rival is not None:
        ratio = rival.latency[0] / ours.latency[0]
        report.target("faster than interact + plt.show", ratio, ">=", 8, "x")
    report.target("drag, frames per second", ours.drag.frames_per_second, ">=", 15, "/s")
    report.target("drag, staleness p95", ours.drag.staleness_p95, "<=", 130, "ms")
    report.target("drag, lag of the last input", ours.drag.last_input_lag, "<=", 130, "ms")


def _long_run(report: Report) -> None:
    lag, kernel, page = endure(OURS)
    report.table(
        "A loop in a cell, and memory",
        ["page", f"{PUSHES} pushes, lag ms", f"kernel growth %, {UPDATES} updates", "page %"],
        [[OURS.name, lag, kernel, page]],
    )
    report.target(f"{PUSHES} results pushed, largest lag", lag, "<=", 200, "ms")
    report.target(f"{UPDATES} updates, kernel memory", kernel, "<=", 5, "%")
    report.target(f"{UPDATES} updates, page memory", page, "<=", 5, "%")
