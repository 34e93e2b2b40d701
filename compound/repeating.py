"""Whether a policy asks one expert again and again. Knows policies' configurations only."""

from __future__ import annotations

from routers.policies.config import FallbackPolicyConfig, GuardPolicyConfig, PolicyConfig, RepeatPolicyConfig


def repeats(policy: PolicyConfig | None) -> bool:
    """Whether the policy, or one inside it, samples the best expert k times; k may exceed the pool then."""
    if isinstance(policy, GuardPolicyConfig | FallbackPolicyConfig):
        return repeats(policy.inner)
    return isinstance(policy, RepeatPolicyConfig)
