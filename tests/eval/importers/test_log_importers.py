"""Importers of logs: `mmlu_pro`, `lm_eval`, `inspect`, `llmrouterbench`."""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eval.importers import inspect_logs, llmrouterbench, lm_eval, mmlu_pro
from experts.errors import ConfigError


def write(path: Path, value: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = value if isinstance(value, str) else json.dumps(value)
    path.write_text(lines, encoding="utf-8")
    return path


PRO = {
    "question_id": 70,
    "question": "2 + 2?",
    "options": ["4", "5", "N/A"],
    "answer": "A",
    "category": "maths",
}


def test_mmlu_pro_reads_folders_of_subjects(tmp_path: Path) -> None:
    write(tmp_path / "gpt4o" / "math_result.json", [PRO | {"pred": "A", "response": "x" * 40}])
    write(tmp_path / "gpt4o" / "math_summary.json", {"math": {"acc": 1}})
    write(tmp_path / "ann" / "math_result.json", [PRO | {"pred": None, "response": "no idea"}])
    report = mmlu_pro.import_files([tmp_path], {})
    cells = report.table.outcomes
    assert cells.accuracy() == {"ann": 0.0, "gpt4o": 1.0}
    assert (cells.question_ids, cells.subjects) == (("70",), ("maths",))
    assert report.table.queries[0].choices == ("4", "5")
    assert cells.tokens[0, 1, 0] == 10 and cells.answer[0].tolist() == [[""], ["A"]]


def test_mmlu_pro_reads_archives_and_finds_letters_itself(tmp_path: Path) -> None:
    path = tmp_path / "model_outputs_Llama-2-7b-hf_5shots.zip"
    rows = [PRO | {"model_outputs": "So the answer is (A)."}, PRO | {"question_id": 71, "model_outputs": ""}]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("out/math.json", json.dumps(rows))
        archive.writestr("__MACOSX/out/._math.json", "\0")
    report = mmlu_pro.import_files([path], {})
    assert report.table.outcomes.accuracy() == {"Llama-2-7b-hf": 1.0}
    assert report.skipped == {"rows with neither pred nor output": 1}
    assert len(report.table.queries) == 2


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("[{", "r.json is not JSON"),
        ({}, "r.json must hold a JSON list"),
        ([1], "r.json, row 1, column question_id: the row must be a JSON object"),
        ([PRO | {"pred": "A"}, {"question_id": 1}], "r.json, row 2, column question: there is no such field"),
        ([PRO | {"options": 3}], "r.json, row 1, column options: options must be a list"),
    ],
)
def test_mmlu_pro_of_a_broken_file_is_one_sentence(tmp_path: Path, value: Any, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        mmlu_pro.import_files([write(tmp_path / "m" / "r.json", value)], {})


def test_mmlu_pro_of_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No file or folder"):
        mmlu_pro.import_files([tmp_path / "none"], {})
    with pytest.raises(ConfigError, match=r"has no file that ends in \.json or \.zip"):
        mmlu_pro.import_files([tmp_path], {})
    with pytest.raises(ConfigError, match="not a readable zip archive"):
        mmlu_pro.import_files([write(tmp_path / "a.zip", "hello")], {})


def lm_line(doc_id: int, doc: dict[str, Any], **more: Any) -> str:
    return json.dumps({"doc_id": doc_id, "doc": doc, "target": "0", "filter": "none", **more}) + "\n"


MMLU = {"question": "2 + 2?", "choices": ["3", "4"], "subject": "maths", "answer": 1}


def test_lm_eval_reads_options_weighed_and_texts_generated(tmp_path: Path) -> None:
    folder = tmp_path / "org__ann"
    weighed = [["-3.0", "False"], ["-1.5", "True"]]
    line = lm_line(0, MMLU, resps=[[w] for w in weighed], filtered_resps=weighed, metrics=["acc"], acc=1.0)
    write(folder / "samples_mmlu_maths_2024-06-01T12-00-00.123456.jsonl", line)
    doc = {"question": "How many?", "answer": "#### 7"}
    lines = [
        lm_line(
            3, doc, filter="strict-match", resps=[["x" * 8]], filtered_resps=["[invalid]"], exact_match=0.0
        ),
        lm_line(3, doc, filter="flexible-extract", resps=[["x" * 8]], filtered_resps=["7"], exact_match=1.0),
    ]
    write(folder / "samples_gsm8k_2024-06-01T12-00-00.123456.jsonl", "".join(lines))
    write(folder / "results_2024-06-01T12-00-00.123456.json", {"model_name": "org/ann"})
    report = lm_eval.import_files([tmp_path], {})
    cells = report.table.outcomes
    assert cells.experts == ("org/ann",)
    assert dict(zip(cells.question_ids, cells.score[:, 0, 0], strict=True)) == {
        "mmlu_maths/0": 1.0,
        "gsm8k/3": 0.0,
    }
    assert cells.subjects == ("maths", "gsm8k")
    assert cells.answer[:, 0, 0].tolist() == ["B", ""]
    np.testing.assert_array_equal(cells.tokens[:, 0, 0], [np.nan, 2.0])
    assert report.skipped == {"lines of a task's other filters": 1}
    assert "Task gsm8k: the filter 'strict-match' counts." in report.notes


def test_lm_eval_takes_the_latest_run_and_the_folder_as_the_name(tmp_path: Path) -> None:
    for day, value in (("01", 0.0), ("02", 1.0)):
        write(tmp_path / "ann" / f"samples_t_2024-06-{day}T12-00-00.1.jsonl", lm_line(0, MMLU, acc=value))
    report = lm_eval.import_files([tmp_path], {})
    assert report.table.outcomes.accuracy() == {"ann": 1.0}
    assert report.skipped == {"another row has the question, expert and sample": 1}


def test_lm_eval_maps_fields_and_the_metric(tmp_path: Path) -> None:
    line = lm_line(0, {"vignette": "2 + 2?"}, metrics=["acc", "bleu"], acc=1.0, bleu=0.25)
    path = write(tmp_path / "ann" / "samples_t.jsonl", line)
    with pytest.raises(ConfigError, match="1 skipped: no question text"):
        lm_eval.import_files([path], {})
    found = lm_eval.import_files([path], {"vignette": "question", "bleu": "score"}).table
    assert found.outcomes.accuracy() == {"ann": 0.25}
    with pytest.raises(ConfigError, match="maps to question, choices, subject, score, not to 'expert'"):
        lm_eval.import_files([path], {"a": "expert"})


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (lm_line(0, MMLU, acc=1.0) + "{", "samples_t.jsonl, row 2 is not JSON"),
        ('{"doc": {}}', "samples_t.jsonl, row 1, column doc_id: there is no such field"),
        ('{"doc_id": 1}', "samples_t.jsonl, row 1, column doc: there is no such field"),
        (lm_line(0, MMLU, acc=7), r"samples_t.jsonl, row 1, column acc: a score must lie in \[0, 1\]"),
        (lm_line(0, MMLU), "1 skipped: lines without a score"),
    ],
)
def test_lm_eval_of_a_broken_file_is_one_sentence(tmp_path: Path, content: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        lm_eval.import_files([write(tmp_path / "m" / "samples_t.jsonl", content)], {})


def test_lm_eval_without_logs_of_samples(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No samples_"):
        lm_eval.import_files([write(tmp_path / "other.jsonl", "{}")], {})


RUN = {"eval": {"model": "openai/ann", "task": "sums"}}


def sample(id: int, value: Any = "C", **more: Any) -> dict[str, Any]:
    return {
        "id": id,
        "epoch": 1,
        "input": f"{id}?",
        "scores": {"match": {"value": value, "answer": "4"}},
    } | more


def test_inspect_reads_json_with_epochs_messages_and_failures(tmp_path: Path) -> None:
    turns = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Sky?"}, {"type": "image", "image": "x"}]},
        {"role": "assistant", "content": "Grey"},
    ]
    samples = [
        sample(1, choices=["3", "4"], output={"usage": {"output_tokens": 9}}, total_time=1.5),
        sample(1, "I", epoch=2, choices=["3", "4"]),
        sample(2, 0.25, input=turns, metadata={"subject": "art"}),
        sample(3, error={"message": "down"}),
        sample(4, {"a": 1}),
        sample(5, scores=None),
    ]
    report = inspect_logs.import_files([write(tmp_path / "log.json", RUN | {"samples": samples})], {})
    cells = report.table.outcomes
    assert cells.experts == ("openai/ann",) and cells.question_ids[0] == "sums/1"
    np.testing.assert_array_equal(cells.score[:3, 0], [[1, 0], [0.25, np.nan], [np.nan, np.nan]])
    assert (cells.tokens[0, 0, 0], cells.seconds[0, 0, 0], cells.answer[0, 0, 0]) == (9, 1.5, "4")
    assert [m.role for m in report.table.queries[1].messages] == ["system", "user"]
    assert report.table.queries[1].question == "Sky?" and cells.subjects[:2] == ("sums", "art")
    assert report.skipped == {"samples that failed or have no single score": 3}


def test_inspect_reads_archives_and_the_scorer_asked_for(tmp_path: Path) -> None:
    for name, head in (("done", "header.json"), ("cut", "_journal/start.json")):
        with zipfile.ZipFile(tmp_path / f"{name}.eval", "w") as archive:
            archive.writestr(head, json.dumps({"eval": {"model": name, "task": "sums"}}))
            scores = {"match": {"value": "C"}, "judge": {"value": "P"}}
            archive.writestr("samples/1_epoch_1.json", json.dumps(sample(1, scores=scores)))
    assert inspect_logs.import_files([tmp_path], {}).table.outcomes.accuracy() == {"cut": 1.0, "done": 1.0}
    judged = inspect_logs.import_files([tmp_path], {"judge": "score"}).table
    assert judged.outcomes.accuracy() == {"cut": 0.5, "done": 0.5}
    with pytest.raises(ConfigError, match="--map SCORER=score"):
        inspect_logs.import_files([tmp_path], {"judge": "expert"})


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("{", "log.json is not JSON"),
        ([], "must hold a JSON object"),
        ({"eval": {}}, "log.json is not a log of inspect_ai: it has no eval.model"),
        (RUN | {"samples": [sample(1), {"id": 2}]}, "log.json, row 2, column input: a sample must have"),
        (RUN | {"samples": [sample(1, "maybe")]}, "log.json, row 1, column scores: must be a finite number"),
        (RUN | {"samples": [sample(1, input=3)]}, "log.json, row 1, column input: must be a text or a list"),
        (
            RUN
            | {
                "samples": [
                    sample(1, input=[{"role": "x", "content": "a"}, {"role": "user", "content": "b"}])
                ]
            },
            "log.json, row 1, column input: A message's role must be one of",
        ),
    ],
)
def test_inspect_of_a_broken_file_is_one_sentence(tmp_path: Path, value: Any, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        inspect_logs.import_files([write(tmp_path / "log.json", value)], {})


def test_inspect_of_a_broken_archive(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not a readable archive"):
        inspect_logs.import_files([write(tmp_path / "a.eval", "hello")], {})
    with zipfile.ZipFile(tmp_path / "b.eval", "w") as archive:
        archive.writestr("samples/1_epoch_1.json", "{}")
    with pytest.raises(ConfigError, match=r"it has no header\.json or _journal/start\.json"):
        inspect_logs.import_files([tmp_path / "b.eval"], {})


def bench(score: Any, **more: Any) -> dict[str, Any]:
    record = {
        "index": 1,
        "origin_query": "2 + 2?",
        "prompt": "Solve: 2 + 2?",
        "prediction": "4",
        "score": score,
    }
    records = [record | {"completion_tokens": 5, "cost": 0.01, "ground_truth": "4"}]
    return {"model_name": "ann", "dataset_name": "aime", "split": "test", "records": records} | more


def test_llmrouterbench_takes_the_latest_run_that_is_no_demo(tmp_path: Path) -> None:
    folder = tmp_path / "bench" / "aime" / "test" / "ann"
    write(folder / "aime-test-ann-20250102_000000.json", bench(1.0))
    write(folder / "aime-test-ann-20250101_000000.json", bench(0.0))
    write(folder / "aime-test-ann-20250103_000000.json", bench(0.0, demo=True))
    write(tmp_path / "bob.json", bench(None, model_name="bob"))
    report = llmrouterbench.import_files([tmp_path], {})
    cells = report.table.outcomes
    assert cells.accuracy() == {"ann": 1.0}
    assert (cells.question_ids, cells.subjects) == (("aime/test/1",), ("aime",))
    assert report.table.queries[0].question == "2 + 2?"
    assert [cells.tokens[0, 0, 0], cells.cost_usd[0, 0, 0], cells.answer[0, 0, 0]] == [5, 0.01, "4"]
    assert report.skipped == {"demo files": 1, "files of an earlier run": 1, "cells that were not run": 1}


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({}, "r.json must hold a JSON object with model_name, dataset_name, records"),
        (bench(1, records={}), "r.json: records must be a list"),
        (bench(1, records=[{"index": 1}]), "r.json, row 1, column score: the record has no such field"),
        (bench("x"), "r.json, row 1, column score: must be a finite number"),
    ],
)
def test_llmrouterbench_of_a_broken_file_is_one_sentence(tmp_path: Path, value: Any, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        llmrouterbench.import_files([write(tmp_path / "r.json", value)], {})
