"""How much memory a computation takes at its peak, in a process of its own."""

import subprocess
import sys

_MEASURE = """
import resource, sys
from pathlib import Path
{prepare}
anew = Path("/proc/self/clear_refs")  # Linux: the peak starts anew
def megabytes(name):
    if not anew.exists():
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / 2**20 if sys.platform == "darwin" else peak / 2**10
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024
if anew.exists():
    anew.write_text("5")
before = megabytes("VmRSS")
{measured}
print(megabytes("VmHWM") - before)
"""


def extra_megabytes(prepare: str, measured: str) -> float:
    """What `measured` takes at its peak beyond what the process had after `prepare`.

    Where the system's count of the peak can't start anew it is beyond the peak of `prepare`.
    """
    code = _MEASURE.format(prepare=prepare, measured=measured)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])
