"""The parts of a dashboard as a page shows them."""

from __future__ import annotations

import html

import ipywidgets as widgets

from workbench.dashboards.page_module import PAGE

_STYLE = f"<style>{(PAGE / 'dashboard.css').read_text('utf-8')}</style>"
_STAGE = {"flex": "3 1 460px", "min_width": "0", "display": "block"}
_AROUND = {"display": "flex", "flex_flow": "row wrap", "align_items": "flex-start"}


def arranged(
    title: str, about: str, controls: widgets.Widget, scope: widgets.Widget
) -> widgets.Widget:
    """What is said of it, and below that the controls beside the plots."""
    style = widgets.HTML(_STYLE, layout={"display": "none"})
    stage = widgets.Box([scope], layout=_STAGE)
    whole = widgets.Box([style, *_said(title, about), controls, stage], layout=_AROUND)
    whole.add_class("workbench-dashboard")
    return whole


def _said(title: str, about: str) -> list[widgets.Widget]:
    """What stands over a dashboard; nothing where it has no title."""
    if not title:
        return []
    heading = f'<div role="heading" aria-level="3">{html.escape(title)}</div>'
    shown = widgets.HTML(f"{heading}<p>{html.escape(about)}</p>")
    shown.add_class("workbench-about")
    return [shown]
