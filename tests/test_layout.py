"""Which room may import which, read from the source; and how large a room may be."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.imports import TARGET, import_seconds

PACKAGE = Path(__file__).parent.parent / "workbench"
FILES = sorted(PACKAGE.rglob("*.py"))

# A room imports from its own row and the rows above. The longest prefix of a module counts.
ROWS = (
    (
        "device",
        "server",
        "errors",
        "axes",
        "curves",
        "reach",
        "recall",
        "stopping",
        "tensors",
        "shapes",
        "audio",
        "clips",
        "checked_json",
        "model_files",
        "versions",
        "whole_files",
    ),
    ("params", "specification", "ops"),
    ("core",),
    ("analysis", "excerpts", "measurements"),
    (
        "layers",
        "masks",
        "declared_layer",
        "op_layer",
        "rate_layer",
        "recurrent",
        "recurrent_model",
        "stored_models",
        "stages",
        "traces",
    ),
    (
        "chain",
        "backpropagation",
        "objectives",
        "learning",
        "streaming",
        "conversion",
        "rate_poles",
        "rate_comparison",
        "safe_loading",
        "corpus",
        "datasets",
    ),
    ("exports",),
    ("dashboards",),
    ("serving", "design_files"),
    ("app",),
)
RANK = {room: rank for rank, row in enumerate(ROWS) for room in row}
WIDGETS = {"ipywidgets", "anywidget", "matplotlib", "IPython", "traitlets"}
FORBIDDEN = {
    "core": WIDGETS | {"keras", "soundfile"},
    "analysis": WIDGETS | {"keras", "soundfile"},
    "curves": {"tensorflow", "keras"},
    "audio": {"tensorflow", "keras"},
    "clips": {"tensorflow", "keras"},
    "axes": {"tensorflow", "keras"},
    "errors": {"tensorflow", "keras"},
    "stopping": {"tensorflow", "keras"},
    "whole_files": {"tensorflow", "keras"},
    "checked_json": {"tensorflow", "keras"},
    "model_files": {"tensorflow", "keras"},
}
MAY_DRAW = {"dashboards", "serving"}  # serving: Voila is set up through traitlets
LINES = {".py": 320, ".js": 380}


def room(path):
    """`workbench/core/mel.py` belongs to `core`, `workbench/chain.py` to `chain`."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(source):
    """Every module that a source imports, wherever in it, as dotted names."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports within the package are absolute"
            module = node.module or ""
            found |= {f"{module}.{a.name}" for a in node.names} if module == "workbench" else set()
            found.add(module)
    return found


def wrong_imports(room_name, source):
    """The imports that a file in the room must not have, each with the reason."""
    wrong = []
    for module in sorted(imports(source)):
        top, _, rest = module.partition(".")
        target = rest.partition(".")[0]
        if top == "workbench" and target in RANK and RANK[target] > RANK[room_name]:
            wrong.append(f"{room_name} imports {module}, which comes after it")
        if top in FORBIDDEN.get(room_name, ()):
            wrong.append(f"{room_name} must not need {module}")
        if top in WIDGETS and room_name not in MAY_DRAW:
            wrong.append(f"{room_name} imports {module}; only dashboards draw")
    return wrong


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_one_way(path):
    if path.parent == PACKAGE and path.name == "__init__.py":
        pytest.skip("the front door opens every room, lazily")
    assert room(path) in RANK, f"{path.name}: say in ROWS what it may import"
    assert wrong_imports(room(path), path.read_text()) == []


@pytest.mark.parametrize(
    ("room_name", "source"),
    [
        ("core", "from workbench.layers import STFT"),
        ("core", "from workbench import chain"),
        ("core", "def f():\n    import keras"),
        ("params", "import workbench.core.mel"),
        ("layers", "from workbench import dashboards"),
        ("dashboards", "import workbench.app"),
        ("audio", "import tensorflow as tf"),
        ("clips", "from tensorflow import constant"),
        ("chain", "import matplotlib.pyplot as plt"),
        ("app", "from ipywidgets import HBox"),
    ],
)
def test_wrong_imports_are_found(room_name, source):
    assert len(wrong_imports(room_name, source)) >= 1


@pytest.mark.parametrize(
    ("room_name", "source"),
    [
        ("chain", "from workbench.layers import OpLayer\nimport keras"),
        ("dashboards", "import ipywidgets\nfrom workbench.chain import Chain"),
        ("core", "import tensorflow as tf\nfrom workbench.ops import op"),
        ("audio", "import soundfile"),
    ],
)
def test_right_imports_are_not(room_name, source):
    assert wrong_imports(room_name, source) == []


def test_no_room_without_a_subject():
    names = {path.stem for path in PACKAGE.rglob("*.*")}
    assert not names & {"utils", "util", "helpers", "helper", "common", "misc"}


def test_files_are_short():
    found = [path for path in PACKAGE.rglob("*") if path.suffix in LINES]
    assert len(found) > 10
    for path in found:
        limit = LINES[path.suffix]
        count = len(path.read_text().splitlines())
        assert count <= limit, f"{path.relative_to(PACKAGE)} has {count} lines; it may have {limit}"


def test_importing_the_package_loads_nothing_heavy():
    code = "import sys, workbench; print(*sorted({m.partition('.')[0] for m in sys.modules}))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(found.stdout.split())
    assert not loaded & {"tensorflow", "keras", "ipywidgets", "anywidget", "matplotlib", "numpy"}


@pytest.mark.timed
def test_importing_the_package_is_fast():
    assert import_seconds(repeats=15) <= TARGET
