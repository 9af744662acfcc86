"""Parameters found by gradient descent, on 2 s at 44.1 kHz: how near, how soon, in which steps."""

import time

import numpy as np
import tensorflow as tf

import workbench as wb
from benchmarks.report import Report
from benchmarks.timing import fastest
from workbench import traces

RATE = 44100
_SMOOTH = {"smoothing_seconds": 5e-3}
CASES = {
    "delay, from 2 samples": (wb.layers.FractionalDelay, {"delay": 2.0}, {"delay": 12.37}, _SMOOTH),
    "delay, from 20": (wb.layers.FractionalDelay, {"delay": 20.0}, {"delay": 12.37}, _SMOOTH),
    "delay, from 60": (wb.layers.FractionalDelay, {"delay": 60.0}, {"delay": 12.37}, _SMOOTH),
    "rate drift, ratio from 1": (
        wb.layers.Resample,
        {"ratio": 1.0},
        {"ratio": 1.0005},
        _SMOOTH | {"cropped": True},
    ),
    "edges of 40 mel bands, Hz": (
        wb.layers.LogMelSpectrogram,
        {"num_mel_bins": 40, "lower_edge_hertz": 0.0, "upper_edge_hertz": 11000.0},
        {"lower_edge_hertz": 300.0, "upper_edge_hertz": 7000.0},
        {},
    ),
}


def main(report: Report) -> None:
    """Print the table."""
    speech = wb.clip("speech")
    x = wb.resample(speech.signal[:1], orig_rate=speech.sample_rate, target_rate=RATE)
    x = tf.constant(x[:, : 2 * RATE])
    rows = []
    for name, (kind, start, wanted, options) in CASES.items():
        chain = wb.Chain([kind(**start)], sample_rate=RATE)
        target = wb.Distance.to(chain, x, {0: wanted}, **options)
        learner = wb.Learner(chain, x, target, [(0, parameter) for parameter in wanted])
        began = time.perf_counter()
        count = len(list(learner.run(300)))
        seconds = time.perf_counter() - began
        errors = [abs(chain.layers[0].values[each] - value) for each, value in wanted.items()]
        parameter = (0, next(iter(wanted)))
        traces.settle()
        found = fastest(
            {
                "step": learner.step,
                "landscape": lambda c=chain, t=target, p=parameter: wb.landscape(c, x, t, p),
            },
            repeats=5,
        )
        times = [1e3 * step.seconds for step in learner.history[:count]]
        rows.append([name, max(errors), count, seconds, float(np.median(times)), *found.values()])
        if parameter[1] == "delay":
            report.target(f"{name}: error", max(errors), "<=", 0.01, "samples")
            report.target(f"{name}: found in", seconds, "<=", 10, "s")
        report.target(f"{name}: step, compiled", found["step"], "<=", 30, "ms")
    head = ["found in speech", "error", "steps", "seconds", "median step, ms", "compiled, ms"]
    report.table("Learning: 2 s at 44.1 kHz", [*head, "loss at 33 values, ms"], rows)
