"""Six recorded experts, enough for every bound on calls, with a router's estimates of their questions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aggregators.learned.learned import LearnedFusion
from eval.fusing.bench import Bench, bench_aggregators
from eval.fusing.estimates import LeftOut, router_estimates
from eval.fusing.fitting import fit_fusion
from eval.fusing.recorded import RecordedCandidates, Texts
from experts.encoders.config import LexicalEncoderConfig
from experts.outcome_table import OutcomeTable
from experts.outcomes import OutcomeMatrix
from experts.query import Query
from routers.config import TrainableConfig
from routers.neighbours.config import KnnConfig

SIX = ("ann", "bob", "cyd", "dan", "eve", "fay")
SKILL = (0.75, 0.7, 0.65, 0.6, 0.55, 0.5)
N = 360
_SMALL = LexicalEncoderConfig(dimensions=8)


@pytest.fixture(scope="session")
def encoder() -> LexicalEncoderConfig:
    """A cheap encoder."""
    return _SMALL


@pytest.fixture(scope="session")
def router() -> TrainableConfig:
    """A cheap router that keeps its left-out estimates."""
    return KnnConfig(kind="knn", encoder=_SMALL)


@pytest.fixture(scope="session")
def six() -> OutcomeTable:
    """360 questions of five options; who is wrong errs apart. Fay was not run on every tenth.

    Neither letters nor lengths give right answers away.
    """
    rng = np.random.default_rng(3)
    topics = ("rivers of asia", "sums of digits", "laws of trade")
    queries = tuple(
        Query.from_text(f"{topics[i % 3]} {rng.integers(10**6)} {i}?", id=f"set:{i}", choices=list("vwxyz"))
        for i in range(N)
    )
    gold = rng.integers(5, size=N)
    right = rng.random((N, len(SIX))) < SKILL
    given = np.where(right, gold[:, None], (gold[:, None] + rng.integers(1, 5, right.shape)) % 5)
    score, answer = right.astype(np.float64), np.array(list("ABCDE"))[given]
    score[::10, -1], answer[::10, -1] = np.nan, ""
    tokens = rng.integers(10, 40, right.shape).astype(np.float64)
    tokens[::10, -1] = np.nan
    matrix = OutcomeMatrix.from_scores([q.id for q in queries], SIX, score)
    matrix = replace(matrix, answer=answer[:, :, None], tokens=tokens[:, :, None])
    splits = tuple(("train", "validation", "test")[i % 3] for i in rng.permutation(N))
    return OutcomeTable(queries=queries, splits=splits, outcomes=matrix)


@pytest.fixture(scope="session")
def six_texts(six: OutcomeTable) -> Texts:
    """Experts hedge exactly where they are wrong."""
    return {
        (name, query.id): "The answer is clear." if six.outcomes.score[i, j, 0] > 0 else "Maybe, perhaps."
        for i, query in enumerate(six.queries)
        for j, name in enumerate(six.experts)
    }


@pytest.fixture(scope="session")
def chances() -> np.ndarray:
    """(360, 6) estimates that rank the experts differently for each question, with ties."""
    rng = np.random.default_rng(4)
    return np.round(np.clip(np.array(SKILL) + rng.normal(0, 0.15, (N, len(SIX))), 0.05, 0.95), 1)


@pytest.fixture(scope="session")
def recorded(six: OutcomeTable, chances: np.ndarray) -> RecordedCandidates:
    """The six as aggregators see them."""
    return RecordedCandidates(six, chances)


@pytest.fixture(scope="session")
def train(six: OutcomeTable) -> OutcomeTable:
    """Its 120 questions to learn from."""
    return six.take(six.split("train"))


@pytest.fixture(scope="session")
def asked(six: OutcomeTable) -> OutcomeTable:
    """Its 120 test questions."""
    return six.take(six.split("test"))


@pytest.fixture(scope="session")
def estimated(
    train: OutcomeTable, asked: OutcomeTable, router: TrainableConfig
) -> tuple[LeftOut, np.ndarray]:
    """Estimates of both."""
    return router_estimates(router, train, asked)


@pytest.fixture(scope="session")
def fusion(train: OutcomeTable, estimated: tuple[LeftOut, np.ndarray]) -> LearnedFusion:
    """Learned from answers alone."""
    return fit_fusion(train, estimated[0])


@pytest.fixture(scope="session")
def bench(
    six: OutcomeTable, router: TrainableConfig, encoder: LexicalEncoderConfig, six_texts: Texts
) -> Bench:
    """The whole comparison, with texts."""
    return bench_aggregators(six, router, encoder, texts=six_texts)
