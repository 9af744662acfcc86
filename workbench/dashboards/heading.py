"""What stands over a dashboard, and its looks."""

from __future__ import annotations

import html

import ipywidgets as widgets

from workbench.dashboards.scope import PAGE

_STYLE = f"<style>{(PAGE / 'dashboard.css').read_text('utf-8')}</style>"


def heading(title: str, text: str) -> list[widgets.Widget]:
    """The style sheet of a dashboard, and its title and text where it has one."""
    style = widgets.HTML(_STYLE, layout={"display": "none"})
    if not title:
        return [style]
    head = f'<div role="heading" aria-level="3">{html.escape(title)}</div>'
    shown = widgets.HTML(f"{head}<p>{html.escape(text)}</p>")
    shown.add_class("workbench-about")
    return [style, shown]
