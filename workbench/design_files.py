"""Designs in files, as the command line takes them: saved chains, and those of dashboards."""

from __future__ import annotations

from pathlib import Path

import keras

from workbench.chain import Chain
from workbench.dashboards.designs import layer_of_design
from workbench.errors import ParameterError
from workbench.safe_loading import loaded


def layer_in(path: Path) -> keras.layers.Layer:
    """The layer in a file; nothing that a stranger wrote into it is run.

    Args:
        path: A `.keras` file, or the JSON that a dashboard saves.

    Raises:
        ParameterError, ParameterTypeError: It is neither, or holds what cannot be.
        FileNotFoundError: There is no such file.
    """
    if path.suffix == ".json":
        return layer_of_design(path)
    if path.suffix != ".keras" or not path.is_file():
        rule = "be a .keras file, as chain.save writes it, or a .json file, as a dashboard does"
        raise ParameterError("design", rule, path)
    return loaded(path.read_bytes())


def chain_in(path: Path) -> Chain:
    """The chain in a file; a `RecurrentModel` as a chain of one, at its own rate.

    Raises:
        ParameterError, ParameterTypeError, FileNotFoundError: As `layer_in`.
    """
    layer = layer_in(path)
    if isinstance(layer, Chain):
        return layer
    return Chain([layer], sample_rate=round(layer.values["sample_rate"]))
