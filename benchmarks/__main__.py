"""`python -m benchmarks [NAME ...] [--json FILE]`: run all benchmarks or those named.

`soak` runs only where it is named, for half an hour or `--minutes`; `--seed` repeats it.
`dashboards --only stft --only mel` measures these two.
"""

import argparse
import importlib
from pathlib import Path

from benchmarks.report import Report

NAMES = (
    "imports",
    "start",
    "resampling",
    "spectral",
    "delay",
    "recurrent",
    "rates",
    "learning",
    "comm",
    "live",
    "long_files",
    "dataset",
    "dashboards",
    "corpus",
)
LONG = ("soak",)  # only where they are named


def main() -> None:
    """Run what is asked for; falling short of a target is printed, never an error."""
    parser = argparse.ArgumentParser(description="Run benchmarks.")
    known = (*NAMES, *LONG)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(known)}")
    parser.add_argument("--minutes", type=float, default=30.0, help="how long the soak takes")
    parser.add_argument("--seed", type=int, help="what the soak's user does")
    parser.add_argument("--only", action="append", default=[], help="one of the dashboards")
    parser.add_argument("--json", type=Path, metavar="FILE", help="save the figures there too")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in known]
    if unknown:
        parser.error(f"NAME must be one of {', '.join(known)}; got {unknown[0]}.")
    report = Report()
    own = {
        "soak": {"minutes": options.minutes, "seed": options.seed},
        "dashboards": {"names": options.only},
    }
    for name in options.names or NAMES:
        importlib.import_module(f"benchmarks.{name}").main(report, **own.get(name, {}))
    report.finish(options.json)


if __name__ == "__main__":
    main()
