"""From a router's estimates to decisions, by the policy of a system.

Puts together what a policy sees: chances, costs and how new each question is. Knows neither how a
router estimates nor how a policy chooses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from compound.config import SystemConfig
from compound.policy_words import policy_words, repeat_words
from compound.repeating import repeats
from experts.config import VllmExpert
from experts.decision import RoutingDecision
from experts.engine import Generate
from experts.errors import RouterError
from experts.hosting.model_facts import model_facts
from experts.query import Query
from experts.scheduling.costs import CostBook
from routers.policies.choose import choose
from routers.policies.config import (
    FallbackPolicyConfig,
    GuardPolicyConfig,
    PolicyConfig,
    RepeatPolicyConfig,
    ThresholdPolicyConfig,
    TopKPolicyConfig,
)
from routers.policies.policy_input import Floats, PolicyInput
from routers.router import Estimate, Router, check_k, fitted_experts, make_decision

_GIB = 2**30


@dataclass(frozen=True, slots=True, eq=False)
class ExpertCosts:
    """What the experts of a pool cost, in configuration order; NaN = unknown."""

    seconds_per_token: Floats
    """(m,) seconds per completion token in a batch, learned or first guesses, as in a plan; unknown of
    endpoints."""
    usd_per_token: Floats
    """(m,) US dollars per completion token."""
    memory_gib: Floats
    """(m,) GiB when resident."""


def expert_costs(config: SystemConfig, costs: CostBook) -> ExpertCosts:
    """Costs by configured prices and sizes and by what was learned.

    Raises:
        ConfigError: the folder of a hosted expert cannot be read.
    """
    seconds, usd, memory = (np.full(len(config.experts), np.nan) for _ in range(3))
    for j, expert in enumerate(config.experts.values()):
        usd[j] = expert.price.completion_usd_per_million / 1e6
        if expert.memory_gib is not None:
            memory[j] = expert.memory_gib
        if isinstance(expert, VllmExpert):
            facts = model_facts(expert)
            seconds[j] = costs.work_line(facts).token_s
            if expert.memory_gib is None and facts.weight_bytes:
                memory[j] = facts.weight_bytes / _GIB
    return ExpertCosts(seconds, usd, memory)


def choose_experts(
    policy: PolicyConfig,
    router: Router,
    queries: Sequence[Query],
    k: int,
    costs: ExpertCosts | None = None,
    *,
    generate: Generate | None = None,
) -> list[RoutingDecision]:
    """Decisions, one per query, with what the policy did as their last reason.

    Args:
        policy: with `top_k` the router decides itself; `repeat` takes the first that it decides for.
        router: fitted, on the pool in configuration order.
        queries: of one call; a budget per batch holds for all of them together.
        k: experts per query, at most so many where the policy asks fewer; with `repeat` samples of one
            expert, which may be more than the pool has experts.
        costs: of the pool; None: unknown.
        generate: the port to LLMs, for routers that need one.

    Raises:
        RouterNotFittedError: the router is not fitted.
        RouterError: k is out of range, the router's estimates are no chances, or the policy lacks
            what it needs.
    """
    if isinstance(policy, TopKPolicyConfig):
        return router.route(queries, k, generate=generate)
    kind = str(getattr(router, "kind", "trained"))
    experts = fitted_experts(router, kind)
    check_k(min(k, len(experts)) if repeats(policy) else k, len(experts))
    if isinstance(policy, RepeatPolicyConfig):
        # The order of the experts is all that it needs, so scores without a unit do as well.
        return [_repeated(decision, k) for decision in router.route(queries, 1, generate=generate)]
    estimates = router.estimate(queries, generate=generate)
    if not all(estimate.calibrated for estimate in estimates):
        raise RouterError(
            f"The policy {policy.kind!r} needs chances that experts are right, and the {kind!r} router's "
            "estimates are scores without a unit: train it with `calibrate: true`, or use policy top_k."
        )
    given = _policy_input(router, experts, estimates, costs)
    policy = at_most(policy, k)
    chosen = choose(policy, given, k)
    words = policy_words(policy, given, chosen, k)
    return [
        make_decision(kind, experts, query, replace(estimate, reasons=(*estimate.reasons, *said)), picks)
        for query, estimate, picks, said in zip(queries, estimates, chosen, words, strict=True)
    ]


def at_most(policy: PolicyConfig, k: int) -> PolicyConfig:
    """The policy with no threshold that asks more than k experts."""
    if isinstance(policy, ThresholdPolicyConfig):
        return policy.model_copy(update={"max_experts": min(policy.max_experts, k)})
    if isinstance(policy, GuardPolicyConfig | FallbackPolicyConfig):
        return policy.model_copy(update={"inner": at_most(policy.inner, k)})
    return policy


def _repeated(decision: RoutingDecision, k: int) -> RoutingDecision:
    """The same decision with k samples of its first expert."""
    first = decision.chosen[0]
    return replace(decision, chosen=(first,) * k, reasons=(*decision.reasons, repeat_words(first, k)))


def _policy_input(
    router: Router, experts: tuple[str, ...], estimates: Sequence[Estimate], costs: ExpertCosts | None
) -> PolicyInput:
    shape = (len(estimates), len(experts))
    unknown = np.full(len(experts), np.nan)
    tokens = [unknown if e.tokens is None else e.tokens for e in estimates]
    return PolicyInput(
        experts=experts,
        chances=np.array([e.values for e in estimates], dtype=np.float64).reshape(shape),
        tokens=np.array(tokens, dtype=np.float64).reshape(shape),
        seconds_per_token=None if costs is None else costs.seconds_per_token,
        usd_per_token=None if costs is None else costs.usd_per_token,
        memory_gib=None if costs is None else costs.memory_gib,
        novelty=np.array([e.novelty for e in estimates], dtype=np.float64),
        error_correlation=getattr(router, "error_correlation_", None),
        accuracies=getattr(router, "accuracies_", None),
    )
