"""How much data a page's kernel may hold: the system refuses it more, and the kernel lives on."""

from __future__ import annotations

import math
from pathlib import Path

import psutil

GIB = 2**30
LEAST = 1.0  # GiB: a gallery with all its dashboards open has 0.6
_CONTAINER = Path("/sys/fs/cgroup/memory.max")


def machine(container: Path = _CONTAINER) -> float:
    """GiB of memory that there are: this machine's, or what the container may have of it."""
    size: int = psutil.virtual_memory().total
    try:
        size = min(size, int(container.read_text()))
    except (OSError, ValueError):  # no container, or one that may have "max"
        pass
    return size / GIB


def share(memory: float, visitors: int) -> float:
    """GiB for each page: what there is in equal parts, but not less than a page needs.

    >>> share(24.0, 8), share(4.0, 8)
    (3.0, 1.0)
    """
    return max(memory / visitors, LEAST)


def limit(pid: int, most: float) -> None:
    """Let a process hold so many GiB of data, or what it may already; only Linux can do it."""
    if math.isinf(most) or not psutil.LINUX:
        return
    size = int(most * GIB)
    process = psutil.Process(pid)
    for allowed in process.rlimit(psutil.RLIMIT_DATA):
        if allowed != psutil.RLIM_INFINITY:
            size = min(size, allowed)
    process.rlimit(psutil.RLIMIT_DATA, (size, size))
