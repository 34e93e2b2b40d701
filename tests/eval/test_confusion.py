"""Who is right where another was ranked first, and who errs alike: a case worked out by hand."""

from dataclasses import replace

import numpy as np

from compound.answer import Answer, Timings, assemble
from eval.confusion import confusion
from experts.decision import RoutingDecision
from experts.outcomes import OutcomeMatrix
from experts.verdict import Verdict

NAMES = ("ann", "bob", "cyd")
SAID = [["A", "B", "B"], ["C", "A", "C"], ["B", "B", ""], ["A", "A", "A"]]
"""By question and expert; A is right, nothing is unparsed."""


def _answer(i: int, first: str) -> Answer:
    ranked = (first, *(name for name in NAMES if name != first))
    decision = RoutingDecision(
        query_id=str(i),
        router="fixed",
        estimates=dict.fromkeys(NAMES, 0.5),
        ranked=ranked,
        chosen=ranked[:1],
        reasons=(),
        calibrated=False,
    )
    verdict = Verdict(query_id=str(i), aggregator="top", text="x", answer="A")
    return assemble(decision, (), verdict, Timings(route=0, generate=0, aggregate=0))


def _matrix() -> OutcomeMatrix:
    said = np.array(SAID, dtype=np.str_)
    matrix = OutcomeMatrix.from_scores(list("0123"), NAMES, (said == "A").astype(float))
    return replace(matrix, answer=said[:, :, None])


def test_shares_of_a_case_worked_out_by_hand() -> None:
    found = confusion([_answer(i, first) for i, first in enumerate(["ann", "ann", "bob", "bob"])], _matrix())
    assert found.experts == NAMES
    assert found.first.tolist() == [2, 2, 0]
    # Ann was first on questions 0 and 1: she was right once, bob once, cyd never.
    assert found.right_when_first[0].tolist() == [0.5, 0.5, 0.0]
    assert found.right_when_first[1].tolist() == [0.5, 0.5, 0.5]
    assert np.isnan(found.right_when_first[2]).all()
    # Ann and cyd are both wrong in words on question 1 alone, and agree; bob and cyd on 0, and agree.
    assert found.same_mistake[0, 2] == found.same_mistake[2, 0] == 1.0
    assert found.same_mistake[1, 2] == 1.0
    assert found.same_mistake[0, 1] == 1.0


def test_different_mistakes_do_not_count_as_the_same() -> None:
    matrix = _matrix()
    matrix.answer[1, 2, 0] = "B"
    found = confusion([_answer(i, "ann") for i in range(4)], matrix)
    assert found.same_mistake[0, 2] == 0.0


def test_failed_completions_are_no_mistakes() -> None:
    matrix = _matrix()
    matrix.score[:, 2, 0] = np.nan
    matrix.answer[:, 2, 0] = ""
    found = confusion([_answer(i, "cyd") for i in range(4)], matrix)
    assert found.right_when_first[2, 2] == 0.0
    assert np.isnan(found.same_mistake[2]).all()
