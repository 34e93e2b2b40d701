"""The outcome matrix of a run: splits by their names in tables, and no text of private questions."""

from dataclasses import replace

import numpy as np

from eval.question import Question
from eval.runs.matrix import run_table
from experts.outcomes import OutcomeMatrix
from experts.query import Query

PRIVATE = "What is the mitochondrion?"


def question(number: int, split: str, *, private: bool = False) -> Question:
    query = Query.from_text(PRIVATE, id=f"b:{number}", choices=("cell part", "bone"))
    return Question(query=query, gold="A", subject="biology", split=split, private=private)


def outcomes(questions: list[Question]) -> OutcomeMatrix:
    shape = (len(questions), 1, 1)
    nothing = np.full(shape, np.nan)
    return OutcomeMatrix(
        question_ids=tuple(q.id for q in questions),
        experts=("ann",),
        score=np.ones(shape),
        answer=np.full(shape, "A"),
        tokens=nothing,
        seconds=nothing,
        cost_usd=nothing,
        certainty=nothing,
        subjects=tuple(q.subject for q in questions),
    )


def test_splits_have_the_names_that_tables_know() -> None:
    questions = [question(i, split) for i, split in enumerate(("fit", "train", "validation", "test", "dev"))]
    table = run_table(questions, outcomes(questions))
    assert table.splits == ("train", "train", "validation", "test", "")
    assert [query.question for query in table.queries] == [PRIVATE] * 5


def test_a_private_question_has_its_id_and_letters_alone() -> None:
    questions = [question(1, "test", private=True), replace(question(2, "test"), subject="bones")]
    sealed, plain = run_table(questions, outcomes(questions)).queries
    assert sealed.id == "b:1" and "mitochondrion" not in repr(sealed) and "cell part" not in repr(sealed)
    assert sealed.letters == "AB"
    assert plain.question == PRIVATE
