"""A line through few points of which some are far off: the median of slopes (Theil 1950, Sen 1968).

Up to 29% of the points may be anything. Knows nothing of what the points stand for.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

Point = tuple[float, float]

_PAIRS = 3
"""Slopes needed at least: the median of two is their mean, and one bad point spoils it."""
_APART = 1.5
"""Points whose x differ by a smaller factor tell more of the noise than of the slope."""


def robust_line(points: Sequence[Point], upper: Sequence[Point] | None = None) -> tuple[float, float] | None:
    """Intercept and slope of y over x >= 0, both at least 0.

    Args:
        points: (x, y).
        upper: those of the points that may be the upper end of a slope; None: all.

    Returns:
        None where the points are too few, too close to each other, or do not rise with x.
    """
    slopes = [
        (high[1] - low[1]) / (high[0] - low[0])
        for high in (points if upper is None else upper)
        for low in points
        if high[0] > low[0] * _APART
    ]
    if len(slopes) < _PAIRS:
        return None
    slope = median(slopes)
    if slope <= 0:
        return None
    intercept = median(y - slope * x for x, y in points)
    if intercept >= 0:
        return intercept, slope
    through_zero = median(y / x for x, y in points if x > 0)
    return (0.0, through_zero) if through_zero > 0 else None
