"""What is wrong between how often experts are asked and the other parts of a configuration.

Knows the parts' types, not how they are read; parts that are missing are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from compound.repeating import repeats
from compound.stopping_config import WorthStoppingConfig
from experts.config import ExpertBase
from experts.prompts import PromptConfig
from routers.config import FixedRouterConfig, RandomRouterConfig


def asking_problems(parts: Mapping[str, Any], *, k: int | None, quorum: int | None) -> Iterator[str]:
    """One line for everything that is wrong with `stopping` and with asking one expert repeatedly.

    Args:
        parts: of a configuration, by their keys.
        k: experts per query; None: not to be looked at.
        quorum: answers that a query needs; None: not to be looked at.
    """
    experts = parts.get("experts")
    pool = experts if isinstance(experts, Mapping) else {}
    yield from _stopping_problems(parts, pool, quorum)
    if k is not None and repeats(parts.get("policy")):
        yield from _repeat_problems(parts.get("prompts") or PromptConfig(), pool, k)


def _stopping_problems(
    parts: Mapping[str, Any], pool: Mapping[str, ExpertBase], quorum: int | None
) -> Iterator[str]:
    stopping, router = parts.get("stopping"), parts.get("router")
    if stopping is None:
        return
    if quorum is not None and quorum > stopping.first:
        yield (
            f"stopping.first: {stopping.first} experts may be all that are asked, but quorum={quorum}; give "
            f"at least {quorum}"
        )
    if not isinstance(stopping, WorthStoppingConfig):
        return
    if repeats(parts.get("policy")):
        yield (
            "stopping: 'worth' takes experts to err apart, and samples of the one expert that the policy "
            "'repeat' asks do not; use posterior with `by: {kind: majority}`"
        )
    if isinstance(router, FixedRouterConfig | RandomRouterConfig):
        yield (
            f"stopping: 'worth' needs chances that experts are right, and a router of kind {router.kind!r} "
            "gives none; use posterior, or a router of kind skill or trained"
        )
    if stopping.unit == "usd" and pool and not any(e.price.completion_usd_per_million for e in pool.values()):
        yield (
            "stopping.unit: usd needs prices, and no expert has a `price.completion_usd_per_million`; give "
            "prices, or use calls"
        )


def _repeat_problems(prompts: PromptConfig, pool: Mapping[str, ExpertBase], k: int) -> Iterator[str]:
    greedy = [name for name, expert in pool.items() if expert.sampling.temperature == 0]
    if greedy and k > 1 and len(set(prompts.approaches)) < k:
        yield (
            f"policy: 'repeat' asks one expert k={k} times, and at temperature 0 all samples of "
            f"{', '.join(greedy)} are alike; set its `sampling.temperature` above 0, or give {k} different "
            "`prompts.approaches`"
        )
