"""Delays: memory and time of `fractional_delay`, 1 s at 48 kHz; time of one that moves, 10 s."""

import numpy as np
import tensorflow as tf

import workbench as wb
from benchmarks.memory import extra_megabytes
from benchmarks.report import Report
from benchmarks.timing import fastest

KINDS = {"linear": {}, "hermite": {}, "lagrange": {"order": 15}, "sinc": {"lobes": 32}}
MOTIONS = {
    "sine": {"delay_seconds": 0.001, "depth_seconds": 0.004, "rate_hertz": 0.5},
    "pass_by": {"speed_meters_per_second": 30.0, "distance_meters": 5.0, "time_seconds": 5.0},
}
_PREPARE = """
import numpy as np, tensorflow as tf, workbench as wb
x = tf.constant(np.random.default_rng(0).standard_normal(48000).astype(np.float32))
delay = tf.constant(np.linspace(0, 48000, 48000).astype(np.float32))
def run(x, delay):
    with tf.GradientTape() as tape:
        tape.watch([x, delay])
        y = wb.fractional_delay(x, delay=delay, kind={kind!r}, **{options})
    return tape.gradient(y, [x, delay])
run(x[:100], delay[:100])
"""


def main(report: Report) -> None:
    """Print the tables."""
    _fractional(report)
    _modulated(report)


def _modulated(report: Report) -> None:
    """A moving delay as a slider moves it: its parameters are tensors, the graph is traced."""
    x = tf.constant(np.random.default_rng(0).standard_normal(480_000).astype(np.float32))
    rows = []
    for kind in ("linear", "hermite", "lagrange", "sinc"):
        for motion, given in MOTIONS.items():
            at = tf.constant(list(given.values()), tf.float64)

            def moved(at, kind=kind, motion=motion, names=tuple(given)):
                values = dict(zip(names, tf.unstack(at), strict=True))
                return wb.modulated_delay(x, sample_rate=48000, motion=motion, kind=kind, **values)

            def slopes(at, moved=moved):
                with tf.GradientTape() as tape:
                    tape.watch([x, at])
                    total = tf.reduce_sum(moved(at) ** 2)
                return tape.gradient(total, [x, at])

            forward, back = (tf.function(run, autograph=False) for run in (moved, slopes))
            found = fastest({"forward": lambda run=forward, at=at: run(at),
                             "gradient": lambda run=back, at=at: run(at)})  # fmt: skip
            rows.append([kind, motion, found["forward"], found["gradient"]])
            if kind != "sinc":
                name = f"delay that moves, {kind}, {motion}, 10 s at 48 kHz"
                report.target(name, found["forward"], "<=", 15, "ms")
    head = ["kind", "motion", "forward: ms", "with gradients: ms"]
    report.table("modulated_delay: 10 s at 48 kHz, graph", head, rows)


def _fractional(report: Report) -> None:
    x = tf.constant(np.random.default_rng(0).standard_normal(48000).astype(np.float32))
    moving = tf.constant(np.linspace(0, 48000, 48000).astype(np.float32))
    rows = []
    for kind, options in KINDS.items():
        prepared = _PREPARE.format(kind=kind, options=options)
        used = extra_megabytes(prepared, "run(x, delay)")

        def delayed(delay, kind=kind, options=options):
            return wb.fractional_delay(x, delay=delay, kind=kind, **options)

        compiled = tf.function(delayed, autograph=False)
        found = fastest({"fixed": lambda run=delayed: run(100.25),
                         "moving": lambda run=compiled: run(moving)})  # fmt: skip
        rows.append([kind, used, found["fixed"], found["moving"]])
        report.target(f"delay by {kind}, memory", used, "<=", 150, "MB")
    head = ["kind", "a delay for each sample, and gradients: extra MB", "one delay, eager: ms"]
    report.table("fractional_delay: 1 s at 48 kHz", [*head, "for each sample, graph: ms"], rows)
