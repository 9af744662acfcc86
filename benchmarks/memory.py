"""How much memory a computation takes at its peak, in a process of its own (Linux)."""

import subprocess
import sys

_MEASURE = """
from pathlib import Path
{prepare}
def megabytes(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024
Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
before = megabytes("VmRSS")
{measured}
print(megabytes("VmHWM") - before)
"""


def extra_megabytes(prepare: str, measured: str) -> float:
    """What `measured` takes at its peak beyond what the process had after `prepare`."""
    code = _MEASURE.format(prepare=prepare, measured=measured)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])
