"""The notebooks run, are prose and calls only, and were saved with what they show."""

import ast
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
LONGEST_CELL = 12
SHOWS_DASHBOARD = re.compile(r"\bexplore\(|\.figure\(")
# The path of a home or a system folder, of a drive, or the name of a host with its user.
PLACES = re.compile(
    r"(?<![\w.])/(home|root|Users|work|tmp|var|opt|usr|mnt|private)/|\b[A-Z]:\\\\|\w+@[\w-]+:[~/]"
)


def code_cells(document):
    return [cell for cell in document.cells if cell.cell_type == "code"]


def faults(document):
    """What a notebook must not have: an empty list, if it is one of prose and calls."""
    found = []
    for number, cell in enumerate(code_cells(document)):
        if len(cell.source.splitlines()) > LONGEST_CELL:
            found.append(f"cell {number} is longer than {LONGEST_CELL} lines")
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found.append(f"cell {number} defines {node.name}")
        found += [f"cell {number} shows {p!r}" for p in PLACES.findall(text_of(cell.outputs))]
    return found


def text_of(outputs):
    """All that outputs show as text; pictures are left out."""
    parts = []
    for output in outputs:
        parts.append(output.get("text", ""))
        parts += output.get("traceback", [])
        data = output.get("data", {})
        parts += [str(value) for kind, value in data.items() if not kind.startswith("image/png")]
    return "\n".join(parts)


def has_picture(cell):
    return any("image/png" in output.get("data", {}) for output in cell.outputs)


def test_there_is_a_start_notebook():
    assert (FOLDER / "00_start.ipynb") in NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_prose_and_calls(path):
    document = nbformat.read(path, as_version=4)
    nbformat.validate(document)
    assert document.cells[0].cell_type == "markdown", "a notebook begins with what it is about"
    assert faults(document) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_was_saved_with_its_results(path):
    cells = code_cells(nbformat.read(path, as_version=4))
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    for cell in cells:
        assert not any(output.output_type == "error" for output in cell.outputs)
        assert not any(output.get("name") == "stderr" for output in cell.outputs)
    shown = [cell for cell in cells if SHOWS_DASHBOARD.search(cell.source)]
    assert all(has_picture(cell) for cell in shown), "no picture where no kernel runs"
    if path.stem == "00_start":
        assert shown


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(path):
    document = nbformat.read(path, as_version=4)
    client = NotebookClient(document, timeout=300, resources={"metadata": {"path": str(FOLDER)}})
    client.execute()
    for cell in code_cells(document):
        assert not any(output.get("name") == "stderr" for output in cell.outputs)


@pytest.mark.parametrize(
    ("source", "text", "fault"),
    [
        ("def f():\n    pass", "", "defines f"),
        ("class A:\n    pass", "", "defines A"),
        ("x\n" * 13, "", "longer than"),
        ("x", "/opt/someone/clip.wav", "shows 'opt'"),
        ("x", "see /tmp/a", "shows 'tmp'"),
    ],
)
def test_faults_are_found(source, text, fault):
    output = nbformat.v4.new_output("stream", name="stdout", text=text)
    cell = nbformat.v4.new_code_cell(source, outputs=[output])
    document = nbformat.v4.new_notebook(cells=[cell])
    assert [fault in found for found in faults(document)] == [True]


def test_plain_calls_have_no_fault():
    output = nbformat.v4.new_output("stream", name="stdout", text="0.5 dB/s, data/siren.flac 1/2")
    cell = nbformat.v4.new_code_cell("wb.explore(chain, clip)", outputs=[output])
    assert faults(nbformat.v4.new_notebook(cells=[cell])) == []
