"""A design: all that was chosen in a dashboard, in a small file of JSON that a person can read."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from workbench.checked_json import Fields, anything, count, parse
from workbench.dashboards.controllers.controller import Controller
from workbench.errors import ParameterError, naming

VERSION = 1  # of the format: raised when a file of before could not be read any more
MOST_BYTES = 1 << 20


def write_design(controller: Controller[Any]) -> bytes:
    """A dashboard's design: the version of the format, the state, and the code to read."""
    design = design_of(controller.state()) | {"code": controller.code()}
    design["code"] = design["code"].splitlines()
    return (json.dumps(design, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def design_of(state: dict[str, Any]) -> dict[str, Any]:
    """A state with the version of the format."""
    return {"workbench_design": VERSION, **state}


def read_design(source: bytes | str | os.PathLike[str]) -> dict[str, Any]:
    """The state that a design holds; `Controller.restore` checks the rest of it.

    Args:
        source: A file's path, or its bytes.

    Raises:
        ParameterError: It is not a design, or one of a later version.
        FileNotFoundError: There is no such file.
    """
    with naming("load"):
        content = source if isinstance(source, bytes) else Path(source).read_bytes()
        if len(content) > MOST_BYTES:
            raise ParameterError("design", f"have at most {MOST_BYTES} bytes", len(content))
        fields = Fields("design", parse(content))
        version = fields.take("workbench_design", count)
        if version > VERSION:
            remedy = "It was saved by a later workbench; update this one."
            raise ParameterError("workbench_design", f"be at most {VERSION}", version, remedy)
        fields.take("code", anything, None)
        return {n: v for n, v in fields.values.items() if n not in ("workbench_design", "code")}
