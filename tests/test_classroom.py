"""What a class starts with: the recipe for JupyterHub, and what its lessons need installed."""

import re
import runpy
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from jupyter_server.serverapp import ServerApp
from traitlets.config import Config

from tests.test_layout import imports

TOP = Path(__file__).parent.parent


@pytest.fixture
def recipe(tmp_path, monkeypatch):
    """What the file sets, and its hook, with learners' folders in a temporary one."""
    monkeypatch.setenv("CLASS_PASSWORD", "open sesame, 2026")
    monkeypatch.setenv("CLASS_HOMES", str(tmp_path / "{username}"))
    monkeypatch.setenv("CLASS_NOTEBOOKS", str(TOP / "notebooks"))
    found = Config()
    runpy.run_path(str(TOP / "docs" / "jupyterhub_config.py"), {"get_config": lambda: found})
    return found


def test_nobody_comes_in_without_the_password_of_the_class(recipe, monkeypatch):
    assert recipe.SharedPasswordAuthenticator.user_password == "open sesame, 2026"
    assert recipe.JupyterHub.bind_url.startswith("http://127.0.0.1:")
    monkeypatch.delenv("CLASS_PASSWORD")
    with pytest.raises(KeyError):
        runpy.run_path(str(TOP / "docs" / "jupyterhub_config.py"), {"get_config": Config})


def test_a_learner_finds_the_notebooks_and_what_they_wrote(recipe, tmp_path):
    template = recipe.SimpleLocalProcessSpawner.home_dir_template
    ada = SimpleNamespace(home_dir_template=template, user=SimpleNamespace(name="ada"))
    recipe.Spawner.pre_spawn_hook(ada)
    home = tmp_path / "ada"
    there = {path.name for path in (TOP / "notebooks").glob("*.ipynb")}
    assert {path.name for path in home.iterdir()} == there
    assert recipe.Spawner.default_url.rpartition("/")[2] in there
    (home / "00_start.ipynb").write_text("hers")
    (home / "01_sampling.ipynb").unlink()
    recipe.Spawner.pre_spawn_hook(ada)
    assert (home / "00_start.ipynb").read_text() == "hers"
    assert (home / "01_sampling.ipynb").exists()


def test_a_place_is_free_again_when_its_learner_has_gone(recipe):
    """The names are those that Jupyter knows: it takes others without a word."""
    said = dict(each.removeprefix("--").split("=", 1) for each in recipe.Spawner.args)
    known = {each.__name__: each for each in (*ServerApp.classes, ServerApp)}
    for name in said:
        kind, _, trait = name.partition(".")
        assert trait in known[kind].class_trait_names()
    assert said["MappingKernelManager.cull_idle_timeout"] == "3600"
    assert said["ServerApp.shutdown_no_activity_timeout"] == "3600"


def test_the_lessons_run_with_what_the_readme_has_installed():
    """`make lab` installs these extras, and no more."""
    recipe = (TOP / "Makefile").read_text().partition("$(LAB):")[2].partition("\n\n")[0]
    extras = re.search(r"-e '\.\[([\w,]+)\]'", recipe)[1].split(",")
    project = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]
    asked = [
        *project["dependencies"],
        *(n for e in extras for n in project["optional-dependencies"][e]),
    ]
    installed = {re.match(r"[\w-]+", each)[0].lower() for each in asked}
    owners = packages_distributions()
    for path in sorted((TOP / "notebooks").glob("*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        source = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
        for top in {name.partition(".")[0] for name in imports(source)} - sys.stdlib_module_names:
            owned = {each.lower() for each in owners[top]}
            assert owned & (installed | {"workbench"}), f"{path.name} imports {top}"
