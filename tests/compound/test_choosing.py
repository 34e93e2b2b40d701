"""From estimates to decisions: what policies see and do in a system, and what is said of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from checks.scripted_systems import Scripted, content, knows
from pydantic import TypeAdapter

from compound.choosing import ExpertCosts, choose_experts, expert_costs
from compound.config import SystemConfig, default_config_path, load_config
from experts.decision import RoutingDecision
from experts.errors import ConfigError, RouterError
from experts.query import Query
from experts.scheduling.costs import CostBook
from routers.baselines import FixedRouter
from routers.policies.config import PolicyConfig
from routers.router import Estimate, check_k, make_decision

POOL = ("ann", "bob", "cyd")
QUERIES = [Query.from_text(f"Question {i}?", id=f"q{i}") for i in range(2)]


class Given:
    """A router whose estimates are given."""

    kind = "given"
    experts_ = POOL
    accuracies_ = np.array([0.5, 0.6, 0.4])
    error_correlation_ = None

    def __init__(self, rows: Sequence[Sequence[float]], **more: Any) -> None:
        self.estimates = [
            Estimate(values=np.array(row), calibrated=True, reasons=("Given.",), **more) for row in rows
        ]

    def fit(self, *_: object, **__: object) -> Any:
        raise AssertionError

    def estimate(self, queries: Sequence[Query], **_: object) -> list[Estimate]:
        return self.estimates[: len(queries)]

    def decide(
        self, queries: Sequence[Query], estimates: Sequence[Estimate], k: int
    ) -> list[RoutingDecision]:
        return [make_decision("given", POOL, q, e, k) for q, e in zip(queries, estimates, strict=True)]

    def route(self, queries: Sequence[Query], k: int, **_: object) -> list[RoutingDecision]:
        check_k(k, 3)
        return self.decide(queries, self.estimate(queries), k)


def policy(**written: Any) -> PolicyConfig:
    made: PolicyConfig = TypeAdapter(PolicyConfig).validate_python(written)
    return made


def test_top_k_is_what_the_router_decides() -> None:
    router = Given([[0.2, 0.9, 0.5], [0.8, 0.1, 0.7]])
    decisions = choose_experts(policy(kind="top_k"), router, QUERIES, 2)
    assert decisions == router.route(QUERIES, 2)
    assert decisions[0].reasons == ("Given.",)


def test_threshold_asks_as_few_as_are_enough_and_at_most_k() -> None:
    router = Given([[0.2, 0.9, 0.5], [0.6, 0.6, 0.6]])
    first, second = choose_experts(policy(kind="threshold", chance=0.85), router, QUERIES, 3)
    assert first.chosen == ("bob",)
    assert first.reasons == ("Given.", "Policy threshold: 1 expert is enough for 0.85.")
    assert len(second.chosen) == 3
    assert "0.85 is out of reach of 3; 3 experts are nearest with 0." in second.reasons[-1]
    capped = choose_experts(policy(kind="threshold", chance=0.85), router, QUERIES, 1)
    assert [len(d.chosen) for d in capped] == [1, 1]


def test_decisions_keep_estimates_and_ranking_of_the_router() -> None:
    router = Given([[0.2, 0.9, 0.5]])
    decision = choose_experts(policy(kind="guard", margin=1.0), router, QUERIES[:1], 1)[0]
    assert (decision.router, decision.calibrated) == ("given", True)
    assert decision.estimates == {"ann": 0.2, "bob": 0.9, "cyd": 0.5}
    assert decision.ranked == ("bob", "cyd", "ann")


def test_guard_says_who_leads_whom() -> None:
    router = Given([[0.64, 0.6, 0.5], [0.8, 0.6, 0.5]])
    held, led = choose_experts(policy(kind="guard", margin=0.05), router, QUERIES, 1)
    assert (held.chosen, led.chosen) == (("bob",), ("ann",))
    assert held.reasons[-1] == ("Policy guard: bob, the best overall, is first; nobody leads by over 0.05.")
    assert led.reasons[-1] == "Policy guard: ann leads bob, the best overall, by 0.20, over 0.05."


def test_fallback_goes_by_novelty_and_the_inner_policy_speaks_after_it() -> None:
    written = policy(kind="fallback", expert="cyd", inner={"kind": "threshold", "chance": 0.1})
    strange = choose_experts(written, Given([[0.9, 0.2, 0.1]], novelty=0.995), QUERIES[:1], 3)[0]
    assert strange.chosen == ("cyd",)
    assert strange.reasons[-2:] == (
        "Policy fallback: novelty 0.995 is over 0.99, so overall accuracies count.",
        "Policy threshold: 1 expert is enough for 0.1.",
    )
    usual = choose_experts(written, Given([[0.9, 0.2, 0.1]], novelty=0.5), QUERIES[:1], 3)[0]
    assert usual.chosen == ("ann",)
    unknown = choose_experts(written, Given([[0.9, 0.2, 0.1]]), QUERIES[:1], 3)[0]
    assert "is unknown, so the estimates count" in unknown.reasons[-2]


def test_budget_counts_tokens_price_seconds_and_memory() -> None:
    router = Given([[0.9, 0.8, 0.7]], tokens=np.array([300.0, 100.0, 50.0]))
    costs = ExpertCosts(np.array([0.1, np.nan, 0.1]), np.array([1e-3, 0.0, 1e-2]), np.array([8.0, 9.0, 4.0]))
    for limit, allowed in (
        ({"tokens": 160}, {"bob", "cyd"}),
        ({"usd": 0.3}, {"ann", "bob"}),
        ({"seconds": 10}, {"cyd"}),
        ({"memory_gib": 12}, {"ann", "cyd"}),
    ):
        written = policy(kind="budget", per_query=limit)
        decision = choose_experts(written, router, QUERIES[:1], 3, costs)[0]
        assert set(decision.chosen) == allowed, limit
        assert decision.reasons[-1].startswith(f"Policy budget: {len(allowed)} of at most 3 experts, ")
    assert "4 GiB" not in decision.reasons[-1] and "12 of 12 GiB" in decision.reasons[-1]


def test_diverse_says_whether_the_likeliest_were_passed_over() -> None:
    router = Given([[0.9, 0.8, 0.79]])
    router.error_correlation_ = np.array([[1, 0.9, 0], [0.9, 1, 0], [0, 0, 1.0]])  # type: ignore[assignment]
    decision = choose_experts(policy(kind="diverse"), router, QUERIES[:1], 2)[0]
    passed = decision.chosen != ("ann", "bob")
    assert decision.reasons[-1].startswith("Policy diverse: cyd adds" if passed else "Policy diverse: the")


def test_repeat_samples_the_best_expert_more_often_than_the_pool_has_experts() -> None:
    first, second = choose_experts(
        policy(kind="repeat"), Given([[0.2, 0.9, 0.5], [0.8, 0.1, 0.7]]), QUERIES, 5
    )
    assert (first.chosen, second.chosen) == (("bob",) * 5, ("ann",) * 5)
    assert first.reasons == ("Given.", "Policy repeat: bob alone, 5 samples.")
    assert first.ranked == ("bob", "cyd", "ann")
    one = choose_experts(policy(kind="repeat"), Given([[0.2, 0.9, 0.5]]), QUERIES[:1], 1)[0]
    assert one.reasons[-1] == "Policy repeat: bob alone, 1 sample."


def test_repeat_inside_a_guard_samples_the_guarded_expert() -> None:
    written = policy(kind="guard", margin=0.05, inner={"kind": "repeat"})
    decision = choose_experts(written, Given([[0.64, 0.6, 0.5]]), QUERIES[:1], 4)[0]
    assert decision.chosen == ("bob",) * 4
    assert decision.reasons[-2].startswith("Policy guard: bob")
    assert decision.reasons[-1] == "Policy repeat: bob alone, 4 samples."


def test_repeat_needs_an_order_and_no_chances() -> None:
    router = FixedRouter(["cyd"]).bind(POOL)
    decision = choose_experts(policy(kind="repeat"), router, QUERIES[:1], 4)[0]
    assert decision.chosen == ("cyd",) * 4
    with pytest.raises(RouterError, match="k must be between 1"):
        choose_experts(policy(kind="repeat"), router, QUERIES[:1], 0)


def test_other_policies_ask_no_more_experts_than_there_are() -> None:
    with pytest.raises(RouterError, match="k must be between 1 and 3"):
        choose_experts(policy(kind="guard"), Given([[0.2, 0.9, 0.5]]), QUERIES[:1], 4)


def test_a_system_asks_the_first_of_a_fixed_router_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    changes: dict[str, Any] = {
        "policy": {"kind": "repeat"},
        "k": 3,
        "prompts": {"approaches": ["a", "b", "c"]},
    }
    with Scripted(monkeypatch, {"ann": knows, "bob": knows}, **changes) as run:
        [answer] = run.system.answer("Which city is the capital of France?")
    assert [c.expert for c in answer.completions] == ["ann"] * 3
    assert [c.sample_index for c in answer.completions] == [0, 1, 2]
    assert run.asked("bob") == []


def test_scores_without_a_unit_are_refused() -> None:
    router = FixedRouter().bind(POOL)
    with pytest.raises(RouterError, match="the 'fixed' router's estimates are scores without a unit"):
        choose_experts(policy(kind="diverse"), router, QUERIES, 2)


def test_a_router_without_accuracies_cannot_be_guarded() -> None:
    router = Given([[0.9, 0.8, 0.7]])
    router.accuracies_ = None  # type: ignore[assignment]
    with pytest.raises(RouterError, match="overall accuracies"):
        choose_experts(policy(kind="guard"), router, QUERIES[:1], 1)


def test_no_question_is_no_decision() -> None:
    for kind in ("threshold", "guard", "fallback"):
        assert choose_experts(policy(kind=kind), Given([]), [], 2) == []


def test_costs_come_from_prices_sizes_and_the_cost_book() -> None:
    given = {"kind": "scripted", "sampling": {"max_tokens": 4}, "memory_gib": 2.5}
    config = SystemConfig.model_validate(content({"ann": given, "bob": {"?": "!"}}))
    costs = expert_costs(config, CostBook("cpu x2"))
    np.testing.assert_allclose(costs.usd_per_token, [0.0, 2e-6])
    np.testing.assert_array_equal(costs.memory_gib, [2.5, np.nan])
    assert np.isnan(costs.seconds_per_token).all()
    hosted = expert_costs(load_config(default_config_path()), CostBook("cpu x2"))
    assert (hosted.seconds_per_token > 0).all() and (hosted.memory_gib < 1).all()


def test_a_policy_for_one_call_is_checked_against_the_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted(monkeypatch, {"ann": knows, "bob": knows}) as run:
        answers = run.system.answer(["Which city is the capital of France?"], policy="top_k")
        assert answers[0].text
        with pytest.raises(ConfigError, match="a router of kind 'fixed' gives none"):
            run.system.answer("?", policy="diverse")
