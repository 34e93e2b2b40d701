"""Raw outputs from a file: which questions and experts they belong to, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet as parquet
import pytest

from eval.fusing.texts import read_texts
from experts.errors import ConfigError
from experts.outcome_table import OutcomeTable


def written(folder: Path, **columns: list[Any]) -> Path:
    path = folder / "texts.parquet"
    parquet.write_table(pyarrow.table(columns), path)
    return path


def test_ids_are_those_of_the_table_or_their_last_part(six: OutcomeTable, tmp_path: Path) -> None:
    path = written(tmp_path, model=["ann", "bob"], question_id=["set:3", "4"], text=["one", "two"])
    assert read_texts(path, six) == {("ann", "set:3"): "one", ("bob", "set:4"): "two"}


def test_other_experts_other_questions_and_no_text_are_passed_over(six: OutcomeTable, tmp_path: Path) -> None:
    path = written(
        tmp_path,
        model=["ann", "zoe", "bob", "cyd"],
        question_id=["3", "3", "9999", "3"],
        text=["one", "two", "three", None],
        more=[1, 2, 3, 4],
    )
    assert read_texts(path, six) == {("ann", "set:3"): "one"}


def test_an_id_that_could_mean_two_questions_means_none(six: OutcomeTable, tmp_path: Path) -> None:
    two = six.take([3, 4])
    ids = ("law:3", "math:3")
    queries = tuple(replace(q, id=name) for q, name in zip(two.queries, ids, strict=True))
    table = replace(two, queries=queries, outcomes=replace(two.outcomes, question_ids=ids))
    path = written(tmp_path, model=["ann"] * 3, question_id=["law:3", "math:3", "3"], text=["l", "m", "?"])
    assert read_texts(path, table) == {("ann", "law:3"): "l", ("ann", "math:3"): "m"}


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"model": ["ann"], "question_id": ["3"]}, "cannot be read .*model, question_id, text"),
        ({"expert": ["ann"], "question_id": ["3"], "text": ["x"]}, "cannot be read"),
        ({"model": [3], "question_id": ["3"], "text": ["x"]}, "cannot be read"),
        ({"model": ["ann"], "question_id": ["nowhere"], "text": ["x"]}, "no texts .* such as 'set:0'"),
        ({"model": ["zoe"], "question_id": ["3"], "text": ["x"]}, "no texts on the table's questions"),
        ({"model": ["ann"], "question_id": ["other:3"], "text": ["x"]}, "no texts on the table's questions"),
    ],
)
def test_files_that_do_not_fit_are_refused(
    six: OutcomeTable, tmp_path: Path, columns: dict[str, list[Any]], sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        read_texts(written(tmp_path, **columns), six)


def test_what_is_no_parquet_is_refused(six: OutcomeTable, tmp_path: Path) -> None:
    path = tmp_path / "texts.csv"
    with pytest.raises(ConfigError, match="cannot be read"):
        read_texts(path, six)
    path.write_text("model,question_id,text\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_texts(path, six)
