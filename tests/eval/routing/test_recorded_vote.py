"""The vote on arrays is the vote of `aggregator: {kind: weighted}`."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregators.votes.counting import WeightedVote
from eval.routing.recorded_vote import RecordedAnswers, vote_scores
from experts.completion import Completion
from experts.outcome_table import OutcomeTable
from experts.outcomes import OutcomeMatrix
from experts.query import Query
from experts.verdict import Candidates

NAMES = ("ann", "bob", "cyd", "dan")


def table(answers: list[list[str]], gold: str) -> OutcomeTable:
    queries = tuple(
        Query.from_text(f"question {i}?", id=f"q{i}", choices=["red", "green", "blue"])
        for i in range(len(answers))
    )
    score = np.array([[float(a == gold) for a in row] for row in answers])
    matrix = OutcomeMatrix.from_scores([q.id for q in queries], NAMES, score)
    object.__setattr__(matrix, "answer", np.array(answers, dtype=np.str_)[:, :, None])
    return OutcomeTable(queries=queries, splits=("",) * len(queries), outcomes=matrix)


def by_aggregator(query: Query, row: list[str], chances: list[float], picks: tuple[int, ...]) -> str | None:
    completions = tuple(
        Completion(
            request_id=str(i),
            expert=NAMES[i],
            query_id=query.id,
            text=f"The answer is {row[i]}." if row[i] else "no idea",
            answer=row[i] or None,
            finish_reason="stop",
        )
        for i in picks
    )
    estimates = dict(zip(NAMES, chances, strict=True))
    item = Candidates(query=query, completions=completions, estimates=estimates)
    return WeightedVote().aggregate([item])[0].answer


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_array_vote_scores_as_the_aggregator_does(data: st.DataObject) -> None:
    row = data.draw(st.lists(st.sampled_from(["", "A", "B", "C"]), min_size=4, max_size=4))
    # Equal chances are frequent, so that ties are met.
    chances = data.draw(st.lists(st.sampled_from([0.2, 0.4, 0.6, 0.9]), min_size=4, max_size=4))
    size = data.draw(st.integers(1, 4))
    picks = tuple(data.draw(st.permutations(range(4)))[:size])
    recorded = table([row], "B")
    fused = vote_scores(RecordedAnswers.of(recorded), np.array([chances]), [picks])[0]
    answer = by_aggregator(recorded.queries[0], row, chances, picks)
    if any(row[i] for i in picks):
        assert fused == float(answer == "B")
    else:
        assert fused == 0.0


def test_where_no_answer_is_recorded_the_best_ranked_expert_counts() -> None:
    recorded = table([["", "", "", ""], ["B", "B", "", "A"]], "B")
    # Some data sets have scores alone.
    object.__setattr__(recorded.outcomes, "score", np.array([[0, 1, 0, 0], [1, 1, 0, 0]])[:, :, None] * 1.0)
    answers = RecordedAnswers.of(recorded)
    assert vote_scores(answers, np.full((2, 4), 0.5), [(1, 0, 2), (0, 1)]).tolist() == [1.0, 1.0]
    assert vote_scores(answers, np.full((2, 4), 0.5), [(0, 1, 2), (0, 1)]).tolist() == [0.0, 1.0]


def test_questions_may_have_different_numbers_of_experts() -> None:
    recorded = RecordedAnswers.of(table([["A", "B", "B", "A"]] * 2, "B"))
    chances = np.array([[0.9, 0.5, 0.5, 0.4]] * 2)
    assert vote_scores(recorded, chances, [(0,), (1, 2)]).tolist() == [0.0, 1.0]
