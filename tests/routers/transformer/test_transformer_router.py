"""What is particular to the transformer: it learns from texts, at two levels, and is one folder."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from experts.errors import ConfigError, RouterError, RouterNotFittedError
from experts.outcomes import OutcomeMatrix
from experts.query import Query
from routers.transformer.config import TransformerConfig
from routers.transformer.transformer_router import TransformerRouter

Make = Callable[..., TransformerRouter]
BEST = ["atlas", "bard", "cato", "bard", "cato"]
"""Who is right most on the first five questions of the miniature pool."""


@pytest.fixture
def make(tiny_model: str) -> Make:
    def build(**changes: object) -> TransformerRouter:
        given = {"kind": "transformer", "model": tiny_model, "epochs": 20, "patience": 20}
        given |= {"learning_rate": 2e-3, "batch_size": 8}
        return TransformerRouter(TransformerConfig.model_validate({**given, **changes}))

    return build


def test_query_level_learns_who_is_right_on_what(
    make: Make, queries: list[Query], outcomes: OutcomeMatrix
) -> None:
    decisions = make().fit(queries, outcomes).route(queries[:5], 1)
    assert [d.chosen[0] for d in decisions] == BEST
    assert not decisions[0].calibrated  # four questions are too few for that
    assert decisions[0].reasons[0].startswith("The fine-tuned network gives these chances: atlas 0.")


def test_subject_level_learns_the_subject_and_looks_up_the_rest(
    make: Make, queries: list[Query], outcomes: OutcomeMatrix
) -> None:
    router = make(level="subject", head_learning_rate=0.1).fit(queries, outcomes)
    decisions = router.route(queries[:5], 1)
    assert [d.chosen[0] for d in decisions] == BEST
    assert decisions[3].reasons[0].startswith("The question reads like addition of small numbers (")


def test_subject_level_without_subjects_is_refused(
    make: Make, queries: list[Query], outcomes: OutcomeMatrix
) -> None:
    bare = OutcomeMatrix.from_scores(outcomes.question_ids, outcomes.experts, outcomes.score)
    with pytest.raises(RouterError, match="none has one: import a matrix with subjects"):
        make(level="subject").fit(queries, bare)


def test_what_was_not_run_is_not_wrong(make: Make, queries: list[Query], outcomes: OutcomeMatrix) -> None:
    score = np.tile([1.0, 0.6, 0.6], (40, 1))
    score[1::2, 0] = np.nan
    score[:, 2] = np.nan
    thin = OutcomeMatrix.from_scores(outcomes.question_ids, outcomes.experts, score)
    for estimate in make(epochs=3).fit(queries, thin).estimate(queries):
        assert np.isfinite(estimate.values).all() and estimate.values.argmax() == 0


def test_only_the_last_layers_change_where_asked(
    make: Make, queries: list[Query], outcomes: OutcomeMatrix, tiny_model: str
) -> None:
    from transformers import AutoModel

    before = AutoModel.from_pretrained(tiny_model).state_dict()
    after = make(train_layers=1, epochs=4).fit(queries, outcomes).network_.body.state_dict()
    changed = {name.split(".output")[0] for name in before if not np.array_equal(before[name], after[name])}
    assert changed and all("layer.1" in name for name in changed)


def test_it_stops_when_questions_left_out_gain_nothing(
    make: Make, queries: list[Query], outcomes: OutcomeMatrix, caplog: pytest.LogCaptureFixture
) -> None:
    rng = np.random.default_rng(0)
    noise = rng.random((40, 3)).round()
    with caplog.at_level(logging.INFO, logger="routers.transformer.training"):
        make(learning_rate=2e-2, patience=1).fit(
            queries, OutcomeMatrix.from_scores(outcomes.question_ids, outcomes.experts, noise)
        )
    assert 1 <= len(caplog.records) < 20
    assert "of 20: loss" in caplog.messages[0]


def test_the_order_of_questions_does_not_matter_and_fits_repeat(
    make: Make, queries: list[Query], outcomes: OutcomeMatrix
) -> None:
    one = make(epochs=3).fit(queries, outcomes)
    other = make(epochs=3).fit(queries[::-1], outcomes)
    for a, b in zip(one.estimate(queries), other.estimate(queries), strict=True):
        np.testing.assert_allclose(a.values, b.values, rtol=0, atol=1e-9)


def test_long_questions_keep_their_ends_and_say_so(
    make: Make, queries: list[Query], outcomes: OutcomeMatrix
) -> None:
    router = make(max_tokens=8, epochs=1).fit(queries, outcomes)
    text = "capital of " + "number " * 50 + "asia?"
    tokens, cut = router.network_.tokens([text, "asia?"])
    words = router.network_.tokenizer.convert_ids_to_tokens(tokens[0])
    assert words == ["[CLS]", "capital", "of", "number", "number", "asia", "?", "[SEP]"]
    assert cut == [True, False]
    assert "only 8 tokens" in router.estimate([Query.from_text(text)])[0].reasons[-1]


@pytest.mark.parametrize("level", ["query", "subject"])
def test_a_saved_router_needs_nothing_but_its_folder(
    make: Make, queries: list[Query], outcomes: OutcomeMatrix, tmp_path: Path, level: str
) -> None:
    with pytest.raises(RouterNotFittedError):
        make(level=level).save(tmp_path / "r")
    router = make(level=level, epochs=2).fit(queries, outcomes)
    router.save(tmp_path / "r")
    again = make(level=level, model="./gone").load(tmp_path / "r")
    assert again.route(queries, 2) == router.route(queries, 2)
    assert not list((tmp_path / "r").rglob("*.bin"))
    other = "subject" if level == "query" else "query"
    with pytest.raises(ConfigError, match=f"is of level '{level}', not '{other}'"):
        make(level=other).load(tmp_path / "r")
    (tmp_path / "r" / "network" / "head.safetensors").write_bytes(b"broken")
    with pytest.raises(ConfigError, match="compound train"):
        make(level=level).load(tmp_path / "r")


def test_a_model_that_is_not_there_is_named(queries: list[Query], outcomes: OutcomeMatrix) -> None:
    pytest.importorskip("torch")
    config = TransformerConfig(kind="transformer", model="./no/such/model")
    with pytest.raises(ConfigError, match=r"No encoder network could be loaded from './no/such/model'"):
        TransformerRouter(config).fit(queries, outcomes)


def test_settings_out_of_range_are_refused() -> None:
    for name, value in (("epochs", 0), ("level", "word"), ("train_layers", -1)):
        with pytest.raises(ValidationError, match=name):
            TransformerConfig.model_validate({"kind": "transformer", "model": "m", name: value})
