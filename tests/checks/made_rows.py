"""Rows of runs as a few letters: what each expert made of a question, and what the system did."""

from collections.abc import Mapping, Sequence
from typing import Any

from eval.runs.manifest import BenchmarkEntry, Manifest
from eval.runs.row import ExpertRow, QuestionRow

GOLD = "A"


def expert_row(expert: str, made: str, **changes: Any) -> ExpertRow:
    """A letter (A is right), "-" for no answer found, "!" for an error."""
    failed = made == "!"
    outcome = {"-": "unparsed", "!": "error", GOLD: "right"}.get(made, "wrong")
    fields = {
        "expert": expert,
        "outcome": outcome,
        "answer": None if made in "-!" else made,
        "completion_tokens": 0 if failed else 10,
        "error": "The line is dead." if failed else None,
    }
    return ExpertRow.model_validate(fields | changes)


def question_row(
    id: str,
    made: Mapping[str, str],
    *,
    system: str | None = None,
    subject: str = "sums",
    benchmark: str = "made",
    chosen: Sequence[str] = (),
    best_single: str | None = None,
    **changes: Any,
) -> QuestionRow:
    """A question; `made` and `system` are letters as in `expert_row`, or "?" for a withheld answer.

    Scores of the table's rows are those of random, best single and oracle, where there is a system.
    """
    experts = tuple(
        expert_row(name, letter, asked=system is not None and name in chosen) for name, letter in made.items()
    )
    right = [float(letter == GOLD) for letter in made.values()]
    fields: dict[str, Any] = {"id": id, "benchmark": benchmark, "subject": subject, "gold": GOLD}
    if system is not None:
        outcomes = {"-": "unparsed", "!": "error", "?": "abstained", GOLD: "right"}
        asked = [e for e in experts if e.asked]
        scores = {"system": float(system == GOLD), "random": sum(right) / len(right), "oracle": max(right)}
        if best_single is not None:
            scores["best_single"] = float(made[best_single] == GOLD)
        fields |= {
            "outcome": outcomes.get(system, "wrong"),
            "answer": None if system in "-!?" else system,
            "error": "Nobody answered." if system == "!" else None,
            "chosen": tuple(chosen),
            "calls": len(asked),
            "prompt_tokens": 7 * len(asked),
            "completion_tokens": sum(e.completion_tokens for e in asked),
            "scores": scores,
        }
    return QuestionRow.model_validate(fields | {"experts": experts} | changes)


def manifest_of(rows: Sequence[QuestionRow], experts: Sequence[str] = (), **changes: Any) -> Manifest:
    """Of the benchmarks that rows are from, in order of first appearance."""
    names = [row.benchmark for row in rows]
    entries = tuple(
        BenchmarkEntry(name=name, version="7", split="test", n=names.count(name))
        for name in dict.fromkeys(names)
    )
    config: dict[str, Any] = {"experts": {name: {} for name in experts}} if experts else {}
    return Manifest.model_validate({"benchmarks": entries, "config": config} | changes)
