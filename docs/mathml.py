"""Formulas as MathML, which browsers draw themselves: a page needs no script from elsewhere."""

from typing import Any

from docutils import nodes
from latex2mathml.converter import convert


def inline(translator: Any, node: nodes.math) -> None:
    """A formula within a line."""
    translator.body.append(convert(node.astext()))
    raise nodes.SkipNode


def block(translator: Any, node: nodes.math_block) -> None:
    """A formula of its own."""
    text = convert(node.astext(), display="block")
    translator.body.append(f'<div class="formula">{text}</div>\n')
    raise nodes.SkipNode


def setup(app: Any) -> None:
    """Makes it a renderer that `html_math_renderer` can name."""
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
