"""Verdicts of a learned fusion: their parts, and what decides where it knows nothing."""

import dataclasses

import pytest
from checks.made_pools import answered, choice, independent, made_pool, shared_fusion
from checks.ports import dead, said

from aggregators.equivalence.config import MathEquivalenceConfig
from aggregators.equivalence.equivalence import ExactEquivalence
from aggregators.equivalence.mathematical import MathEquivalence
from aggregators.learned.learned import LearnedFusion
from aggregators.learned.patterns import read_items
from aggregators.votes.counting import WeightedVote
from experts.query import Query
from experts.verdict import Candidates, Verdict

EXPERTS = tuple("abcde")


def fuse(*items: Candidates) -> list[Verdict]:
    verdicts: list[Verdict] = shared_fusion().aggregate(items)
    return verdicts


def open_item(**answers: str) -> Candidates:
    completions = tuple(said(expert, f"The answer is {text}.") for expert, text in answers.items())
    return Candidates(query=Query.from_text("How many?", id="open"), completions=completions)


def chance(item: Candidates, answer: str) -> float:
    """That the model gives an answer; 0 where nobody gave it."""
    found = read_items([item], EXPERTS, ExactEquivalence())
    chances = shared_fusion().model.posterior(found.patterns).chances[0]
    return float(chances[found.keys[0].index(answer)]) if answer in found.keys[0] else 0.0


def test_a_verdict_names_the_answer_its_chance_and_who_gave_it() -> None:
    item = choice(answered("a", "D"), answered("b", "C"), answered("c", "C"), dead("d"))
    [verdict] = fuse(item)
    assert (verdict.answer, verdict.agreed) == ("C", ("b", "c"))
    assert (verdict.aggregator, verdict.text) == ("learned", "The answer is (C).")
    assert verdict.support == pytest.approx(chance(item, "C"))
    assert (verdict.notes, verdict.error, set(verdict.moved)) == ((), None, {"a", "b", "c"})


def test_what_an_expert_moved_is_the_support_with_it_less_that_without_it() -> None:
    items = made_pool(independent(*EXPERTS), 30, seed=5).items
    items = [
        dataclasses.replace(item, completions=item.completions[: i % 5 + 1]) for i, item in enumerate(items)
    ]
    for item, verdict in zip(items, fuse(*items), strict=True):
        assert set(verdict.moved) == {c.expert for c in item.completions}
        for expert, moved in verdict.moved.items():
            rest = tuple(c for c in item.completions if c.expert != expert)
            left = chance(dataclasses.replace(item, completions=rest), str(verdict.answer))
            assert moved == pytest.approx((verdict.support or 0.0) - left, abs=1e-9)


def test_who_alone_gave_the_answer_moved_all_of_its_support() -> None:
    [verdict] = fuse(choice(answered("c", "B")))
    assert verdict.moved == {"c": verdict.support}


@pytest.mark.parametrize("known", ["a", "ce", "abcde"])
def test_experts_may_be_missing(known: str) -> None:
    [verdict] = fuse(choice(*(answered(expert, "D") for expert in known)))
    assert (verdict.answer, verdict.agreed) == ("D", tuple(known))
    assert 0.25 < (verdict.support or 0.0) <= 1.0


def test_the_order_of_the_batch_and_its_company_do_not_matter() -> None:
    items = made_pool(independent(*EXPERTS), 12, seed=3).items
    together = fuse(*items)
    assert fuse(*items[::-1])[::-1] == together
    assert [fuse(item)[0] for item in items] == together
    assert fuse() == []


def test_strangers_are_left_out_and_named() -> None:
    known = (answered("a", "A"), answered("b", "A"))
    [alone] = fuse(choice(*known))
    [verdict] = fuse(choice(answered("zoe", "B"), answered("yan", "A"), *known, zoe=0.99))
    assert verdict.notes == ("The learned fusion was not fitted on yan, zoe and left it out.",)
    assert (verdict.answer, verdict.support, verdict.moved) == ("A", alone.support, alone.moved)
    assert verdict.agreed == ("yan", "a", "b"), "who said so is named, whoever decided"


def test_where_no_known_expert_answered_a_weighted_vote_decides_and_says_so() -> None:
    strangers = choice(answered("zoe", "B"), answered("yan", "A"), zoe=0.4, yan=0.8)
    mute = choice(answered("a", ""), dead("b"), answered("zoe", "C"))
    unread = choice(answered("a", ""))
    known = choice(answered("a", "D"))
    verdicts = fuse(strangers, known, mute, unread)
    assert [v.answer for v in verdicts] == ["A", "D", "C", None]
    assert {v.aggregator for v in verdicts} == {"learned"}
    for verdict, item in zip(verdicts, (strangers, known, mute, unread), strict=True):
        assert any("a vote decided" in note for note in verdict.notes) == (item is not known)
    assert verdicts[0].support == WeightedVote().aggregate([strangers])[0].support


def test_where_everybody_failed_there_is_an_error_and_no_word_of_a_vote() -> None:
    for item in (choice(), choice(dead("a"), dead("zoe"))):
        [verdict] = fuse(item)
        assert verdict.error is not None
        assert (verdict.aggregator, verdict.answer, verdict.notes) == ("learned", None, ())


def test_an_open_answer_is_given_as_its_best_ranked_expert_wrote_it() -> None:
    [verdict] = fuse(open_item(c="7", a="1,000.0", b="1000", d="1000"))
    assert (verdict.answer, verdict.agreed) == ("1,000.0", ("a", "b", "d"))
    assert verdict.text == "The answer is 1,000.0."


def test_open_answers_of_one_value_count_together_where_the_fusion_is_told_so() -> None:
    pytest.importorskip("math_verify")
    fusion = LearnedFusion(
        shared_fusion().model, EXPERTS, MathEquivalence(MathEquivalenceConfig(kind="math"))
    )
    known, strangers = open_item(c="3", a="1/2", b="0.5"), open_item(zoe="3", yan="1/2", xu="0.5")
    verdicts = fusion.aggregate([known, strangers])
    assert [v.agreed for v in verdicts] == [("a", "b"), ("yan", "xu")], "in the vote that decides instead too"
