"""A run as sample logs of lm-evaluation-harness (`--log_samples`), one folder a model.

`MODEL/samples_BENCHMARK_TIME.jsonl` and `MODEL/results_TIME.json`, with the fields that
lm_eval/evaluator.py and lm_eval/loggers/evaluation_tracker.py of version 0.4.13 write. MODEL is "system" or
an expert; its metric is `exact_match`, our score. Of a private question there are ids and hashes only, and no
text of a model. Reads and asks nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.question import Question
from eval.runs.manifest import Manifest
from eval.runs.row import QuestionRow
from eval.runs.whole_file import write_whole
from eval.scoring import Outcome
from experts.errors import BenchmarkError
from experts.prompts import PromptConfig, render_messages
from experts.query import Query

SYSTEM = "system"
FILTER = "compound"
"""Name of our extraction in the place of the harness's filter."""
INVALID = "[invalid]"
"""What the harness's filters give where they find nothing."""
_METRIC = "exact_match"
_SEALED = "(sealed)"


@dataclass(frozen=True, slots=True)
class Said:
    """What a model made of one question."""

    outcome: Outcome
    answer: str | None
    text: str
    """"" where none was kept."""


def said_by(row: QuestionRow, model: str, texts: Mapping[str, str]) -> Said | None:
    """What the system (its answer as the text) or an expert made of a question; None: not run on it.

    Args:
        row: of the question.
        model: "system", or an expert.
        texts: completion key -> text.
    """
    if model == SYSTEM:
        return None if row.outcome is None else Said(row.outcome, row.answer, row.answer or "")
    expert = next((expert for expert in row.experts if expert.expert == model), None)
    return None if expert is None else Said(expert.outcome, expert.answer, texts.get(expert.key, ""))


def export_samples(
    manifest: Manifest,
    rows: Sequence[QuestionRow],
    questions: Mapping[str, Question],
    texts: Mapping[str, str],
    *,
    models: Sequence[str],
    time: str,
    out: Path,
) -> list[Path]:
    """Write sample logs and results of models.

    Args:
        manifest: of the run.
        rows: of the run.
        questions: by id; those of all rows.
        texts: completion key -> text.
        models: "system", or names of experts.
        time: of the run, as in file names: "2026-01-31T12-00-00".
        out: folder, made if need be.

    Returns:
        The files, in the order of `models`.

    Raises:
        BenchmarkError: an unknown model, a question that is not there, or the folder cannot be written.
    """
    prompts = PromptConfig.model_validate(manifest.config.get("prompts", {}))
    written: list[Path] = []
    for model in models:
        folder = out / model.replace("/", "__")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BenchmarkError(
                f"The folder {folder} cannot be made ({error.strerror}); give another."
            ) from error
        samples = _samples(rows, questions, texts, model, prompts)
        if not samples:
            raise BenchmarkError(f"The run has nothing of {model!r}; its experts are {_experts(rows)}.")
        for benchmark, found in samples.items():
            path = folder / f"samples_{benchmark}_{time}.jsonl"
            write_whole(path, (json.dumps(sample, ensure_ascii=False) + "\n" for sample in found))
            written.append(path)
        path = folder / f"results_{time}.json"
        write_whole(
            path, [json.dumps(_results(manifest, samples, model), indent=2, ensure_ascii=False), "\n"]
        )
        written.append(path)
    return written


def _experts(rows: Sequence[QuestionRow]) -> str:
    return ", ".join(dict.fromkeys(expert.expert for row in rows for expert in row.experts))


def _samples(
    rows: Sequence[QuestionRow],
    questions: Mapping[str, Question],
    texts: Mapping[str, str],
    model: str,
    prompts: PromptConfig,
) -> dict[str, list[dict[str, Any]]]:
    """Samples by benchmark."""
    found: dict[str, list[dict[str, Any]]] = {}
    numbers: dict[str, int] = {}
    for row in rows:
        number = numbers[row.benchmark] = numbers.get(row.benchmark, -1) + 1
        said = said_by(row, model, texts)
        if said is None:
            continue
        if row.id not in questions:
            raise BenchmarkError(
                f"{row.benchmark} no longer has the question {row.id!r}; give the run's files with --data."
            )
        found.setdefault(row.benchmark, []).append(
            _sample(number, row, questions[row.id].query, said, prompts)
        )
    return found


def _sample(number: int, row: QuestionRow, query: Query, said: Said, prompts: PromptConfig) -> dict[str, Any]:
    messages = render_messages(query, prompts)
    prompt = json.dumps([{"role": m.role, "content": m.content} for m in messages], ensure_ascii=False)
    doc = {
        "id": row.id,
        "question": query.question,
        "options": list(query.choices),
        "answer": row.gold,
        "category": row.subject,
    }
    hashes = {
        "doc_hash": _hash(json.dumps(doc, indent=2, ensure_ascii=False)),
        "prompt_hash": _hash(prompt),
        "target_hash": _hash(row.gold),
    }
    if row.private:
        # The id in place of the text, and letters in place of options: importers need some.
        doc |= {"question": f"{_SEALED} {row.id}", "options": list(query.letters)}
        prompt = _SEALED
    if open_private := row.private and not query.choices:
        doc["answer"] = _SEALED
    return {
        "doc_id": number,
        "doc": doc,
        "target": doc["answer"],
        "arguments": {"gen_args_0": {"arg_0": prompt, "arg_1": {}}},
        "resps": [["" if row.private else said.text]],
        "filtered_resps": [INVALID if said.answer is None else _SEALED if open_private else said.answer],
        "filter": FILTER,
        "metrics": [_METRIC],
        **hashes,
        _METRIC: float(said.outcome == "right"),
        "outcome": said.outcome,
    }


def _results(
    manifest: Manifest, samples: Mapping[str, Sequence[Mapping[str, Any]]], model: str
) -> dict[str, Any]:
    entries = {entry.name: entry for entry in manifest.benchmarks}
    counts = {task: len(found) for task, found in samples.items()}
    return {
        "results": {
            task: {
                "alias": task,
                f"{_METRIC},{FILTER}": sum(sample[_METRIC] for sample in found) / len(found),
            }
            for task, found in samples.items()
        },
        "versions": {task: entries[task].version for task in samples},
        "n-shot": {task: entries[task].shots for task in samples},
        "higher_is_better": {task: {_METRIC: True} for task in samples},
        "n-samples": {task: {"original": n, "effective": n} for task, n in counts.items()},
        "task_hashes": {
            task: _hash("".join(s["doc_hash"] + s["prompt_hash"] + s["target_hash"] for s in found))
            for task, found in samples.items()
        },
        "model_source": "compound",
        "model_name": model,
        "model_name_sanitized": model.replace("/", "__"),
    }


def _hash(text: str) -> str:
    """As `lm_eval.utils.hash_string`."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
