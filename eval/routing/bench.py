"""The comparison of routers: settings and policies are chosen on validation, reported on test.

Each kind's setting is the one with the least log-loss on validation, its policies those with the best
accuracy there; then it is fitted again on train and validation, and scored on test. The winner is the
kind with the best accuracy on validation, whatever test says. Knows no file and no screen.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from eval.metrics import Interval, accuracy, paired_difference
from eval.routing.floors import Floor, floors
from eval.routing.lineup import Entry, policies
from eval.routing.quality import Quality, quality
from eval.routing.recorded_vote import Array, RecordedAnswers, vote_scores
from eval.routing.trial import Trial, try_router
from experts.encoders.config import EncoderConfig
from experts.errors import RouterError
from experts.outcome_table import OutcomeTable
from routers.config import TrainableConfig
from routers.neighbours.config import KnnConfig
from routers.outcome_router import OutcomeRouter
from routers.policies.choose import Chosen, choose
from routers.policies.config import (
    DiversePolicyConfig,
    GuardPolicyConfig,
    PolicyConfig,
    TopKPolicyConfig,
)
from routers.policies.guard import tune_margin
from routers.policies.policy_input import PolicyInput
from routers.training_data import expert_means

_LOG = logging.getLogger(__name__)
MOST_EXPERTS = (1, 3)
"""Mean experts per query that rows are reported for."""
_SEED = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcome:
    """One router under one policy, on the test questions."""

    most: int
    """Mean experts allowed."""
    policy: PolicyConfig
    validation: float
    """Accuracy on validation questions, fitted on train."""
    scores: Array
    """(n,) on test."""
    chosen: list[Chosen]
    against: dict[str, Interval]
    """Paired difference to each floor, with its 95% interval."""

    @property
    def accuracy(self) -> Interval:
        """On test."""
        return accuracy(self.scores)

    @property
    def experts(self) -> float:
        """Mean experts per query on test."""
        return float(np.mean([len(picks) for picks in self.chosen]))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Row:
    """One kind of router."""

    entry: Entry
    config: TrainableConfig
    """The setting chosen on validation."""
    outcomes: dict[int, Outcome]
    """By mean experts allowed."""
    quality: Quality
    """Of its probabilities on test."""
    trial: Trial
    """Fitted on train and validation."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bench:
    """The whole comparison."""

    experts: tuple[str, ...]
    questions: dict[str, int]
    """Per split."""
    floors: list[Floor]
    rows: list[Row]
    skipped: dict[str, str]
    """Kinds that could not be fitted, and why."""

    def winner(self, most: int) -> Row:
        """The kind with the best accuracy on validation; the first of equals."""
        return max(self.rows, key=lambda row: row.outcomes[most].validation)


def bench_routers(
    table: OutcomeTable,
    entries: Sequence[Entry],
    encoder: EncoderConfig,
    on_row: Callable[[str, int], None] = lambda name, done: None,
) -> Bench:
    """Compare kinds of routers on one pool.

    Args:
        table: of the pool, with the splits train, validation and test.
        entries: kinds and their settings.
        encoder: of the floor that looks at solved questions.
        on_row: called with a kind's name and the number of kinds done, before each and at the end.

    Raises:
        ConfigError: a split is missing.
    """
    train, validation, test = (table.take(table.split(name)) for name in ("train", "validation", "test"))
    both = table.take(np.concatenate([table.split("train"), table.split("validation")]))
    below = [*floors(both, test), nearest_floor(encoder, both, test)]
    rows: list[Row] = []
    skipped: dict[str, str] = {}
    for done, entry in enumerate(entries):
        on_row(entry.name, done)
        try:
            rows.append(_row(entry, train, validation, both, test, below))
        except RouterError as error:
            skipped[entry.name] = str(error)
    on_row("", len(entries))
    return Bench(
        experts=table.experts,
        questions={
            "train": len(train.queries),
            "validation": len(validation.queries),
            "test": len(test.queries),
        },
        floors=below,
        rows=rows,
        skipped=skipped,
    )


def _row(
    entry: Entry,
    train: OutcomeTable,
    validation: OutcomeTable,
    both: OutcomeTable,
    test: OutcomeTable,
    below: Sequence[Floor],
) -> Row:
    trials = [try_router(config, train, validation) for config in entry.variants]
    losses = [_quality(trial, train, validation).log_loss for trial in trials]
    best = int(np.argmin(losses))
    tuned, config = trials[best], entry.variants[best]
    final = try_router(config, both, test)
    recorded = RecordedAnswers.of(test)
    outcomes = {}
    for most in MOST_EXPERTS:
        policy, on_validation = choose_policy(tuned, train, validation, most)
        chosen = choose(policy, policy_input(final, both), most)
        scores = vote_scores(recorded, final.prediction.chances, chosen)
        rng = np.random.default_rng(_SEED)
        against = {floor.name: paired_difference(scores, floor.scores, rng=rng) for floor in below}
        outcomes[most] = Outcome(
            most=most, policy=policy, validation=on_validation, scores=scores, chosen=chosen, against=against
        )
    return Row(
        entry=entry, config=config, outcomes=outcomes, quality=_quality(final, both, test), trial=final
    )


def nearest_floor(encoder: EncoderConfig, fitted: OutcomeTable, test: OutcomeTable) -> Floor:
    """Plain k nearest neighbours (64, alike, not calibrated) with a vote of the best three: RouterBench."""
    config = KnnConfig(
        kind="knn", neighbours=64, temperature=1e6, dimensions=None, calibrate=False, encoder=encoder
    )
    trial = try_router(config, fitted, test)
    chosen = choose(TopKPolicyConfig(), policy_input(trial, fitted), min(3, len(fitted.experts)))
    scores = vote_scores(RecordedAnswers.of(test), trial.prediction.chances, chosen)
    return Floor(name="64-NN, 3 experts", scores=scores, chosen=chosen)


def choose_policy(
    trial: Trial, fitted: OutcomeTable, validation: OutcomeTable, most: int
) -> tuple[PolicyConfig, float]:
    """The policy for `most` experts a query on average, and its accuracy on validation.

    For one expert the guard, with the margin whose gain over the overall best is surest on validation.
    For more the first of the line-up within half a point of the best there: validation questions are
    too few to tell them apart, and simpler policies stand first.
    """
    recorded = RecordedAnswers.of(validation)
    given = policy_input(trial, fitted)

    def right(policy: PolicyConfig) -> tuple[float, float]:
        chosen = choose(policy, given, min(most, len(given.experts)))
        experts = float(np.mean([len(picks) for picks in chosen]))
        return float(vote_scores(recorded, given.chances, chosen).mean()), experts

    if most == 1:
        best = given.best_overall("guard")
        margin = tune_margin(given.chances, validation.outcomes.mean_score(), best)
        guard = GuardPolicyConfig(kind="guard", margin=margin)
        return guard, right(guard)[0]
    usable = [
        policy
        for policy in policies()
        if not (isinstance(policy, DiversePolicyConfig) and given.error_correlation is None)
    ]
    tried = [(policy, *right(policy)) for policy in usable]
    within = [(policy, score) for policy, score, experts in tried if experts <= most]
    highest = max(score for _, score in within)
    return next((policy, score) for policy, score in within if score >= highest - _ALIKE)


_ALIKE = 0.005


def policy_input(trial: Trial, fitted: OutcomeTable) -> PolicyInput:
    """What policies see of a trial's predictions; scores without a unit are ranked into (0, 1)."""
    router = trial.router
    prediction = trial.prediction
    correlation = router.error_correlation_ if isinstance(router, OutcomeRouter) else None
    return PolicyInput(
        experts=fitted.experts,
        chances=np.clip(prediction.chances, 0.0, 1.0),
        tokens=prediction.tokens,
        novelty=prediction.novelty,
        error_correlation=correlation,
        accuracies=expert_means(fitted.outcomes.mean_score()),
    )


def _quality(trial: Trial, fitted: OutcomeTable, asked: OutcomeTable) -> Quality:
    return quality(
        trial.prediction.chances, asked.outcomes.mean_score(), expert_means(fitted.outcomes.mean_score())
    )
