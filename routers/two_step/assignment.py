"""Which expert takes which category, so that the expected loss is least within a budget.

An uncapacitated facility location with a knapsack, solved to the optimum by HiGHS. The paper
(Composition of Experts, arXiv 2412.01868) says that its map is found by a mixed-integer program; the
formulation is ours. Knows neither experts nor categories by name.
"""

from __future__ import annotations

import logging

import numpy as np
from numpy.typing import NDArray

from experts.errors import RouterError

_log = logging.getLogger(__name__)

SECONDS = 10.0
"""For the search. Maps of 24 categories and 39 experts take less; a router is fitted six times over."""


def assign(
    loss: NDArray[np.float64],
    shares: NDArray[np.float64],
    *,
    sizes: NDArray[np.float64] | None = None,
    budget: float | None = None,
    max_experts: int | None = None,
    time_limit_s: float = SECONDS,
) -> NDArray[np.int64]:
    """The expert of each category.

        minimise    sum_c shares_c sum_e x_ce loss_ce
        subject to  sum_e x_ce = 1,  x_ce <= y_e,  sum_e sizes_e y_e <= budget,  sum_e y_e <= max_experts,
                    y_e in {0, 1},  x_ce in [0, 1]

    x needs no integrality: with y fixed, the cheapest expert of a category takes it whole.

    Args:
        loss: (c, m) expected loss of an expert on a question of a category.
        shares: (c,) weights of the categories, >= 0.
        sizes: (m,) sizes of the experts, in the unit of `budget`; read where there is a budget.
        budget: most that the experts used may have together; None: no limit.
        max_experts: most different experts; None: no limit.
        time_limit_s: seconds after which the best map found so far is taken, and a warning logged that
            says how far it may be from the optimum.

    Returns:
        (c,) index of the expert; ties in configuration order.

    Raises:
        RouterError: no expert fits the budget, or no map was found in time.
    """
    limits = []
    if budget is not None and sizes is not None:
        if sizes.min() > budget:
            raise RouterError(
                f"No expert fits a budget of {budget:g}: the smallest has {sizes.min():g}. Raise the budget."
            )
        limits.append((sizes, budget))
    if max_experts is not None:
        limits.append((np.ones(loss.shape[1]), float(max_experts)))
    used = _used(loss * shares[:, None], limits, time_limit_s) if limits else np.arange(loss.shape[1])
    chosen: NDArray[np.int64] = used[loss[:, used].argmin(axis=1)]
    return chosen


def _used(
    cost: NDArray[np.float64], limits: list[tuple[NDArray[np.float64], float]], time_limit_s: float
) -> NDArray[np.int64]:
    """Indices of the experts with y = 1 at the optimum, ascending."""
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_array, eye_array, hstack, kron, vstack

    categories, experts = cost.shape
    pairs = categories * experts
    whole = kron(eye_array(categories), np.ones((1, experts)))
    each = hstack([whole, coo_array((categories, experts))])
    opened = hstack([eye_array(pairs), -kron(np.ones((categories, 1)), eye_array(experts))])
    constraints = [LinearConstraint(each.tocsr(), 1.0, 1.0), LinearConstraint(opened.tocsr(), -np.inf, 0.0)]
    for weights, limit in limits:
        row = hstack([coo_array((1, pairs)), coo_array(weights[None, :])])
        constraints.append(LinearConstraint(vstack([row]).tocsr(), -np.inf, limit))
    found = milp(
        np.concatenate([cost.ravel(), np.zeros(experts)]),
        integrality=np.concatenate([np.zeros(pairs), np.ones(experts)]),
        bounds=Bounds(0.0, 1.0),
        constraints=constraints,
        options={"mip_rel_gap": 0.0, "time_limit": time_limit_s},
    )
    if found.x is None:
        raise RouterError(
            f"No map from categories to experts was found in {time_limit_s:g} s ({found.message}). Take "
            "fewer categories or a larger budget."
        )
    if not found.success:
        _log.warning(
            "The map from categories to experts is the best found in %g s; its loss is at most %.2g%% above "
            "the least.",
            time_limit_s,
            100 * found.mip_gap,
        )
    return np.flatnonzero(found.x[pairs:] > 0.5)
