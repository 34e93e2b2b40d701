"""Outcome tables: rows, splits, the round trip through a file, and files that are broken."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from experts.errors import ConfigError
from experts.expert_facts import ExpertFacts
from experts.outcome_file import KEY
from experts.outcome_table import OutcomeTable, hash_split
from experts.outcomes import OutcomeMatrix
from experts.query import Message, Query

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SOLID = TEXT.filter(lambda text: bool(text.strip()))
NUMBER = st.floats(0, 1e9) | st.just(float("nan"))


def table(scores: Any = ((1.0, 0.0), (0.5, np.nan)), **changes: Any) -> OutcomeTable:
    scores = np.array(scores, dtype=float)
    ids = [f"q{i}" for i in range(len(scores))]
    value = OutcomeTable(
        queries=tuple(Query.from_text(f"Question {i}?", id=id) for i, id in enumerate(ids)),
        splits=("",) * len(ids),
        outcomes=OutcomeMatrix.from_scores(ids, ["ann", "bob"][: scores.shape[1]], scores),
    )
    return replace(value, **changes)


@st.composite
def tables(draw: st.DrawFn) -> OutcomeTable:
    ids = draw(st.lists(SOLID, max_size=4, unique=True))
    experts = draw(st.lists(TEXT, max_size=3, unique=True))
    shape = (len(ids), len(experts), draw(st.integers(1, 2)))
    size = int(np.prod(shape))

    def cube(values: st.SearchStrategy[float]) -> np.ndarray:
        return np.array(draw(st.lists(values, min_size=size, max_size=size)), dtype=float).reshape(shape)

    answers = draw(st.lists(TEXT, min_size=size, max_size=size))
    options = st.just(()) | st.lists(SOLID, min_size=2, max_size=3).map(tuple)
    earlier = st.lists(st.builds(Message, st.sampled_from(["system", "user", "assistant"]), TEXT), max_size=2)
    split = st.sampled_from(["", "train", "validation", "test"])
    return OutcomeTable(
        queries=tuple(
            Query(id=id, messages=(*draw(earlier), Message("user", draw(SOLID))), choices=draw(options))
            for id in ids
        ),
        splits=tuple(draw(split) for _ in ids),
        outcomes=OutcomeMatrix(
            question_ids=tuple(ids),
            experts=tuple(experts),
            score=cube(st.floats(0, 1) | st.just(float("nan"))),
            answer=np.array(answers, dtype=np.str_).reshape(shape),
            tokens=cube(NUMBER),
            seconds=cube(NUMBER),
            cost_usd=cube(NUMBER),
            certainty=cube(st.floats(allow_infinity=False)),
            subjects=tuple(draw(TEXT) for _ in ids) if draw(st.booleans()) else (),
        ),
        facts={e: ExpertFacts(parameters_b=draw(st.floats(0.1, 9)), description=draw(TEXT)) for e in experts},
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(written=tables())
def test_what_was_saved_is_loaded(tmp_path: Path, written: OutcomeTable) -> None:
    written.save(tmp_path / "t.parquet")
    read = OutcomeTable.load(tmp_path / "t.parquet")
    assert (read.queries, read.splits, read.facts) == (written.queries, written.splits, written.facts)
    a, b = read.outcomes, written.outcomes
    assert (a.question_ids, a.experts) == (b.question_ids, b.experts)
    assert a.subjects == (b.subjects if any(b.subjects) else ())
    assert (a.answer == b.answer).all()
    for name in ("score", "tokens", "seconds", "cost_usd", "certainty"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))


def test_a_question_that_nobody_was_asked_keeps_its_place(tmp_path: Path) -> None:
    table([[1, 0], [np.nan, np.nan], [0, 1]]).save(tmp_path / "t.parquet")
    assert OutcomeTable.load(tmp_path / "t.parquet").outcomes.question_ids == ("q0", "q1", "q2")
    assert pq.read_table(tmp_path / "t.parquet")["expert"].to_pylist() == ["ann", "bob", None, "ann", "bob"]


def test_repeated_questions_cost_their_text_once(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(97, 123, (2, 40_000), dtype=np.uint8)
    queries = tuple(Query.from_text(bytes(row).decode(), id=f"q{i}") for i, row in enumerate(noise))
    scores = np.random.default_rng(1).random((2, 50))
    outcomes = OutcomeMatrix.from_scores(["q0", "q1"], [f"e{j}" for j in range(50)], scores)
    OutcomeTable(queries=queries, splits=("", ""), outcomes=outcomes).save(tmp_path / "t.parquet")
    assert (tmp_path / "t.parquet").stat().st_size < 2.2 * 40_000


def test_rows_and_experts_in_the_order_asked_for() -> None:
    whole = table(splits=("train", "test"), facts={"ann": ExpertFacts(), "bob": ExpertFacts()})
    part = whole.take([1, 0]).restrict(["bob"])
    assert [q.id for q in part.queries] == ["q1", "q0"] == list(part.outcomes.question_ids)
    assert (part.splits, part.experts, list(part.facts)) == (("test", "train"), ("bob",), ["bob"])
    np.testing.assert_array_equal(part.outcomes.mean_score(), [[np.nan], [0.0]])


def test_split_gives_its_rows_and_an_error_where_there_are_none() -> None:
    value = table(splits=("test", "train"))
    assert value.split("train").tolist() == [1]
    with pytest.raises(ConfigError, match=r"no questions of split 'validation' \(it has 1 test, 1 train\)"):
        value.split("validation")


def test_hash_splits_fill_only_what_is_unknown_and_keep_repeated_texts_together() -> None:
    texts = ["What  is 2?", "what is 2?", "Another?", "Another?"]
    ids = ["a", "b", "c", "d"]
    value = OutcomeTable(
        queries=tuple(Query.from_text(text, id=id) for text, id in zip(texts, ids, strict=True)),
        splits=("", "", "validation", ""),
        outcomes=OutcomeMatrix.from_scores(ids, ["ann"], np.ones((4, 1))),
    ).with_hash_splits()
    assert value.splits[0] == value.splits[1] == hash_split("WHAT IS 2?")
    assert value.splits[2:] == ("validation", "validation")


def test_hash_splits_are_40_10_50_and_the_same_everywhere() -> None:
    found = [hash_split(f"question {i}") for i in range(4000)]
    shares = [found.count(name) / 4000 for name in ("train", "validation", "test")]
    assert shares == pytest.approx([0.4, 0.1, 0.5], abs=0.02)
    assert found[:6] == ["test", "validation", "test", "test", "test", "test"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"queries": ()}, "must have the ids of its outcomes"),
        ({"splits": ("train",)}, "must name 2 splits"),
        ({"splits": ("train", "dev")}, "got 'dev'"),
        ({"facts": {"eve": ExpertFacts()}}, "facts has eve; experts are ann, bob"),
    ],
)
def test_a_table_that_does_not_agree_is_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        table(**changes)


def test_loading_what_is_not_there_or_not_a_table(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"No outcome table at .*none.parquet\. Make one"):
        OutcomeTable.load(tmp_path / "none.parquet")
    (tmp_path / "text.parquet").write_text("hello")
    with pytest.raises(ConfigError, match=r"text.parquet is not a readable parquet file"):
        OutcomeTable.load(tmp_path / "text.parquet")
    pq.write_table(pa.table({"a": [1]}), tmp_path / "other.parquet")
    with pytest.raises(ConfigError, match=r"not an outcome table: .* Import it with"):
        OutcomeTable.load(tmp_path / "other.parquet")


def test_saving_where_nothing_can_be_written(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        table().save(tmp_path / "none" / "t.parquet")
    with pytest.raises(ConfigError, match="lone surrogate"):
        table(queries=(Query.from_text("\ud800", id="q0"), Query.from_text("b", id="q1"))).save(
            tmp_path / "t"
        )


def _set(name: str, row: int, value: Any) -> Any:
    def change(columns: pa.Table) -> pa.Table:
        values = columns[name].to_pylist()
        values[row] = value
        field = columns.schema.field(name)
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        return columns.set_column(columns.column_names.index(name), name, pa.array(values, kind))

    return change


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda columns: columns.drop_columns(["split"]), "has no column 'split'"),
        (_set("score", 2, 1.5), r"row 3, column score: must lie in \[0, 1\], got 1.5"),
        (_set("expert", 1, "eve"), "row 2, column expert: 'eve' is not among"),
        (_set("expert", 1, "ann"), "row 2, column sample: question, expert and sample repeat"),
        (_set("sample", 0, 7), "row 1, column sample: must be from 0 to 0, got 7"),
        (_set("question_id", 2, None), "row 3, column question_id: must not be null"),
        (_set("question", 2, " "), "row 3: the question cannot be read .*empty"),
        (_set("choices", 0, "[1"), "row 1: the question cannot be read"),
        (_set("split", 0, "dev"), "not a valid outcome table: .*'dev'"),
        (
            lambda columns: columns.set_column(7, "sample", pa.array(["0"] * columns.num_rows)),
            "column sample: must be integer, got string",
        ),
        (
            lambda columns: columns.replace_schema_metadata({KEY: json.dumps({"format": 9, "samples": 1})}),
            "has format 9, this version reads 1",
        ),
        (
            lambda columns: columns.replace_schema_metadata({KEY: json.dumps({"format": 1, "samples": 1})}),
            "no valid 'compound.outcomes'",
        ),
    ],
)
def test_a_broken_file_is_one_sentence_with_its_place(tmp_path: Path, change: Any, sentence: str) -> None:
    path = tmp_path / "t.parquet"
    table().save(path)
    pq.write_table(change(pq.read_table(path)), path)
    with pytest.raises(ConfigError, match=f"{path}.*{sentence}"):
        OutcomeTable.load(path)
