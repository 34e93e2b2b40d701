"""What is wrong between the parts of a configuration, each of them valid by itself.

Knows the parts' types, not how they are read; parts that are missing are not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel

from compound.asking_problems import asking_problems
from compound.repeating import repeats
from routers.config import FixedRouterConfig, RandomRouterConfig
from routers.policies.config import (
    BudgetPolicyConfig,
    RepeatPolicyConfig,
    ThresholdPolicyConfig,
    TopKPolicyConfig,
)
from routers.skills.config import SkillRouterConfig

DEFAULT_K = 3
DEFAULT_QUORUM = 1
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def cross_problems(parts: Mapping[str, Any]) -> list[str]:
    """One line for everything that is wrong, `key.path: what is allowed, what was given`.

    Args:
        parts: by their keys; of `experts` and `helpers` the names count. None: not to be looked at.
    """
    pool, helpers = list(parts.get("experts", ())), list(parts.get("helpers", ()))
    problems = [*_name_problems(pool, helpers), *_number_problems(parts, pool)]
    if pool:
        for part in ("router", "aggregator", "stopping"):
            problems += _unknown_references(parts.get(part), part, pool, helpers)
        problems += _unknown_references(parts.get("policy"), "policy", pool, [])
    k, quorum = parts.get("k", DEFAULT_K), parts.get("quorum", DEFAULT_QUORUM)
    return [*problems, *_policy_problems(parts), *asking_problems(parts, k=k, quorum=quorum)]


def counted(number: int, thing: str) -> str:
    """Such as "1 error" or "2 errors"."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _name_problems(pool: list[str], helpers: list[str]) -> Iterator[str]:
    for part, names in (("experts", pool), ("helpers", helpers)):
        for name in names:
            if not _NAME.fullmatch(str(name)):
                yield (f"{part}.{name}: a name consists of letters, digits, '.', '_' and '-', got {name!r}")
    for name in helpers:
        if name in pool:
            yield f"helpers.{name}: this name stands under `experts` too; give one of them another name"


def _number_problems(parts: Mapping[str, Any], pool: list[str]) -> Iterator[str]:
    k, quorum = parts.get("k", DEFAULT_K), parts.get("quorum", DEFAULT_QUORUM)
    if pool and k is not None and k > len(pool) and not repeats(parts.get("policy")):
        yield (
            f"k: k={k} but the pool has {counted(len(pool), 'expert')}: {', '.join(pool)}; "
            f"give a k from 1 to {len(pool)}"
        )
    if k is not None and quorum is not None and quorum > k:
        yield f"quorum: quorum={quorum} but only k={k} experts are asked; give 1 to {k}"


def _policy_problems(parts: Mapping[str, Any]) -> Iterator[str]:
    policy, router, quorum = parts.get("policy"), parts.get("router"), parts.get("quorum", DEFAULT_QUORUM)
    if policy is None or isinstance(policy, TopKPolicyConfig):
        return
    if isinstance(router, SkillRouterConfig) and router.mode == "released":
        yield f"policy: {policy.kind!r} cannot choose where `router.mode: released` draws; leave it at top_k"
    needs_chances = not isinstance(policy, RepeatPolicyConfig)
    if needs_chances and isinstance(router, FixedRouterConfig | RandomRouterConfig):
        yield (
            f"policy: {policy.kind!r} needs chances that experts are right, and a router of kind "
            f"{router.kind!r} gives none; leave it at top_k, or use a router of kind skill or trained"
        )
    if quorum is not None and quorum > 1 and _may_ask_fewer(policy):
        yield f"quorum: quorum={quorum} but the policy may ask a single expert; give 1"


def _may_ask_fewer(policy: Any) -> bool:
    inner = getattr(policy, "inner", None)
    return isinstance(policy, ThresholdPolicyConfig | BudgetPolicyConfig) or (
        inner is not None and _may_ask_fewer(inner)
    )


def _unknown_references(part: Any, path: str, pool: list[str], helpers: list[str]) -> Iterator[str]:
    """Names of experts in a part that nothing stands for.

    By convention a field `expert` names one of experts and helpers, `proposers` several of them, `roles`
    has them as keys, and a field `experts` names only some of the pool.
    """
    if not isinstance(part, BaseModel):
        return
    for field, value in part:
        here = f"{path}.{field}"
        known = pool if field == "experts" else [*pool, *helpers]
        for where, name in _named(field, value, here):
            yield from _unknown(name, where, known)
        for place, item in _items(value):
            yield from _unknown_references(item, f"{here}{place}", pool, helpers)


def _named(field: str, value: Any, path: str) -> list[tuple[str, str]]:
    """Key paths and names of the experts that a field names by itself."""
    if field == "expert" and isinstance(value, str):
        return [(path, value)]
    if field in ("experts", "proposers") and isinstance(value, tuple):
        return [(path, name) for name in value]
    if field == "roles" and isinstance(value, Mapping):
        return [(f"{path}.{name}", name) for name in value]
    return []


def _items(value: Any) -> Iterator[tuple[str, Any]]:
    """The value itself, or the items of a list or a mapping, each with its place in a key path."""
    if isinstance(value, tuple):
        yield from ((f"[{place}]", item) for place, item in enumerate(value))
    elif isinstance(value, Mapping):
        yield from ((f".{key}", item) for key, item in value.items())
    else:
        yield "", value


def _unknown(name: str, path: str, known: list[str]) -> Iterator[str]:
    if name not in known:
        close = get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        yield f"{path}: unknown expert {name!r}; {hint}known are {', '.join(known)}"
