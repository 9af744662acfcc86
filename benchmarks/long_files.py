"""A slider's step in the dashboard of a chain: ten minutes at 48 kHz beside five seconds."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.memory import extra_megabytes
from benchmarks.report import Report
from benchmarks.timing import fastest
from workbench import layers
from workbench.chain import Chain
from workbench.dashboards.controllers.chain import ChainController
from workbench.dashboards.frames import View
from workbench.dashboards.sources import source_of

RATE = 48000
MINUTES = 10
TARGET = 1.3  # times a step on five seconds alone
_MADE = f"""
import numpy as np
from benchmarks.long_files import complete, controller, source_of
x = 0.1 * np.random.default_rng(0).standard_normal({MINUTES} * 60 * {RATE}).astype(np.float32)
complete(controller((x[: 30 * {RATE}], {RATE})))
source = source_of((x, {RATE}))
"""


def controller(given: Any) -> ChainController:
    """The dashboard of a chain of four stages."""
    made = [
        layers.Resample(target_rate=16000),
        layers.Saturate(drive_db=6.0),
        layers.MelSpectrogram(),
        layers.Decibels(top_db=None),
    ]
    return ChainController(Chain(made, sample_rate=RATE), source_of(given), "")


def complete(made: ChainController) -> None:
    """Computes all pieces of the picture."""
    picture = made.picture
    if picture is not None:
        for _ in made.pieces(picture):
            pass


def step(made: ChainController) -> Callable[[], None]:
    """The next step of a slider."""
    count = iter(range(1 << 30))
    return lambda: made.set(1, drive_db=3.0 + 0.001 * next(count))


def main(report: Report) -> None:
    """Measure and report."""
    rng = np.random.default_rng(0)
    signal = 0.1 * rng.standard_normal(MINUTES * 60 * RATE).astype(np.float32)
    five, zoomed, out = (controller((x, RATE)) for x in (signal[: 5 * RATE], signal, signal))
    zoomed.look(View(300.0, 305.0, 1000, 1.0))
    found = fastest({"five": step(five), "zoomed": step(zoomed), "out": step(out)}, repeats=40)
    begun = time.perf_counter()
    complete(out)
    whole = time.perf_counter() - begun + found["out"] / 1e3
    memory = extra_megabytes(_MADE, "made = controller(source)\ncomplete(made)")
    rows = [
        ["5 s alone", found["five"]],
        ["10 minutes, zoomed in to 5 s", found["zoomed"]],
        ["10 minutes, all of them: the first piece", found["out"]],
        ["10 minutes, all of them: the whole picture", 1e3 * whole],
    ]
    chain = "resampled, saturated, mel bands, levels; 48 kHz"
    report.table(f"A slider's step on a long file ({chain})", ["what is in view", "ms"], rows)
    ratio = found["zoomed"] / found["five"]
    report.target("10 minutes zoomed in to 5 s, beside 5 s alone", ratio, "<=", TARGET, "times")
    report.target("10 minutes: memory beside the signal", memory, "<=", 100.0, "MB")
