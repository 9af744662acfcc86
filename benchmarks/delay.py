"""Memory and time of `fractional_delay`: 1 s at 48 kHz, delays to 48,000 samples, with gradient."""

import numpy as np
import tensorflow as tf

import workbench as wb
from benchmarks.memory import extra_megabytes
from benchmarks.report import Report
from benchmarks.timing import fastest

KINDS = {"linear": {}, "hermite": {}, "lagrange": {"order": 15}, "sinc": {"lobes": 32}}
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
    """Print the table."""
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
