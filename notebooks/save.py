"""Runs the notebooks and saves them with what they show, as pictures: `make notebooks`.

`python notebooks/save.py 02` does it for those whose names begin so.

A live view without its kernel is an error message, so it is left out of the file; the picture
that a dashboard puts after it stays.
"""

import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

LIVE = "application/vnd.jupyter.widget-view+json"


def main() -> None:
    """Runs the notebooks beside this file, and writes them back."""
    begins = tuple(sys.argv[1:]) or ("",)
    paths = sorted(Path(__file__).parent.glob("*.ipynb"))
    for path in (each for each in paths if each.name.startswith(begins)):
        started = time.perf_counter()
        document = nbformat.read(path, as_version=4)
        NotebookClient(document, store_widget_state=False, record_timing=False).execute(
            cwd=str(path.parent)
        )
        for cell in document.cells:
            if cell.cell_type == "code":
                cell.outputs = [o for o in cell.outputs if LIVE not in o.get("data", {})]
        nbformat.write(document, path)
        print(f"{path.name}: {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
