"""Stopping rules played back: how many experts each question would have asked, and what a rule is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from aggregators.votes.counting import MajorityVote
from compound.stopping import NextExpert, PosteriorRule
from compound.stopping_config import PosteriorStoppingConfig
from eval.fusing.early import play
from eval.fusing.recorded import RecordedCandidates
from experts.verdict import Candidates


@dataclass
class Scripted:
    """Stops by the number of answers so far, and writes down what it was shown."""

    stops: Callable[[Candidates], bool]
    shown: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)

    def reasons(
        self, items: Sequence[Candidates], following: Sequence[Sequence[NextExpert]]
    ) -> list[str | None]:
        self.batches.append(len(items))
        for item, after in zip(items, following, strict=True):
            assert all(expert.cost == 1.0 for expert in after)
            asked = tuple(c.expert for c in item.completions)
            self.shown.append((item.query.id, asked, tuple(expert.name for expert in after)))
        return ["enough" if self.stops(item) else None for item in items]


def test_a_rule_that_always_stops_asks_the_first_wave(recorded: RecordedCandidates) -> None:
    for first in (1, 2, 4):
        rule = Scripted(lambda item: True)
        assert set(play(rule, recorded, first=first)) == {first}
        assert rule.batches == [360]


def test_a_rule_that_never_stops_asks_all(recorded: RecordedCandidates) -> None:
    rule = Scripted(lambda item: False)
    assert set(play(rule, recorded, first=2)) == {6}
    assert rule.batches == [360] * 4
    assert set(play(rule, recorded, first=1, step=4)) == {6}


def test_a_rule_that_stops_at_three_asks_three(recorded: RecordedCandidates) -> None:
    assert set(play(Scripted(lambda item: len(item.completions) == 3), recorded, first=1)) == {3}


def test_a_first_wave_of_more_than_the_pool_asks_all_and_no_rule(recorded: RecordedCandidates) -> None:
    rule = Scripted(lambda item: True)
    assert set(play(rule, recorded, first=9)) == {6}
    assert rule.batches == []


def test_each_question_stops_for_itself_and_is_not_asked_again(recorded: RecordedCandidates) -> None:
    wanted = {f"set:{i}": 1 + i % 6 for i in range(360)}
    rule = Scripted(lambda item: len(item.completions) >= wanted[item.query.id])
    assert play(rule, recorded, first=1).tolist() == list(wanted.values())
    assert rule.batches == [360, 300, 240, 180, 120]


def test_a_rule_sees_the_best_ranked_and_who_is_next(recorded: RecordedCandidates) -> None:
    rule = Scripted(lambda item: False)
    play(rule, recorded, first=2, step=3)
    names = recorded.table.experts
    for query, asked, after in rule.shown:
        order = recorded.order[int(query.removeprefix("set:"))]
        assert len(asked) in (2, 5)
        assert [*asked, *after] == [names[j] for j in order]


def test_a_real_rule_stops_where_the_first_two_agree(recorded: RecordedCandidates) -> None:
    rule = PosteriorRule(PosteriorStoppingConfig(kind="posterior", threshold=1.0), MajorityVote())
    asked = play(rule, recorded, first=2)
    answers = np.take_along_axis(recorded.table.outcomes.answer[:, :, 0], recorded.order, axis=1)[:, :2]
    both = (answers != "").all(axis=1)
    agree = answers[:, 0] == answers[:, 1]
    assert 50 < (agree & both).sum() < 300
    assert set(asked[agree & both]) == {2}
    assert set(asked[~agree & both]) == {6}
