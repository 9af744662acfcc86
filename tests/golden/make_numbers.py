"""Writes numbers.json: some numbers of what each layer's op makes, and which `NUMBERS` they are.

Run it from the top of the project after raising `NUMBERS` in `workbench/corpus/folder.py`, or after
adding an op: `python -m tests.golden.make_numbers`.
"""

import json
from pathlib import Path

import numpy as np

from tests.ops import LAYERED, call, example
from workbench.corpus.folder import NUMBERS

PATH = Path(__file__).parent / "numbers.json"
KEPT = 24  # of the results of each op, evenly spread


def numbers_of(op):
    """Some numbers of what an op makes of a row in double precision, real and imaginary parts."""
    made = np.ravel(call(op, example(op, np.float64, rows=1)))
    some = made[np.linspace(0, len(made) - 1, KEPT).astype(int)]
    return [float(f"{each:.12g}") for part in (some.real, some.imag) for each in np.ravel(part)]


def main():
    found = {op.name: numbers_of(op) for op in LAYERED}
    lines = [f"  {json.dumps(name)}: {json.dumps(found[name])}" for name in sorted(found)]
    lines.insert(0, f'  "NUMBERS": {NUMBERS}')
    PATH.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
