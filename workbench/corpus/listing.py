"""The recordings of sources, as `wb.dataset` lists them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from workbench.corpus.recordings import Recording
from workbench.datasets.entries import Fault
from workbench.datasets.manifests import is_manifest
from workbench.datasets.sources import Labels, list_source
from workbench.errors import ParameterError


def recordings_of(sources: Any, labels: Labels) -> tuple[list[Recording], list[Fault]]:
    """The recordings in the order of the sources, paths absolute; and what can't be one.

    Raises:
        ParameterError: There is none, or one twice.
    """
    one = isinstance(sources, str | os.PathLike)
    given: Iterable[Any] = [sources] if one else sources
    found: list[Recording] = []
    faults: list[Fault] = []
    for source in given:
        many = os.path.isdir(source) or is_manifest(Path(source))
        listing = list_source(source, labels) if many else list_source([source], None)
        faults += listing.faults
        for each in listing.entries:
            path = os.path.abspath(each.path)
            found.append(Recording(len(found), path, each.label, each.start, each.end, _size(path)))
    if not found and not faults:
        raise ParameterError("sources", "hold at least one recording", "none")
    seen = set()
    for recording in found:
        if recording.key in seen:
            raise ParameterError("sources", "hold each recording once", f"{recording.path} twice")
        seen.add(recording.key)
    return found, faults


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except (OSError, ValueError):
        return 0
