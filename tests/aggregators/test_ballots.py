"""From completions to ballots, one question at a time and in batches."""

from collections.abc import Sequence

from checks.ports import dead, said

from aggregators.ballots import agreeing, read_all_ballots, read_ballots
from aggregators.equivalence.equivalence import ExactEquivalence
from experts.completion import Completion
from experts.query import Query
from experts.verdict import Candidates

OPEN = Query.from_text("How many?")
CHOICE = Query.from_text("Which colour?", choices=("red", "green"))


class SameLength:
    """Answers of one length are the same; keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[list[str]]] = []

    def classes(self, answers: Sequence[Sequence[str]]) -> list[list[int]]:
        self.asked.append([list(row) for row in answers])
        return [[sorted({len(a) for a in row}).index(len(answer)) for answer in row] for row in answers]


def item(query: Query, *completions: Completion) -> Candidates:
    return Candidates(query=query, completions=completions)


def test_errors_have_no_ballot_and_the_unparsed_no_key() -> None:
    ballots = read_ballots(item(OPEN, said("a", "#### 1,000"), dead("b"), said("c", "hm")))
    assert [(b.completion.expert, b.answer, b.key) for b in ballots] == [
        ("a", "1,000", "1000"),
        ("c", None, None),
    ]


def test_a_class_has_the_canonical_form_of_its_first_answer_as_key() -> None:
    open_item = item(
        OPEN, said("a", "#### Six"), said("b", "hm"), said("c", "#### ten"), said("d", "#### seven")
    )
    [ballots] = read_all_ballots([open_item], SameLength())
    assert [(b.answer, b.key) for b in ballots] == [
        ("Six", "six"),
        (None, None),
        ("ten", "six"),
        ("seven", "seven"),
    ]
    assert agreeing(ballots, "six") == ("a", "c")


def test_the_equivalence_is_asked_once_and_about_disputed_open_questions_only() -> None:
    equivalence = SameLength()
    items = [
        item(CHOICE, said("a", "The answer is (A)."), said("b", "The answer is (B).")),
        item(OPEN, said("a", "#### 1"), said("b", "#### 1.0")),
        item(OPEN, said("a", "#### 1"), said("b", "#### 2"), dead("c")),
        item(OPEN, said("a", "hm"), said("b", "#### 2")),
        item(OPEN),
        item(OPEN, said("a", "#### x"), said("b", "#### yy")),
    ]
    ballots = read_all_ballots(items, equivalence)
    assert equivalence.asked == [[["1", "2"], ["x", "yy"]]]
    assert [[b.key for b in row] for row in ballots] == [
        ["A", "B"],
        ["1", "1"],
        ["1", "1"],
        [None, "2"],
        [],
        ["x", "yy"],
    ]


def test_without_disputed_questions_nothing_is_asked() -> None:
    equivalence = SameLength()
    assert read_all_ballots([], equivalence) == []
    assert len(read_all_ballots([item(OPEN, said("a", "#### 1"))], equivalence)[0]) == 1
    assert equivalence.asked == []


def test_exact_is_read_ballots() -> None:
    items = [item(OPEN, said("a", "#### 1"), said("b", "#### 2")), item(CHOICE, said("a", "(A)"))]
    assert read_all_ballots(items, ExactEquivalence()) == [read_ballots(i) for i in items]
