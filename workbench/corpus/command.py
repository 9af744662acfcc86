"""`workbench extract`: what the command line says of an extraction, and how it ends."""

from __future__ import annotations

import argparse
import signal
import sys

from workbench.corpus.cluster import ClusterLost
from workbench.corpus.extraction import extract

_STOPPED = 128 + signal.SIGINT


def run(options: argparse.Namespace) -> int:
    """Extract; 0: all of it, 1: something failed, 2: it was refused, 130: it was stopped."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: nothing half done
    try:
        report = extract(
            options.design,
            options.sources,
            options.out,
            workers=options.workers,
            scheduler=options.scheduler,
            channels=options.channels,
            labels=options.labels,
        )
    except KeyboardInterrupt:
        print("Stopped. Finished parts are kept; the same command goes on.", file=sys.stderr)
        return _STOPPED
    except ClusterLost as error:
        print(f"{error} Finished parts are kept; the same command goes on.", file=sys.stderr)
        return 1
    except (ValueError, TypeError, OSError, ModuleNotFoundError) as error:
        print(f"workbench {error}", file=sys.stderr)
        return 2
    print(report)
    return 1 if report.failed else 0
