"""A source looked through before anything is read: its examples, classes, and faults."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from workbench.checked_json import brief
from workbench.datasets.entries import Entry, Fault, Listing
from workbench.datasets.examples import Example, look, one_by_one, one_form
from workbench.datasets.sources import Labels, Source, list_source
from workbench.errors import ParameterError

_SHOWN = 5  # faults in a message


@dataclass(frozen=True)
class Inventory:
    """What a source holds; `class_names` is None where it has no labels."""

    examples: tuple[Example, ...]
    class_names: tuple[str, ...] | None
    faults: tuple[Fault, ...]
    ignored: tuple[Fault, ...]

    def labels(self) -> list[int]:
        """The label of each example: the place of its class; 0 where there are none."""
        names = {name: place for place, name in enumerate(self.class_names or ())}
        return [names.get(example.entry.label or "", 0) for example in self.examples]


def take_inventory(
    source: Source,
    labels: Labels,
    class_names: Sequence[str] | None,
    channels: str,
    skip: bool,
) -> Inventory:
    """Lists a source and looks at the headers of its files.

    Raises:
        ParameterError: There is nothing in it; or a fault, and it is not to be skipped.
    """

    def find(entries: Sequence[Entry]) -> Iterable[Example | Fault]:
        looked, ways = look(entries), {"split": one_by_one, "keep": one_form}
        return ways[channels](looked) if channels in ways else looked

    listing = list_source(source, labels)
    return inventory_of(source, listing, class_names, find, skip)


def inventory_of(
    source: Source,
    listing: Listing,
    class_names: Sequence[str] | None,
    find: Callable[[Sequence[Entry]], Iterable[Example | Fault]],
    skip: bool,
) -> Inventory:
    """What a listing holds, `find` being what makes examples, or faults, of its entries.

    Raises:
        ParameterError: There is nothing in it; or a fault, and it is not to be skipped.
    """
    names = _class_names(listing, class_names)
    found = list(find(_known(listing, names)))
    examples = tuple(each for each in found if isinstance(each, Example))
    faults = (*listing.faults, *(each for each in found if isinstance(each, Fault)))
    if faults and not (skip and examples):
        raise ParameterError(
            "source",
            "hold nothing that cannot be used" if examples else "hold something that can be used",
            _shown(faults),
            "" if skip else "With on_error='skip' it is left out and reported.",
        )
    if not examples:
        raise ParameterError("source", "hold at least one sound file", f"none in {brief(source)}")
    return Inventory(examples, names, faults, tuple(listing.ignored))


def _class_names(listing: Listing, given: Sequence[str] | None) -> tuple[str, ...] | None:
    labelled = bool(listing.classes)
    if given is None:
        return tuple(sorted(listing.classes)) if labelled else None
    names = tuple(given)
    if isinstance(given, str) or not names or len(set(names)) < len(names):
        raise ParameterError("class_names", "be different names in a list", brief(given))
    if not labelled:
        raise ParameterError("class_names", "be None where there are no labels", brief(given))
    return names


def _known(listing: Listing, names: tuple[str, ...] | None) -> list[Entry]:
    """The entries whose class is one of the names; the others become faults."""
    if names is None:
        return listing.entries
    for entry in listing.entries:
        if entry.label not in names:
            why = f"its class, {entry.label!r}, is not among class_names"
            listing.faults.append(Fault(str(entry), why))
    return [entry for entry in listing.entries if entry.label in names]


def _shown(faults: Sequence[Fault]) -> str:
    rest = f"; and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
    return "; ".join(str(fault).rstrip(".") for fault in faults[:_SHOWN]) + rest
