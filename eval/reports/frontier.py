"""Accuracy against tokens and price: the system, each expert alone, and rows of the table that ask somebody.

The oracle and swapped candidates are no choices that anyone has, so they are no points. Draws nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from eval.reports.run_arrays import RunArrays
from eval.reports.schema import FrontierPoint, Standing, Value
from eval.reports.spending import of_expert
from eval.reports.values import share

_NO_CHOICE = ("oracle", "shuffled_candidates")


class _Place(NamedTuple):
    name: str
    label: str
    accuracy: Value
    tokens: float
    cost_usd: float | None


def frontier(
    arrays: RunArrays, table: Sequence[Standing], best_single: str | None
) -> tuple[FrontierPoint, ...]:
    """Points in the order of the table, then experts in that of the pool.

    The best single expert is one point, named after the expert. An expert that was not run on every question
    is none.
    """
    places = [
        _Place(s.name, s.label, s.accuracy, s.tokens, s.cost_usd)
        for s in table
        if s.name != "best_single" and s.name not in _NO_CHOICE and s.tokens is not None
    ]
    for j, name in enumerate(arrays.experts):
        accuracy, spent = share(arrays.score[:, j]), of_expert(name, arrays)
        if accuracy is not None and spent is not None:
            label = f"{name} (best single)" if name == best_single else name
            places.append(_Place(name, label, accuracy, spent.tokens, spent.cost_usd))
    by_tokens = _undominated([(place.tokens, place.accuracy.value) for place in places])
    priced = [(place.cost_usd, place.accuracy.value) for place in places if place.cost_usd is not None]
    by_cost = iter(_undominated(priced))
    return tuple(
        FrontierPoint(
            **place._asdict(),
            on_token_frontier=cheapest,
            on_cost_frontier=None if place.cost_usd is None else next(by_cost),
        )
        for place, cheapest in zip(places, by_tokens, strict=True)
    )


def _undominated(points: Sequence[tuple[float, float]]) -> list[bool]:
    """Whether no other (price, accuracy) has more accuracy for as much or less, or as much for less."""
    return [not any((q <= p and b > a) or (q < p and b >= a) for q, b in points) for p, a in points]
