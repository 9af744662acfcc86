"""Parts: Parquet files with a row per recording, written whole or not at all.

A row holds the recording's number in the manifest, path, label, start and end, the channel (null
for the mean of all), sample rate and length of the source, the SHA-256 of the file, and the result:
`features`, its values in a row as float32 (time first, last axis fastest), `shape`, and
`first_step`. So it reads with any Parquet reader, here pandas:

    np.reshape(row.features, row.shape)

It is how Arrow's canonical variable-shape tensor lies in memory, without the extension type that
few readers know. A result of more than 16 MB goes on in the next rows, of which `first_step` says
where they begin. The file's own metadata, under "workbench", is JSON: what became of each
recording, also of those that failed and have no row, the design's fingerprint, and the versions.

The bytes depend on the recordings, the design and the versions alone.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from workbench.corpus.packages import pyarrow
from workbench.corpus.recordings import Outcome, Recording
from workbench.whole_files import whole_file

_GROUP = 1 << 22  # values in a row group: 16 MB
_AT_ONCE = 16  # rows that are decoded together, of one group
_KEY = b"workbench"
Row = dict[str, Any]


def part_path(out: Path, number: int) -> Path:
    """The file of a part; no word of a source is in its name.

    >>> part_path(Path("features"), 3).as_posix()
    'features/parts/part-00003.parquet'
    """
    return out / "parts" / f"part-{number:05d}.parquet"


def part_at(path: Path) -> Part | None:
    """The part as it was made before; None where it isn't there or can't be read."""
    try:
        return Part(path) if path.exists() else None
    except (OSError, ValueError, KeyError, TypeError):  # Arrow's errors are among them
        return None


def rows_of(
    recording: Recording, outcome: Outcome, pieces: Iterable[np.ndarray], *, split: bool, dtype: Any
) -> Iterator[Row]:
    """The rows of a recording's results, whose pieces are `[channels, steps, ...]`."""
    path = os.fsencode(recording.path).decode("utf-8", "backslashreplace")
    first = 0
    for piece in pieces:
        for channel, made in enumerate(piece):
            values = _checked(made, dtype)
            yield {
                "recording": recording.number,
                "path": path,
                "label": recording.label,
                "start": recording.start,
                "end": recording.end,
                "channel": channel if split else None,
                "sample_rate": outcome.sample_rate,
                "samples": outcome.samples,
                "sha256": outcome.sha256,
                "first_step": first,
                "shape": list(values.shape),
                "features": values.reshape(-1),
            }
        first += piece.shape[1] if piece.ndim > 1 else 0


@contextlib.contextmanager
def part_writer(path: Path, dtype: Any) -> Iterator[PartWriter]:
    """Writes a part, which bears its name only once all is there; if not, nothing stays behind."""
    schema = _schema(dtype)
    with whole_file(path, beginning=path.with_name(f".{path.stem}")) as temporary:
        with pyarrow("parquet").ParquetWriter(
            temporary,
            schema,
            compression="zstd",
            use_dictionary=False,
            column_encoding={"features.list.element": "BYTE_STREAM_SPLIT"},
            write_page_checksum=True,
        ) as file:
            writer = PartWriter(file, schema)
            yield writer
            writer.flush()
        with open(temporary, "rb") as made:
            os.fsync(made.fileno())


class PartWriter:
    """Puts rows into the file of a part."""

    def __init__(self, file: Any, schema: Any):
        self._file, self._schema = file, schema
        self._rows: list[Row] = []
        self._held = 0

    def add(self, rows: Iterable[Row]) -> None:
        """Adds rows."""
        for row in rows:
            self._rows.append(row)
            self._held += len(row["features"])
            if self._held > _GROUP:
                self.flush()

    def say(self, about: dict[str, Any]) -> None:
        """Says what is to say about all of them."""
        said = json.dumps(about, sort_keys=True)
        self._file.add_key_value_metadata({_KEY: said.encode()})

    def flush(self) -> None:
        """Writes the rows that wait to be written together."""
        if self._rows:
            self._file.write_table(_table(self._rows, self._schema))
        self._rows, self._held = [], 0


class Part:
    """A part that was written before."""

    def __init__(self, path: Path):
        self._name = path.name
        self._file = pyarrow("parquet").ParquetFile(path, page_checksum_verification=True)
        self.about: dict[str, Any] = json.loads(self._file.metadata.metadata[_KEY])
        self.outcomes = [Outcome(**each) for each in self.about["outcomes"]]
        self._rows = self._each_row()
        self._next: Row | None = None

    def __enter__(self) -> Part:
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()

    def form(self) -> tuple[np.dtype, tuple[int, ...]] | None:
        """The type of the features and the shape of the first; None where no row is."""
        for batch in self._file.iter_batches(batch_size=1, columns=["shape"]):
            dtype = self._file.schema_arrow.field("features").type.value_type.to_pandas_dtype()
            return np.dtype(dtype), tuple(batch.column("shape")[0].as_py())
        return None

    @property
    def values(self) -> int:
        """How many numbers the features in it are."""
        groups = (self._file.metadata.row_group(i) for i in range(self._file.num_row_groups))
        return sum(group.column(group.num_columns - 1).num_values for group in groups)

    def rows(self, number: int) -> Iterator[Row]:
        """The rows of a recording; ask in the order in which they stand."""
        while True:
            row = self._next or next(self._rows, None)
            self._next = row
            if row is None or row["recording"] > number:
                return
            self._next = None
            if row["recording"] == number:
                yield row

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def _each_row(self) -> Iterator[Row]:
        try:
            yield from self._decoded()
        except OSError as error:
            raise OSError(f"{self._name} is damaged: {error}") from error

    def _decoded(self) -> Iterator[Row]:
        for group in range(self._file.num_row_groups):
            for batch in self._file.iter_batches(batch_size=_AT_ONCE, row_groups=[group]):
                features = batch.column("features")
                values = features.values.to_numpy(zero_copy_only=False)
                ends = features.offsets.to_numpy()
                for i, row in enumerate(batch.drop_columns("features").to_pylist()):
                    yield row | {"features": values[ends[i] : ends[i + 1]]}


def _checked(values: np.ndarray, dtype: Any) -> np.ndarray:
    """Results in the type of the part.

    Raises:
        ValueError: They are complex, or not finite.
    """
    if np.iscomplexobj(values):
        raise ValueError(
            f"extract: the design must end in real numbers; got {values.dtype}. "
            "Let a Spectrogram or a Phase follow."
        )
    bad = values.size - int(np.count_nonzero(np.isfinite(values)))
    if bad:
        raise ValueError(
            f"extract: the results must be finite; got {bad} NaN or infinite of {values.size}."
        )
    return values.astype(dtype, copy=False)


def _schema(dtype: Any) -> Any:
    pa = pyarrow()
    return pa.schema(
        [
            ("recording", pa.int64()),
            ("path", pa.string()),
            ("label", pa.string()),
            ("start", pa.float64()),
            ("end", pa.float64()),
            ("channel", pa.int32()),
            ("sample_rate", pa.int32()),
            ("samples", pa.int64()),
            ("sha256", pa.string()),
            ("first_step", pa.int64()),
            ("shape", pa.list_(pa.int32())),
            ("features", pa.list_(pa.from_numpy_dtype(dtype))),
        ]
    )


def _table(rows: list[Row], schema: Any) -> Any:
    pa = pyarrow()
    columns = [
        pa.array([row[field.name] for row in rows], field.type)
        for field in schema
        if field.name != "features"
    ]
    ends = np.cumsum([0, *(len(row["features"]) for row in rows)], dtype=np.int32)
    values = np.concatenate([row["features"] for row in rows])
    features = pa.ListArray.from_arrays(pa.array(ends), pa.array(values))
    return pa.Table.from_arrays(
        [*columns, features.cast(schema.field("features").type)], schema=schema
    )
