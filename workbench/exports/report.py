"""What an export has made, and how good it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Report:
    """What was written, and what running it has shown.

    Attributes:
        target: The kind of file.
        path: Where it is.
        size_bytes: Its size; of a folder that of all files in it.
        error_db: The worst error over all signals: the largest distance between a number of the
            file's result and the layer's, relative to the largest magnitude in the layer's result
            for that signal, in dB; for silence, where that is 0, to the largest of all signals. An
            angle or frequency (`Phase`, `InstantaneousFrequency`) is taken in whole turns, and
            counts as much as its magnitude beside the largest.
        own_db: How far the layer's own result moves if its input moves by one rounding error of
            its row's peak: a file can be no closer than that.
        milliseconds_per_second: What a second of audio takes in the target's runtime, after the
            first run; None where no sample rate is known.
        milliseconds: What the first signal takes there.
        signals: How many were run: noise of several lengths and rows, half silence, silence.
        lengths: The shortest and the longest of them.
        given: The shape of what it takes; None for any size.
        result: The shape of what it gives; None where that varies.
        ops: The operations in it, and how many of each, most frequent first.
        switched: What was changed in the layers so that the target can hold them.
    """

    target: str
    path: Path
    size_bytes: int
    error_db: float
    own_db: float
    milliseconds_per_second: float | None
    milliseconds: float
    signals: int
    lengths: tuple[int, int]
    given: tuple[int | None, ...]
    result: tuple[int | None, ...]
    ops: dict[str, int]
    switched: tuple[str, ...]

    def __str__(self) -> str:
        """The report as a few lines of text."""
        lines = [self.title]
        lines += [f"  {name:<9} {text}" for name, text in self.rows]
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """The report as a table, for a notebook."""
        cells = "".join(
            f"<tr><th style='text-align:left'>{name}</th>"
            f"<td style='text-align:left'>{_escaped(text)}</td></tr>"
            for name, text in self.rows
        )
        return f"<table><caption>{_escaped(self.title)}</caption>{cells}</table>"

    @property
    def title(self) -> str:
        """The kind of file, its name and its size."""
        return f"{self.target}: {self.path} ({_size(self.size_bytes)})"

    @property
    def rows(self) -> list[tuple[str, str]]:
        """What there is to say of it: names and texts."""
        least, most = self.lengths
        tried = f"{least}" if least == most else f"{least} .. {most}"
        speed = f"{self.milliseconds:.3g} ms for the first signal"
        if self.milliseconds_per_second is not None:
            speed = f"{self.milliseconds_per_second:.3g} ms per second of audio"
        ops = ", ".join(f"{name} {count}" for name, count in self.ops.items())
        rows = [
            ("error", f"{self.error_db:.1f} dB of the result's peak, the worst of all signals"),
            ("tried", f"{self.signals} signals of {tried} steps, silence among them"),
            ("speed", speed),
            ("shape", f"{_shape(self.given)} -> {_shape(self.result)}"),
            ("ops", ops),
        ]
        return rows + [("switched", one) for one in self.switched]


def _size(count: int) -> str:
    if count < 1000:
        return f"{count} bytes"
    return f"{count / 1e3:.3g} kB" if count < 1e6 else f"{count / 1e6:.3g} MB"


def _shape(shape: tuple[int | None, ...]) -> str:
    return "[" + ", ".join("any" if n is None else str(n) for n in shape) + "]"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
