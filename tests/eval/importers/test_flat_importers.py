"""Importers of flat files: `table`, `outcomes`, `routerbench`, `embedllm`; and what all share."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from eval.importers import embedllm, outcomes, routerbench, table
from eval.importers.cells import ANSWER_LIMIT
from experts.errors import ConfigError
from experts.outcome_table import hash_split


def write(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


def jsonl(path: Path, *rows: dict[str, Any]) -> Path:
    return write(path, "".join(json.dumps(row) + "\n" for row in rows))


ROW = {"question": "2 + 2?", "expert": "ann", "score": 1}


def test_table_reads_csv_with_all_columns(tmp_path: Path) -> None:
    path = write(
        tmp_path / "t.csv",
        "question_id,question,expert,score,choices,subject,split,sample,answer,tokens,seconds,cost_usd\n"
        'a,"2 + 2,\nas a number?",ann,1,"[""4"", ""5""]",maths,dev,0,A,12,0.5,0.001\n'
        'a,"2 + 2,\nas a number?",bob,,"[""4"", ""5""]",maths,dev,0,,,,\n'
        "b,Sky?,bob,false,,art,test,1,grey,,,\n",
    )
    report = table.import_files([path], {})
    found, cells = report.table, report.table.outcomes
    assert [q.id for q in found.queries] == ["a", "b"]
    assert found.queries[0].question == "2 + 2,\nas a number?" and found.queries[0].choices == ("4", "5")
    assert (found.experts, found.splits) == (("ann", "bob"), ("validation", "test"))
    assert cells.subjects == ("maths", "art")
    np.testing.assert_array_equal(cells.score[:, :, 0], [[1, np.nan], [np.nan, np.nan]])
    assert (cells.score[1, 1, 1], cells.answer[1, 1, 1], cells.answer[0, 0, 0]) == (0, "grey", "A")
    assert [cells.tokens[0, 0, 0], cells.seconds[0, 0, 0], cells.cost_usd[0, 0, 0]] == [12, 0.5, 0.001]
    assert report.skipped == {"cells that were not run": 1}


def test_table_reads_jsonl_json_and_parquet_alike(tmp_path: Path) -> None:
    rows = [ROW, ROW | {"expert": "bob", "score": 0.25}]
    jsonl(tmp_path / "t.jsonl", *rows)
    write(tmp_path / "t.json", json.dumps(rows))
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "t.parquet")
    for ending in ("jsonl", "json", "parquet"):
        found = table.import_files([tmp_path / f"t.{ending}"], {}).table
        assert found.outcomes.accuracy() == {"ann": 1.0, "bob": 0.25}
        assert found.splits == (hash_split("2 + 2?"),)


def test_table_without_samples_numbers_repeated_rows(tmp_path: Path) -> None:
    found = table.import_files([jsonl(tmp_path / "t.jsonl", ROW, ROW | {"score": 0})], {}).table
    assert found.outcomes.score.tolist() == [[[1, 0]]]


def test_table_takes_columns_of_other_names(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "t.jsonl", {"prompt": "2 + 2?", "model": "ann", "correct": True})
    names = {"prompt": "question", "model": "expert", "correct": "score"}
    assert table.import_files([path], names).table.outcomes.accuracy() == {"ann": 1.0}
    with pytest.raises(ConfigError, match="has no column 'modle' to map; it has correct, model, prompt"):
        table.import_files([path], {**names, "modle": "answer"})


def test_what_is_merely_missing_is_a_counted_skip(tmp_path: Path) -> None:
    path = jsonl(
        tmp_path / "t.jsonl",
        ROW | {"question_id": "a"},
        ROW | {"question_id": "a", "question": "another"},
        ROW | {"question": " "},
        ROW | {"expert": ""},
        ROW | {"question_id": "b", "choices": ["one"]},
        ROW | {"question_id": "a", "sample": 3},
        ROW | {"question_id": "a", "sample": 3},
    )
    report = table.import_files([path], {})
    assert report.skipped == {
        "question or options differ from those first seen under the id": 1,
        "no question text": 1,
        "no expert": 1,
        "options that cannot be asked": 1,
        "another row has the question, expert and sample": 1,
    }
    assert report.table.outcomes.score.shape == (1, 1, 4)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("t.jsonl", json.dumps(ROW) + "\n{", r"t.jsonl, row 2 is not JSON"),
        ("t.jsonl", json.dumps(ROW) + "\n[1]", r"t.jsonl, row 2 must be a JSON object, got list"),
        ("t.json", "{}", "t.json must hold a JSON list of rows, got dict"),
        ("t.jsonl", '{"question": "a", "expert": "b"}', "row 1, column score: there is no such column"),
        ("t.csv", "question,expert,score\na,b,1\na,b\n", "t.csv, row 2, column score: the row ends before"),
        ("t.csv", "question,expert,score\na,b,1,2\n", "t.csv, row 1, column .last.: there are more fields"),
        ("t.csv", 'question,expert,score\na,b,1\n"a,b,1\n', "t.csv, row 2 is not CSV"),
        ("t.csv", "question,expert,score\na,b,5\n", r"row 1, column score: a score must lie in \[0, 1\]"),
        ("t.csv", "question,expert,score\na,b,yes\n", "row 1, column score: must be a finite number"),
        ("t.csv", "question,expert,score,tokens\na,b,1,inf\n", "row 1, column tokens: must be a finite"),
        (
            "t.csv",
            "question,expert,score,sample\na,b,1,-1\n",
            r"row 1, column sample: must be 0, 1, ..., got",
        ),
        (
            "t.csv",
            "question,expert,score,choices\na,b,1,4\n",
            "row 1, column choices: options must be a list",
        ),
        ("t.csv", "question,expert,score\n", r"Nothing could be imported \(no questions with outcomes"),
        ("t.csv", "question,expert,score\n,b,1\n", r"Nothing .* \(1 skipped: no question text\)"),
        ("t.parquet", "hello", "t.parquet is not a readable parquet file"),
        ("t.txt", "hello", "t.txt must end in .csv, .jsonl, .json, .parquet"),
    ],
)
def test_a_broken_file_is_one_sentence_with_its_place(
    tmp_path: Path, name: str, content: str, sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        table.import_files([write(tmp_path / name, content)], {})


def test_a_file_that_is_missing_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"No file .*none\.csv"):
        table.import_files([tmp_path / "none.csv"], {})
    (tmp_path / "latin.csv").write_bytes(b"question,expert,score\n\xe9,b,1\n")
    with pytest.raises(ConfigError, match=r"latin\.csv is not UTF-8"):
        table.import_files([tmp_path / "latin.csv"], {})


def test_long_answers_are_cut_and_lone_surrogates_replaced(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "t.jsonl", ROW | {"answer": "x" * 999, "question": "a \ud800?"})
    report = table.import_files([path], {})
    assert report.table.outcomes.answer[0, 0, 0] == "x" * ANSWER_LIMIT
    assert report.table.queries[0].question == "a ??"
    assert f"1 answers were cut to {ANSWER_LIMIT} characters." in report.notes
    report.table.save(tmp_path / "t.parquet")


def test_outcomes_reads_wide_columns(tmp_path: Path) -> None:
    path = jsonl(
        tmp_path / "w.jsonl",
        {"question_id": 7, "question": "2 + 2?", "options": ["4", "5"], "answer": "A", "category": "maths"}
        | {"split": "train", "ok:ann": 1, "pred:ann": "A", "chars:ann": 80, "toks:ann": None, "cost:ann": 0.1}
        | {"ok:bob": -1, "pred:bob": None, "chars:bob": None},
        {"question_id": 8, "question": "3?", "options": ["4", "5"], "answer": "A", "category": "law"}
        | {"split": "test", "ok:ann": 0, "pred:ann": "", "chars:ann": 4, "toks:ann": 9, "cost:ann": None}
        | {"ok:bob": 1, "pred:bob": "A", "chars:bob": 40},
    )
    report = outcomes.import_files([path], {})
    cells = report.table.outcomes
    assert cells.question_ids == ("7", "8") and cells.subjects == ("maths", "law")
    np.testing.assert_array_equal(cells.score[:, :, 0], [[1, np.nan], [0, 1]])
    np.testing.assert_array_equal(cells.tokens[:, :, 0], [[20, np.nan], [9, 10]])
    assert cells.answer[:, :, 0].tolist() == [["A", ""], ["", "A"]]
    assert report.skipped == {"cells that were not run": 1}
    assert report.notes == ("Tokens are characters / 4 where none were logged.",)


def test_outcomes_reads_options_as_llmrouter_writes_them(tmp_path: Path) -> None:
    choices = [
        "{'text': ['one', 'two'], 'labels': ['A', 'B']}",
        "{'label': ['B', 'A'], 'text': ['two', 'one']}",
        "['assert f(1) == 2', 'assert f(2) == 3']",
        None,
    ]
    rows = [{"question": f"{i}?", "task": "t", "choices": c, "score:ann": 0.5} for i, c in enumerate(choices)]
    found = outcomes.import_files([jsonl(tmp_path / "w.jsonl", *rows)], {}).table
    assert [q.choices for q in found.queries] == [("one", "two"), ("one", "two"), (), ()]


def test_outcomes_keeps_repeated_questions_apart_but_in_one_split(tmp_path: Path) -> None:
    rows = [{"question": "2 + 2?", "split": s, "score:ann": v} for s, v in (("train", 1), ("test", 0))]
    report = outcomes.import_files([jsonl(tmp_path / "w.jsonl", *rows)], {})
    first, second = report.table.outcomes.question_ids
    assert second == f"{first}-2" and report.table.splits == ("test", "test")
    assert report.notes == ("1 questions stood in two splits; all copies are now in the later one.",)


def test_outcomes_without_the_columns_it_needs(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="row 1, column ok:<model>: there is no such column"):
        outcomes.import_files([jsonl(tmp_path / "w.jsonl", {"question": "a"})], {})
    with pytest.raises(ConfigError, match="row 1, column question: there is no such column"):
        outcomes.import_files([jsonl(tmp_path / "v.jsonl", {"ok:ann": 1})], {})


def test_routerbench_reads_scores_costs_and_lists_written_as_python(tmp_path: Path) -> None:
    path = write(
        tmp_path / "rb.csv",
        "sample_id,prompt,eval_name,gpt,ann,gpt|model_response,ann|model_response,gpt|total_cost,"
        "ann|total_cost,oracle_model_to_route_to\n"
        "m.0,\"['Be brief.', '2 + 2?']\",mmlu,1.0,0.25,\"['four']\",['5'],0.01,0.001,gpt\n"
        "m.1,Sky?,mmlu,False,,grey,,0.02,0.002,no_model_correct\n",
    )
    report = routerbench.import_files([path], {})
    cells = report.table.outcomes
    assert report.table.queries[0].question == "Be brief.\n2 + 2?"
    assert (cells.question_ids, cells.experts, cells.subjects) == (
        ("m.0", "m.1"),
        ("gpt", "ann"),
        ("mmlu", "mmlu"),
    )
    np.testing.assert_array_equal(cells.score[:, :, 0], [[1, 0.25], [0, np.nan]])
    np.testing.assert_array_equal(cells.cost_usd[:, :, 0], [[0.01, 0.001], [0.02, np.nan]])
    assert (cells.tokens[0, 0, 0], cells.answer[0, 0, 0]) == (1.0, "")


def test_routerbench_refuses_pickles(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a pickle, which can run code"):
        routerbench.import_files([write(tmp_path / "routerbench_0shot.pkl", "")], {})


def test_embedllm_takes_splits_from_names_and_the_first_of_repeated_rows(tmp_path: Path) -> None:
    head = "prompt_id,prompt,model_id,model_name,category,label\n"
    train = write(tmp_path / "train.csv", head + "1,2 + 2?,0,ann,maths,1\n1,2 + 2?,0,ann,maths,0\n")
    test = write(tmp_path / "test.csv", head + "2,Sky?,0,ann,art,0\n2,Sky?,1,,art,1\n")
    report = embedllm.import_files([train, test], {})
    assert report.table.splits == ("train", "test")
    assert report.table.outcomes.accuracy() == {"ann": 0.5, "1": 1.0}
    assert report.skipped == {"another row has the question, expert and sample": 1}


def test_embedllm_with_a_row_of_no_model(tmp_path: Path) -> None:
    path = write(tmp_path / "train.csv", "prompt_id,prompt,model_id,label\n1,2 + 2?,,1\n")
    with pytest.raises(ConfigError, match="row 1, column model_name: neither it nor model_id"):
        embedllm.import_files([path], {})
