"""What keeps people from a page who cannot see or point, as axe-core finds it."""

from axe_playwright_python.sync_playwright import Axe

from tests.lab import Lab

THEMES = ("JupyterLab Dark", "JupyterLab Light")


def serious(lab: Lab, context: str) -> list[tuple]:
    """The serious and critical findings below a selector, in each theme; the last one stays."""
    found = []
    for theme in THEMES:
        lab.choose_theme(theme)
        said = Axe().run(lab.page, context=context).response["violations"]
        found += [
            (theme, each["id"], each["help"], [node["html"][:200] for node in each["nodes"][:3]])
            for each in said
            if each["impact"] in ("serious", "critical")
        ]
    return found
