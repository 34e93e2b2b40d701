"""Aggregators compared on recorded outcomes: fitted on train, chosen on validation, reported on test.

What is fitted is fitted again on train and validation before test questions are looked at. Rows with the
same bound on the mean number of calls are compared; the winner is the one with the best accuracy on
validation, whatever test says. Knows no file and no screen.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aggregators.aggregator import Aggregator
from eval.fusing.early import play
from eval.fusing.estimates import router_estimates
from eval.fusing.fitting import fit_fusion
from eval.fusing.floors import fusing_floors
from eval.fusing.recorded import Floats, RecordedCandidates, Texts
from eval.fusing.rows import LEARNED, TEXTS, Early, early_rules, votes
from eval.metrics import Interval, accuracy, paired_difference
from eval.routing.floors import Floor
from experts.encoders.config import EncoderConfig
from experts.outcome_table import OutcomeTable
from routers.config import TrainableConfig

_LOG = logging.getLogger(__name__)
BUDGETS = (3, 5)
"""Mean calls per question that rows are reported for, beside all experts."""
_SEED = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Row:
    """One aggregator within one bound on calls."""

    name: str
    setting: str
    """Of an early rule, as chosen on validation; "" where the number of experts is fixed."""
    most: int
    """Mean calls allowed."""
    validation: float
    """Accuracy on validation questions, fitted on train."""
    scores: Floats
    """(n,) on test."""
    support: Floats
    """(n,) probability that the aggregator gave its answer; NaN where it gives none."""
    calls: NDArray[np.int64]
    """(n,) experts asked on test."""
    tokens: Floats
    """(n,) completion tokens on test."""
    against: dict[str, Interval]
    """Paired difference to each floor, and of an early rule to its aggregator with fixed numbers of calls,
    with 95% intervals."""

    @property
    def accuracy(self) -> Interval:
        """On test."""
        return accuracy(self.scores)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bench:
    """The whole comparison."""

    experts: tuple[str, ...]
    questions: dict[str, int]
    router: TrainableConfig
    floors: list[Floor]
    floor_tokens: dict[str, float]
    """Mean completion tokens of the floors that ask somebody."""
    rows: list[Row]

    def winner(self, most: int) -> Row:
        """The row with the best accuracy on validation within a bound; the first of equals."""
        return max((row for row in self.rows if row.most == most), key=lambda row: row.validation)

    def row(self, name: str, most: int) -> Row:
        """A row by its name and bound."""
        return next(row for row in self.rows if row.name == name and row.most == most)


@dataclass(frozen=True, slots=True, eq=False)
class _Stage:
    """Everything fitted on some questions, and others to be answered."""

    recorded: RecordedCandidates
    aggregators: dict[str, Aggregator]
    early: dict[str, tuple[str, list[Early]]]
    """Row -> (aggregator that fuses, settings to choose from)."""


@dataclass(frozen=True, slots=True, eq=False)
class _Chosen:
    name: str
    aggregator: str
    most: int
    setting: int | None
    validation: float


def bench_aggregators(
    table: OutcomeTable,
    router: TrainableConfig,
    encoder: EncoderConfig,
    *,
    texts: Texts | None = None,
    on_stage: Callable[[str, int, int], None] = lambda stage, done, total: None,
) -> Bench:
    """Compare aggregators on one pool.

    Args:
        table: of the pool, with answers and the splits train, validation and test.
        router: ranks the experts and gives the estimates of all rows.
        encoder: of the floor that looks at solved questions.
        texts: raw outputs; adds a row of a fusion that reads them too.
        on_stage: called with what is done next, how many stages are done, and their number.

    Raises:
        ConfigError: a split or the answers are missing.
        RouterError: the router cannot be fitted on the table.
    """
    train, validation, test = (table.take(table.split(name)) for name in ("train", "validation", "test"))
    both = table.take(np.concatenate([table.split("train"), table.split("validation")]))
    on_stage("fitting on train", 0, 4)
    tuned = _stage(router, train, validation, texts)
    on_stage("choosing on validation", 1, 4)
    chosen = _choose(tuned, sizes(len(table.experts)))
    on_stage("fitting on train and validation", 2, 4)
    final = _stage(router, both, test, texts)
    on_stage("answering test questions", 3, 4)
    below = fusing_floors(encoder, both, test, sizes(len(table.experts)))
    rows = [_row(final, choice, below) for choice in chosen]
    for row, choice in zip(rows, chosen, strict=True):
        if choice.setting is not None:
            row.against.update(_against_fixed(row, choice.aggregator, rows))
    on_stage("done", 4, 4)
    return Bench(
        experts=table.experts,
        questions={
            name: len(t.queries) for name, t in (("train", train), ("validation", validation), ("test", test))
        },
        router=router,
        floors=below,
        floor_tokens={floor.name: _floor_tokens(final.recorded, floor) for floor in below if floor.chosen},
        rows=rows,
    )


def sizes(m: int) -> tuple[int, ...]:
    """Numbers of experts that rows are reported for, all m included."""
    return tuple(sorted({k for k in BUDGETS if k < m} | {m}))


def _stage(router: TrainableConfig, fitted: OutcomeTable, asked: OutcomeTable, texts: Texts | None) -> _Stage:
    left_out, chances = router_estimates(router, fitted, asked)
    recorded = RecordedCandidates(asked, chances, texts)
    fusion = fit_fusion(fitted, left_out)
    aggregators = {**votes(), LEARNED: fusion}
    if texts is not None:
        aggregators[TEXTS] = fit_fusion(fitted, left_out, texts)
    return _Stage(recorded, aggregators, early_rules(fusion))


def _choose(stage: _Stage, bounds: Sequence[int]) -> list[_Chosen]:
    """Every fixed row, and of each early rule the best setting within each bound on validation."""
    found = []
    for most in bounds:
        for name, aggregator in stage.aggregators.items():
            scores = stage.recorded.score(aggregator.aggregate(stage.recorded.items(most)))
            found.append(_Chosen(name, name, most, None, float(scores.mean())))
    for name, (by, settings) in stage.early.items():
        tried = []
        for setting, early in enumerate(settings):
            asked = play(early.rule, stage.recorded, first=early.first)
            verdicts = stage.aggregators[by].aggregate(stage.recorded.items([int(k) for k in asked]))
            tried.append((setting, float(asked.mean()), float(stage.recorded.score(verdicts).mean())))
        for most in bounds:
            within = [(setting, score) for setting, calls, score in tried if calls <= most]
            if within:
                setting, score = max(within, key=lambda pair: pair[1])
                found.append(_Chosen(name, by, most, setting, score))
    return found


def _row(stage: _Stage, choice: _Chosen, below: Sequence[Floor]) -> Row:
    recorded = stage.recorded
    if choice.setting is None:
        asked, setting = np.full(len(recorded.order), choice.most, dtype=np.int64), ""
    else:
        early = stage.early[choice.name][1][choice.setting]
        asked, setting = play(early.rule, recorded, first=early.first), early.setting
    counts = [int(k) for k in asked]
    verdicts = stage.aggregators[choice.aggregator].aggregate(recorded.items(counts))
    scores = recorded.score(verdicts)
    rng = np.random.default_rng(_SEED)
    return Row(
        name=choice.name,
        setting=setting,
        most=choice.most,
        validation=choice.validation,
        scores=scores,
        support=np.array([np.nan if v.support is None else v.support for v in verdicts]),
        calls=asked,
        tokens=recorded.tokens(counts),
        against={floor.name: paired_difference(scores, floor.scores, rng=rng) for floor in below},
    )


def _against_fixed(row: Row, aggregator: str, rows: Sequence[Row]) -> dict[str, Interval]:
    """An early row against the same aggregator with a fixed number of experts."""
    rng = np.random.default_rng(_SEED)
    return {
        f"{aggregator}, {fixed.most} calls": paired_difference(row.scores, fixed.scores, rng=rng)
        for fixed in rows
        if fixed.name == aggregator
    }


def _floor_tokens(recorded: RecordedCandidates, floor: Floor) -> float:
    used = recorded.used
    return float(np.mean([used[i, list(picks)].sum() for i, picks in enumerate(floor.chosen)]))
