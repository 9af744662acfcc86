"""The front door: a design over recordings, into a folder; again, and it goes on."""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from workbench.chain import Chain
from workbench.corpus import cluster
from workbench.corpus.designs import Design, design_of
from workbench.corpus.folder import Folder, Planned
from workbench.corpus.listing import recordings_of
from workbench.corpus.packages import pyarrow
from workbench.corpus.progress import Progress
from workbench.corpus.recordings import FAILED, OK, Outcome
from workbench.datasets.entries import Fault
from workbench.datasets.sources import Labels
from workbench.errors import ParameterError, naming

_SHOWN = 20


@dataclass(frozen=True)
class Extraction:
    """What an extraction has come to.

    Attributes:
        out: The folder.
        files: Recordings in it that are extracted.
        kept: Those of them that were there already.
        failed: Path (or line of a manifest) and reason of each that is not.
        hours: Of audio that this run has heard.
        seconds: That it took.
    """

    out: Path
    files: int
    kept: int
    failed: tuple[tuple[str, str], ...]
    hours: float
    seconds: float

    def __str__(self) -> str:
        new = self.files - self.kept
        lines = [
            f"{self.files} of {self.files + len(self.failed)} recordings are in {self.out}: "
            f"{new} new, {self.kept} from before; {self.hours:.3g} h of audio "
            f"in {self.seconds:.1f} s."
        ]
        if self.failed:
            lines.append(f"{len(self.failed)} failed; running again tries them again:")
            lines += [f"  {path}: {reason}" for path, reason in self.failed[:_SHOWN]]
        if len(self.failed) > _SHOWN:
            lines.append(f"  ... and {len(self.failed) - _SHOWN} more, see manifest.jsonl.")
        return "\n".join(lines)


def extract(
    design: Chain | str | os.PathLike[str],
    sources: Any,
    out: str | os.PathLike[str],
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    channels: str = "mix",
    labels: Labels = "auto",
    batch: int | None = None,
    progress: bool = True,
) -> Extraction:
    """Runs a design over files, on all processors of this machine or on a Dask cluster.

    Files that can't be read are reported, and stop nothing. Run again, it goes on: finished parts
    are kept, failed files tried again, new ones added. Long recordings are computed chunk by chunk
    where the design can stream. A recording at another sample rate than the design's is resampled
    to it first.

    In a script, call it below `if __name__ == "__main__":`, since workers are processes.

    Args:
        design: A chain, or the path of one that `chain.save` wrote.
        sources: Files, folders and manifests (CSV, JSONL), one or more, as for `wb.dataset`.
        out: The folder for the results: a new one, or that of an extraction to go on with.
        workers: Processes of this machine; None: one for each processor.
        scheduler: The address of a Dask cluster whose workers see the same files and folders.
        channels: "mix" takes the mean of a file's channels, "split" each by itself.
        labels: "auto" takes them from manifests and from the sub-folders of a folder, None takes
            none; or a pattern of the files' names, as for `wb.dataset`.
        batch: Recordings of one rate and length that are computed at once; None: one on a
            processor, so that nothing depends on the neighbours, and 64 on a GPU.
        progress: Whether to show how far it is, on standard error.

    Raises:
        ParameterError, ParameterTypeError: The design is none or holds code; the folder holds
            something else, or what another design made; no cluster answers.
        ClusterLost: The scheduler went away. What is finished is kept.
        ModuleNotFoundError: Dask or Arrow is not installed.
    """
    with naming("extract"):
        _check(workers, scheduler, channels)
        pyarrow()
        made = design_of(design)
        recordings, faults = recordings_of(sources, labels)
        folder = Folder(out, made, split=channels == "split")
        with folder.held():
            run = _Run(folder, made, folder.begin(recordings), batch)
            stream = sys.stderr if progress else None
            return run.report(run.run(workers, scheduler, stream), faults)


class _Run:
    """One run of an extraction."""

    def __init__(self, folder: Folder, design: Design, parts: Sequence[Planned], batch: int | None):
        self._folder, self._design, self._batch, self._parts = folder, design, batch, parts
        self._outcomes: dict[int, Outcome] = {}
        self._begun = time.monotonic()
        self._todo = [part for part in parts if not self._is_finished(part)]
        self._kept = {n for n, each in self._outcomes.items() if each.status == OK}

    def run(self, workers: int | None, scheduler: str | None, stream: Any) -> Progress:
        """Makes the parts that are to make; whatever happens, the manifest tells of the others."""
        todo = {part.number: part for part in self._todo}
        left = [e for p in self._todo for e in p.recordings if e.number not in self._kept]
        progress = Progress(len(left), sum(each.size for each in left), stream)
        if not todo:
            self._folder.write_manifest(self._parts, self._outcomes)
            return progress
        topic = f"workbench-{secrets.token_hex(8)}"
        try:
            with cluster.connected(workers, scheduler) as client:
                cluster.listen(client, topic, progress.told)
                tasks = [self._task(part, topic) for part in self._todo]
                for number, result in cluster.results(client, tasks):
                    self._take(todo.pop(number), result, progress)
        finally:
            for part in todo.values():
                self._is_finished(part)  # a worker may have come to an end that nobody heard of
            progress.end()
            self._folder.write_manifest(self._parts, self._outcomes)
        return progress

    def report(self, progress: Progress, faults: Sequence[Fault]) -> Extraction:
        """What it has come to."""
        paths = {each.number: each.path for part in self._parts for each in part.recordings}
        failed = [each for each in self._outcomes.values() if each.status == FAILED]
        failed.sort(key=lambda each: each.number)
        return Extraction(
            self._folder.path,
            len(self._outcomes) - len(failed),
            len(self._kept),
            tuple(
                [(each.place, each.why) for each in faults]
                + [(paths[each.number], each.reason or "") for each in failed]
            ),
            progress.seconds / 3600,
            time.monotonic() - self._begun,
        )

    def _is_finished(self, part: Planned) -> bool:
        """Whether a part holds all of its recordings; the outcomes are taken."""
        found = self._folder.part(part.number)
        if found is None:
            return False
        found.close()
        known = {each.number: each for each in found.outcomes}
        self._outcomes |= known
        return all(
            each.number in known and known[each.number].status == OK for each in part.recordings
        )

    def _task(self, part: Planned, topic: str) -> dict[str, Any]:
        return {
            "out": str(self._folder.path),
            "part": part.number,
            "recordings": [astuple(each) for each in part.recordings],
            "fingerprint": self._design.fingerprint,
            "split": self._folder.split,
            "batch": self._batch,
            "topic": topic,
        }

    def _take(
        self, part: Planned, result: list[dict[str, Any]] | BaseException, progress: Progress
    ) -> None:
        """Takes what became of a part; where there is none, each of its recordings has failed."""
        if isinstance(result, BaseException):
            outcomes = [Outcome(each.number) for each in part.recordings]
            for each in outcomes:
                each.fail(result)
        else:
            outcomes = [Outcome(**each) for each in result]
        self._outcomes |= {each.number: each for each in outcomes if each.number not in self._kept}
        new = [each for each in part.recordings if each.number not in self._kept]
        seconds = sum(self._outcomes[each.number].seconds for each in new)
        size = sum(each.size for each in new)
        progress.finished(part.number, len(new), size, seconds)


def _check(workers: Any, scheduler: Any, channels: Any) -> None:
    if workers is not None and (type(workers) is not int or workers < 1):
        raise ParameterError("workers", "be a whole number of at least 1", workers)
    if workers is not None and scheduler is not None:
        rule = "not both be given: a cluster has its own workers"
        raise ParameterError(("workers", "scheduler"), rule, (workers, scheduler))
    if channels not in ("mix", "split"):
        raise ParameterError("channels", "be 'mix' or 'split'", repr(channels))
