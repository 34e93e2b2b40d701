"""What a router says about one query: an estimate per expert, who was chosen, and why.

Lives in `experts` because routers make it and aggregators' callers pass its estimates on; the two
packages never meet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingDecision:
    """The experts chosen for a query, best first, with the reasons in words."""

    query_id: str
    router: str
    """Kind of the router, such as "skill"."""
    estimates: Mapping[str, float]
    """Every expert of the router and its estimate, higher is better. Where `calibrated`, the
    probability in [0, 1] that the expert answers right; else a score without a unit."""
    calibrated: bool
    ranked: tuple[str, ...]
    """All experts, best first; ties in configuration order."""
    chosen: tuple[str, ...]
    """The k experts to ask. A name occurs more than once where the policy draws with replacement."""
    tokens: Mapping[str, float] = field(default_factory=dict)
    """Expected completion tokens of experts; those of which the router does not say are left out."""
    novelty: float | None = None
    """How unlike all questions that the router was fitted on this one is, in [0, 1]: near 1 = out of
    distribution. None: the router does not say."""
    reasons: tuple[str, ...] = ()
    """Sentences for people: keywords found, how they were matched, what decided."""
