"""lm-evaluation-harness's own filter and metric, with its own settings for MMLU-Pro, score as ours do."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from eval.benchmarks.official_mmlu_pro import harness_mmlu_pro
from eval.question import Question
from eval.scoring import SCORES, score_answer
from experts.query import Query

pytestmark = pytest.mark.full
DATA = os.environ.get("COMPOUND_DATA")
MODELS = ("Qwen1.5-7B-Chat", "R1-Distill-Qwen-7B-nothink", "DeepSeek-V2-Chat", "gemini-1.5-pro-002")
"""Of many unfinished, unlabelled and repeated statements."""
MADE = (
    ("The answer is (A).", "A"),
    ("the answer is B", "B"),
    ("answer is (C), no, answer is (D)", "D"),
    ("The answer is (c).", "C"),
    ("Answer: A", "A"),
    ("The answer is (K).", "A"),
    ("The answer is  (A).", "A"),
    ("The answer is J)", "J"),
    ("answer is\n(A)", "A"),
    ("", "A"),
    ("The answer is **(B)**.", "B"),
    ("The answer is Answer is (I)", "I"),
)


class _Loader(yaml.SafeLoader):
    """The harness's task files, whose functions play no part here."""


_Loader.add_constructor("!function", lambda loader, node: None)


def settings() -> Any:
    """Of the task file that the installed harness has."""
    harness = pytest.importorskip("lm_eval")
    path = Path(harness.__file__).parent / "tasks" / "mmlu_pro" / "_default_template_yaml"
    return yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: TID251


def harness_scores(texts: Sequence[str], golds: Sequence[str]) -> list[float]:
    """By its filter and its metric."""
    task = settings()
    # By name: the harness is an extra, and has no types.
    parts = ("lm_eval.api.instance", "lm_eval.filters", "lm_eval.api.metrics")
    instance_of, filters, metrics = (pytest.importorskip(part) for part in parts)
    (chosen,) = task["filter_list"]
    components = [
        (part["function"], {k: v for k, v in part.items() if k != "function"}) for part in chosen["filter"]
    ]
    instances = [
        instance_of.Instance("generate_until", {}, ("",), i, resps=[text]) for i, text in enumerate(texts)
    ]
    filters.build_filter_ensemble(chosen["name"], components).apply(instances)
    (metric,) = task["metric_list"]
    options = {name: metric[name] for name in ("ignore_case", "ignore_punctuation")}
    return [
        float(
            metrics.exact_match_fn(
                predictions=[instance.filtered_resps[chosen["name"]]], references=[gold], **options
            )["exact_match"]
        )
        for instance, gold in zip(instances, golds, strict=True)
    ]


def our_scores(texts: Sequence[str], golds: Sequence[str]) -> list[float]:
    found = []
    for text, gold in zip(texts, golds, strict=True):
        query = Query.from_text("Which?", choices=tuple("abcdefghij"))
        question = Question(query=query, gold=gold, subject="")
        found.append(SCORES[score_answer(harness_mmlu_pro(text, query), question)])
    return found


def test_made_up_texts_score_equally() -> None:
    texts, golds = zip(*MADE, strict=True)
    scores = harness_scores(texts, golds)
    assert our_scores(texts, golds) == scores
    assert 0 < sum(scores) < len(scores)


@pytest.mark.skipif(not DATA, reason="needs the recorded outcomes (COMPOUND_DATA)")
def test_200_recorded_answers_score_equally() -> None:
    import pyarrow.compute as compute
    import pyarrow.parquet as parquet

    folder = Path(str(DATA))
    answers = parquet.read_table(folder / "mmlu_pro_outcomes.parquet", columns=["question_id", "answer"])
    gold = dict(zip(*(answers[name].to_pylist() for name in answers.column_names), strict=True))
    texts = parquet.read_table(folder / "mmlu_pro_texts.parquet")
    said: list[str] = []
    golds: list[str] = []
    for model in MODELS:
        rows = texts.filter(compute.equal(texts["model"], model))
        for i in range(0, 50 * 160, 160):
            said.append(rows["text"][i].as_py() or "")
            golds.append(gold[rows["question_id"][i].as_py()])
    assert len(said) == 200
    scores = harness_scores(said, golds)
    assert our_scores(said, golds) == scores
    assert 40 < sum(scores) < 160
