"""Signals too long to compute at once: what is visible first, the rest piece by piece."""
