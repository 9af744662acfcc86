"""Dask and Arrow, which are loaded when they are needed; without them a message says what to do."""

from __future__ import annotations

import importlib
from types import ModuleType


def pyarrow(module: str = "") -> ModuleType:
    """Arrow, or a module of it."""
    return _needed(f"pyarrow.{module}" if module else "pyarrow")


def distributed() -> ModuleType:
    """Dask's scheduler and workers."""
    return _needed("distributed")


def dask_config() -> ModuleType:
    """Dask's settings."""
    return _needed("dask.config")


def _needed(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        message = f"extract: {error.name} is not installed. Run: pip install 'workbench[corpus]'"
        raise ModuleNotFoundError(message, name=error.name) from error
