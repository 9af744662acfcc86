"""How `make docs` builds the documentation: Sphinx, MyST Markdown, no network.

Sphinx is run from the top of the project.
"""

import re
from typing import Any

from docs import mathml, notebook_pages, op_pages

project = "Signal Workbench"
html_title = project
copyright = "the developers of Signal Workbench"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3
html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["page.css"]
html_math_renderer = "mathml"
smartquotes = False
html_copy_source = False
html_show_sphinx = False
copybutton_prompt_text = ">>> "
default_role = "code"
# as a repository's page shows it in light and dark; Sphinx neither copies it nor knows its theme
PICTURE = re.compile(
    r'<picture>\s*<source [^>]*srcset="(.*?)">\s*<img src="(.*?)" alt="(.*?)">\s*</picture>'
)
IMAGE = "```{{image}} {}\n:class: only-{}\n:alt: {}\n```\n"
autodoc_typehints = "none"
autodoc_member_order = "bysource"


def pages(app: Any) -> None:
    """Writes what is made from declarations and notebooks."""
    op_pages.main()
    notebook_pages.main()


def themed(app: Any, page: str, source: list[str]) -> None:
    """Makes two pictures of one in HTML, which are shown by the theme that was chosen."""
    source[0] = PICTURE.sub(
        lambda m: IMAGE.format(m[2], "light", m[3]) + "\n" + IMAGE.format(m[1], "dark", m[3]),
        source[0],
    )


def setup(app: Any) -> None:
    """Connects the pages, the pictures and the formulas."""
    app.connect("builder-inited", pages)
    app.connect("source-read", themed)
    mathml.setup(app)
