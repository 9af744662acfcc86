"""The controls of a dashboard: widgets made from declared parameters, and the source."""
