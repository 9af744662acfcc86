"""Keras files of strangers, looked through before they are loaded: nothing in them is run."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import keras

import workbench.chain
import workbench.layers
import workbench.recurrent_model  # noqa: F401  Keras knows what is imported
from workbench.checked_json import brief, parse
from workbench.errors import ParameterError

MOST_BYTES = 2 << 30  # unpacked
_FROM = ("builtins", "keras", "workbench")  # where a class may come from
_FOREIGN = {  # they run code that comes with them, or read other files
    "Lambda",
    "TFSMLayer",
    "TorchModuleWrapper",
    "JaxLayer",
    "FlaxLayer",
    "__lambda__",
    "__typespec__",
}


def loaded(content: bytes) -> keras.Model:
    """The model in the bytes of a `.keras` file; nothing in it is run.

    Before Keras reads the file in its safe mode, every class that it names is looked at: it must
    be one of Keras or of ours, and none that brings code along. What Keras unpacks must stay in
    the folder that it unpacks to; Keras itself refuses weights that lie in other files.

    Raises:
        ParameterError: It is no such file, is damaged, or holds code.
    """
    for module, name in _named(_config(content)):
        if module.partition(".")[0] not in _FROM or name in _FOREIGN:
            rule = "consist of layers of Keras and of wb.layers that bring no code along"
            raise ParameterError("design", rule, brief(f"{module}.{name}"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "design.keras"
        path.write_bytes(content)
        try:
            return keras.saving.load_model(path, compile=False, safe_mode=True)
        except Exception as error:  # Keras raises what a damaged file leads to
            why = str(error).rpartition("Exception encountered: ")[2]
            raise ParameterError("design", "be a saved chain", f"({brief(why)})") from error


def _config(content: bytes) -> Any:
    """The configuration in the bytes of a `.keras` file."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            size = sum(info.file_size for info in file.infolist())
            if size > MOST_BYTES:
                raise ParameterError("design", f"have at most {MOST_BYTES} bytes unpacked", size)
            for name in file.namelist():
                if _leaves(name):
                    raise ParameterError("design", "unpack to its own folder", brief(name))
            return parse(file.read("config.json"))
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError, EOFError) as error:
        rule = "be a .keras file, as chain.save writes it"
        raise ParameterError("design", rule, f"({brief(str(error))})") from error


def _leaves(name: str) -> bool:
    """Whether the name of a file in an archive leads out of the folder that it is unpacked to."""
    path = PurePosixPath(name.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or ":" in name


def _named(config: Any) -> Iterator[tuple[str, str]]:
    """The module and the name of every class and function in a configuration."""
    if isinstance(config, dict):
        if "class_name" in config:
            name = str(config["class_name"])
            yield str(config.get("module") or "builtins"), name
            package, _, registered = str(config.get("registered_name") or "").rpartition(">")
            if package:
                yield package, registered
        for value in config.values():
            yield from _named(value)
    elif isinstance(config, list):
        for value in config:
            yield from _named(value)
