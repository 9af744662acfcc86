"""What became of a source: the examples, and all that was not used, with the reason."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence

from workbench.datasets.entries import Fault
from workbench.datasets.examples import Example
from workbench.datasets.inventory import Inventory


class Report:
    """Stands beside a pipeline as `dataset.report`; it grows where a file fails while it is read.

    Attributes:
        class_names: The classes; a label is a place in it.
        ignored: What does not look like a sound file, in a folder.
    """

    def __init__(self, inventory: Inventory):
        self.class_names = inventory.class_names or ()
        self.ignored = inventory.ignored
        self._inventory = inventory
        self._failed: dict[int, Fault] = {}
        self._lock = threading.Lock()

    @property
    def skipped(self) -> tuple[Fault, ...]:
        """What should have been examples and is not: by now, as reading finds out some of it."""
        with self._lock:
            failed = [self._failed[index] for index in sorted(self._failed)]
        return (*self._inventory.faults, *failed)

    @property
    def examples(self) -> tuple[Example, ...]:
        """What is used, in the order of the source."""
        with self._lock:
            failed = set(self._failed)
        return tuple(e for i, e in enumerate(self._inventory.examples) if i not in failed)

    @property
    def counts(self) -> dict[str, int]:
        """How many examples there are of each class."""
        found = Counter(example.entry.label for example in self.examples)
        return {name: found[name] for name in self.class_names}

    def failed(self, index: int, why: str) -> None:
        """Notes an example that could not be read; once, however often it is tried."""
        with self._lock:
            self._failed[index] = Fault(str(self._inventory.examples[index].entry), why)

    def __str__(self) -> str:
        """What is used, in a line; and a line for each thing that is not."""
        examples, skipped = self.examples, self.skipped
        seconds = sum(example.seconds for example in examples)
        rates = ", ".join(f"{rate} Hz" for rate in sorted({e.rate for e in examples}))
        classes = ", ".join(f"{name} {count}" for name, count in self.counts.items())
        said = [f"{len(examples)} examples, {seconds:.1f} s", rates, classes]
        lines = ["; ".join(filter(None, said)), f"{len(skipped)} skipped", *_indented(skipped)]
        if self.ignored:
            lines += [f"{len(self.ignored)} ignored", *_indented(self.ignored)]
        return "\n".join(lines)


def _indented(faults: Sequence[Fault]) -> list[str]:
    return [f"  {fault}" for fault in faults]
