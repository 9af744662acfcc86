"""A design: all that was chosen in a dashboard, in a small file of JSON that a person can read."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import keras
import numpy as np

from workbench.checked_json import Fields, count, one_of, parse, rate
from workbench.dashboards.controllers.controller import Controller
from workbench.dashboards.ideas import IDEAS
from workbench.dashboards.sources import Source, source_again, source_of
from workbench.errors import ParameterError, naming

VERSION = 1  # of the format: raised when a file of before could not be read any more
MOST_BYTES = 1 << 20
_BESIDE = ("workbench_design", "sample_rate", "code")  # beside the state
_LATEST = 600.0  # seconds: no excerpt begins later


def write_design(controller: Controller[Any]) -> bytes:
    """A dashboard's design: version of the format, state, sample rate, and the code to read."""
    beside = {"sample_rate": controller.source.sample_rate}
    design = design_of(controller.state()) | beside | {"code": controller.code().splitlines()}
    return (json.dumps(design, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def design_of(state: dict[str, Any]) -> dict[str, Any]:
    """A state with the version of the format."""
    return {"workbench_design": VERSION, **state}


def read_design(source: bytes | str | os.PathLike[str], kind: str) -> dict[str, Any]:
    """The state that a design holds; `Controller.restore` checks the rest of it.

    Args:
        source: A file's path, or its bytes.
        kind: The kind of dashboard that is to show it.

    Raises:
        ParameterError: It is not a design, or one of a later version or another dashboard.
        FileNotFoundError: There is no such file.
    """
    with naming("load"):
        state = _parts(source)[0]
        other = state.get("kind")
        if other != kind and other in list(IDEAS):
            remedy = f"Load it in wb.explore({other!r})."
            raise ParameterError("design", f"be of this dashboard, {kind!r}", repr(other), remedy)
        return state


def layer_of_design(source: bytes | str | os.PathLike[str]) -> keras.layers.Layer:
    """What a design does to a signal, as it can be taken away: a `Chain`, or a `RecurrentModel`.

    Nothing is run of it, and its signal is not looked for.

    Raises:
        ParameterError, ParameterTypeError: It is not a design, or says what cannot be.
        FileNotFoundError: There is no such file.
    """
    with naming("design"):
        state, sample_rate = _parts(source)
        kind = one_of(list(IDEAS))("kind", state.get("kind"))
        if sample_rate is None:  # of before: the signal knows it
            sample_rate = source_again(state.get("source")).sample_rate
        controller = IDEAS[kind].open(_silence(state, sample_rate))
        controller.kind = kind
        controller.adopt(state)
        return controller.layer


def _parts(source: bytes | str | os.PathLike[str]) -> tuple[dict[str, Any], int | None]:
    """The state of a design, and the sample rate of its signal where that is said."""
    content = source if isinstance(source, bytes) else Path(source).read_bytes()
    if len(content) > MOST_BYTES:
        raise ParameterError("design", f"have at most {MOST_BYTES} bytes", len(content))
    fields = Fields("design", parse(content))
    version = fields.take("workbench_design", count)
    if version > VERSION:
        remedy = "It was saved by a later workbench; update this one."
        raise ParameterError("workbench_design", f"be at most {VERSION}", version, remedy)
    sample_rate = fields.take("sample_rate", rate, None)
    return {n: v for n, v in fields.values.items() if n not in _BESIDE}, sample_rate


def _silence(state: dict[str, Any], sample_rate: int) -> Source:
    """A signal to open a dashboard with: as long as an excerpt that the state may speak of."""
    shown = state.get("shown")
    start = shown.get("start") if isinstance(shown, dict) else None
    seconds = start + 1.0 if isinstance(start, (int, float)) and 0 <= start <= _LATEST else 1.0
    return source_of((np.zeros([1, round(seconds * sample_rate)], np.float32), sample_rate))
