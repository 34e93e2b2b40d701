"""What `compound profile` found, as plain values and in words. Runs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from typing import Any

import numpy as np

from eval.budgeted_profile import BudgetedProfile, accuracy_of, subject_clusters
from eval.cluster_abilities import Floats
from eval.question import Question
from eval.social_choice import Rankings, rankings
from experts.outcomes import OutcomeMatrix


def profile_summary(questions: Sequence[Question], outcomes: OutcomeMatrix) -> dict[str, Any]:
    """Accuracies, and the order of experts by three rules over subjects; None = never answered."""
    accuracy = {name: None if isnan(value) else value for name, value in outcomes.accuracy().items()}
    return {"n": len(questions), "accuracy": accuracy, "rankings": _orders(questions, outcomes)}


def budget_summary(
    found: BudgetedProfile, questions: Sequence[Question], full: OutcomeMatrix | None
) -> dict[str, Any]:
    """What a budgeted profile spent and believes; `full` are the outcomes of all, where they were run."""
    summary = {
        "calls": found.calls,
        "of": len(questions) * len(found.calls_of),
        "calls_of": found.calls_of,
        "ranking": [{"expert": name, "accuracy": a, "deviation": d} for name, a, d in found.ranking],
        "best": found.best,
        "believed": found.believed,
        "expected_loss": found.expected_loss,
    }
    return summary if full is None else summary | {"compared": _compared(found, questions, full)}


def profile_lines(summary: dict[str, Any]) -> list[str]:
    """Accuracies, and the rankings where they disagree."""
    lines = []
    run_of = summary.get("budget", {}).get("calls_of", {})
    for name, value in summary["accuracy"].items():
        run = summary["n"] if "compared" in summary.get("budget", {}) else run_of.get(name, summary["n"])
        found = "never answered" if value is None else f"{100 * value:.1f}% of {run}"
        lines.append(f"{name}: {found}")
    orders = summary["rankings"]
    if orders and len({tuple(orders[rule]) for rule in ("mean", "borda", "kemeny")}) > 1:
        lines += [f"by {rule:<6} {' > '.join(orders[rule])}" for rule in ("mean", "borda", "kemeny")]
        lines.append(orders["sentence"])
    return lines


def budget_lines(budget: dict[str, Any]) -> list[str]:
    """What was spent, the ranking with uncertainty, and what choosing by subject is worth."""
    spent = ", ".join(f"{name} {calls}" for name, calls in budget["calls_of"].items())
    share = 100 * budget["calls"] / budget["of"]
    lines = [f"{budget['calls']} of {budget['of']} completions asked ({share:.0f}%): {spent}"]
    lines += [
        f"believed of {row['expert']}: {100 * row['accuracy']:.1f}% +- {100 * row['deviation']:.1f}"
        for row in budget["ranking"]
    ]
    lines.append(
        f"the best of every subject: {100 * budget['believed']:.1f}% believed, of which "
        f"{100 * budget['expected_loss']:.1f} points may be lost to choices made on too little"
    )
    if "compared" in budget:
        found = budget["compared"]
        lines.append(
            f"on all completions: {100 * found['budgeted']:.1f}% by the choice within the budget, "
            f"{100 * found['full']:.1f}% by the choice on all, {100 * found['best_single']:.1f}% by the best "
            f"single expert; the same choice in {found['same']} of {found['subjects']} subjects"
        )
    return lines


def _compared(found: BudgetedProfile, questions: Sequence[Question], full: OutcomeMatrix) -> dict[str, Any]:
    """Choices on few and on all outcomes, both measured on all: the second is flattered by that."""
    subjects, clusters = subject_clusters(questions)
    weight = np.bincount(clusters) / len(clusters)
    accuracies = np.nan_to_num(_by_subject(questions, full), nan=0.0)
    chosen = np.array([full.experts.index(found.best[subject]) for subject in subjects], dtype=np.int64)
    best = accuracies.argmax(axis=1)
    return {
        "budgeted": accuracy_of(chosen, accuracies, weight),
        "full": accuracy_of(best, accuracies, weight),
        "best_single": float((weight @ accuracies).max()),
        "same": int((chosen == best).sum()),
        "subjects": len(subjects),
    }


def _orders(questions: Sequence[Question], outcomes: OutcomeMatrix) -> dict[str, Any] | None:
    """Of the experts that ran; None where no expert ran."""
    accuracies = _by_subject(questions, outcomes)
    ran = np.flatnonzero(~np.isnan(accuracies).all(axis=0))
    if not len(ran):
        return None
    names = [outcomes.experts[i] for i in ran]
    found: Rankings = rankings(accuracies[:, ran], names)
    return {
        "mean": list(found.by_mean),
        "borda": list(found.by_borda),
        "kemeny": list(found.by_kemeny),
        "sentence": found.sentence,
    }


def _by_subject(questions: Sequence[Question], outcomes: OutcomeMatrix) -> Floats:
    """(subjects, m) mean scores; NaN = not run."""
    subjects, clusters = subject_clusters(questions)
    scores = outcomes.mean_score()
    run = ~np.isnan(scores)
    member = np.eye(len(subjects))[clusters].T
    right, asked = member @ np.where(run, scores, 0.0), member @ run
    means: Floats = np.full_like(right, np.nan)
    np.divide(right, asked, out=means, where=asked > 0)
    return means
