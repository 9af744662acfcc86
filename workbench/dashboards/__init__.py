"""Live dashboards: controls, a scope, and what wires them together."""

from workbench.dashboards.explore import explore

__all__ = ["explore"]
