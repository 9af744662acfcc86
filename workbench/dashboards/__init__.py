"""Live dashboards: controls, a scope, and what wires them together."""

from workbench.dashboards.explore import explore
from workbench.dashboards.gallery import gallery
from workbench.dashboards.picture import plot

__all__ = ["explore", "gallery", "plot"]
