"""Plots of mel bands: the scale that warps frequencies, and the bands themselves."""

from __future__ import annotations

from workbench.analysis.mel_curves import mel_bands, mel_warping, silent_bands
from workbench.dashboards.panels import LinesPanel
from workbench.dashboards.scene import Plot, Scene
from workbench.dashboards.views import lines_panel


def warping(stage: int) -> Plot:
    """Both mel scales over frequency; the one in use is solid."""

    def draw(scene: Scene) -> LinesPanel:
        values = scene.values(stage)
        curves = mel_warping(values)
        styles = tuple(
            "solid" if name == values["mel_scale"] else "dashed" for name in curves.names
        )
        return lines_panel("Mel scales", curves, (0.0, 1.0), styles=styles, half=True)

    return Plot("warping", "How the mel scale spreads low and crowds high frequencies.", draw)


def bands(stage: int) -> Plot:
    """The weights of the bins in each band."""

    def draw(scene: Scene) -> LinesPanel:
        values = scene.values(stage)
        curves, silent = mel_bands(values), silent_bands(values)
        title = f"{len(curves.names)} mel bands" + (f", {silent} of them silent" if silent else "")
        high = float(curves.data.max()) or 1.0
        return lines_panel(title, curves, (0.0, 1.05 * high), half=True, legend=False)

    return Plot("bands", "What each band takes of the spectrum.", draw)
