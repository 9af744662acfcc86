"""What is extracted: a file or a part of one; and what became of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from workbench.audio import AudioInfo

OK, FAILED, PENDING = "ok", "failed", "pending"


@dataclass(frozen=True)
class Recording:
    """A recording of a corpus.

    Attributes:
        number: Its line in the manifest, from 0.
        path: The file; data, from which no other name is made.
        label: Its class, if it has one.
        start: Where it begins in the file, in seconds.
        end: Where it ends; None: at the end of the file.
        size: Bytes of the file, 0 where there is none: by it the work is divided.
    """

    number: int
    path: str
    label: str | None = None
    start: float = 0.0
    end: float | None = None
    size: int = 0

    @property
    def key(self) -> tuple[Any, ...]:
        """What tells recordings apart."""
        return self.path, self.label, self.start, self.end

    @property
    def span(self) -> dict[str, Any]:
        """Which part of the file it is, as `audio.read` is told."""
        seconds = None if self.end is None else self.end - self.start
        return {"start_seconds": self.start, "seconds": seconds}

    def frames(self, info: AudioInfo) -> int:
        """How many frames it has, of those that its file's header tells of."""
        first = min(info.frames, round(self.start * info.sample_rate))
        if self.end is None:
            return info.frames - first
        return min(info.frames - first, round((self.end - self.start) * info.sample_rate))


@dataclass
class Outcome:
    """What became of a recording.

    Attributes:
        number: Its line in the manifest.
        status: "ok", "failed" or "pending".
        reason: Why it failed.
        sample_rate: Of the file, in Hz.
        channels: Of the file.
        samples: Of the recording, at the file's rate.
        sha256: Of the file.
    """

    number: int
    status: str = PENDING
    reason: str | None = None
    sample_rate: int | None = None
    channels: int | None = None
    samples: int | None = None
    sha256: str | None = None

    @property
    def seconds(self) -> float:
        """How long the recording is; 0 where that is not known."""
        return (self.samples or 0) / (self.sample_rate or 1)

    def fail(self, error: BaseException | str) -> None:
        """Notes why it failed; what isn't said for people is said with its type."""
        told = isinstance(error, str | OSError | ValueError | TypeError)
        self.status = FAILED
        self.reason = f"{error}" if told else f"{type(error).__name__}: {error}".strip(": ")

    def as_dict(self) -> dict[str, Any]:
        """What it says, as JSON takes it."""
        return asdict(self)
