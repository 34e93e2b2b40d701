"""A profile of a pool within a number of completions, and how far its choice of experts can be trusted.

Joins active profiling (`eval.active_profiling`) to a system; clusters are the benchmark's subjects.
Knows no command line and no file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from compound.system import Compound
from eval.active_profiling import Pair, profile_actively
from eval.cluster_abilities import Abilities, Clusters, Floats, fit_abilities
from eval.profiling import Asked, expert_request
from eval.question import Question
from eval.scoring import SCORES, score_completion
from experts.completion import Completion

_DRAWS = 2000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BudgetedProfile:
    """What was asked, and what is believed of the experts after it."""

    asked: Asked
    calls: int
    """Completions asked for, failures and those that a store held among them."""
    calls_of: dict[str, int]
    """The same by expert, in configuration order."""
    ranking: tuple[tuple[str, float, float], ...]
    """Experts by believed accuracy over all questions, best first: name, accuracy, its standard
    deviation."""
    best: dict[str, str]
    """Subject -> the expert that is believed best in it."""
    believed: float
    """Accuracy in [0, 1] expected of asking the best of every subject."""
    expected_loss: float
    """How much of it, at least 0, is expected to be lost against knowing the best of every subject."""


def profile_within_budget(
    system: Compound, questions: Sequence[Question], budget: int, *, k: int = 1, seed: int = 0
) -> BudgetedProfile:
    """Ask so many completions where the choice of experts is undecided.

    Args:
        system: whose pool, prompts and sampling are used.
        questions: ids unique.
        budget: completions at most, at least one per expert.
        k: experts that a query will get later.
        seed: of what is asked.

    Raises:
        ConfigError: a number is out of range.
    """
    experts = tuple(system.config.experts)
    subjects, clusters = subject_clusters(questions)
    asked: dict[tuple[str, str], Completion] = {}

    def ask(pairs: Sequence[Pair]) -> list[float]:
        completions = system.complete([expert_request(system, questions[q], experts[e]) for q, e in pairs])
        asked.update({(c.query_id, c.expert): c for c in completions})
        return [
            SCORES[score_completion(completion, questions[q])]
            for completion, (q, _) in zip(completions, pairs, strict=True)
        ]

    found = profile_actively(clusters, len(experts), budget, ask, k=k, seed=seed)
    abilities = fit_abilities(found.scores, clusters, len(subjects))
    weight = np.bincount(clusters) / len(clusters)
    picks = abilities.mean.argmax(axis=1)
    calls = [sum(name == expert for _, name in asked) for expert in experts]
    return BudgetedProfile(
        asked=asked,
        calls=found.calls,
        calls_of=dict(zip(experts, calls, strict=True)),
        ranking=_ranking(abilities, weight, experts),
        best={subject: experts[pick] for subject, pick in zip(subjects, picks, strict=True)},
        believed=accuracy_of(picks, abilities.mean, weight),
        expected_loss=_expected_loss(abilities, weight, picks, seed),
    )


def subject_clusters(questions: Sequence[Question]) -> tuple[tuple[str, ...], Clusters]:
    """Subjects in alphabetical order, and (n,) the number of each question's."""
    subjects = tuple(sorted({question.subject for question in questions}))
    number = {subject: i for i, subject in enumerate(subjects)}
    return subjects, np.array([number[question.subject] for question in questions], dtype=np.int64)


def accuracy_of(picks: NDArray[np.int64], accuracies: Floats, weight: Floats) -> float:
    """Accuracy of one expert a cluster.

    Args:
        picks: (clusters,) numbers of experts.
        accuracies: (clusters, m).
        weight: (clusters,) shares of the questions.
    """
    return float(weight @ accuracies[np.arange(len(picks)), picks])


def _ranking(
    abilities: Abilities, weight: Floats, experts: Sequence[str]
) -> tuple[tuple[str, float, float], ...]:
    mean = np.clip(weight @ abilities.mean, 0.0, 1.0)  # the additive model knows no bounds
    deviation = np.sqrt(weight**2 @ abilities.deviation**2)
    order = np.argsort(-mean, kind="stable")
    return tuple((experts[i], float(mean[i]), float(deviation[i])) for i in order)


def _expected_loss(abilities: Abilities, weight: Floats, picks: NDArray[np.int64], seed: int) -> float:
    """Mean over draws of the posterior; those believed best are rarely all best."""
    noise = np.random.default_rng(seed).standard_normal((_DRAWS, *abilities.mean.shape))
    drawn = abilities.mean + abilities.deviation * noise
    lost = drawn.max(axis=2) - drawn[:, np.arange(len(picks)), picks]
    return float(lost.mean(axis=0) @ weight)
