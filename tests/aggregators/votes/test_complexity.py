"""Complexity-based consistency: more steps, more weight."""

import pytest
from checks.ports import said

from aggregators.votes.complexity import ComplexityVote, n_steps
from aggregators.votes.config import ComplexityVoteConfig
from experts.completion import Completion
from experts.query import Query
from experts.verdict import Candidates, Verdict

CHOICE = Query.from_text("Which colour?", choices=("red", "green", "blue", "white"))


def complexity(*completions: Completion, longest: int | None = None) -> Verdict:
    vote = ComplexityVote(ComplexityVoteConfig(kind="complexity", longest=longest))
    return vote.aggregate([Candidates(query=CHOICE, completions=completions)])[0]


def reasoned(expert: str, letter: str, *, steps: int, words: int = 1) -> Completion:
    """An answer in so many lines."""
    text = "\n\n".join(["so " * words] * (steps - 1) + [f"The answer is ({letter})."])
    completion: Completion = said(expert, text)
    return completion


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("", 1),
        ("(A)", 1),
        ("One.\n\n \nTwo.\n", 2),
        ("First, 3.5 eggs. Then two! The answer is (A).", 3),
        ("<think>\na\nb\n</think>\nThe answer is (A).", 5),
    ],
)
def test_steps_are_lines_or_else_sentences(text: str, steps: int) -> None:
    assert n_steps(text) == steps


def test_long_reasoning_outvotes_a_short_majority() -> None:
    verdict = complexity(
        reasoned("a", "A", steps=1), reasoned("b", "A", steps=2), reasoned("c", "B", steps=7)
    )
    assert (verdict.answer, verdict.agreed) == ("B", ("c",))
    assert verdict.support == pytest.approx(0.7)


def test_only_the_longest_vote_with_one_vote_each() -> None:
    completions = (
        reasoned("a", "A", steps=2),
        reasoned("b", "B", steps=5),
        reasoned("c", "C", steps=9),
        reasoned("d", "B", steps=4),
        reasoned("e", "A", steps=1),
        reasoned("f", "A", steps=1),
    )
    verdict = complexity(*completions, longest=3)
    assert (verdict.answer, verdict.agreed) == ("B", ("b", "d"))
    assert verdict.support == pytest.approx(2 / 3)
    assert complexity(*completions, longest=6).answer == "A"
    assert complexity(*completions, longest=100) == complexity(*completions, longest=6)


def test_equal_steps_are_told_apart_by_characters_and_then_by_rank() -> None:
    short, long = reasoned("a", "A", steps=3), reasoned("b", "B", steps=3, words=5)
    assert complexity(short, long, longest=1).answer == "B"
    assert complexity(short, reasoned("b", "B", steps=3), longest=1).answer == "A"


def test_the_unparsed_take_no_place() -> None:
    verdict = complexity(said("a", "hm\n" * 40), reasoned("b", "B", steps=2), longest=1)
    assert (verdict.answer, verdict.support) == ("B", 1.0)
