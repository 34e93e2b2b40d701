"""What is particular to the LLM router: it shuffles cards, counts rankings, and survives bad replies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experts.errors import ConfigError, RouterError, RouterNotFittedError
from experts.outcomes import OutcomeMatrix
from experts.query import Query
from experts.sampling import SamplingConfig
from routers.prompted.config import LlmRouterConfig
from routers.prompted.llm_router import LlmRouter

CONFIG = LlmRouterConfig(
    kind="llm",
    expert="helper",
    descriptions={"atlas": "European capitals."},
    sampling=SamplingConfig(max_tokens=60),
)
GOOD = {"capital of europe": "atlas", "capital of asia": "bard", "river of europe": "cato"}


def knowing(prompt: str) -> str:
    """Names who is good at the question, the others in the order of cards."""
    question = next(line for line in prompt.splitlines() if line.startswith("Question:"))
    best = next((name for words, name in GOOD.items() if words in question), "cato")
    return f"Ranking: {best}\nReason: {best} knows this."


def first_card(prompt: str) -> str:
    return "Ranking: 1, 2, 3"


@pytest.fixture
def helper(annotator: Any) -> Any:
    annotator.reply = knowing
    return annotator


def test_who_is_named_rightly_is_chosen(queries: list[Query], outcomes: OutcomeMatrix, helper: Any) -> None:
    router = LlmRouter(CONFIG).fit(queries, outcomes, generate=helper)
    decisions = router.route(queries, 1, generate=helper)
    assert [d.chosen[0] for d in decisions[:3]] == ["atlas", "bard", "cato"]
    assert decisions[0].reasons[:2] == ("helper ranks atlas.", "Its reason: atlas knows this.")
    assert decisions[0].reasons[2] == "atlas was right on 7 of 8 questions that it was named first on."


def test_all_queries_are_asked_in_one_call(
    queries: list[Query], outcomes: OutcomeMatrix, helper: Any
) -> None:
    router = LlmRouter(CONFIG.model_copy(update={"fit_questions": 12})).fit(
        queries, outcomes, generate=helper
    )
    router.estimate(queries[:7], generate=helper)
    assert [(expert, count) for expert, count, _ in helper.calls] == [("helper", 12), ("helper", 7)]
    assert helper.calls[0][2] == CONFIG.sampling


def test_a_ranking_without_worth_moves_nothing_much(
    queries: list[Query], outcomes: OutcomeMatrix, annotator: Any
) -> None:
    annotator.reply = first_card
    router = LlmRouter(CONFIG).fit(queries, outcomes, generate=annotator)
    values = np.array([e.values for e in router.estimate(queries, generate=annotator)])
    assert np.abs(values - router.means_).max() < 0.2


def test_cards_are_in_another_order_for_every_query_and_the_same_for_the_same(
    queries: list[Query], outcomes: OutcomeMatrix, helper: Any
) -> None:
    LlmRouter(CONFIG).fit(queries, outcomes, generate=helper)
    firsts = {line for prompt in helper.prompts for line in prompt.splitlines() if line.startswith("1. ")}
    assert {line.split()[1] for line in firsts} == {"atlas:", "bard:", "cato:"}
    prompts = list(helper.prompts)
    LlmRouter(CONFIG).fit(queries[::-1], outcomes, generate=helper)
    assert helper.prompts[len(prompts) :] == prompts


def test_cards_say_what_is_known(queries: list[Query], outcomes: OutcomeMatrix, helper: Any) -> None:
    router = LlmRouter(CONFIG).fit(queries, outcomes, generate=helper)
    assert f"atlas: European capitals; right on {router.means_[0]:.0%} of questions" in helper.prompts[0]
    assert f". bard: right on {router.means_[1]:.0%} of questions" in helper.prompts[0]


@pytest.mark.parametrize(
    "reply", ["I do not know.", "Ranking: none", "Ranking: 7, 0", "<think>Ranking: 1</think>"]
)
def test_a_reply_that_cannot_be_read_leaves_the_means_and_says_so(
    queries: list[Query], outcomes: OutcomeMatrix, annotator: Any, reply: str
) -> None:
    annotator.reply = lambda prompt: reply
    router = LlmRouter(CONFIG).fit(queries, outcomes, generate=annotator)
    estimate = router.estimate(queries[:1], generate=annotator)[0]
    np.testing.assert_array_equal(estimate.values, router.means_)
    assert "means decide, since no ranking could be read" in estimate.reasons[0]


def test_a_failed_call_leaves_the_means_and_says_why(
    queries: list[Query], outcomes: OutcomeMatrix, helper: Any
) -> None:
    router = LlmRouter(CONFIG).fit(queries, outcomes, generate=helper)
    helper.error = "engine died"
    estimate = router.estimate(queries[:1], generate=helper)[0]
    assert estimate.reasons == ("The experts' means decide, since helper failed (engine died).",)


def test_no_port_is_refused_and_nothing_is_asked_for_nothing(
    queries: list[Query], outcomes: OutcomeMatrix, helper: Any
) -> None:
    with pytest.raises(RouterError, match="asks the LLM 'helper': pass `generate=`"):
        LlmRouter(CONFIG).fit(queries, outcomes)
    router = LlmRouter(CONFIG).fit(queries, outcomes, generate=helper)
    assert router.estimate([]) == []


def test_what_was_counted_is_saved(
    queries: list[Query], outcomes: OutcomeMatrix, helper: Any, tmp_path: Path
) -> None:
    with pytest.raises(RouterNotFittedError):
        LlmRouter(CONFIG).save(tmp_path / "r")
    router = LlmRouter(CONFIG).fit(queries, outcomes, generate=helper)
    router.save(tmp_path / "r")
    again = LlmRouter(CONFIG).load(tmp_path / "r")
    assert again.route(queries, 2, generate=helper) == router.route(queries, 2, generate=helper)


def test_counts_of_another_llm_or_prompt_are_refused(
    queries: list[Query], outcomes: OutcomeMatrix, helper: Any, tmp_path: Path
) -> None:
    LlmRouter(CONFIG).fit(queries, outcomes, generate=helper).save(tmp_path / "r")
    for change in ({"expert": "other"}, {"template": "{cards} {question} Ranking:"}):
        with pytest.raises(ConfigError, match=f"another {next(iter(change))}.*compound train"):
            LlmRouter(CONFIG.model_copy(update=change)).load(tmp_path / "r")
