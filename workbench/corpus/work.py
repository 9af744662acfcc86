"""What a worker does: one part, from plain paths to a Parquet file.

A worker is sent paths and numbers, and takes the design's file from the output folder. TensorFlow
is loaded with the first part, off the thread by which Dask hears of a worker.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench import audio
from workbench.corpus.folder import NUMBERS, READERS
from workbench.corpus.parts import Part, PartWriter, Row, part_at, part_path, part_writer, rows_of
from workbench.corpus.progress import Teller
from workbench.corpus.recordings import OK, Outcome, Recording
from workbench.corpus.trials import MOST_DEATHS, Trial
from workbench.versions import versions

if TYPE_CHECKING:
    from workbench.corpus.features import Features


def numbers() -> int:
    """Which numbers the workbench of a worker computes: those of `folder.NUMBERS`."""
    return NUMBERS


def make_part(
    task: dict[str, Any], tell: Callable[[dict[str, Any]], None] | None = None
) -> list[dict[str, Any]]:
    """Makes a part, or makes it again with recordings that failed before.

    Args:
        task: "out", "part", "recordings", "fingerprint", "split", "batch", "topic": plain values.
        tell: Is told how far it is; None: whoever listens to the topic, on a worker of Dask.

    Returns:
        The outcomes of its recordings, as plain values.
    """
    out = Path(task["out"])
    thread = threading.get_ident()  # layers are for one thread at a time
    design = (out, task["fingerprint"], task["split"], task["batch"], thread)
    path = part_path(out, task["part"])
    teller = Teller(task["part"], task["topic"], tell)
    recordings = [Recording(*each) for each in task["recordings"]]
    with contextlib.ExitStack() as stack:
        before = part_at(path)
        if before:
            stack.callback(before.close)
        making = _Making(path, partial(_features, *design), task["split"], before, teller)
        outcomes = making.run(recordings, task["fingerprint"])
    return [each.as_dict() for each in outcomes]


class _Making:
    """The making of one part."""

    def __init__(
        self,
        path: Path,
        load: Callable[[], Features],
        split: bool,
        before: Part | None,
        teller: Teller,
    ):
        self._path, self._load, self._split = path, load, split
        self._before, self._teller = before, teller
        self._kept = {o.number: o for o in before.outcomes if o.status == OK} if before else {}
        self._trial = Trial(path.with_name(f".{path.stem}.trial"))
        self._outcomes: dict[int, Outcome] = {}
        self._infos: dict[int, audio.AudioInfo] = {}

    def run(self, recordings: Sequence[Recording], fingerprint: str) -> list[Outcome]:
        """Writes the part, unless it would be as before."""
        try:
            self._make(recordings, fingerprint)
        finally:
            self._trial.end()
        return [self._outcomes[each.number] for each in recordings]

    def _make(self, recordings: Sequence[Recording], fingerprint: str) -> None:
        self._meet(each for each in recordings if each.number not in self._kept)
        if self._infos or not self._before:
            self._features = self._load()
            with part_writer(self._path, self._features.dtype) as writer:
                self._write(writer, recordings)
                said = [self._outcomes[each.number].as_dict() for each in recordings]
                made_with = {"fingerprint": fingerprint, "versions": versions(*READERS)}
                writer.say(made_with | {"outcomes": said})

    def _meet(self, recordings: Iterable[Recording]) -> None:
        """Learns what the headers of files say, and which of them can't be read."""
        self._outcomes.update(self._kept)
        digest = lru_cache(maxsize=1)(_sha256)  # parts of one file follow each other
        for each in recordings:
            outcome = self._outcomes[each.number] = Outcome(each.number)
            try:
                if self._trial.given_up(each.number):
                    raise RuntimeError(f"{MOST_DEATHS} workers died at it; is it too large?")
                self._trial.begin([each.number])
                info = audio.info(each.path)
                outcome.sample_rate, outcome.channels = info.sample_rate, info.channels
                outcome.samples, outcome.sha256 = each.frames(info), digest(each.path)
                self._infos[each.number] = info
            except Exception as error:  # whatever it is, the other files go on
                outcome.fail(error)

    def _write(self, writer: PartWriter, recordings: Sequence[Recording]) -> None:
        """Writes the rows of the recordings in their order."""
        batch = 1 if self._trial.deaths else self._features.batch
        for window in _windows(recordings, batch):
            good = [each for each in window if each.number in self._infos]
            if good:
                self._trial.begin([each.number for each in good])
            infos = [self._infos[each.number] for each in good]
            made = self._features.of(good, infos, self._teller.heard)
            results = {each.number: result for each, result in zip(good, made, strict=True)}
            for each in window:
                if each.number in self._kept and self._before:
                    writer.add(self._before.rows(each.number))
                elif each.number in results:
                    self._add(writer, each, results[each.number])
                if each.number not in self._kept:
                    self._teller.done(self._outcomes[each.number].seconds)

    def _add(self, writer: PartWriter, recording: Recording, result: Any) -> None:
        """Adds the rows of a result once all of them are there; or notes why they aren't."""
        outcome = self._outcomes[recording.number]
        dtype = self._features.dtype
        with contextlib.ExitStack() as stack:
            try:
                if isinstance(result, Exception):
                    raise result
                rows = rows_of(recording, outcome, result, split=self._split, dtype=dtype)
                if isinstance(result, list):
                    complete: Iterable[Row] = list(rows)
                else:
                    complete = self._spooled(rows, recording.number, stack)
            except Exception as error:
                outcome.fail(error)
            else:
                writer.add(complete)
                outcome.status = OK

    def _spooled(
        self, rows: Iterable[Row], number: int, stack: contextlib.ExitStack
    ) -> Iterable[Row]:
        """Rows written beside the part first: the last of many may fail, or not fit in memory."""
        path = self._path.with_name(f".{self._path.stem}.spool.{threading.get_ident()}")
        stack.callback(path.unlink, missing_ok=True)
        with part_writer(path, self._features.dtype) as writer:
            writer.add(rows)
            writer.say({"outcomes": []})
        spool = Part(path)
        stack.callback(spool.close)
        return spool.rows(number)


@lru_cache(maxsize=8)
def _features(out: Path, fingerprint: str, split: bool, batch: int | None, thread: int) -> Features:
    """The design of the output folder, loaded once for each thread of a worker."""
    from workbench.corpus.designs import design_of
    from workbench.corpus.features import Features

    design = design_of(out / "design.keras")
    if design.fingerprint != fingerprint:
        raise ValueError(f"extract: {out / 'design.keras'} was changed while it was in use.")
    return Features(design.chain, split=split, batch=batch)


def _windows(recordings: Sequence[Recording], count: int) -> Iterator[list[Recording]]:
    each = iter(recordings)
    while window := list(islice(each, count)):
        yield window


def _sha256(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
