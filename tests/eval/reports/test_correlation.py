"""Errors of pairs of experts, by hand and against numpy's own correlation."""

import numpy as np
import pytest
from checks.made_rows import manifest_of, question_row

from eval.reports.correlation import error_correlation
from eval.reports.run_arrays import run_arrays
from eval.reports.schema import ErrorCorrelation


def found(*letters: str) -> ErrorCorrelation:
    """One string a question, one letter an expert; a blank: not run."""
    names = ("ann", "bob", "cyd")
    rows = [
        question_row(f"q{i}", {n: x for n, x in zip(names, made, strict=False) if x != " "})
        for i, made in enumerate(letters)
    ]
    result = error_correlation(run_arrays(rows, manifest_of(rows, names)))
    assert result is not None
    return result


def test_phi_is_pearsons_correlation_of_being_wrong() -> None:
    rng = np.random.default_rng(3)
    wrong = rng.random((60, 3)) < 0.5
    result = found(*("".join("B" if w else "A" for w in row) for row in wrong))
    np.testing.assert_allclose(np.array(result.phi, dtype=float), np.corrcoef(wrong.T), atol=1e-12)


def test_opposites_and_equals() -> None:
    result = found("ABA", "BAB", "ABA")
    assert result.phi[0] == pytest.approx((1.0, -1.0, 1.0))
    assert result.phi[1][2] == pytest.approx(-1.0)


def test_one_that_is_never_wrong_has_no_correlation() -> None:
    result = found("AB", "AA")
    assert result.phi == ((None, None), (None, 1.0))
    assert result.same_wrong == ((None, None), (None, 1.0))


def test_same_mistakes_are_shares_of_the_wrong_answers_of_both() -> None:
    result = found("BBA", "BCA", "B-A", "!BA", "ABA")
    assert result.same_wrong[0][1] == result.same_wrong[1][0] == 0.5, "no answer and a failure say nothing"
    assert result.same_wrong[0][2] is None


def test_an_answer_in_words_is_the_same_however_it_is_dressed() -> None:
    rows = [
        question_row("q0", {"ann": "1,200", "bob": "1200.0"}),
        question_row("q1", {"ann": "A", "bob": "A"}),
    ]
    result = error_correlation(run_arrays(rows, manifest_of(rows)))
    assert result is not None and result.same_wrong[0][1] == 1.0


def test_only_questions_that_both_were_run_on_count() -> None:
    assert found("AB", "BA", "B ", "B ").phi[0][1] == pytest.approx(-1.0)


def test_of_one_expert_there_is_none() -> None:
    rows = [question_row("q", {"ann": "A"})]
    assert error_correlation(run_arrays(rows, manifest_of(rows))) is None
