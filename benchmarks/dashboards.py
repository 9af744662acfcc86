"""Slider to pixels of every dashboard that has a name, in JupyterLab, on 10 s at 48 kHz."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.gestures import change, watch
from benchmarks.live import execute
from benchmarks.report import Report, percentiles
from benchmarks.variants import Variant
from tests.lab import Lab, notebook

COUNT = 40  # changes of a slider, each after the picture of the one before
_CELLS = (
    "import workbench as wb\n\nsignal = wb.siren(sample_rate=48000, seconds=10.0)",
    "dashboard = wb.explore({name!r}, (signal, 48000))\ndashboard",
)
_RUNGS = """
import json
from workbench.dashboards.controls.numbers import rungs_of
declared = dashboard.controls[{stage}, {parameter!r}].declared
print(json.dumps([float(rung) for rung in rungs_of(declared)]))
"""
_LABEL = """
import json
from workbench.dashboards.controls.control import label
print(json.dumps(label(dashboard.controls[{stage}, {parameter!r}].declared)))
"""
# that label and no other: "delay", not "target 1. delay"
_SLIDER = ".workbench-dashboard .widget-slider:has(.widget-label:text-is({label!r})) .noUi-handle"


@dataclass(frozen=True)
class Case:
    """A slider of a dashboard: the stage and the name of its parameter, and how late it may be."""

    name: str
    stage: int
    parameter: str
    limit: float = 80.0  # ms, p95


CASES = (
    Case("resample", 0, "target_rate"),
    Case("stft", 0, "frame_length"),
    Case("stft", 0, "frame_step"),
    Case("mel", 0, "num_mel_bins"),
    Case("mel", 0, "lower_edge_hertz"),
    Case("mfcc", 0, "num_mfccs"),
    Case("mfcc", 0, "frame_length"),
    Case("delay", 0, "delay"),
    Case("augment", 1, "num_mel_bins"),
    Case("augment", 2, "time_mask_width"),
    Case("input", 0, "target_rate"),
    Case("input", 2, "level_db"),
    Case("input", 3, "num_mel_bins"),
    Case("input", 3, "frame_length"),
    Case("chain", 1, "drive_db", 150.0),
    Case("chain", 3, "num_mel_bins", 150.0),
    Case("gradient", 0, "delay", 150.0),
)


def measure(case: Case) -> tuple[float, float]:
    """p50 and p95 of the slider, in ms."""
    cells = tuple(cell.format(name=case.name) for cell in _CELLS)
    with Lab(notebook([*cells])) as lab:
        lab.run_all()
        lab.page.locator(".workbench-dashboard .noUi-handle").first.wait_for()
        code = _RUNGS.format(stage=case.stage, parameter=case.parameter)
        rungs = json.loads(execute(lab, code))
        key = f"{case.stage}.{case.parameter}"
        label = json.loads(execute(lab, _LABEL.format(**vars(case))))
        variant = Variant(
            name=f"{case.name}: {case.parameter}",
            cells=cells,
            slider=_SLIDER.format(label=label),
            watch=f"probe.watchRungs({key!r}, {rungs})",
            push="",
            highest=len(rungs) - 1.0,
            lowest=0.0,
        )
        watch(lab, variant)
        return percentiles(change(lab, variant, COUNT))


def main(report: Report, names: Sequence[str] = ()) -> None:
    """Measure every case, or those of the dashboards named.

    One that can't be measured is said, the others go on.
    """
    rows, found = [], {}
    for case in (case for case in CASES if not names or case.name in names):
        try:
            found[case] = measure(case)
        except Exception as error:
            print(f"\n{case.name}, {case.parameter}: not measured: {error}")
            continue
        rows.append([case.name, case.parameter, *found[case]])
    report.table(
        "Slider to pixels of the dashboards, 10 s at 48 kHz",
        ["dashboard", "slider", "p50 ms", "p95 ms"],
        rows,
    )
    for case, (_, late) in found.items():
        report.target(f"{case.name}, {case.parameter}, p95", late, "<=", case.limit, "ms")
