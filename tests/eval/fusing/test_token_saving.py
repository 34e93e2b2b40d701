"""What asking cheap experts first saves, where the length of an answer gives its errors away."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from eval.fusing.token_saving import Saving, report, token_saving
from experts.outcome_table import OutcomeTable

THRESHOLDS = (0.5, 0.9)


@pytest.fixture(scope="module")
def telling(six: OutcomeTable) -> OutcomeTable:
    """Bob writes little where he is right, ann much and is right more often, the others are worse."""
    rng = np.random.default_rng(6)
    tokens = six.outcomes.tokens.copy()
    right = six.outcomes.score[:, 1, 0] > 0
    tokens[:, 1, 0] = np.where(right, 10.0, 30.0) + rng.integers(0, 3, len(right))
    tokens[:, 0, 0] = 100.0
    return replace(six, outcomes=replace(six.outcomes, tokens=tokens))


@pytest.fixture(scope="module")
def saving(telling: OutcomeTable) -> Saving:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("eval.fusing.cheap_first.THRESHOLDS", THRESHOLDS)
        return token_saving(telling, 2, ("ann", "bob", "fay"))


def test_fewer_tokens_and_no_worse(saving: Saving) -> None:
    assert saving.pool == ("bob", "ann")
    assert saving.threshold is not None
    found = report(saving)
    against = found["best of the pool"]
    assert against["tokens_difference"][2] < 0.0
    assert against["accuracy_difference"][2] >= 0.0
    assert 1.0 < found["system"]["calls"] < 2.0


def test_what_is_told_adds_up(saving: Saving, telling: OutcomeTable) -> None:
    found = report(saving)
    test = telling.take(telling.split("test")).restrict(("bob",)).outcomes
    assert found["first asked"]["expert"] == "bob"
    assert found["first asked"]["accuracy"] == pytest.approx(test.score.mean())
    assert found["first asked"]["tokens"] == pytest.approx(test.tokens.mean())
    for role in ("best of the pool", "best of all", "first asked"):
        difference = found["system"]["tokens"] - found[role]["tokens"]
        assert found[role]["tokens_difference"][0] == pytest.approx(difference)
    assert list(found["left_out"]) == ["0.5", "0.9"]
    assert json.loads(json.dumps(found)) == json.loads(json.dumps(report(saving)))


def test_where_nothing_is_as_good_the_best_is_asked_alone(
    telling: OutcomeTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eval.fusing.cheap_first.THRESHOLDS", (0.0,))
    scores = telling.outcomes.score.copy()
    scores[:, 0] = 1.0
    perfect = replace(telling, outcomes=replace(telling.outcomes, score=scores))
    saving = token_saving(perfect, 2, ("ann", "bob"))
    assert saving.threshold is None
    assert saving.system.scores.mean() == 1.0
    assert report(saving)["best of the pool"]["tokens_difference"] == [0.0, 0.0, 0.0]
