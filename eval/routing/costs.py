"""What asking costs when nothing else is known: parameters of the experts asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from experts.expert_facts import ExpertFacts


def mean_cost(
    experts: Sequence[str], chosen: Sequence[Sequence[int]], facts: Mapping[str, ExpertFacts]
) -> float | None:
    """Billions of (active) parameters asked per query on average; None where one is not known."""
    sizes = [facts[name].parameters_b if name in facts else None for name in experts]
    asked = {i for picks in chosen for i in picks}
    if not asked or any(sizes[i] is None for i in asked):
        return None
    known = np.array([size or 0.0 for size in sizes])
    return float(np.mean([known[list(picks)].sum() for picks in chosen]))
