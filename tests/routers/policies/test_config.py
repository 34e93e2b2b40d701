"""Policies from plain data, as they stand in a configuration file."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from routers.policies.config import BudgetPolicyConfig, GuardPolicyConfig, PolicyConfig, TopKPolicyConfig

POLICY: TypeAdapter[PolicyConfig] = TypeAdapter(PolicyConfig)


def test_wrappers_hold_other_policies() -> None:
    raw = {"kind": "fallback", "inner": {"kind": "guard", "margin": 0.1, "inner": {"kind": "top_k"}}}
    policy = POLICY.validate_python(raw)
    assert policy.kind == "fallback"
    assert policy.inner == GuardPolicyConfig(kind="guard", margin=0.1, inner=TopKPolicyConfig())
    assert POLICY.validate_python(policy.model_dump()) == policy


def test_a_budget_without_a_limit_is_refused() -> None:
    with pytest.raises(ValidationError, match="a budget needs a limit"):
        BudgetPolicyConfig(kind="budget")


@pytest.mark.parametrize(
    "raw",
    [
        {"kind": "best"},
        {"kind": "top_k", "k": 3},
        {"kind": "threshold", "max_experts": 0},
        {"kind": "budget", "per_query": {"tokens": -1}},
        {"kind": "guard", "margin": 2},
    ],
)
def test_unknown_kinds_keys_and_ranges_are_refused(raw: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        POLICY.validate_python(raw)
