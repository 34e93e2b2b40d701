"""`compound export`: what comes back from the exported files is what the run had."""

import json
from pathlib import Path

import numpy as np
from checks.run_files import pocket_run, read

from eval.benchmarks.names import load_benchmark
from eval.importers.lm_eval import import_files
from eval.runs.row import QuestionRow, read_rows, write_rows
from experts.outcome_table import OutcomeTable


def private_rows(out: Path) -> list[QuestionRow]:
    rows = [row.model_copy(update={"private": True}) for row in read_rows(out / "rows.jsonl")]
    write_rows(rows, out / "rows.jsonl")
    return rows


def test_sample_logs_come_back_with_equal_scores(tmp_path: Path) -> None:
    out = pocket_run(tmp_path, "run", ("-n", "8", "--split", "test"))
    result = read("export", str(out), "--to", "lm_eval", "-o", str(tmp_path / "logs"), "--expert", "all")
    assert result.exit_code == 0, result.output
    table = import_files([tmp_path / "logs"], {}).table
    rows = read_rows(out / "rows.jsonl")
    expected = {
        "system": [float(row.outcome == "right") for row in rows],
        **{
            name: [
                float(expert.outcome == "right")
                for row in rows
                for expert in row.experts
                if expert.expert == name
            ]
            for name in ("ann", "bob", "cyd", "dot")
        },
    }
    order = np.argsort([int(q.id.rpartition("/")[2]) for q in table.queries])
    assert set(table.experts) == set(expected)
    for j, name in enumerate(table.experts):
        assert table.outcomes.score[order, j, 0].tolist() == expected[name]
    questions = load_benchmark("pocket", "test", 8)
    assert [table.queries[i].question for i in order] == [q.query.question for q in questions]


def test_fields_are_those_of_the_harness(tmp_path: Path) -> None:
    out = pocket_run(tmp_path, "run", ("-n", "3"))
    assert read("export", str(out), "-o", str(tmp_path / "logs")).exit_code == 0
    (path,) = (tmp_path / "logs" / "system").glob("samples_pocket_*.jsonl")
    samples = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [sample["doc_id"] for sample in samples] == [0, 1, 2]
    fields = {"doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter", "metrics"}
    assert fields | {"doc_hash", "prompt_hash", "target_hash", "exact_match"} <= set(samples[0])
    (results,) = (tmp_path / "logs" / "system").glob("results_*.json")
    whole = json.loads(results.read_text(encoding="utf-8"))
    mean = sum(sample["exact_match"] for sample in samples) / 3
    assert whole["results"]["pocket"]["exact_match,compound"] == mean
    assert whole["model_name"] == "system"


def test_private_questions_are_ids_and_hashes(tmp_path: Path) -> None:
    out = pocket_run(tmp_path, "run", ("-n", "5"))
    rows = private_rows(out)
    (out / "completions.store").unlink()
    result = read("export", str(out), "-o", str(tmp_path / "logs"), "--expert", "dot")
    assert result.exit_code == 0, result.output
    written = [path.read_text(encoding="utf-8") for path in (tmp_path / "logs").rglob("*.json*")]
    questions = load_benchmark("pocket", "test", 5)
    assert len(written) == 4
    for text in written:
        assert "The answer is" not in text
        assert not any(question.query.question in text for question in questions)
        assert not any(option in text for q in questions for option in q.query.choices if len(option) > 4)
    table = import_files([tmp_path / "logs" / "system"], {}).table
    right = [float(row.outcome == "right") for row in rows]
    assert sorted(table.outcomes.score[:, 0, 0].tolist()) == sorted(right)


def test_the_matrix_is_copied_or_made_again(tmp_path: Path) -> None:
    out = pocket_run(tmp_path, "run", ("-n", "5", "--experts-only"))
    kept = OutcomeTable.load(out / "matrix.parquet")
    (out / "matrix.parquet").unlink()
    path = tmp_path / "again.parquet"
    assert read("export", str(out), "--to", "matrix", "-o", str(path)).exit_code == 0
    again = OutcomeTable.load(path)
    assert again.queries == kept.queries and again.splits == kept.splits
    for name in ("score", "answer", "tokens", "cost_usd"):
        np.testing.assert_array_equal(getattr(again.outcomes, name), getattr(kept.outcomes, name))


def test_mistakes_are_one_sentence(tmp_path: Path) -> None:
    out = str(pocket_run(tmp_path, "run", ("-n", "2")))
    target = str(tmp_path / "logs")
    for args, words in (
        (("--to", "csv"), "--to must be one of lm_eval, matrix"),
        (("--expert", "eve"), "has nothing of 'eve'"),
        (("--to", "matrix", "--expert", "ann"), "--expert goes with --to lm_eval"),
    ):
        result = read("export", out, "-o", target, *args)
        assert result.exit_code == 2 and words in result.stderr, result.output
        assert result.stderr.count("\n") == 1
