"""Parts: rows in Parquet that any reader understands, the same bytes from the same rows."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from workbench.corpus import parts
from workbench.corpus.parts import Part, part_at, part_writer, rows_of
from workbench.corpus.recordings import OK, Outcome, Recording

RECORDING = Recording(7, "/a/b.wav", "dog", 0.5, None)
OUTCOME = Outcome(7, OK, None, 8000, 2, 4000, "abc")


def rows(values, *, split=False, dtype=np.float32, recording=RECORDING):
    return list(rows_of(recording, OUTCOME, values, split=split, dtype=dtype))


def write(path, made, dtype=np.float32):
    with part_writer(path, dtype) as writer:
        writer.add(made)
        writer.say({"outcomes": [OUTCOME.as_dict()]})
    return path


def test_a_row_reads_with_plain_arrow(tmp_path):
    values = np.random.default_rng(0).standard_normal((1, 5, 4)).astype(np.float32)
    table = pq.read_table(write(tmp_path / "a.parquet", rows([values])))
    assert table.schema.field("features").type == pa.list_(pa.float32())
    (row,) = table.to_pylist()
    np.testing.assert_array_equal(np.reshape(row["features"], row["shape"]), values[0])
    del row["features"]
    assert row == {
        "recording": 7,
        "path": "/a/b.wav",
        "label": "dog",
        "start": 0.5,
        "end": None,
        "channel": None,
        "sample_rate": 8000,
        "samples": 4000,
        "sha256": "abc",
        "first_step": 0,
        "shape": [5, 4],
    }


def test_channels_and_pieces_have_rows_of_their_own(tmp_path):
    pieces = [np.full((2, 5, 4), 1.0), np.full((2, 3, 4), 2.0)]
    made = pq.read_table(write(tmp_path / "a.parquet", rows(pieces, split=True))).to_pylist()
    assert [(row["channel"], row["first_step"]) for row in made] == [(0, 0), (1, 0), (0, 5), (1, 5)]
    assert [row["shape"] for row in made] == [[5, 4], [5, 4], [3, 4], [3, 4]]


def test_float64_stays_float64(tmp_path):
    made = rows([np.full((1, 2), 0.1)], dtype=np.float64)
    table = pq.read_table(write(tmp_path / "a.parquet", made, np.float64))
    assert table["features"][0].as_py() == [0.1, 0.1]


def test_the_same_rows_make_the_same_bytes_also_by_way_of_another_part(tmp_path, monkeypatch):
    monkeypatch.setattr(parts, "_GROUP", 50)
    rng = np.random.default_rng(0)
    made = []
    for number in range(9):
        values = rng.standard_normal((1, 4 + number, 3)).astype(np.float32)
        made += rows([values], recording=Recording(number, "/a.wav"))
    first = write(tmp_path / "a.parquet", made)
    assert pq.ParquetFile(first).num_row_groups > 2
    part = Part(first)
    again = [row for number in range(9) for row in part.rows(number)]
    second = write(tmp_path / "b.parquet", again)
    assert first.read_bytes() == second.read_bytes()


def test_rows_of_a_part_are_those_of_the_recording(tmp_path):
    made = [
        row for n in (1, 3, 3, 5) for row in rows([np.ones((1, 2))], recording=Recording(n, ""))
    ]
    part = Part(write(tmp_path / "a.parquet", made))
    assert [len(list(part.rows(number))) for number in range(7)] == [0, 1, 0, 2, 0, 1, 0]


def test_a_part_has_its_name_once_it_is_complete(tmp_path):
    path = tmp_path / "a.parquet"

    def spoilt():
        yield from rows([np.ones((1, 2))])
        assert len(list(tmp_path.iterdir())) == 1
        assert not path.exists()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write(path, spoilt())
    assert list(tmp_path.iterdir()) == []
    write(tmp_path / "a.parquet", [])
    assert [path.name for path in tmp_path.iterdir()] == ["a.parquet"]
    assert Part(tmp_path / "a.parquet").outcomes == [OUTCOME]


def test_a_part_tells_of_itself_in_json(tmp_path):
    path = write(tmp_path / "a.parquet", rows([np.ones((1, 2))]))
    assert json.loads(pq.read_metadata(path).metadata[b"workbench"])["outcomes"][0]["number"] == 7


@pytest.mark.parametrize("damage", [b"", b"PAR1", b"PAR1 and so on PAR1"])
def test_what_is_no_part_is_made_again(tmp_path, damage):
    (tmp_path / "a.parquet").write_bytes(damage)
    assert part_at(tmp_path / "a.parquet") is None
    pq.write_table(pa.table({"a": [1]}), tmp_path / "b.parquet")
    assert part_at(tmp_path / "b.parquet") is None
    assert part_at(tmp_path / "c.parquet") is None


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.array([[1.0, np.nan, np.inf]]), "finite; got 2 NaN or infinite of 3"),
        (np.ones((1, 2), complex), "end in real numbers; got complex128"),
    ],
)
def test_results_that_are_no_numbers_are_errors(values, message):
    with pytest.raises(ValueError, match=message):
        rows([values])


def test_a_path_that_is_no_text_is_written_out(tmp_path):
    odd = b"/a/\xff\n'.wav".decode("utf-8", "surrogateescape")
    made = rows([np.ones((1, 2))], recording=Recording(0, odd))
    table = pq.read_table(write(tmp_path / "a.parquet", made))
    assert table["path"][0].as_py() == "/a/\\xff\n'.wav"
