"""Where examples come from: a folder, a list of files, a manifest; and what class each is of."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from workbench.checked_json import brief
from workbench.datasets.entries import Entry, Fault, Listing
from workbench.datasets.manifests import is_manifest, read_manifest
from workbench.errors import ParameterError, ParameterTypeError

PathLike = str | os.PathLike[str]
Source = PathLike | Sequence[PathLike]
Labels = str | Sequence[Any] | None

SOUND = frozenset(
    "aif aifc aiff au caf flac mp3 oga ogg opus rf64 snd w64 wav wave".split()
)  # what a folder is searched for
_LABEL, _ANY = "LABEL", "*"


def list_source(source: Source, labels: Labels = "auto") -> Listing:
    """Lists a source, each entry with its class, and what in it cannot be used.

    Raises:
        ParameterError, ParameterTypeError: The source is neither there nor of a known kind, or
            `labels` does not fit it.
    """
    return labelled(source, _listed(source, by_folder=labels == "auto"), labels)


def labelled(source: Source, listing: Listing, labels: Labels) -> Listing:
    """The listing of a source with the labels that are asked for, and the classes that they name.

    Raises:
        ParameterError: `labels` does not fit the source.
    """
    if labels is None:
        listing.entries = [replace(entry, label=None) for entry in listing.entries]
    elif isinstance(labels, str):
        if labels != "auto":
            _by_pattern(listing, labels)
    else:
        listing.entries = _by_list(source, listing.entries, labels)
    _all_or_none(listing)
    listing.classes |= {entry.label for entry in listing.entries if entry.label is not None}
    return listing


def _listed(source: Source, by_folder: bool) -> Listing:
    if not isinstance(source, str | os.PathLike):
        try:
            paths = [Path(path) for path in source]
        except TypeError as error:
            rule = "be a folder, a manifest, or a list of paths"
            raise ParameterTypeError("source", rule, brief(source)) from error
        return Listing([Entry(path) for path in paths])
    path = Path(source)
    if path.is_dir():
        return _folder(path, by_folder)
    if not path.exists():
        raise ParameterError("source", "be there", f"{path}, which does not exist")
    return read_manifest(path) if is_manifest(path) else Listing([Entry(path)])


def _folder(folder: Path, by_folder: bool) -> Listing:
    """The sound files of a folder and its sub-folders, in the order of their names."""
    listing = Listing()
    found = list(_walk(folder, listing))
    parts = [path.relative_to(folder).parts for path in found]
    classed = by_folder and _classes(folder, listing)
    for path, names in zip(found, parts, strict=True):
        if not classed:
            listing.entries.append(Entry(path))
        elif len(names) > 1:
            listing.entries.append(Entry(path, names[0]))
        else:
            listing.faults.append(Fault(str(path), "it lies beside the folders of the classes"))
    for name in sorted(listing.classes - {entry.label or "" for entry in listing.entries}):
        listing.faults.append(Fault(str(folder / name), "no sound file is in this class"))
    return listing


def _classes(folder: Path, listing: Listing) -> bool:
    """Notes the sub-folders, which are the classes; whether there are any."""
    with os.scandir(folder) as inside:
        listing.classes |= {
            each.name for each in inside if each.is_dir() and not each.name.startswith(".")
        }
    return bool(listing.classes)


def _walk(folder: Path, listing: Listing, above: tuple[str, ...] = ()) -> Iterator[Path]:
    real = os.path.realpath(folder)
    if real in above:
        listing.ignored.append(Fault(str(folder), "it is a link to a folder that it lies in"))
        return
    try:
        with os.scandir(folder) as inside:
            found = sorted(inside, key=lambda each: each.name)
    except OSError as error:
        listing.faults.append(Fault(str(folder), f"it cannot be listed ({error.strerror})"))
        return
    for each in found:
        path = folder / each.name
        if each.name.startswith("."):
            listing.ignored.append(Fault(str(path), "it is hidden"))
        elif each.is_dir():
            yield from _walk(path, listing, (*above, real))
        elif path.suffix[1:].lower() in SOUND:
            yield path
        else:
            listing.ignored.append(Fault(str(path), "its name does not end as one of a sound file"))


def _by_pattern(listing: Listing, pattern: str) -> None:
    """Takes the label from each path's end, its name as a rule; one that doesn't fit is a fault."""
    if pattern.count(_LABEL) != 1:
        rule = f"be 'auto', None, one label for each file, or a pattern with {_LABEL} in it once"
        raise ParameterError("labels", rule, repr(pattern), f"For example '{_LABEL}_*.wav'.")
    parts = [re.escape(part).replace(re.escape(_ANY), "[^/]*") for part in pattern.split(_LABEL)]
    expression, entries = re.compile("([^/]+?)".join(parts)), listing.entries
    listing.entries, depth = [], 1 + pattern.count("/")
    for entry in entries:
        if match := expression.fullmatch("/".join(entry.path.parts[-depth:])):
            listing.entries.append(replace(entry, label=match[1]))
        else:
            listing.faults.append(Fault(str(entry), f"its name does not fit {pattern!r}"))


def _by_list(source: Source, entries: list[Entry], labels: Sequence[Any]) -> list[Entry]:
    if isinstance(source, str | os.PathLike):
        rule = "be 'auto', None or a pattern where the source is not a list"
        raise ParameterError("labels", rule, brief(labels))
    if len(labels) != len(entries):
        rule = f"be as many as there are files, {len(entries)}"
        raise ParameterError("labels", rule, len(labels))
    return [replace(e, label=str(label)) for e, label in zip(entries, labels, strict=True)]


def _all_or_none(listing: Listing) -> None:
    """Where some entries have a label, those without one are faults."""
    if any(entry.label is not None for entry in listing.entries):
        without = [entry for entry in listing.entries if entry.label is None]
        listing.faults += [Fault(str(entry), "it has no label") for entry in without]
        listing.entries = [entry for entry in listing.entries if entry.label is not None]
