"""Recorded outcomes as candidates: who comes first, who failed, what it took, and what a verdict scores."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aggregators.votes.counting import WeightedVote
from eval.fusing.recorded import RecordedCandidates
from eval.routing.recorded_vote import RecordedAnswers, vote_scores
from experts.outcome_table import OutcomeTable
from experts.verdict import Verdict


@pytest.mark.parametrize("k", [1, 2, 3, 5, 6])
def test_a_weighted_vote_scores_what_the_vote_on_arrays_scores(
    recorded: RecordedCandidates, six: OutcomeTable, chances: np.ndarray, k: int
) -> None:
    scores = recorded.score(WeightedVote().aggregate(recorded.items(k)))
    picks = [tuple(int(j) for j in row[:k]) for row in recorded.order]
    np.testing.assert_array_equal(scores, vote_scores(RecordedAnswers.of(six), chances, picks))
    assert 0.3 < scores.mean() < 1.0


def test_candidates_come_best_first_and_ties_in_the_order_of_the_pool(six: OutcomeTable) -> None:
    chances = np.tile([0.2, 0.5, 0.9, 0.5, 0.1, 0.5], (len(six.queries), 1))
    [item] = RecordedCandidates(six, chances).items(4, [7])
    assert [c.expert for c in item.completions] == ["cyd", "bob", "dan", "fay"]
    assert item.query is six.queries[7]
    assert item.estimates == dict(zip(six.experts, chances[7], strict=True))


def test_who_was_not_run_is_an_error_and_who_was_is_an_answer(recorded: RecordedCandidates) -> None:
    not_run, run = ({c.expert: c for c in item.completions} for item in recorded.items(6, [10, 11]))
    assert not_run["fay"].finish_reason == "error"
    assert not_run["fay"].error == "fay was not run on this question." and not_run["fay"].answer is None
    assert all(c.finish_reason == "stop" and c.answer for c in run.values())
    assert run["fay"].query_id == "set:11"


def test_who_answered_nothing_readable_is_no_error(six: OutcomeTable, chances: np.ndarray) -> None:
    answers = six.outcomes.answer.copy()
    answers[11, 0] = ""
    table = replace(six, outcomes=replace(six.outcomes, answer=answers))
    [item] = RecordedCandidates(table, chances).items(6, [11])
    [ann] = [c for c in item.completions if c.expert == "ann"]
    assert (ann.answer, ann.finish_reason, ann.text) == (None, "stop", "No answer.")


def test_texts_stand_where_there_are_any(six: OutcomeTable, chances: np.ndarray) -> None:
    [item] = RecordedCandidates(six, chances, {("bob", "set:4"): "Because."}).items(6, [4])
    texts = {c.expert: c.text for c in item.completions}
    assert texts["bob"] == "Because."
    assert texts["ann"] == f"The answer is {six.outcomes.answer[4, 0, 0]}."


def test_sizes_may_differ_between_questions(recorded: RecordedCandidates) -> None:
    items = recorded.items([1, 4, 2], [9, 3, 5])
    assert [len(item.completions) for item in items] == [1, 4, 2]
    assert [item.query.id for item in items] == ["set:9", "set:3", "set:5"]


def test_a_verdict_scores_what_those_with_its_answer_scored(
    recorded: RecordedCandidates, six: OutcomeTable
) -> None:
    gold = [str(six.outcomes.answer[i, :, 0][six.outcomes.score[i, :, 0] == 1][0]) for i in range(3)]
    wrong = next(letter for letter in "ABCDE" if letter != gold[1])
    answers = [gold[0].lower(), wrong, None]
    verdicts = [
        Verdict(query_id=f"set:{i}", aggregator="me", answer=answer, text="x")
        for i, answer in enumerate(answers)
    ]
    assert recorded.score(verdicts).tolist() == [1.0, 0.0, 0.0]


def test_tokens_are_of_those_asked_and_unknown_ones_the_mean(
    recorded: RecordedCandidates, six: OutcomeTable
) -> None:
    tokens = six.outcomes.tokens[:, :, 0]
    first = recorded.order[:, 0]
    known = first != 5
    np.testing.assert_array_equal(recorded.tokens(1)[known], tokens[np.arange(360), first][known])
    filled = np.where(np.isnan(tokens), np.nanmean(tokens), tokens)
    np.testing.assert_allclose(recorded.tokens(6), filled.sum(axis=1))
    sizes = [1 + i % 6 for i in range(360)]
    expected = [filled[i, recorded.order[i, :k]].sum() for i, k in enumerate(sizes)]
    np.testing.assert_allclose(recorded.tokens(sizes), expected)


def test_without_any_tokens_on_record_their_number_is_unknown(six: OutcomeTable, chances: np.ndarray) -> None:
    table = replace(six, outcomes=replace(six.outcomes, tokens=np.full_like(six.outcomes.tokens, np.nan)))
    assert np.isnan(RecordedCandidates(table, chances).tokens(2)).all()


def test_certainty_on_record_comes_along(six: OutcomeTable, chances: np.ndarray) -> None:
    sure = np.full_like(six.outcomes.certainty, np.nan)
    sure[2, 1] = 3.5
    table = replace(six, outcomes=replace(six.outcomes, certainty=sure))
    [item] = RecordedCandidates(table, chances).items(6, [2])
    found = {c.expert: c.certainty for c in item.completions}
    assert found["bob"] is not None and found["bob"].self_certainty == 3.5
    assert found["ann"] is None
