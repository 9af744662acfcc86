"""How long `import workbench` takes in a fresh process, without the start of Python itself."""

import subprocess
import sys

from benchmarks.report import Report

TARGET = 0.1  # seconds
_CODE = """
import time
start = time.perf_counter()
import workbench
print(time.perf_counter() - start)
"""


def import_seconds(repeats: int = 5) -> float:
    """The shortest of a few imports, each in a process of its own."""
    runs = [
        subprocess.run([sys.executable, "-c", _CODE], capture_output=True, text=True, check=True)
        for _ in range(repeats)
    ]
    return min(float(run.stdout) for run in runs)


def main(report: Report) -> None:
    """Measure and print."""
    seconds = import_seconds()
    report.table("Import", ["statement", "seconds, best of 5"], [["import workbench", seconds]])
    report.target("import workbench", seconds, "<=", TARGET, "s")
