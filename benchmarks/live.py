"""Slider to pixels in JupyterLab: the floor, `interact` with pyplot, and the workbench's dashboard.

Latency runs from the slider's input event in the page to the animation frame that draws the new
picture; staleness is the age of the input that a drawn frame shows.
"""

import json
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
    """What was measured of a variant; times in ms, growth in percent."""

    latency: tuple[float, float]
    drag: Drag
    push_lag: float
    kernel_growth: float
    page_growth: float


def measure(variant: Variant, updates: int) -> Result:
    """Open the variant's page in a JupyterLab of its own and measure it."""
    push = _PUSH.format(count=PUSHES, push=variant.push)
    with Lab(notebook([*variant.cells])) as lab:
        lab.run_all()
        watch(lab, variant)
        latency = percentiles(change(lab, variant, variant.changes))
        dragged = drag(lab, variant)
        lag = push_lag(lab, push) if updates else float("nan")
        kernel, page = growth(lab, variant, updates) if updates else (float("nan"),) * 2
    return Result(latency, dragged, lag, kernel, page)


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
    session = lab.page.context.new_cdp_session(lab.page)
    session.send("Performance.enable")
    session.send("HeapProfiler.collectGarbage")
    metrics = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
    session.detach()
    kernel = psutil.Process(lab.kernel_pids[0]).memory_info().rss
    return kernel / MIB, metrics["JSHeapUsedSize"] / MIB


def main(report: Report) -> None:
    """Measure all three, one after another, and print them side by side."""
    results = {FLOOR: measure(FLOOR, UPDATES), RIVAL: measure(RIVAL, 0)}
    try:
        results[OURS] = measure(OURS, UPDATES)
        results[STATIC] = measure(STATIC, 0)
    except Exception as error:  # the others' figures are still worth having
        print(f"\nworkbench: not measured: {error}")
    floor = results[FLOOR].latency[0]
    report.table(
        "Slider to pixels in JupyterLab, 10 s at 48 kHz",
        ["page", "p50 ms", "p95 ms", "x floor", "drag frames/s", "staleness p95 ms", "last lag ms"],
        [
            [v.name, *r.latency, r.latency[0] / floor, *vars(r.drag).values()]
            for v, r in results.items()
        ],
    )
    report.table(
        "A loop in a cell, and memory",
        ["page", f"{PUSHES} pushes, lag ms", f"kernel growth %, {UPDATES} updates", "page %"],
        [
            [v.name, r.push_lag, r.kernel_growth, r.page_growth]
            for v, r in results.items()
            if v in (FLOOR, OURS)
        ],
    )
    if OURS in results:
        _targets(report, results[OURS], results[RIVAL])


def _targets(report: Report, ours: Result, rival: Result) -> None:
    report.target("slider to pixels, p50", ours.latency[0], "<=", 50, "ms")
    report.target("slider to pixels, p95", ours.latency[1], "<=", 70, "ms")
    ratio = rival.latency[0] / ours.latency[0]
    report.target("faster than interact + plt.show", ratio, ">=", 8, "x")
    report.target("drag, frames per second", ours.drag.frames_per_second, ">=", 15, "/s")
    report.target("drag, staleness p95", ours.drag.staleness_p95, "<=", 130, "ms")
    report.target("drag, lag of the last input", ours.drag.last_input_lag, "<=", 130, "ms")
    report.target(f"{PUSHES} results pushed, largest lag", ours.push_lag, "<=", 200, "ms")
    report.target(f"{UPDATES} updates, kernel memory", ours.kernel_growth, "<=", 5, "%")
    report.target(f"{UPDATES} updates, page memory", ours.page_growth, "<=", 5, "%")
