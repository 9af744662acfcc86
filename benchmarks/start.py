"""How long a newcomer waits: from `make lab` to a slider that moves the first dashboard.

As the README says it: JupyterLab on the start notebook, all cells run. Installing is not in it.
"""

import time
from pathlib import Path

import nbformat

from benchmarks.report import Report
from tests.lab import DRAWN, Lab, notebook

TARGET = 30.0  # seconds
NOTEBOOK = Path("notebooks") / "00_start.ipynb"


def copied() -> Path:
    """The start notebook's cells without what was saved with them."""
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    return notebook([cell.source for cell in cells if cell.cell_type == "code"])


def waits() -> list[tuple[str, float]]:
    """What has happened, and after how many seconds."""
    start = copied()
    begun = time.perf_counter()
    found = []

    def happened(what: str) -> None:
        found.append((what, time.perf_counter() - begun))

    with Lab(start) as lab:
        happened("the notebook is open in JupyterLab, its kernel ready")
        lab.page.evaluate("void window.jupyterapp.commands.execute('notebook:run-all-cells')")
        lab.page.wait_for_selector(".workbench-scope canvas")
        happened("the dashboard is there")
        lab.page.evaluate(DRAWN)
        slider = lab.page.locator(".workbench-dashboard").get_by_role("slider").first
        slider.press("ArrowRight")
        lab.page.wait_for_function("() => window.drawn.length > 0")
        happened("a slider has moved its picture")
    return found


def main(report: Report) -> None:
    """Measure and print."""
    found = waits()
    report.table("From `make lab` on", ["what", "seconds"], found)
    report.target("first live dashboard", found[-1][1], "<=", TARGET, "s")
