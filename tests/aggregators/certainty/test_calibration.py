"""Certainty becomes a probability: close to the truth that made the data, and readable."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from aggregators.certainty.calibration import CertaintyCalibration, fit_certainty, load_calibration
from experts.errors import AggregationError, ConfigError
from experts.outcomes import OutcomeMatrix

N = 2000


def matrix_of(
    certainty: NDArray[np.float64], score: NDArray[np.float64], tokens: NDArray[np.float64] | None = None
) -> OutcomeMatrix:
    """One sample per question; arrays of shape (n, m)."""
    n, m = score.shape
    cube = np.full((n, m, 1), np.nan)
    return OutcomeMatrix(
        question_ids=tuple(f"q{i}" for i in range(n)),
        experts=("ann", "bob", "cat")[:m],
        score=score[:, :, None],
        answer=np.full((n, m, 1), "A"),
        tokens=cube if tokens is None else tokens[:, :, None],
        seconds=cube.copy(),
        cost_usd=cube.copy(),
        certainty=certainty[:, :, None],
    )


@pytest.fixture(scope="module")
def outcomes() -> tuple[OutcomeMatrix, NDArray[np.float64]]:
    """Ann measures in tens, Bob in ones; and the probabilities that their scores were drawn with."""
    rng = np.random.default_rng(0)
    sureness = rng.normal(size=(N, 2))
    tokens = np.exp(rng.normal(4.0, 0.5, size=(N, 2)))
    logit = np.array([1.0, -0.5]) + sureness * np.array([1.5, 0.5]) - 0.6 * (np.log1p(tokens) - 4.0)
    truth = 1.0 / (1.0 + np.exp(-logit))
    certainty = np.array([50.0, 4.0]) + sureness * np.array([10.0, 1.0])
    return matrix_of(certainty, (rng.random((N, 2)) < truth).astype(float), tokens), truth


def chances(calibration: CertaintyCalibration, matrix: OutcomeMatrix) -> NDArray[np.float64]:
    return np.array(
        [
            [calibration.chance(name, matrix.certainty[i, j, 0], matrix.tokens[i, j, 0]) for i in range(N)]
            for j, name in enumerate(matrix.experts)
        ],
        dtype=np.float64,
    ).T


def test_chances_are_those_that_made_the_outcomes(
    outcomes: tuple[OutcomeMatrix, NDArray[np.float64]],
) -> None:
    matrix, truth = outcomes
    found = chances(fit_certainty(matrix), matrix)
    assert np.abs(found - truth).mean(axis=0) == pytest.approx([0.0, 0.0], abs=0.03)
    assert found.mean(axis=0) == pytest.approx(matrix.score[:, :, 0].mean(axis=0), abs=0.01)


def test_what_is_read_back_is_what_was_fitted(
    outcomes: tuple[OutcomeMatrix, NDArray[np.float64]], tmp_path: Path
) -> None:
    fitted = fit_certainty(outcomes[0])
    fitted.save(tmp_path / "new" / "certainty.json")
    assert load_calibration(tmp_path / "new" / "certainty.json") == fitted
    assert fitted.curves["bob"].n == N


@given(st.floats(-1e6, 1e6), st.one_of(st.none(), st.floats(0, 1e6)))
def test_chances_are_probabilities(
    outcomes: tuple[OutcomeMatrix, NDArray[np.float64]], certainty: float, tokens: float | None
) -> None:
    chance = fit_certainty(outcomes[0].take(list(range(60)))).chance("ann", certainty, tokens)
    assert chance is not None
    assert 0.0 <= chance <= 1.0


def test_what_is_not_known_has_no_chance(outcomes: tuple[OutcomeMatrix, NDArray[np.float64]]) -> None:
    fitted = fit_certainty(outcomes[0])
    assert fitted.chance("nobody", 50.0, 80.0) is None
    assert fitted.chance("ann", None, 80.0) is None
    assert fitted.chance("ann", float("nan"), 80.0) is None
    assert fitted.chance("ann", 50.0) == fitted.chance("ann", 50.0, float("nan"))


def test_an_expert_that_is_always_right_is_not_beyond_doubt() -> None:
    fitted = fit_certainty(matrix_of(np.linspace(1, 2, 40)[:, None], np.ones((40, 1))))
    assert fitted.chance("ann", 1.5) == pytest.approx(41 / 42)
    assert fitted.chance("ann", 9.9) == fitted.chance("ann", 1.1)


def test_partial_scores_and_unknown_lengths_are_fitted() -> None:
    score = np.tile([0.25, 0.75], 20)[:, None]
    fitted = fit_certainty(matrix_of(np.tile([1.0, 2.0], 20)[:, None], score))
    low, high = fitted.chance("ann", 1.0), fitted.chance("ann", 2.0)
    assert low is not None and high is not None
    assert low < 0.5 < high
    assert fitted.curves["ann"].length_slope == 0.0


def test_experts_without_enough_outcomes_are_left_out() -> None:
    certainty = np.full((30, 2), 1.0)
    certainty[19:, 1] = np.nan
    score = np.tile([0.0, 1.0], 15)[:, None].repeat(2, axis=1)
    assert set(fit_certainty(matrix_of(certainty, score)).curves) == {"ann"}
    with pytest.raises(AggregationError, match="certainty: true"):
        fit_certainty(matrix_of(np.full((30, 2), np.nan), score))


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "cannot be read"), ("{", "no calibration"), ('{"curves": {"a": {"n": 1}}}', "curves.a")],
)
def test_a_file_that_is_none_is_named(tmp_path: Path, content: str | None, words: str) -> None:
    path = tmp_path / "certainty.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=words) as caught:
        load_calibration(path)
    assert str(path) in str(caught.value)


def test_a_folder_that_cannot_be_written_is_named(
    outcomes: tuple[OutcomeMatrix, NDArray[np.float64]], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ConfigError, match="cannot be written"):
        fit_certainty(outcomes[0]).save(tmp_path / "file" / "certainty.json")
