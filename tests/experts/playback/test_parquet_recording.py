"""Recorded outputs in parquet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from experts.errors import ConfigError
from experts.playback.parquet_recording import ParquetRecordings
from experts.playback.recording import RecordedAnswer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outputs.parquet"


def write(path: Path, **columns: Any) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def two_models(path: Path) -> Path:
    return write(
        path,
        model=pa.array(["ann", "bob", "ann"]).dictionary_encode(),
        question_id=pa.array([7, 7, 8], pa.int32()),
        text=pa.array(["A", "B", "C"], pa.large_string()),
    )


def text(recordings: ParquetRecordings, model: str | None, query_id: str, sample: int = 0) -> str | None:
    found = recordings.recording(model, "mmlu:").get(f"mmlu:{query_id}", sample)
    return found.text if found else None


def test_each_model_has_its_own_rows_under_prefixed_ids(path: Path) -> None:
    recordings = ParquetRecordings(two_models(path), ["ann", "bob"])
    assert [text(recordings, "ann", "7"), text(recordings, "ann", "8")] == ["A", "C"]
    assert [text(recordings, "bob", "7"), text(recordings, "bob", "8")] == ["B", None]
    assert recordings.recording("ann").get("7", 0) == RecordedAnswer(text="A")
    assert len(recordings.recording("ann")) == 2


def test_rows_of_others_are_not_kept(path: Path) -> None:
    recordings = ParquetRecordings(two_models(path), ["bob"])
    assert len(recordings._columns.text) == 1
    assert text(recordings, "bob", "7") == "B"


def test_all_columns_are_read(path: Path) -> None:
    write(
        path,
        query_id=["q", "q", "p", "r"],
        sample_index=[None, 1, 0, 0],
        text=["one", "two", None, "three"],
        finish_reason=["stop", "length", "error", None],
        prompt_tokens=[3, None, None, 5],
        completion_tokens=[4, 5, 6, None],
        elsewhere=[1, 2, 3, 4],
    )
    recording = ParquetRecordings(path, [None]).recording(None)
    assert recording.get("q", 0) == RecordedAnswer(text="one", prompt_tokens=3, completion_tokens=4)
    assert recording.get("q", 1) == RecordedAnswer(text="two", finish_reason="length", completion_tokens=5)
    assert recording.get("p", 0) == RecordedAnswer(text="", finish_reason="error", completion_tokens=6)
    assert recording.get("r", 0) == RecordedAnswer(text="three", prompt_tokens=5)
    assert not recording.tokens_known


def test_tokens_are_known_of_the_models_that_have_them(path: Path) -> None:
    write(path, model=["ann", "bob"], query_id=["q", "q"], text=["x", "y"], completion_tokens=[3, None])
    recordings = ParquetRecordings(path, ["ann", "bob"])
    assert recordings.recording("ann").tokens_known
    assert not recordings.recording("bob").tokens_known


def test_checksums_tell_models_and_files_apart(path: Path, tmp_path: Path) -> None:
    one = ParquetRecordings(two_models(path), ["ann", "bob"])
    other = ParquetRecordings(
        write(tmp_path / "other.parquet", model=["ann"], question_id=[7], text=["A"]), ["ann"]
    )
    sums = [one.recording("ann").checksum, one.recording("bob").checksum, other.recording("ann").checksum]
    assert len({*sums}) == 3
    assert ParquetRecordings(path, ["ann"]).recording("ann").checksum == sums[0]


def test_a_model_that_is_not_there_is_refused_with_close_names(path: Path) -> None:
    two_models(path)
    with pytest.raises(ConfigError, match=r"no output of 'anne'; did you mean 'ann'\?"):
        ParquetRecordings(path, ["anne"])
    with pytest.raises(ConfigError, match=r"no output of 'xyz'; it has ann, bob\."):
        ParquetRecordings(path, ["ann", "xyz"])


def test_of_several_models_one_must_be_named(path: Path) -> None:
    with pytest.raises(ConfigError, match="outputs of 2 models; say which one with `model`, such as ann"):
        ParquetRecordings(two_models(path), [None]).recording(None)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"id": ["q"], "text": ["x"]}, "no column query_id or question_id; it has id, text"),
        ({"query_id": ["q"], "answer": ["x"]}, "no column text; it has query_id, answer"),
        ({"query_id": ["q"], "text": [1]}, "the column text holds int64, not strings"),
        ({"query_id": [None, "q"], "text": ["x", "y"]}, "1 rows have no query id"),
        ({"query_id": ["q"], "text": pa.array([None], pa.string())}, "1 rows have no text"),
        (
            {"query_id": ["q"], "text": ["x"], "finish_reason": ["done"]},
            "finish_reason holds 'done', allowed",
        ),
        ({"query_id": ["q"], "text": ["x"], "sample_index": [-1]}, "sample_index holds -1"),
        ({"query_id": ["q"], "text": ["x"], "completion_tokens": ["5"]}, "completion_tokens holds string"),
        ({"query_id": pa.array([], pa.string()), "text": pa.array([], pa.string())}, "have no rows"),
    ],
)
def test_what_no_recording_holds_is_refused_by_name(path: Path, columns: Any, words: str) -> None:
    write(path, **columns)
    with pytest.raises(ConfigError, match=words) as caught:
        ParquetRecordings(path, [None])
    assert str(path) in str(caught.value)


def test_a_model_needs_its_column(path: Path) -> None:
    write(path, query_id=["q"], text=["x"])
    with pytest.raises(ConfigError, match="no column model; it has query_id, text"):
        ParquetRecordings(path, ["ann"])


@pytest.mark.parametrize("samples", [[0, 0], [None, 0]])
def test_a_sample_recorded_twice_is_refused(path: Path, samples: list[int | None]) -> None:
    write(path, query_id=["q", "q"], text=["x", "y"], sample_index=samples)
    with pytest.raises(ConfigError, match="records query 'q', sample 0, twice"):
        ParquetRecordings(path, [None]).recording(None)


def test_an_unreadable_file_is_named(path: Path) -> None:
    with pytest.raises(ConfigError, match=r"outputs\.parquet cannot be read \(No such file"):
        ParquetRecordings(path, [None])
    path.write_bytes(b"PAR1, or so it says")
    with pytest.raises(ConfigError, match=r"outputs\.parquet cannot be read"):
        ParquetRecordings(path, [None])
    whole = two_models(path).read_bytes()
    path.write_bytes(whole[:40] + whole[-30:])
    with pytest.raises(ConfigError, match=r"outputs\.parquet cannot be read"):
        ParquetRecordings(path, [None])
