"""The notebooks run, are prose and calls only, and were saved with what they show.

A lesson, whose name begins with its number, says what one can do afterwards, and ends with three
things to try, a question whose answer can be checked, and the literature.
"""

import ast
import base64
import io
import re
import resource
import time
from pathlib import Path

import matplotlib.image
import nbformat
import numpy as np
import pytest
from matplotlib.figure import Figure
from nbclient import NotebookClient

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
LESSONS = [path for path in NOTEBOOKS if re.match(r"\d\d_", path.name)]
LONGEST_CELL = 12
WIDEST_LINE = 100
LONGEST_RUN = 60.0  # seconds on 2 cores; about 20 are usual
SHOWS_PICTURE = re.compile(r"\b(?:explore|gallery)\(|\.figure\(|\bplot\(")
NUMBER = re.compile(r"[-+−]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
ALIKE = 0.002  # of white, on average: a curve more or less makes 0.01
NUMBERS = re.compile(rf"{NUMBER.pattern}(?: dB)?")
LIVE = "application/vnd.jupyter.widget-view+json"
GOAL = "After this page you can"
# A right answer to each lesson's question and a wrong one, as code: who answers may look at names.
ANSWERS = {
    "00_start": ("6.0", "3.0"),
    "01_sampling": ("20000 - 16000", "20000"),
    "02_stft": ("8192", "4096"),
    "03_mels": ("21", "20"),
    "04_mfcc": ("6.02 * 26**0.5", "6.02"),
    "05_delay": ("250", "500"),
    "06_gradients": ("2", "0.5"),
    "07_recurrent": ("4", "1"),
    "08_classifier": ("160", "441"),
    "09_export": ("20 * np.log10(np.max(off) / np.max(np.abs(ours)))", "-200"),
    "10_corpus": ("19", "10"),
}
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
        if max(map(len, cell.source.splitlines()), default=0) > WIDEST_LINE:
            found.append(f"cell {number} is wider than {WIDEST_LINE} characters")
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found.append(f"cell {number} defines {node.name}")
        found += [f"cell {number} shows {p!r}" for p in PLACES.findall(text_of(cell.outputs))]
    return found


def lesson_faults(document):
    """What a lesson lacks."""
    cells = document.cells
    words = [cell.source for cell in cells if cell.cell_type == "markdown"]
    found = [] if GOAL in words[0] else [f"does not begin with {GOAL!r}"]
    ends = [i for i, cell in enumerate(cells) if cell.source.startswith("## Try next")]
    if len(ends) != 1:
        return [*found, "has no part 'Try next'"]
    last = cells[ends[0] :]
    kinds = [cell.cell_type for cell in last]
    if kinds != ["markdown", "code", "code", "markdown"]:
        return [*found, "does not end with a question, its answer, a check and the literature"]
    question, answer, check, literature = (cell.source for cell in last)
    if re.findall(r"^(\d)\. ", question, re.M) != ["1", "2", "3"]:
        found.append("does not offer three things to try")
    if "**Check yourself" not in question:
        found.append("asks nothing")
    if answer.partition("#")[0].strip() != "answer = None":
        found.append("leaves no room for an answer")
    if not re.search(r"\banswer\b", check):
        found.append("does not check the answer")
    sources = re.findall(r"^- .*\b(?:1[89]|20)\d\d\b", literature, re.M)
    if not literature.startswith("## References") or len(sources) < 2:
        found.append("names no literature")
    return found


def printed(document):
    """What each code cell has printed or returned as text; pictures and live views are none."""
    return [
        text_of([o for o in cell.outputs if not {LIVE, "image/png"} & set(o.get("data", {}))])
        for cell in code_cells(document)
    ]


def same_text(one, other):
    """Whether two texts say the same: numbers may differ by the rounding of another machine."""
    if NUMBER.sub("#", one).split() != NUMBER.sub("#", other).split():
        return False
    pairs = zip(NUMBERS.findall(one), NUMBERS.findall(other), strict=True)
    return all(near(*(each.replace("−", "-") for each in pair)) for pair in pairs)


def near(one, other):
    """Whether two numbers, as they are printed, are one: what was counted is what it is."""
    level = "dB" in one
    one, other = (each.removesuffix("dB") for each in (one, other))
    if not level and not {".", "e"} & set(one + other):
        return int(one) == int(other)
    low, high = sorted(abs(float(each)) for each in (one, other))
    # 5 %: a level of -140 dB, which is rounding, moves by some dB; below 1e-4 all is rounding
    rounding = high < 1e-12 or (high < 1e-4 and high <= 10 * low)
    return rounding or abs(float(one) - float(other)) <= 0.05 * high


def pictures(cell):
    """The pictures that a cell shows, as bytes of PNG."""
    shown = [output.get("data", {}).get("image/png") for output in cell.outputs]
    return [base64.b64decode(each) for each in shown if each]


def same_picture(one, other):
    """Whether two pictures show the same: a letter may be drawn a little otherwise elsewhere."""
    one, other = (matplotlib.image.imread(io.BytesIO(each))[..., :3] for each in (one, other))
    height, width = np.minimum(one.shape, other.shape)[:2]
    if np.any(np.array([height, width]) < 0.98 * np.maximum(one.shape, other.shape)[:2]):
        return False
    return np.mean(np.abs(coarse(one, height, width) - coarse(other, height, width))) <= ALIKE


def coarse(picture, height, width, side=8):
    """The means of squares of so many pixels."""
    cut = picture[: height // side * side, : width // side * side]
    return cut.reshape(height // side, side, width // side, side, 3).mean(axis=(1, 3))


def answered(client, check, answer):
    """What the cell that checks an answer says of one, while the kernel runs."""
    cell = nbformat.v4.new_code_cell(f"answer = {answer}\n{check.source}")
    client.nb.cells.append(cell)
    client.execute_cell(cell, len(client.nb.cells) - 1)
    client.nb.cells.pop()
    return text_of(cell.outputs)


def text_of(outputs):
    """All that outputs show as text; pictures are left out."""
    parts = []
    for output in outputs:
        parts.append(output.get("text", ""))
        parts += output.get("traceback", [])
        data = output.get("data", {})
        parts += [str(value) for kind, value in data.items() if not kind.startswith("image/png")]
    return "\n".join(parts)


def last_line(cell):
    """What the cell shows: its last expression, with what a name in it was made of."""
    tree = ast.parse(cell.source).body
    if not tree or not isinstance(tree[-1], ast.Expr):
        return ""
    shown = ast.unparse(tree[-1])
    made = [node for node in tree if isinstance(node, ast.Assign)]
    made = [node for node in made if ast.unparse(node.targets[0]) == shown]
    return "\n".join([shown, *map(ast.unparse, made)])


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
    shown = [cell for cell in cells if SHOWS_PICTURE.search(last_line(cell))]
    assert all(map(pictures, shown)), "no picture where no kernel runs"


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_lesson_has_a_goal_pictures_tasks_a_question_and_literature(path):
    document = nbformat.read(path, as_version=4)
    assert lesson_faults(document) == []
    assert sum(map(bool, map(pictures, code_cells(document)))) >= 2


def test_every_lesson_has_answers_to_try():
    assert set(ANSWERS) == {path.stem for path in LESSONS}


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs_in_a_minute_and_shows_what_was_saved(path):
    saved = nbformat.read(path, as_version=4)
    document = nbformat.read(path, as_version=4)
    client = NotebookClient(document, timeout=300, resources={"metadata": {"path": str(FOLDER)}})
    started, computed = time.perf_counter(), children_seconds()
    with client.setup_kernel():
        for number, cell in enumerate(document.cells):
            client.execute_cell(cell, number)
        passed = time.perf_counter() - started
        check = document.cells[-2]
        said = [answered(client, check, answer) for answer in ANSWERS.get(path.stem, ())]
    # beside other processes it may take longer, but not the processors' own time
    assert min(passed, children_seconds() - computed) < LONGEST_RUN
    for cell in code_cells(document):
        assert not any(output.get("name") == "stderr" for output in cell.outputs)
    for before, after in zip(printed(saved), printed(document), strict=True):
        assert same_text(before, after), f"saved:\n{before}\nnow:\n{after}"
    for before, after in zip(code_cells(saved), code_cells(document), strict=True):
        pairs = zip(pictures(before), pictures(after), strict=True)
        assert all(same_picture(*pair) for pair in pairs)
    assert [words.split()[0] for words in said] == ["Right:", "Not"][: len(said)]


@pytest.mark.parametrize(
    ("source", "text", "fault"),
    [
        ("def f():\n    pass", "", "defines f"),
        ("class A:\n    pass", "", "defines A"),
        ("x\n" * 13, "", "longer than"),
        ("x" * 101, "", "wider than"),
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


def children_seconds():
    """Processor time of all child processes that have ended, kernels among them."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def lesson(goal=GOAL, tasks="1. a\n2. b\n3. c", question="**Check yourself.**", answer="None",
           check="print(answer)", sources=("- A, 1949.", "- B, 2017.")):  # fmt: skip
    markdown, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
    cells = [
        markdown(f"# Title\n\n{goal} do it."),
        markdown(f"## Try next\n\n{tasks}\n\n{question}"),
        code(f"answer = {answer}  # hertz"),
        code(check),
        markdown("\n".join(["## References", "", *sources])),
    ]
    return nbformat.v4.new_notebook(cells=cells)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"goal": "This is about"}, "does not begin with"),
        ({"tasks": "1. a\n2. b"}, "does not offer three things to try"),
        ({"question": "Well?"}, "asks nothing"),
        ({"answer": "3"}, "leaves no room for an answer"),
        ({"check": "print(answers)"}, "does not check the answer"),
        ({"sources": ("- A, 1949.", "- B.")}, "names no literature"),
    ],
)
def test_faults_of_a_lesson_are_found(change, fault):
    assert lesson_faults(lesson()) == []
    [found] = lesson_faults(lesson(**change))
    assert fault in found


def test_a_lesson_has_its_end_in_order():
    document = lesson()
    document.cells.pop()
    assert lesson_faults(document) == [
        "does not end with a question, its answer, a check and the literature"
    ]
    document.cells = document.cells[:1]
    assert lesson_faults(document) == ["has no part 'Try next'"]


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("wb.plot(a)", True),
        ("d = wb.explore('stft')\nd.set(0, window='boxcar')\nd", True),
        ("d.figure()", True),
        ("wb.gallery()", True),
        ("wb.plot(a)\nprint(1)", False),
        ("d = wb.explore('stft')", False),
    ],
)
def test_cells_that_show_a_picture_are_known(source, shown):
    cell = nbformat.v4.new_code_cell(source)
    assert bool(SHOWS_PICTURE.search(last_line(cell))) is shown


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("gain −140.2 dB", "gain −139.8 dB", True),
        ("error 8.9e-08", "error   1.2e-07", True),
        ("gain 3.0 dB", "gain 3.5 dB", False),
        ("error -114 dB", "error -117 dB", True),
        ("114 rows", "117 rows", False),
        ("gain 3.0 dB", "loss 3.0 dB", False),
        ("1 2", "1", False),
    ],
)
def test_texts_are_the_same_up_to_rounding(one, other, same):
    assert same_text(one, other) is same


def drawn(curves, height=3.0):
    """A plot of so many curves, as PNG."""
    figure = Figure(figsize=(7.2, height))
    figure.subplots().plot(np.sin(np.linspace(0, 20, 500)[:, None] + np.arange(curves)))
    written = io.BytesIO()
    figure.savefig(written, format="png")
    return written.getvalue()


@pytest.mark.parametrize(
    ("other", "same"), [(drawn(3), True), (drawn(2), False), (drawn(3, height=4.0), False)]
)
def test_a_picture_that_lacks_a_curve_is_another(other, same):
    assert bool(same_picture(drawn(3), other)) is same


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("21", "20", False), ("0.0", "9e-05", False), ("0.0", "3e-17", True), ("1.00", "1", True)],
)
def test_whole_numbers_and_zero_are_what_they_are(one, other, same):
    assert near(one, other) is same
