"""Who was asked how often: kept from run to run, so that a plan knows it where an LLM takes part in routing.

Knows answers and configurations; not what is done with the shares.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence

from compound.answer import Answer
from compound.config import SystemConfig
from experts.scheduling.costs import CostBook


def routing_fingerprint(config: SystemConfig, k: int) -> str:
    """12 hexadecimal digits that tell apart who is asked: pool, router, policy, stopping and k."""
    described = {"experts": list(config.experts), "router": config.router.model_dump(mode="json"), "k": k}
    described["policy"] = config.policy.model_dump(mode="json")
    if config.stopping is not None:
        described["stopping"] = config.stopping.model_dump(mode="json")
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()[:12]


def observe_shares(config: SystemConfig, answers: Sequence[Answer], k: int, costs: CostBook) -> None:
    """Remember how often each expert was asked in a run; only the last run counts.

    Answers must come from one call, with this k; none: nothing is remembered.
    """
    if not answers:
        return
    asked = Counter(completion.expert for answer in answers for completion in answer.completions)
    shares = {name: asked[name] / len(answers) for name in config.experts}
    costs.observe_shares(routing_fingerprint(config, k), shares)
