"""Out of distribution, estimates mean little: such queries go by the experts' overall accuracy.

Knows no costs and no other policy: it changes what the policy inside sees.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from experts.errors import RouterError
from routers.policies.config import FallbackPolicyConfig
from routers.policies.guard import raised
from routers.policies.policy_input import PolicyInput


def with_fallback(config: FallbackPolicyConfig, given: PolicyInput) -> PolicyInput:
    """The input with overall accuracies in place of chances where novelty exceeds the quantile.

    The generalist is first there. A query of unknown novelty keeps its chances.

    Raises:
        RouterError: the experts' accuracies are unknown, or the generalist is not in the pool.
    """
    generalist = given.best_overall("fallback")
    if config.expert is not None:
        if config.expert not in given.experts:
            raise RouterError(
                f"The fallback expert {config.expert!r} is not in the pool: name one of "
                f"{', '.join(given.experts)}."
            )
        generalist = given.experts.index(config.expert)
    assert given.accuracies is not None  # best_overall has seen to it
    if given.novelty is None:
        return given
    overall = raised(np.nan_to_num(given.accuracies, nan=0.0)[None], generalist, 1.0)
    strange = given.novelty > config.quantile  # False for NaN
    return replace(given, chances=np.where(strange[:, None], overall, given.chances))
