"""A fusion learned from a table: what it says of new questions, and what it cannot be learned from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aggregators.learned.learned import LearnedFusion
from eval.fusing.estimates import LeftOut
from eval.fusing.fitting import LEAST, fit_fusion
from eval.fusing.recorded import RecordedCandidates, Texts
from experts.errors import ConfigError
from experts.outcome_table import OutcomeTable
from experts.outcomes import OutcomeMatrix

Estimated = tuple[LeftOut, np.ndarray]


def test_it_knows_the_pool_and_answers_better_than_its_best_expert(
    fusion: LearnedFusion, asked: OutcomeTable, estimated: Estimated
) -> None:
    recorded = RecordedCandidates(asked, estimated[1])
    verdicts = fusion.aggregate(recorded.items(6))
    assert fusion.pool == asked.experts and not fusion.reads_texts
    assert recorded.score(verdicts).mean() > np.nanmax(asked.outcomes.mean_score().mean(axis=0)) + 0.05
    assert all(v.support is not None and 0 < v.support <= 1 for v in verdicts)
    assert all(gain is not None for gain in fusion.gains(recorded.items(2)))


def test_texts_that_give_the_wrong_away_are_read(
    train: OutcomeTable, asked: OutcomeTable, estimated: Estimated, six_texts: Texts, fusion: LearnedFusion
) -> None:
    reads = fit_fusion(train, estimated[0], six_texts)
    assert reads.reads_texts
    recorded = RecordedCandidates(asked, estimated[1], six_texts)
    with_texts, without = (recorded.score(f.aggregate(recorded.items(3))) for f in (reads, fusion))
    assert with_texts.mean() > without.mean() + 0.05


def test_too_few_questions_are_refused(train: OutcomeTable, estimated: Estimated) -> None:
    few = np.arange(LEAST - 1)
    left_out = LeftOut(chances=estimated[0].chances[few], parts=estimated[0].parts[few])
    with pytest.raises(ConfigError, match="at least 100 profiled questions, the table has 99"):
        fit_fusion(train.take(few), left_out)


def test_scores_without_answers_are_refused(train: OutcomeTable, estimated: Estimated) -> None:
    old = train.outcomes
    bare = replace(train, outcomes=OutcomeMatrix.from_scores(old.question_ids, old.experts, old.score))
    with pytest.raises(ConfigError, match="scores and no answers"):
        fit_fusion(bare, estimated[0])


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_where_all_are_right_or_all_wrong_there_is_nothing_to_learn(
    train: OutcomeTable, estimated: Estimated, score: float
) -> None:
    same = replace(train.outcomes, score=np.full_like(train.outcomes.score, score))
    with pytest.raises(ConfigError, match=r"cannot be learned: .* some answers are right and some are wrong"):
        fit_fusion(replace(train, outcomes=same), estimated[0])
