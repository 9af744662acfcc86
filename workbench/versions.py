"""The versions of what computes, as they stand beside what was computed."""

from __future__ import annotations

import importlib.metadata

_PACKAGES = ("workbench", "tensorflow", "keras", "numpy")


def versions(*more: str) -> dict[str, str]:
    """The versions of the packages that results depend on, and of others that are named.

    >>> list(versions("soundfile"))
    ['workbench', 'tensorflow', 'keras', 'numpy', 'soundfile']
    """
    return {name: importlib.metadata.version(name) for name in (*_PACKAGES, *more)}
