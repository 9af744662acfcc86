"""The documentation builds without a warning, and what it shows runs as it stands there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import workbench as wb
from docs.mathml import formula
from docs.notebook_pages import linked
from workbench import ops
from workbench.ops import registry

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
OPS = [name for name in wb.__all__ if hasattr(getattr(wb, name), "spec")]
BLOCKS = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
PAGES = [path for path in sorted(DOCS.glob("*.md")) if BLOCKS.search(path.read_text("utf-8"))]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", str(DOCS), str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def recordings(tmp_path, monkeypatch):
    for name, place in (("dog/1.wav", 110.0), ("cat/1.flac", 220.0), ("cat/2.ogg", 330.0)):
        path = tmp_path / "recordings" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        tone = wb.tone(frequency_hertz=place, sample_rate=22050, seconds=1.0)
        wb.audio.write(path, tone, sample_rate=22050)
    monkeypatch.chdir(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_what_a_page_shows_runs(path, recordings, monkeypatch):
    monkeypatch.setattr(ops, "_registry", registry())  # a page may declare an op of its own
    scope = {}
    for block in BLOCKS.findall(path.read_text("utf-8")):
        exec(compile(block, path.name, "exec"), scope)


@pytest.mark.slow
@pytest.mark.parametrize("name", OPS)
def test_every_op_has_a_page_with_a_picture_and_all_its_parameters(site, name):
    page = (site / "ops" / f"{name}.html").read_text("utf-8")
    assert (site / "_images" / f"{name}.png").exists()
    listed = set(re.findall(r'<td><p><code class="[^"]*"><span class="pre">(\w+)</span>', page))
    assert listed >= set(registry()[name].parameters)
    for title in ("How near to others", "Source"):
        assert re.search(rf"<h2>{title}.*?</h2>\s*<p>\S[^<]", page), f"{name} lacks {title}"


@pytest.mark.slow
def test_every_public_name_is_in_the_reference(site):
    text = (site / "api.html").read_text("utf-8")
    named = set(re.findall(r'id="workbench\.([\w.]+)"', text))
    names = set(wb.__all__) - set(OPS) - {"analysis", "audio", "layers"}
    assert names | {f"analysis.{name}" for name in wb.analysis.__all__} <= named


@pytest.mark.slow
def test_every_picture_of_the_site_is_there(site):
    for page in site.rglob("*.html"):
        for source in re.findall(r'<img[^>]* src="([^"]*)"', page.read_text("utf-8")):
            assert (page.parent / source).exists(), f"{page.name} shows {source}"


@pytest.mark.slow
def test_the_site_asks_no_other_host_for_anything(site):
    for page in site.rglob("*.html"):
        text = page.read_text("utf-8")
        loaded = re.findall(r'<(?:script|img|iframe)[^>]* src="(https?:[^"]*)"', text)
        loaded += re.findall(r'<link[^>]* rel="stylesheet"[^>]* href="(https?:[^"]*)"', text)
        assert loaded == [], page.name


def test_names_of_the_code_stand_in_formulas_as_one_word_in_the_type_of_code():
    shown = formula(r"H = \mathtt{frame\_step}")
    assert '<mtext class="code">frame&#x0005F;step</mtext>' in shown
    assert "monospace" not in shown  # which browsers draw in italics, letter by letter


def test_a_bar_is_as_long_as_what_it_stands_over():
    assert '<mrow class="bar"><mrow><mi>X</mi>' in formula(r"\overline{X[t]}\; w")


def test_a_notebook_page_links_to_others_as_pages_and_says_what_its_pictures_are():
    assert linked("[01](01_sampling.ipynb#try)") == "[01](01_sampling.md#try)"
    assert linked("[export](../docs/export.md)") == "[export](../export.md)"
    assert linked("![png](00/3_0.png)") == "![What the cell above shows](00/3_0.png)"
