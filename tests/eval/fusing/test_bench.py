"""The comparison: chosen on validation within bounds on calls, and reported on test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from aggregators.learned.learned import LearnedFusion
from eval.fusing.bench import BUDGETS, Bench, bench_aggregators, sizes
from eval.fusing.early import play
from eval.fusing.estimates import router_estimates
from eval.fusing.recorded import RecordedCandidates
from eval.fusing.rows import LEARNED, TEXTS, VOTES, early_rules, votes
from eval.metrics import paired_difference
from experts.encoders.config import LexicalEncoderConfig
from experts.errors import ConfigError
from experts.outcome_table import OutcomeTable
from experts.outcomes import OutcomeMatrix
from routers.config import TrainableConfig

pytestmark = pytest.mark.slow  # the session's comparison and one more

Compare = Callable[[OutcomeTable], Bench]
EARLY = ("learned, gain", "learned, posterior", "weighted, worth")


@pytest.fixture(scope="module")
def compare(router: TrainableConfig, encoder: LexicalEncoderConfig) -> Compare:
    return lambda table: bench_aggregators(table, router, encoder)


def test_bounds_are_those_below_the_pool_and_the_pool() -> None:
    assert BUDGETS == (3, 5)
    assert (sizes(10), sizes(6), sizes(5), sizes(3), sizes(2)) == ((3, 5, 10), (3, 5, 6), (3, 5), (3,), (2,))


def test_every_aggregator_has_a_row_within_every_bound(bench: Bench) -> None:
    for most in (3, 5, 6):
        names = [row.name for row in bench.rows if row.most == most]
        assert names[: len(VOTES) + 2] == [*VOTES, LEARNED, TEXTS]
        assert set(names[len(VOTES) + 2 :]) <= set(EARLY)
    assert {row.name for row in bench.rows if row.most == 6} >= set(EARLY)


def test_fixed_rows_ask_what_they_may_and_early_ones_stop(bench: Bench) -> None:
    for row in bench.rows:
        assert row.calls.shape == row.scores.shape == row.tokens.shape == (120,)
        if row.name in EARLY:
            assert row.setting and row.calls.min() >= 1 and row.calls.max() <= 6
        else:
            assert row.setting == "" and set(row.calls) == {row.most}


def test_early_rows_keep_their_bound_on_validation(
    six: OutcomeTable, train: OutcomeTable, router: TrainableConfig, fusion: LearnedFusion, bench: Bench
) -> None:
    """Validation questions are asked again as the choice asked them, by what is fitted on train."""
    validation = six.take(six.split("validation"))
    recorded = RecordedCandidates(validation, router_estimates(router, train, validation)[1])
    by = {LEARNED: fusion, **votes()}
    rules = early_rules(fusion)
    found = [row for row in bench.rows if row.name in EARLY]
    assert {row.most for row in found} == {3, 5, 6}
    for row in found:
        fuses, settings = rules[row.name]
        reached = {}
        for early in settings:
            asked = play(early.rule, recorded, first=early.first)
            items = recorded.items([int(k) for k in asked])
            if asked.mean() <= row.most:
                reached[early.setting] = recorded.score(by[fuses].aggregate(items)).mean()
        assert row.validation == reached[row.setting] == max(reached.values())


def test_questions_are_counted_by_split(bench: Bench, six: OutcomeTable) -> None:
    assert bench.questions == {"train": 120, "validation": 120, "test": 120}
    assert bench.experts == six.experts


def test_the_winner_is_the_best_on_validation_whatever_test_says(bench: Bench) -> None:
    for most in (3, 5, 6):
        rows = [row for row in bench.rows if row.most == most]
        assert bench.winner(most).validation == max(row.validation for row in rows)
    worse = [replace(row, scores=np.zeros(120)) if row is bench.winner(3) else row for row in bench.rows]
    assert replace(bench, rows=worse).winner(3).name == bench.winner(3).name
    level = [replace(row, validation=0.5) for row in bench.rows]
    assert replace(bench, rows=level).winner(5) is next(row for row in level if row.most == 5)


def test_a_fusion_that_reads_hedges_finds_who_is_wrong(bench: Bench) -> None:
    """Texts give everything away in this pool, and answers alone do not."""
    gain = paired_difference(
        bench.row(TEXTS, 6).scores, bench.row(LEARNED, 6).scores, rng=np.random.default_rng(0)
    )
    assert gain.low > 0
    assert bench.winner(6).name == TEXTS


def test_differences_are_to_every_floor_on_the_same_questions(bench: Bench) -> None:
    floors = {floor.name for floor in bench.floors}
    for row in bench.rows:
        assert floors <= set(row.against)
        assert (set(row.against) == floors) == (row.setting == "")
        for floor in bench.floors:
            gain = row.against[floor.name]
            assert gain.estimate == pytest.approx(row.scores.mean() - floor.scores.mean())
            assert gain.low <= gain.estimate <= gain.high


def test_early_rows_also_have_the_difference_to_their_aggregator_at_fixed_calls(
    fusion: LearnedFusion, bench: Bench
) -> None:
    early = [row for row in bench.rows if row.setting]
    assert early
    for row in early:
        floors = {floor.name for floor in bench.floors}
        fuses = early_rules(fusion)[row.name][0]
        assert set(row.against) - floors == {f"{fuses}, {calls} calls" for calls in (3, 5, 6)}
        for calls in (3, 5, 6):
            difference = row.scores.mean() - bench.row(fuses, calls).scores.mean()
            assert row.against[f"{fuses}, {calls} calls"].estimate == pytest.approx(difference)


def test_support_is_a_chance_where_an_aggregator_gives_one(bench: Bench) -> None:
    assert np.isnan(bench.row("top", 3).support).all()
    for name in (LEARNED, TEXTS, "weighted"):
        support = bench.row(name, 6).support
        assert ((support >= 0) & (support <= 1)).all()


def test_tokens_grow_with_the_experts_asked(bench: Bench) -> None:
    for name in (*VOTES, LEARNED):
        few, more, all_ = (bench.row(name, most).tokens for most in (3, 5, 6))
        assert (few < more).all() and (more < all_).all()
    vote = bench.floor_tokens["fixed top-3 vote"]
    assert vote < bench.floor_tokens["fixed top-5 vote"] < bench.floor_tokens["fixed top-6 vote"]
    assert "oracle" not in bench.floor_tokens


def test_outcomes_of_test_questions_and_texts_choose_nothing(
    compare: Compare, six: OutcomeTable, bench: Bench
) -> None:
    """Every outcome of the test questions is dealt to another one; what was chosen stays."""
    test = six.split("test")
    rows = np.arange(360)
    rows[test] = np.roll(test, 1)
    old = six.outcomes
    dealt = replace(old, score=old.score[rows], answer=old.answer[rows], tokens=old.tokens[rows])
    again = compare(replace(six, outcomes=dealt))
    chosen = [(r.name, r.most, r.setting, r.validation) for r in bench.rows if r.name != TEXTS]
    assert [(r.name, r.most, r.setting, r.validation) for r in again.rows] == chosen
    assert (bench.row("top", 3).scores != again.row("top", 3).scores).any()


def test_a_table_without_validation_is_refused(compare: Compare, six: OutcomeTable) -> None:
    splits = tuple("train" if split == "validation" else split for split in six.splits)
    with pytest.raises(ConfigError, match="no questions of split 'validation'"):
        compare(replace(six, splits=splits))


def test_a_table_of_scores_alone_is_refused(compare: Compare, six: OutcomeTable) -> None:
    old = six.outcomes
    bare = OutcomeMatrix.from_scores(old.question_ids, old.experts, old.score)
    with pytest.raises(ConfigError, match="no answers"):
        compare(replace(six, outcomes=bare))
