"""Measures one aggregator on a live system: who was right, and what it took.

The experts' completions come from the system's store after the first aggregator, so that all fuse the
same candidates and no expert is asked a question twice. Knows no other row.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from aggregators.config import AggregatorConfig
from compound.answer import Answer
from compound.system import Compound
from eval.baselines import Scores, as_scores
from eval.fusing.live.row import Run
from eval.question import Question
from eval.scoring import score_verdict
from experts.completion import Completion

_FALL_BACK = "fall-back"
"""Stands in the note of every verdict that a fall-back decided."""


def fuse(system: Compound, questions: Sequence[Question], config: AggregatorConfig) -> list[Answer]:
    """The system's answers with another aggregator."""
    return system.answer([q.query for q in questions], aggregator=config)


def as_run(answers: Sequence[Answer], questions: Sequence[Question]) -> Run:
    """Scores and costs of answers, in the order of the questions."""
    outcomes = [score_verdict(a.verdict, q) for a, q in zip(answers, questions, strict=True)]
    own = [_own(answer) for answer in answers]
    counts: Counter[str] = Counter(o for o in outcomes if o in ("unparsed", "error"))
    for answer, written in zip(answers, own, strict=True):
        counts[_FALL_BACK] += any(_FALL_BACK in note for note in answer.verdict.notes)
        counts["abstained"] += answer.verdict.abstained is not None
        counts["cut off"] += any(c.finish_reason == "length" for c in written)
    stored = any(c.usage.seconds == 0 for written in own for c in written if c.ok)
    return Run(
        scores=as_scores(outcomes),
        calls=np.array([len(a.completions) + len(o) for a, o in zip(answers, own, strict=True)], np.float64),
        prompt_tokens=np.array([a.usage.prompt_tokens for a in answers], np.float64),
        completion_tokens=np.array([a.usage.completion_tokens for a in answers], np.float64),
        seconds=None if stored else answers[0].timings.aggregate,
        counts={what: number for what, number in sorted(counts.items()) if number > 0},
    )


def baseline_run(system: Compound, n: int, calls: float, work: Callable[[], Scores]) -> Run:
    """A baseline's scores with what the pool was asked for them, spread evenly over its n questions."""
    before, started = system.usage(), time.perf_counter()
    scores = work()
    wall, after = time.perf_counter() - started, system.usage()
    prompt = (after.prompt_tokens - before.prompt_tokens) / n
    completion = (after.completion_tokens - before.completion_tokens) / n
    return Run(
        scores=scores,
        calls=np.full(n, calls),
        prompt_tokens=np.full(n, prompt),
        completion_tokens=np.full(n, completion),
        seconds=wall if after.seconds > before.seconds else None,
    )


def _own(answer: Answer) -> list[Completion]:
    """What LLMs wrote for the aggregator."""
    last = answer.verdict.completion
    return [*answer.verdict.earlier, *([last] if last is not None else [])]
