"""Takes the README's pictures: the dashboard of the start notebook, in JupyterLab, light and dark.

Run it from the top of the project: `python -m docs.picture`.
"""

from pathlib import Path

from tests.lab import Lab

HERE = Path(__file__).parent
START = HERE.parent / "notebooks" / "00_start.ipynb"
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}


def main() -> None:
    """Opens the notebook, runs it, and saves a picture of its dashboard in each theme."""
    with Lab(START, size=(1360, 1500)) as lab:
        lab.run_all()
        lab.page.evaluate(
            """() => { window.drawn = 0; document.addEventListener(
                'workbench:drawn', () => { window.drawn += 1; }); }"""
        )
        for name, theme in THEMES.items():
            lab.page.evaluate(
                "theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })",
                theme,
            )
            dashboard = lab.page.locator(".workbench-dashboard").first
            dashboard.scroll_into_view_if_needed()
            handle = lab.page.get_by_role("slider", name="drive (dB)").first
            before = lab.page.evaluate("() => window.drawn")
            handle.press("ArrowRight" if name == "light" else "ArrowLeft")
            lab.page.wait_for_function("before => window.drawn > before", arg=before)
            dashboard.screenshot(path=HERE / f"dashboard_{name}.png")


if __name__ == "__main__":
    main()
