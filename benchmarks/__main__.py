"""`python -m benchmarks [NAME ...] [--json FILE]`: run all benchmarks or those named."""

import argparse
import importlib
from pathlib import Path

from benchmarks.report import Report

NAMES = (
    "imports",
    "resampling",
    "spectral",
    "delay",
    "recurrent",
    "rates",
    "learning",
    "comm",
    "live",
    "long_files",
    "dashboards",
)


def main() -> None:
    """Run what is asked for; falling short of a target is printed, never an error."""
    parser = argparse.ArgumentParser(description="Run benchmarks.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(NAMES)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="save the figures there too")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in NAMES]
    if unknown:
        parser.error(f"NAME must be one of {', '.join(NAMES)}; got {unknown[0]}.")
    report = Report()
    for name in options.names or NAMES:
        importlib.import_module(f"benchmarks.{name}").main(report)
    report.finish(options.json)


if __name__ == "__main__":
    main()
