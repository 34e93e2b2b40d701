"""What a policy sees of a batch of queries: chances, costs and how new each query is.

Knows no router, no query text and no policy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from experts.errors import RouterError

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Quantity = Literal["tokens", "seconds", "usd", "memory_gib"]
QUANTITIES: tuple[Quantity, ...] = ("tokens", "seconds", "usd", "memory_gib")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PolicyInput:
    """Estimates and costs of n queries and m experts in configuration order; None = unknown.

    Raises:
        RouterError: a shape does not fit, or a chance lies outside [0, 1].
    """

    experts: tuple[str, ...]
    """(m) names, at least one."""
    chances: Floats
    """(n, m) estimated chance in [0, 1] that each expert is right."""
    tokens: Floats | None = None
    """(n, m) expected completion tokens; NaN = unknown."""
    seconds_per_token: Floats | None = None
    """(m,) seconds per completion token; NaN = unknown."""
    usd_per_token: Floats | None = None
    """(m,) US dollars per completion token; NaN = unknown."""
    memory_gib: Floats | None = None
    """(m,) GiB that each expert takes when resident; NaN = unknown."""
    novelty: Floats | None = None
    """(n,) share of the fitted questions that were less unlike the others, in [0, 1]; NaN = unknown."""
    error_correlation: Floats | None = None
    """(m, m) correlation of the experts' errors given their chances; see `routers.policies.diversity`."""
    accuracies: Floats | None = None
    """(m,) overall accuracy of each expert on the questions that the router was fitted on."""

    def __post_init__(self) -> None:
        m = len(self.experts)
        if m == 0 or self.chances.ndim != 2 or self.chances.shape[1] != m:
            raise RouterError(
                f"A policy needs chances of shape (queries, {m}), one column for each of {m} experts and at "
                f"least one expert, got {self.chances.shape}."
            )
        if self.chances.size and not (self.chances.min() >= 0 and self.chances.max() <= 1):
            raise RouterError("A policy needs chances in [0, 1]: calibrate the router's scores first.")
        n = len(self.chances)
        shapes = {
            "tokens": (n, m),
            "seconds_per_token": (m,),
            "usd_per_token": (m,),
            "memory_gib": (m,),
            "novelty": (n,),
            "error_correlation": (m, m),
            "accuracies": (m,),
        }
        for name, shape in shapes.items():
            given = getattr(self, name)
            if given is not None and given.shape != shape:
                raise RouterError(f"A policy's {name} must have shape {shape}, got {given.shape}.")

    def cost(self, quantity: Quantity) -> Floats:
        """(n, m) what each expert needs for each query.

        Infinite where unknown, so that no limit is passed by not knowing.
        """
        n, m = self.chances.shape
        unknown = np.full((n, m), np.inf)
        if quantity == "memory_gib":
            cost = unknown if self.memory_gib is None else np.broadcast_to(self.memory_gib, (n, m))
        elif quantity == "tokens":
            cost = unknown if self.tokens is None else self.tokens
        else:
            rate = self.seconds_per_token if quantity == "seconds" else self.usd_per_token
            tokens = np.full((n, m), np.nan) if self.tokens is None else self.tokens
            cost = unknown if rate is None else np.where(rate == 0, 0.0, rate * tokens)
        known: Floats = np.where(np.isnan(cost), np.inf, cost)
        return known

    def best_overall(self, wanted_by: str) -> int:
        """Index of the expert with the best overall accuracy, the first of equals.

        Raises:
            RouterError: accuracies are unknown.
        """
        if self.accuracies is None:
            raise RouterError(
                f"The policy {wanted_by!r} needs the experts' overall accuracies, and this router gives none."
            )
        return int(np.nanargmax(self.accuracies))
