"""Borda: votes by place."""

import math

import pytest
from checks.ports import dead, said

from aggregators.votes.borda import BordaVote, borda_votes
from aggregators.votes.config import BordaVoteConfig
from experts.completion import Completion
from experts.query import Query
from experts.verdict import Candidates, Verdict

CHOICE = Query.from_text("Which colour?", choices=("red", "green", "blue", "white"))


def borda(*completions: Completion, config: BordaVoteConfig | None = None, **p: float) -> Verdict:
    item = Candidates(query=CHOICE, completions=completions, estimates=p)
    return BordaVote(config or BordaVoteConfig(kind="borda")).aggregate([item])[0]


def by_rank(*completions: Completion, power: float) -> Verdict:
    return borda(*completions, config=BordaVoteConfig(kind="borda", by="rank", power=power))


def letters(text: str) -> list[Completion]:
    """Experts a, b, c ... in ranked order with these answers; "-" is unparsed."""
    return [
        said(name, "hm" if letter == "-" else f"The answer is ({letter}).")
        for name, letter in zip("abcdefgh", text, strict=False)
    ]


def test_votes_of_each_place() -> None:
    assert borda_votes(3, 1.0) == [3.0, 2.0, 1.0]
    assert borda_votes(3, 0.5) == pytest.approx([math.sqrt(3), math.sqrt(2), 1.0])
    assert borda_votes(2, 0.0) == [1.0, 1.0]
    assert borda_votes(0, 0.5) == []


def test_a_high_power_lets_the_first_decide_and_none_is_a_majority() -> None:
    assert by_rank(*letters("ABB"), power=0.0).answer == "B"
    assert by_rank(*letters("ABB"), power=0.5).answer == "B"
    first = by_rank(*letters("ABB"), power=2.0)
    assert first.answer == "A"
    assert first.support == pytest.approx(9 / 14)


def test_estimates_place_the_experts_by_their_order_alone() -> None:
    config = BordaVoteConfig(kind="borda", power=2.0)
    placed = [borda(*letters("ABC"), config=config, a=a, b=0.4, c=c) for a, c in ((0.1, 0.5), (0.39, 0.41))]
    for verdict in placed:
        assert (verdict.answer, verdict.notes) == ("C", ())
    assert verdict.support == pytest.approx(9 / 14)


def test_those_without_an_estimate_come_last_and_equal_ones_by_rank() -> None:
    config = BordaVoteConfig(kind="borda", power=1.0)
    verdict = borda(*letters("ABC"), config=config, a=math.nan, b=0.2, c=0.2)
    assert verdict.answer == "B"
    assert verdict.support == pytest.approx(3 / 6)


def test_without_estimates_the_order_places_and_the_notes_say_so() -> None:
    verdict = borda(*letters("AB"))
    assert verdict.answer == "A"
    assert verdict.notes == ("No estimates were given, so the order of the candidates placed them.",)


def test_the_failed_have_no_place_and_the_unparsed_give_no_votes() -> None:
    verdict = by_rank(dead("z"), *letters("-AB"), power=1.0)
    assert (verdict.answer, verdict.agreed) == ("A", ("b",))
    assert verdict.support == pytest.approx(2 / 3)


def test_samples_of_one_expert_share_its_votes() -> None:
    samples = [said("a", "The answer is (A)."), *(said("b", "The answer is (B).") for _ in range(5))]
    verdict = by_rank(*samples, power=1.0)
    assert verdict.answer == "A"
    assert verdict.support == pytest.approx(2 / 3)
