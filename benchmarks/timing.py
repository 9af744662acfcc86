"""Timing of two or more functions side by side: in turns, so that noise hits all alike.

In an order that changes: what one leaves in the caches and in memory slows the next.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np


def fastest(runs: Mapping[str, Callable[[], Any]], repeats: int = 15) -> dict[str, float]:
    """The shortest time of each in milliseconds, after a first run that is not counted."""
    best = dict.fromkeys(runs, np.inf)
    for run in runs.values():
        run()
    rng = np.random.default_rng(0)
    for _ in range(repeats):
        for name in rng.permutation(list(runs)):
            start = time.perf_counter()
            runs[name]()
            best[name] = min(best[name], 1e3 * (time.perf_counter() - start))
    return best
