"""Takes pictures of every dashboard that has a name, in JupyterLab, light and dark.

Run it from the top of the project: `python -m docs.screenshots`, or with names of dashboards.
"""

import argparse
import io
from pathlib import Path

from PIL import Image

from docs.picture import HERE, THEMES
from tests.lab import Lab, notebook
from workbench.dashboards.ideas import IDEAS

MARGIN = 180  # pixels of JupyterLab beside a cell's output
COLOURS = 255


def main() -> None:
    """Opens each dashboard in a notebook and saves its picture in each theme."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("names", nargs="*", default=list(IDEAS), help="of dashboards; all if none")
    asked.add_argument("--width", type=int, default=1300, help="of a picture")
    asked.add_argument("--to", type=Path, default=HERE / "dashboards", help="the folder")
    options = asked.parse_args()
    options.to.mkdir(exist_ok=True)
    cells = ["import workbench as wb", *(f"wb.explore({name!r})" for name in options.names)]
    with Lab(notebook(cells), size=(options.width + MARGIN, 2600)) as lab:
        lab.run_cell(0)
        for cell, name in enumerate(options.names, 1):
            lab.run_cell(cell)
            for shade, theme in THEMES.items():
                lab.choose_theme(theme)
                dashboard = lab.page.locator(".workbench-dashboard").nth(cell - 1)
                dashboard.locator("canvas").first.wait_for()
                dashboard.scroll_into_view_if_needed()
                lab.settle()
                save(dashboard.screenshot(), options.to / f"{name}_{shade}.png")


def save(picture: bytes, path: Path) -> None:
    """Saves a picture with a palette, which makes it a quarter of the size."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    size = f"{image.width} x {image.height}, {path.stat().st_size / 1000:.0f} kB"
    print(f"{path.name}: {size}", flush=True)


if __name__ == "__main__":
    main()
