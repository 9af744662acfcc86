"""What a benchmark prints: Markdown tables, and each target with how it was met."""

import json
import operator
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

_COMPARISONS = {"<=": operator.le, ">=": operator.ge}


def percentiles(values: Sequence[float]) -> tuple[float, float]:
    """The median and the 95th percentile."""
    p50, p95 = np.percentile(values, [50, 95])
    return float(p50), float(p95)


def _text(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) and abs(value) < 100 else _whole(value)


def _whole(value: Any) -> str:
    return f"{value:.0f}" if isinstance(value, float) else str(value)


class Report:
    """Gathers what benchmarks find, and prints it as it comes."""

    def __init__(self) -> None:
        self.tables: dict[str, list[dict[str, Any]]] = {}
        self.targets: list[dict[str, Any]] = []

    def table(self, title: str, head: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Print a table; its columns have names of their own."""
        if len(set(head)) < len(head):
            raise ValueError(f"{title}: columns must differ; got {head}.")
        self.tables[title] = [dict(zip(head, row, strict=True)) for row in rows]
        lines = [list(head), ["---"] * len(head), *(list(map(_text, row)) for row in rows)]
        print(f"\n**{title}**\n")
        print("\n".join(f"| {' | '.join(line)} |" for line in lines), flush=True)

    def target(self, name: str, value: float, relation: str, limit: float, unit: str) -> None:
        """Remember a figure beside what it should be."""
        met = bool(_COMPARISONS[relation](value, limit))
        self.targets.append(
            {"target": name, "value": value, "limit": f"{relation} {limit:g} {unit}", "met": met}
        )

    def finish(self, path: Path | None) -> None:
        """Print how the targets were met; save everything as JSON if a path is given."""
        rows = [
            [t["target"], _text(t["value"]), t["limit"], "met" if t["met"] else "falls short"]
            for t in self.targets
        ]
        if rows:
            self.table("Targets", ["target", "measured", "wanted", ""], rows)
        if path is not None:
            found = {"tables": self.tables, "targets": self.targets}
            path.write_text(json.dumps(found, indent=2) + "\n")
