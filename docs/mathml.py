"""Formulas as MathML, which browsers draw themselves: a page needs no script from elsewhere."""

import re
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert

# letters of \mathtt one by one, which browsers draw in italics, and a bar that they don't stretch
CODE = re.compile(r'(?:<mi mathvariant="monospace">[^<]*</mi>)+')
BAR = re.compile(r'<mover>((?:(?!<mover>).)*)<mo accent="true">&#x02015;</mo></mover>')


def inline(translator: Any, node: nodes.math) -> None:
    """A formula within a line."""
    translator.body.append(formula(node.astext()))
    raise nodes.SkipNode


def block(translator: Any, node: nodes.math_block) -> None:
    """A formula of its own."""
    text = formula(node.astext(), display="block")
    translator.body.append(f'<div class="formula">{text}</div>\n')
    raise nodes.SkipNode


def formula(latex: str, display: str = "inline") -> str:
    r"""A formula in MathML, names of the code (`\mathtt`) in the type of code.

    >>> r'<mtext class="code">drive&#x0005F;db</mtext>' in formula(r"\mathtt{drive\_db}")
    True
    """
    text = convert(latex, display=display)
    text = CODE.sub(lambda run: f'<mtext class="code">{re.sub("<.*?>", "", run[0])}</mtext>', text)
    return BAR.sub(r'<mrow class="bar">\1</mrow>', text)


def setup(app: Any) -> None:
    """Makes it a renderer that `html_math_renderer` can name."""
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
