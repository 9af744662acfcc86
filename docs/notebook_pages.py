"""Writes a page for each notebook, as it was saved: `make docs` calls it before it builds."""

import re
from pathlib import Path

import nbformat
from nbconvert import MarkdownExporter
from nbconvert.preprocessors import CoalesceStreamsPreprocessor

HERE = Path(__file__).parent
NOTEBOOKS = HERE.parent / "notebooks"
PICTURE = "What the cell above shows"  # the title of each plot is in its code
INDEX = """# Notebooks

Each lesson begins with what you can do after it, and ends with three things to try and a question
whose answer you can check. They are shown as they were saved; `make lab` opens them live.

"""


def main(to: Path = HERE / "notebooks") -> None:
    """Writes all pages with their pictures, and their index."""
    to.mkdir(exist_ok=True)
    exporter = MarkdownExporter(preprocessors=[CoalesceStreamsPreprocessor])
    entries = []
    for path in sorted(NOTEBOOKS.glob("[0-9]*.ipynb")):
        document = nbformat.read(path, as_version=4)
        files = {"output_files_dir": path.stem, "unique_key": path.stem}
        text, made = exporter.from_notebook_node(document, resources=files)
        (to / path.stem).mkdir(exist_ok=True)
        for name, content in made["outputs"].items():
            (to / name).write_bytes(content)
        (to / f"{path.stem}.md").write_text(linked(text), encoding="utf-8")
        title = document.cells[0].source.splitlines()[0].removeprefix("# ")
        entries.append(f"{path.stem[:2]} {title} <{path.stem}>")
    tree = "\n".join(["```{toctree}", ":maxdepth: 1", "", *entries, "```"])
    (to / "index.md").write_text(f"{INDEX}{tree}\n", encoding="utf-8")


def linked(text: str) -> str:
    """The text with its links to other notebooks and to the documentation as they are here."""
    text = text.replace("](../docs/", "](../").replace("![png](", f"![{PICTURE}](")
    return re.sub(r"(\]\(\w+)\.ipynb", r"\1.md", text)
