"""Majority, weighted and top: counts, ties, weights, and what happens without a vote."""

import math

import pytest
from pydantic import ValidationError

from aggregators.votes.config import WeightedVoteConfig
from aggregators.votes.counting import MajorityVote, WeightedVote, log_odds
from aggregators.votes.top import TopExpert
from experts.completion import Completion
from experts.query import Query
from experts.verdict import Candidates, Verdict

CHOICE = Query.from_text("Which colour?", choices=("red", "green", "blue", "white"))
OPEN = Query.from_text("How many?")


def said(expert: str, text: str, answer: str | None = None) -> Completion:
    return Completion(
        request_id=expert, expert=expert, query_id="q1", text=text, finish_reason="stop", answer=answer
    )


def ballots(letters: str) -> tuple[Completion, ...]:
    """Experts a, b, c ... in ranked order with these answers; "-" is unparsed."""
    names = "abcdefghij"
    return tuple(
        said(name, f"{name} says: " + ("hm" if letter == "-" else f"The answer is ({letter})."))
        for name, letter in zip(names, letters, strict=False)
    )


def majority(query: Query, *completions: Completion) -> Verdict:
    return MajorityVote().aggregate([Candidates(query=query, completions=completions)])[0]


def weighted(
    query: Query, *completions: Completion, config: WeightedVoteConfig | None = None, **p: float
) -> Verdict:
    return WeightedVote(config).aggregate([Candidates(query=query, completions=completions, estimates=p)])[0]


@pytest.mark.parametrize(
    ("letters", "answer", "support", "agreed", "text_of"),
    [
        ("ABB", "B", 2 / 3, ("b", "c"), "b"),
        ("AAA", "A", 1.0, ("a", "b", "c"), "a"),
        ("DAADD", "D", 3 / 5, ("a", "d", "e"), "a"),
        ("-BB", "B", 1.0, ("b", "c"), "b"),
        ("-CB-B", "B", 2 / 3, ("c", "e"), "c"),
    ],
)
def test_majority(letters: str, answer: str, support: float, agreed: tuple[str, ...], text_of: str) -> None:
    verdict = majority(CHOICE, *ballots(letters))
    assert (verdict.answer, verdict.agreed, verdict.notes) == (answer, agreed, ())
    assert verdict.support == pytest.approx(support)
    assert verdict.text.startswith(f"{text_of} says")


def test_a_tie_goes_to_the_best_ranked_of_the_tied_and_says_so() -> None:
    verdict = majority(CHOICE, *ballots("CBADBAD"))
    assert verdict.answer == "B"  # C came first, but is not among the tied
    assert verdict.notes == ("3 answers tied; the best-ranked expert among them, b, decided.",)


def test_several_samples_of_one_expert_vote_each() -> None:
    samples = [said("a", "The answer is (A)."), *(said("b", "The answer is (B).") for _ in range(2))]
    verdict = majority(CHOICE, *samples)
    assert (verdict.answer, verdict.agreed) == ("B", ("b",))


def test_nothing_extracted_is_no_vote() -> None:
    for verdict in (majority(CHOICE, *ballots("--")), weighted(CHOICE, *ballots("--"), a=0.2, b=0.9)):
        assert (verdict.answer, verdict.support, verdict.agreed) == (None, None, ())
        assert verdict.text == "a says: hm"
        assert verdict.notes[0] == "No answer could be extracted from any expert, so nobody voted."


def test_empty_texts_are_an_error_and_not_an_answer() -> None:
    verdict = majority(CHOICE, said("a", " "), said("b", ""))
    assert verdict.text == ""
    assert verdict.error == "Every completion was empty, from a, b."
    assert majority(OPEN, said("a", ""), said("b", "An essay.")).text == "An essay."


def test_open_answers_are_compared_in_canonical_form() -> None:
    verdict = majority(
        OPEN, said("a", "The answer is 7."), said("b", "#### 1,200"), said("c", "\\boxed{1200.0}")
    )
    assert (verdict.answer, verdict.agreed) == ("1,200", ("b", "c"))


def test_answers_at_hand_are_taken_and_foreign_letters_are_not() -> None:
    assert majority(CHOICE, said("a", "x", answer="b")).answer == "B"
    assert majority(CHOICE, said("a", "x", answer="Z"), said("b", "The answer is A.")).answer == "A"


def test_thoughts_are_not_shown() -> None:
    assert majority(CHOICE, said("a", "<think>hm</think>\nThe answer is (A).")).text == "The answer is (A)."


def test_one_strong_expert_outvotes_two_weak_ones() -> None:
    verdict = weighted(CHOICE, *ballots("ABB"), a=0.95, b=0.4, c=0.4)
    assert verdict.answer == "A"
    odds_a, odds_b = 0.95 * 3 / 0.05, (0.4 * 3 / 0.6) ** 2
    assert verdict.support == pytest.approx(odds_a / (odds_a + odds_b + 2))


def test_two_fair_experts_outvote_a_good_one() -> None:
    assert weighted(CHOICE, *ballots("ABB"), a=0.7, b=0.6, c=0.6).answer == "B"


def test_an_expert_below_chance_counts_against_its_answer() -> None:
    assert weighted(CHOICE, *ballots("AB"), a=0.1, b=0.3).answer == "B"
    assert weighted(CHOICE, *ballots("A"), a=0.1).answer == "A"  # but it is the only answer there is


def test_weighted_without_estimates_is_a_majority_and_says_so() -> None:
    verdict = weighted(CHOICE, *ballots("ABB"))
    assert verdict.answer == "B"
    assert verdict.support == pytest.approx(2 / 3)
    assert verdict.notes == ("No estimates were given, so all experts weigh the same.",)


def test_an_expert_without_an_estimate_gets_the_mean() -> None:
    known = weighted(CHOICE, *ballots("ABB"), a=0.9, b=0.5, c=0.7)
    assert weighted(CHOICE, *ballots("ABB"), a=0.9, b=0.5).support == pytest.approx(known.support)
    assert weighted(CHOICE, *ballots("ABB"), a=0.9, b=0.5, c=math.nan).support == pytest.approx(known.support)


def test_weighted_ties_go_to_rank() -> None:
    verdict = weighted(CHOICE, *ballots("CA"), a=0.6, b=0.6)
    assert verdict.answer == "C"
    assert "tied" in verdict.notes[0]


def test_open_votes_of_weak_experts_count_for_their_answer() -> None:
    verdict = weighted(
        OPEN, said("a", "#### 1"), said("b", "#### 2"), said("c", "#### 2"), a=0.4, b=0.3, c=0.3
    )
    assert verdict.answer == "2"


def test_samples_of_one_expert_share_its_weight() -> None:
    samples = [said(name, f"The answer is ({letter}).") for name, letter in ("bB", "bB", "aA", "bB", "bC")]
    shared = weighted(CHOICE, *samples, a=0.6, b=0.7)
    b, a = log_odds(0.7, 4, clip=0.02), log_odds(0.6, 4, clip=0.02)
    odds = {"B": math.exp(b * 3 / 4), "C": math.exp(b / 4), "A": math.exp(a)}
    assert shared.answer == "A"  # each on its own would have said B
    assert shared.support == pytest.approx(odds["A"] / (sum(odds.values()) + 1))
    equal = weighted(CHOICE, *samples)
    assert equal.answer == "A"
    assert equal.support == pytest.approx(1 / 2)


def test_an_unparsed_sample_gives_its_part_to_nobody() -> None:
    alone = weighted(CHOICE, said("a", "The answer is (A)."), said("a", "hm"), said("b", "(B)"), a=0.7, b=0.6)
    assert alone.answer == "B"


def test_samples_that_agree_count_as_their_expert() -> None:
    once = weighted(CHOICE, *ballots("AB"), a=0.6, b=0.7)
    thrice = [said("b", "The answer is (B).") for _ in range(3)]
    assert weighted(CHOICE, *ballots("A"), *thrice, a=0.6, b=0.7).support == pytest.approx(once.support)


def test_log_odds_are_clipped() -> None:
    assert log_odds(1.0, 4, clip=0.02) == pytest.approx(math.log(0.98 * 3 / 0.02))
    assert log_odds(0.25, 4, clip=0.02) == pytest.approx(0.0)
    with pytest.raises(ValidationError):
        WeightedVoteConfig(clip=0.5)


def test_top_takes_the_best_ranked_and_names_a_replacement() -> None:
    dead = Completion(
        request_id="z", expert="z", query_id="q1", text="", finish_reason="error", error="Dead."
    )
    [verdict] = TopExpert().aggregate([Candidates(query=CHOICE, completions=(dead, *ballots("ABB")))])
    assert (verdict.answer, verdict.agreed, verdict.support) == ("A", ("a",), None)
    assert verdict.notes == ("z failed, so a was taken.",)


def test_top_does_not_hide_an_unparsed_answer() -> None:
    [verdict] = TopExpert().aggregate([Candidates(query=CHOICE, completions=ballots("-B"))])
    assert (verdict.answer, verdict.text) == (None, "a says: hm")
    assert verdict.notes == ("No option could be extracted from the answer of a.",)
