"""Dashboards without widgets, one kind each: state, computation, and what is shown of it."""
