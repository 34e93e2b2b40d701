"""The aggregators that are compared have the names of their kinds, and rules have settings of their own."""

from __future__ import annotations

from aggregators.learned.learned import LearnedFusion
from compound.stopping import GainRule, PosteriorRule, WorthRule
from eval.fusing.recorded import RecordedCandidates
from eval.fusing.rows import LEARNED, VOTES, early_rules, votes


def test_votes_are_named_by_kind_and_ask_nobody(recorded: RecordedCandidates) -> None:
    assert list(votes()) == list(VOTES) == [config.kind for config in VOTES.values()]
    for name, aggregator in votes().items():
        assert aggregator.experts == ()
        [verdict] = aggregator.aggregate(recorded.items(3, [1]))
        assert verdict.aggregator == name and verdict.answer is not None


def test_rules_fuse_by_what_is_compared_and_settings_differ(fusion: LearnedFusion) -> None:
    rules = early_rules(fusion)
    classes = {"learned, gain": GainRule, "learned, posterior": PosteriorRule, "weighted, worth": WorthRule}
    assert {name: {type(early.rule) for early in found} for name, (_, found) in rules.items()} == {
        name: {kind} for name, kind in classes.items()
    }
    for name, (by, found) in rules.items():
        assert by in {*VOTES, LEARNED} and by == name.partition(",")[0]
        assert {early.name for early in found} == {name}
        assert len({early.setting for early in found}) == len(found) > 1
        assert all(early.first in (1, 2) for early in found)
