"""The page's half of a dashboard: its files, and its modules as the one that a widget carries."""

import re
from pathlib import Path

PAGE = Path(__file__).parent / "page"
MODULES = (  # each imports only from those before it
    "numbers",
    "colours",
    "panel",
    "wave",
    "image",
    "lines",
    "zplane",
    "layout",
    "band",
    "view",
    "question",
    "inquiry",
    "sight",
    "markup",
    "sound",
    "player",
    "selection",
    "hands",
    "overlay",
    "fields",
    "neighbours",
    "actions",
    "comms",
    "overdue",
    "lifeline",
    "interjections",
    "progress",
    "again",
    "export",
    "scope",
)


def page_module() -> str:
    """The page's modules as one, which is what a widget can carry: they import nothing any more."""
    text = "\n".join((PAGE / f"{name}.js").read_text("utf-8") for name in MODULES)
    return re.sub(r"^import [^;]*;\n|^export (?!default)", "", text, flags=re.MULTILINE)
