"""What a policy did to each query, in sentences for people. Chooses nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from routers.policies.choose import Chosen, best_first
from routers.policies.config import (
    BudgetPolicyConfig,
    DiversePolicyConfig,
    FallbackPolicyConfig,
    GuardPolicyConfig,
    PolicyConfig,
    RepeatPolicyConfig,
    ThresholdPolicyConfig,
)
from routers.policies.fallback import with_fallback
from routers.policies.guard import guarded
from routers.policies.policy_input import QUANTITIES, PolicyInput
from routers.policies.threshold import difficulty
from routers.policies.vote_chance import vote_chance

Sentences = list[str]
_UNITS = {"tokens": "tokens", "seconds": "s", "usd": "US dollars", "memory_gib": "GiB"}


def policy_words(
    policy: PolicyConfig, given: PolicyInput, chosen: Sequence[Chosen], k: int
) -> list[Sentences]:
    """Sentences of each query, the outer policy's first; none of `top_k`.

    Args:
        policy: what chose.
        given: what it saw.
        chosen: indices of experts, one row a query.
        k: most experts per query.
    """
    if isinstance(policy, GuardPolicyConfig):
        inner = policy_words(policy.inner, guarded(policy, given), chosen, k)
        return _before(_guard(policy, given), inner)
    if isinstance(policy, FallbackPolicyConfig):
        inner = policy_words(policy.inner, with_fallback(policy, given), chosen, k)
        return _before(_fallback(policy, given), inner)
    if isinstance(policy, ThresholdPolicyConfig):
        return _threshold(policy, given, chosen)
    if isinstance(policy, BudgetPolicyConfig):
        return _budget(policy, given, chosen, k)
    if isinstance(policy, DiversePolicyConfig):
        return _diverse(given, chosen)
    if isinstance(policy, RepeatPolicyConfig):
        return [[repeat_words(given.experts[picks[0]], len(picks))] for picks in chosen]
    return [[] for _ in chosen]


def repeat_words(expert: str, samples: int) -> str:
    """What `repeat` did to a query."""
    return f"Policy repeat: {expert} alone, {samples} sample{'' if samples == 1 else 's'}."


def _before(first: Sequence[str], rest: Sequence[Sentences]) -> list[Sentences]:
    return [[sentence, *more] for sentence, more in zip(first, rest, strict=True)]


def _guard(policy: GuardPolicyConfig, given: PolicyInput) -> Sentences:
    best = given.best_overall("guard")
    words = []
    for row in given.chances:
        lead, first = float(row.max() - row[best]), given.experts[int(row.argmax())]
        known = f"{given.experts[best]}, the best overall,"
        if lead <= policy.margin:
            done = f"{known} is first; nobody leads by over {policy.margin:g}"
        else:
            done = f"{first} leads {known} by {lead:.2f}, over {policy.margin:g}"
        words.append(f"Policy guard: {done}.")
    return words


def _fallback(policy: FallbackPolicyConfig, given: PolicyInput) -> Sentences:
    unknown = np.full(len(given.chances), np.nan)
    words = []
    for novelty in unknown if given.novelty is None else given.novelty:
        if np.isnan(novelty):
            done = "how unlike the fitted questions this one is, is unknown, so the estimates count"
        elif novelty > policy.quantile:
            done = f"novelty {novelty:.3f} is over {policy.quantile:g}, so overall accuracies count"
        else:
            done = f"novelty {novelty:.3f} is not over {policy.quantile:g}, so the estimates count"
        words.append(f"Policy fallback: {done}.")
    return words


def _threshold(
    policy: ThresholdPolicyConfig, given: PolicyInput, chosen: Sequence[Chosen]
) -> list[Sentences]:
    if not chosen:
        return []
    most = max(len(picks) for picks in chosen)
    votes = vote_chance(-np.sort(-given.chances, axis=1)[:, :most], difficulty(given))
    words = []
    for vote, row, picks in zip(votes, given.chances, chosen, strict=True):
        count = len(picks)
        chance = float(row.max() if count == 1 else vote[count - 1])
        experts = "1 expert is" if count == 1 else f"{count} experts are"
        if chance >= policy.chance:
            words.append([f"Policy threshold: {experts} enough for {policy.chance:g}."])
        else:
            words.append(
                [
                    f"Policy threshold: {policy.chance:g} is out of reach of {policy.max_experts}; "
                    f"{experts} nearest with {chance:.2f}."
                ]
            )
    return words


def _budget(
    policy: BudgetPolicyConfig, given: PolicyInput, chosen: Sequence[Chosen], k: int
) -> list[Sentences]:
    limits = {q: getattr(policy.per_query, q) for q in QUANTITIES}
    costs = {q: given.cost(q) for q, limit in limits.items() if limit is not None}
    words = []
    for i, picks in enumerate(chosen):
        spent = [f"{costs[q][i, list(picks)].sum():.3g} of {limits[q]:g} {_UNITS[q]}" for q in costs]
        held = ", ".join(spent) or "within what the batch may need"
        words.append([f"Policy budget: {len(picks)} of at most {k} experts, {held}."])
    return words


def _diverse(given: PolicyInput, chosen: Sequence[Chosen]) -> list[Sentences]:
    words = []
    for picks, order in zip(chosen, best_first(given.chances), strict=True):
        likeliest = set(order[: len(picks)].tolist())
        instead = [given.experts[i] for i in picks if i not in likeliest]
        if instead:
            words.append([f"Policy diverse: {', '.join(instead)} adds more to the vote than a likelier one."])
        else:
            words.append(["Policy diverse: the likeliest experts add most to the vote."])
    return words
