"""What a worker was at when it died: a recording that kills workers is given up, and named."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

MOST_DEATHS = 2


class Trial:
    """A small file beside a part that is being made, which outlives the worker.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "trial"
    >>> for _ in range(3):
    ...     trial = Trial(path)
    ...     trial.begin([7])  # and here the worker dies
    >>> trial.given_up(7), trial.given_up(8)
    (True, False)
    """

    def __init__(self, path: Path):
        self._path, self._length = path, 0
        self._file: int | None = None
        self.deaths: dict[int, int] = {}
        with contextlib.suppress(OSError, ValueError):
            said = path.read_bytes()
            self._length = len(said)
            self.deaths = {int(key): int(n) for key, n in json.loads(said).items()}

    def begin(self, numbers: Sequence[int]) -> None:
        """Notes which recordings are begun, in place of those begun before."""
        begun = {number: 1 + self.deaths.get(number, 0) for number in numbers}
        content = json.dumps(self.deaths | begun).ljust(self._length).encode()
        self._length = len(content)
        if self._file is None:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        os.pwrite(self._file, content, 0)  # in place: a renaming would wait for the disk

    def given_up(self, number: int) -> bool:
        """Whether a recording has had its chances."""
        return self.deaths.get(number, 0) >= MOST_DEATHS

    def end(self) -> None:
        """The part is made."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        self._path.unlink(missing_ok=True)
