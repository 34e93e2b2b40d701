"""Inspect's own evaluation of a compound system on made-up questions, in a process of its own.

    python inspect_child.py CONFIG QUESTIONS LOGS

QUESTIONS is a JSON file of [id, question, target]; prints the outcome as JSON. Apart from tests, whose
warnings are errors: inspect leaves streams open.
"""

import json
import sys
from pathlib import Path
from typing import Any

import inspect_ai
from inspect_ai.dataset import Sample
from inspect_ai.scorer import includes

import eval.interchange.inspect_provider  # noqa: F401  # registers the provider, installed or not


def evaluated(config: str, questions: Path, logs: str) -> dict[str, Any]:
    rows = json.loads(questions.read_text(encoding="utf-8"))
    samples = [Sample(id=id, input=text, target=target) for id, text, target in rows]
    task = inspect_ai.Task(dataset=samples, scorer=includes())
    (log,) = inspect_ai.eval(task, model=f"compound/{config}", log_dir=logs, display="none")
    return {
        "status": log.status,
        "error": None if log.error is None else log.error.message,
        "right": {
            sample.id: sample.scores["includes"].value == "C"
            for sample in log.samples or []
            if sample.error is None and "includes" in (sample.scores or {})
        },
        "accuracy": log.results.scores[0].metrics["accuracy"].value if log.results else None,
        "output_tokens": sum(usage.output_tokens for usage in log.stats.model_usage.values()),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(evaluated(sys.argv[1], Path(sys.argv[2]), sys.argv[3])))
