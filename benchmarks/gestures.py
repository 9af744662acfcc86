"""Moving a slider in the page by real keys and mouse moves, and what the probe saw of it."""

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
    handle.evaluate("element => element.closest('.jp-OutputArea').scrollIntoView()")
    lab.page.evaluate(_PROBE)
    scale = [variant.origin, variant.step]
    handle.evaluate("(element, scale) => probe.watchSlider(element, ...scale)", scale)
    lab.page.evaluate(variant.watch)
    handle.focus()
    change(lab, variant, 5)


def change(lab: Lab, variant: Variant, count: int) -> list[float]:
    """Press an arrow key `count` times, each when the last picture is there; latencies in ms.

    The page presses and waits by itself: a driver that asks every 20 ms takes a third of a core.
    """
    asked = [count, variant.lowest, variant.highest]
    return lab.page.evaluate("(asked) => probe.press(...asked)", asked)


def drag(lab: Lab, variant: Variant) -> Drag:
    """Drag the handle for 5 s, a pixel further at each of about 50 mouse moves per second."""
    handle = lab.page.locator(variant.slider).first
    track = handle.locator("xpath=ancestor::*[contains(@class, 'noUi-target')]").bounding_box()
    grip = handle.bounding_box()
    if track is None or grip is None:
        raise RuntimeError(f"{variant.name}: the slider is not on the screen.")
    row, reach = grip["y"] + grip["height"] / 2, int(0.95 * track["width"])
    mouse = lab.page.mouse
    mouse.move(grip["x"] + grip["width"] / 2, row)
    mouse.down()
    mouse.move(track["x"], row)
    lab.page.wait_for_function(_CAUGHT_UP, polling=20)
    lab.page.evaluate("() => probe.clear()")
    start = time.perf_counter()
    for number in range(1, int(DRAG_SECONDS * MOVES_PER_SECOND) + 1):
        time.sleep(max(0.0, start + number / MOVES_PER_SECOND - time.perf_counter()))
        there, back = number % (2 * reach), -number % (2 * reach)
        mouse.move(track["x"] + min(there, back), row)
    mouse.up()
    lab.page.wait_for_function(_CAUGHT_UP, polling=20)
    return digest(*lab.page.evaluate("() => [probe.inputs, probe.frames]"))


def ages(inputs: list[dict], frames: list[dict]) -> list[float]:
    """How old the inputs are that frames show: of equal ones the oldest, and frames keep order."""
    found, newest = [], 0
    for frame in frames:
        for number in range(newest, len(inputs)):
            if inputs[number]["value"] == frame["value"]:
                found.append(frame["time"] - inputs[number]["time"])
                newest = number
                break
    return found


def digest(inputs: list[dict], frames: list[dict]) -> Drag:
    """Put a drag together from what the probe saw."""
    last = inputs[-1]
    during = [f for f in frames if f["time"] <= last["time"]]
    after = [f["time"] for f in frames if f["time"] > last["time"]]
    shown = [f["time"] for f in frames if f["value"] == last["value"] and f["time"] in after]
    span = (last["time"] - inputs[0]["time"]) / 1000
    return Drag(len(during) / span, percentiles(ages(inputs, frames))[1], min(shown) - last["time"])
