"""Writes the table of layers and targets in `export.md`, from exports made and run on the spot.

Run it from the top of the project: `python -m docs.exports`.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import workbench as wb
from tests.exports.cases import LAYERS, TARGETS, front_end, layer_named
from workbench.errors import ExportError
from workbench.exports.export import TARGETS as KNOWN

PAGE = Path(__file__).parent / "export.md"
BEGIN, END = "<!-- table -->", "<!-- end of the table -->"
EXACT_DB = -300.0


def main() -> None:
    """Makes every cell of the table, and puts it in its place."""
    titles = [target.label() for target in KNOWN.values()]
    rows = [["layer", *titles], ["---"] * (1 + len(titles))]
    with tempfile.TemporaryDirectory() as folder:
        for name in LAYERS:
            rows.append([f"`{name}`", *row(lambda n=name: layer_named(n, Path(folder)), folder)])
            print(*rows[-1], flush=True)
        rows.append(["resample, MFCC, conv net", *row(lambda: (front_end(), None), folder)])
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in rows)
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n\n{table}\n\n{END}{after}", encoding="utf-8")


def row(make: Callable[[], Any], folder: str) -> list[str]:
    """The worst error on each target, or that it can't be."""
    cells = []
    for name in TARGETS.values():
        model, check = make()
        try:
            error = wb.export(model, Path(folder) / name, check=check).error_db
        except ExportError:
            cells.append("no")
        else:
            cells.append("0" if error <= EXACT_DB else f"{error:.0f}")
    return cells


if __name__ == "__main__":
    main()
