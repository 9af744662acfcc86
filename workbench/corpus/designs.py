"""Designs as they travel: a saved chain, loaded without running anything that a stranger wrote."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

import workbench.layers
import workbench.recurrent_model  # noqa: F401  Keras knows what is imported
from workbench.chain import Chain
from workbench.checked_json import brief, parse
from workbench.errors import ParameterError, ParameterTypeError

MOST_BYTES = 2 << 30  # unpacked
_FROM = ("builtins", "keras", "workbench")  # where a class may come from
_FOREIGN = {  # they run code that comes with them, or read other files
    "Lambda",
    "TFSMLayer",
    "TorchModuleWrapper",
    "JaxLayer",
    "FlaxLayer",
}


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

    Before Keras reads the file in its safe mode, every class that it names is looked at: it must
    be one of Keras or of ours, and none that brings code along.

    Raises:
        ParameterError: It is no such file, holds something else than a chain, or code.
    """
    for module, name in _named(_config(content)):
        if module.partition(".")[0] not in _FROM or name in _FOREIGN:
            rule = "consist of layers of Keras and of wb.layers that bring no code along"
            raise ParameterError("design", rule, brief(f"{module}.{name}"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "design.keras"
        path.write_bytes(content)
        try:
            chain = keras.saving.load_model(path, compile=False, safe_mode=True)
        except Exception as error:  # Keras raises what a damaged file leads to
            why = str(error).rpartition("Exception encountered: ")[2]
            raise ParameterError("design", "be a saved chain", f"({brief(why)})") from error
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


def _config(content: bytes) -> Any:
    """The configuration in the bytes of a `.keras` file."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            size = sum(info.file_size for info in file.infolist())
            if size > MOST_BYTES:
                raise ParameterError("design", f"have at most {MOST_BYTES} bytes unpacked", size)
            return parse(file.read("config.json"))
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError, EOFError) as error:
        rule = "be a .keras file, as chain.save writes it"
        raise ParameterError("design", rule, f"({brief(str(error))})") from error


def _named(config: Any) -> Iterator[tuple[str, str]]:
    """The module and the name of every class and function in a configuration."""
    if isinstance(config, dict):
        if "class_name" in config:
            yield str(config.get("module") or "builtins"), str(config["class_name"])
        for value in config.values():
            yield from _named(value)
    elif isinstance(config, list):
        for value in config:
            yield from _named(value)


def _nameless(config: Any) -> Any:
    if isinstance(config, dict):
        left = {"name", "trainable", "build_config"}
        return {key: _nameless(value) for key, value in config.items() if key not in left}
    if isinstance(config, list | tuple):
        return [_nameless(value) for value in config]
    return config
