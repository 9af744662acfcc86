"""Designs as they travel: a saved chain, loaded without running anything that a stranger wrote."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from workbench import safe_loading
from workbench.chain import Chain
from workbench.errors import ParameterError, ParameterTypeError


@dataclass(frozen=True)
class Design:
    """A chain and the bytes of its `.keras` file.

    Attributes:
        chain: The chain.
        content: Its file.
        fingerprint: Says in 64 digits what the chain computes; names of layers are not in it.
    """

    chain: Chain
    content: bytes
    fingerprint: str


def design_of(given: Any) -> Design:
    """A design from a chain, or from the path of one that was saved.

    Raises:
        ParameterTypeError: It is neither.
        ParameterError: The file is not a saved chain, or holds code.
        FileNotFoundError: There is no such file.
    """
    if isinstance(given, str | os.PathLike):
        content = Path(given).read_bytes()
        chain = loaded(content)
    elif isinstance(given, Chain):
        chain, content = given, _saved(given)
    else:
        rule = "be a wb.Chain or the path of a saved one"
        raise ParameterTypeError("design", rule, type(given).__name__)
    return Design(chain, content, fingerprint(chain))


def loaded(content: bytes) -> Chain:
    """The chain in the bytes of a `.keras` file; nothing in it is run.

    Raises:
        ParameterError: It is no such file, holds something else than a chain, or code.
    """
    chain = safe_loading.loaded(content)
    if not isinstance(chain, Chain):
        remedy = "Put its layers into a wb.Chain, which knows the sample rate, and save that."
        raise ParameterError("design", "be a saved wb.Chain", type(chain).__name__, remedy)
    return chain


def fingerprint(chain: Chain) -> str:
    """What tells designs apart: parameters, sample rate and weights, not the names of layers."""
    layers = [_nameless(keras.layers.serialize(layer)) for layer in chain.layers]
    said = {"sample_rate": chain.sample_rate, "dtype": chain.dtype_policy.name, "layers": layers}
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode())
    for weight in chain.weights:
        values = np.ascontiguousarray(weight.numpy())
        digest.update(f"{values.dtype} {values.shape}".encode())
        digest.update(values.tobytes())
    return digest.hexdigest()


def _saved(chain: Chain) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "design.keras"
        chain.save(path)
        return path.read_bytes()


def _nameless(config: Any) -> Any:
    if isinstance(config, dict):
        left = {"name", "trainable", "build_config"}
        return {key: _nameless(value) for key, value in config.items() if key not in left}
    if isinstance(config, list | tuple):
        return [_nameless(value) for value in config]
    return config
