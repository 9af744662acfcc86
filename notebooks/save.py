"""Runs the notebooks and saves them with what they show, as pictures: `make notebooks`.

A live view without its kernel is an error message, so it is left out of the file; the picture
that a dashboard puts after it stays.
"""

from pathlib import Path

import nbformat
from nbclient import NotebookClient

LIVE = "application/vnd.jupyter.widget-view+json"


def main() -> None:
    """Runs every notebook beside this file, and writes it back."""
    for path in sorted(Path(__file__).parent.glob("*.ipynb")):
        document = nbformat.read(path, as_version=4)
        NotebookClient(document, store_widget_state=False, record_timing=False).execute(
            cwd=str(path.parent)
        )
        for cell in document.cells:
            if cell.cell_type == "code":
                cell.outputs = [o for o in cell.outputs if LIVE not in o.get("data", {})]
        nbformat.write(document, path)


if __name__ == "__main__":
    main()
