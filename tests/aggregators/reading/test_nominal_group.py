"""The nominal group: a single answer is taken as it stands, a combined one as it was written."""

import pytest
from checks.ports import Port, said

from aggregators.reading.config import NominalGroupConfig
from aggregators.reading.nominal_group import NominalGroup, combined_answer
from experts.query import Query
from experts.verdict import Candidates, Verdict

CHOICE = Query.from_text("Which colour?", choices=("red", "green"))
OPEN = Query.from_text("Why?")
THREE = (said("ann", "The answer is (A)."), said("bob", "Hm. The answer is (B)."), said("cyd", "Blue."))


def verdict(reply: str, query: Query = CHOICE) -> Verdict:
    group = NominalGroup(NominalGroupConfig(kind="nominal_group", expert="chair"))
    return group.aggregate([Candidates(query=query, completions=THREE)], generate=Port(reply))[0]


def test_the_prompt_has_seven_steps_and_ends_with_the_choice() -> None:
    port = Port("Final choice: 1")
    group = NominalGroup(NominalGroupConfig(kind="nominal_group", expert="chair"))
    group.aggregate([Candidates(query=OPEN, completions=THREE)], generate=port)
    content = port.calls[0][1][0][-1].content
    assert [f"\n{step}. " in content for step in range(1, 9)] == [True] * 7 + [False]
    assert content.endswith("Write nothing after it.")


@pytest.mark.parametrize("choice", ["2", "response 2.", "**Bob**", "1? No.\nFinal choice: the response 2"])
def test_a_single_answer_is_taken_as_it_stands(choice: str) -> None:
    found = verdict(f"1. Little.\n6. Combined answer: Red. \n7. Final choice: {choice}\nThe answer is (A).")
    assert (found.answer, found.text, found.agreed) == ("B", "Hm. The answer is (B).", ("bob",))
    assert found.notes == ()


def test_a_combined_answer_gives_its_text_and_the_final_letter() -> None:
    found = verdict("6. Combined answer: It is red.\n7. Final choice: combined\nThe answer is (A).")
    assert (found.answer, found.text, found.agreed) == ("A", "It is red.", ("ann",))


def test_a_reply_with_a_letter_and_no_choice_counts_as_combined() -> None:
    found = verdict("So then. The answer is (A).")
    assert (found.answer, found.text) == ("A", "So then. The answer is (A).")


def test_an_open_combined_answer_is_cut_out_of_the_steps() -> None:
    found = verdict("1. x\n6. **Combined answer:**\nBecause of\nthe sun.\n\n**Final choice:** combined", OPEN)
    assert found.text == "Because of\nthe sun."


@pytest.mark.parametrize(
    ("reply", "query", "note"),
    [
        ("I cannot say.", CHOICE, "No option could be extracted from the answer of aggregator chair"),
        ("I cannot say.", OPEN, "The aggregator chair chose no answer and wrote none"),
        ("Final choice: 4", OPEN, "The aggregator chair chose no answer and wrote none"),
        ("Final choice: 3", CHOICE, "No option could be extracted from the answer of cyd"),
    ],
)
def test_what_decides_nothing_leaves_it_to_the_vote(reply: str, query: Query, note: str) -> None:
    found = verdict(reply, query)
    assert found.text == "The answer is (A)."
    assert found.notes[0].startswith(note)


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        ("Combined answer: one", "one"),
        ("Combined answer: one\nCombined answer: two\n7. Final choice: combined", "two"),
        ("<think>Combined answer: no</think>Combined answer: yes.\n\n_Final choice_: combined", "yes."),
        ("Combined answer:\n\nFinal choice: 1", None),
        ("Nothing.", None),
    ],
)
def test_where_the_combined_answer_stands(reply: str, text: str | None) -> None:
    assert combined_answer(reply) == text
