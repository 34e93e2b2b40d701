"""Whole runs of a made-up pool, of any size, with everything that a report can hold."""

import random
from collections.abc import Sequence
from typing import Any

from eval.reports.build import build_report
from eval.reports.schema import Report
from eval.runs.course import Course
from eval.runs.manifest import BenchmarkEntry, Manifest
from eval.runs.row import ExpertRow, QuestionRow

SUBJECTS = (
    "biology", "business", "chemistry", "computer science", "economics", "engineering", "health", "history",
    "law", "math", "other", "philosophy", "physics", "psychology",
)  # fmt: skip
EXPERTS = (
    "llama3.1", "phi3", "mathstral", "llama3", "r1-qwen", "qwen1.5", "mistral", "gemma2", "deepseek-math",
    "biomistral",
)  # fmt: skip
LETTERS = "ABCDEFGHIJ"


def made_rows(
    n: int, *, subjects: Sequence[str] = SUBJECTS, experts: Sequence[str] = EXPERTS, private: bool = False
) -> list[QuestionRow]:
    """Questions whose experts have skills by subject, a router that knows them somewhat, and a vote of 3.

    Args:
        n: questions.
        subjects: in turn.
        experts: the pool; three at the least.
        private: of every question.
    """
    chance = random.Random(0)
    skills = {(s, e): chance.betavariate(9, 11) for s in subjects for e in experts}
    return [
        _row(i, subjects[i % len(subjects)], experts, skills, random.Random(i), private) for i in range(n)
    ]


def _row(
    i: int,
    subject: str,
    experts: Sequence[str],
    skills: dict[tuple[str, str], float],
    chance: random.Random,
    private: bool,
) -> QuestionRow:
    ease = chance.gauss(0, 0.2)
    estimates = {e: min(0.99, max(0.01, skills[subject, e] + chance.gauss(0, 0.1))) for e in experts}
    chosen = sorted(experts, key=lambda e: -estimates[e])[:3]
    asked = [
        _expert(e, min(1.0, max(0.0, skills[subject, e] + ease)), e in chosen, j, chance)
        for j, e in enumerate(experts)
    ]
    votes = [e.answer for e in asked if e.asked and e.answer is not None]
    answer = max(sorted({*votes}), key=votes.count) if votes else None
    support = None if answer is None else 0.25 + 0.7 * votes.count(answer) / 3 - 0.1 * chance.random()
    right = [float(e.outcome == "right") for e in asked]
    system = float(answer == "A")
    ended = {"outcome": "error" if not votes else "right" if system else "wrong"}
    if support is not None and support < 0.42 and not i % 7:
        ended = {"outcome": "abstained", "abstained": "The support is too low."}
        system = 0.0
    return QuestionRow.model_validate(
        {
            "id": f"made:{i}",
            "benchmark": "mmlu_pro",
            "subject": subject,
            "gold": "A",
            "private": private,
            "answer": answer,
            "support": support,
            "chosen": tuple(chosen),
            "estimates": estimates,
            "calibrated": True,
            "calls": 3,
            "prompt_tokens": 700,
            "completion_tokens": sum(e.completion_tokens for e in asked if e.asked),
            "cost_usd": sum(e.cost_usd for e in asked if e.asked),
            "truncated": sum(e.truncated for e in asked if e.asked),
            "error": None if votes else "Nobody gave an answer.",
            "scores": {
                "system": system,
                "weighted_vote": float(chance.choice(votes or ["B"]) == "A"),
                "majority_vote": float(answer == "A"),
                "router_top1": right[experts.index(chosen[0])],
                "best_single": right[0],
                "random": sum(right) / len(right),
                "oracle": max(right),
            },
            "experts": tuple(asked),
        }
        | ended
    )


def _expert(name: str, skill: float, asked: bool, place: int, chance: random.Random) -> ExpertRow:
    kind = chance.random()
    truncated = kind < 0.02
    outcome = "error" if kind > 0.995 else "unparsed" if kind < 0.03 else "wrong"
    if outcome == "wrong" and chance.random() < skill:
        outcome = "right"
    answer = "A" if outcome == "right" else chance.choice(LETTERS[1:]) if outcome == "wrong" else None
    tokens = 0 if outcome == "error" else int((90 + 45 * place) * chance.uniform(0.5, 1.5))
    return ExpertRow.model_validate(
        {
            "expert": name,
            "outcome": outcome,
            "answer": answer,
            "official": None if outcome == "error" else "wrong" if outcome == "unparsed" else outcome,
            "asked": asked,
            "truncated": truncated,
            "completion_tokens": tokens,
            "cost_usd": tokens * (1 + place) * 2e-8,
            "error": "The line is dead." if outcome == "error" else None,
        }
    )


def made_course(simulated: bool = True) -> Course:
    """With everything that a course can hold."""
    return Course(
        seconds={"route": 2.1, "generate": 88.4, "aggregate": 1.2, "baselines": 40.0, "total": 133.0},
        simulated=simulated,
        simulated_seconds={"generate": 3011.5} if simulated else {},
        switches={"load_disk": 10, "load_host": 31, "wake": 4},
        planned=(
            {"what": "switches", "planned": 44, "actual": 45},
            {"what": "completion tokens", "planned": 1_500_000.0, "actual": 1_444_012.0},
            {"what": "seconds", "planned": 2900.4, "actual": 3011.5},
        ),
        faults=({"kind": "restarted", "detail": "expert phi3 was started again."},),
        continued=1,
        from_store=312,
    )


def made_report(rows: Sequence[QuestionRow], *, course: Course | None = None, **changes: Any) -> Report:
    """Of such rows; `changes` are of the manifest."""
    experts = [e.expert for e in rows[0].experts]
    entry = BenchmarkEntry(
        name="mmlu_pro", version="1", split="test", n=len(rows), shots=5, sha256="5f" * 32, extraction="o"
    )
    fields: dict[str, Any] = {
        "benchmarks": (entry,),
        "validation": (entry.model_copy(update={"split": "validation", "n": 1172}),),
        "config": {
            "router": {"kind": "knn"},
            "policy": {"kind": "top_k"},
            "aggregator": {"kind": "vote"},
            "k": 3,
            "experts": {name: {"kind": "recorded", "parameters_b": 7} for name in experts},
        },
        "identities": {name: f"sha256:{'ab12' * 8} recorded" for name in experts},
        "files": {"router.path": "c3" * 32},
        "played_back": tuple(experts),
        "estimated_tokens": tuple(experts),
        "versions": {"python": "3.11.2", "compound-llm": "0.1.0", "vllm": "0.26.0"},
    }
    return build_report(
        rows,
        Manifest.model_validate(fields | changes),
        made_course() if course is None else course,
        best_single=experts[0],
        absent={
            "self_consistency": "no expert samples more than once.",
            "aggregator_alone": "it is no model.",
        },
    )
