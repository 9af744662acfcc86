"""Moving a slider in the page by real keys and mouse moves, and what the probe saw of it."""

import random
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.report import percentiles
from benchmarks.variants import Variant
from tests.lab import Lab

DRAG_SECONDS = 5.0
MOVES_PER_SECOND = 50
_PROBE = (Path(__file__).parent / "probe.js").read_text()
_CAUGHT_UP = "() => probe.caughtUp()"


@dataclass(frozen=True)
class Drag:
    """What a drag of the slider looked like; times in ms."""

    frames_per_second: float
    staleness_p95: float
    last_input_lag: float


def watch(lab: Lab, variant: Variant) -> None:
    """Install the probe, and move the slider once so that everything is warm."""
    handle = lab.page.locator(variant.slider).first
    handle.wait_for()
    lab.page.evaluate(_PROBE)
    handle.evaluate("element => probe.watchSlider(element)")
    lab.page.evaluate(variant.watch)
    handle.focus()
    change(lab, 5)


def change(lab: Lab, count: int) -> list[float]:
    """Press an arrow key `count` times, each when the last picture is there; latencies in ms."""
    latencies = []
    for number in range(count):
        lab.page.evaluate("() => probe.clear()")
        lab.page.keyboard.press("ArrowRight" if number % 100 < 50 else "ArrowLeft")
        lab.page.wait_for_function(_CAUGHT_UP, polling=20)
        seen = lab.page.evaluate("() => [probe.frames.at(-1).time - probe.inputs[0].time]")
        latencies += seen
        time.sleep(random.uniform(0, 0.03))  # no fixed phase to the screen's frames
    return latencies


def drag(lab: Lab, variant: Variant) -> Drag:
    """Drag the handle over most of its range once, by about 50 mouse moves per second."""
    track = (
        lab.page.locator(variant.slider)
        .first.locator("xpath=ancestor::*[@role='none' or contains(@class,'noUi-target')][1]")
        .bounding_box()
    )
    box = lab.page.locator(variant.slider).first.bounding_box()
    if track is None or box is None:
        raise RuntimeError(f"{variant.name}: the slider is not on the screen.")
    row = box["y"] + box["height"] / 2
    mouse = lab.page.mouse
    mouse.move(box["x"] + box["width"] / 2, row)
    mouse.down()
    mouse.move(track["x"] + 2, row)
    lab.page.wait_for_function(_CAUGHT_UP, polling=20)
    lab.page.evaluate("() => probe.clear()")
    start = time.perf_counter()
    count = int(DRAG_SECONDS * MOVES_PER_SECOND)
    for number in range(1, count + 1):
        time.sleep(max(0.0, start + number / MOVES_PER_SECOND - time.perf_counter()))
        mouse.move(track["x"] + 2 + 0.9 * track["width"] * number / count, row)
    mouse.up()
    lab.page.wait_for_function(_CAUGHT_UP, polling=20)
    return _digest(*lab.page.evaluate("() => [probe.inputs, probe.frames]"))


def _digest(inputs: list[dict], frames: list[dict]) -> Drag:
    """Find for each frame the input that it shows: values rise, so each occurs once."""
    given = {item["value"]: item["time"] for item in reversed(inputs)}
    last = inputs[-1]
    ages = [f["time"] - given[f["value"]] for f in frames if f["value"] in given]
    during = [f for f in frames if f["time"] <= last["time"]]
    span = (last["time"] - inputs[0]["time"]) / 1000
    arrived = min(f["time"] for f in frames if f["value"] == last["value"])
    return Drag(len(during) / span, percentiles(ages)[1], arrived - last["time"])
