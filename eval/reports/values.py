"""Numbers on their way into a report: plain intervals of it, None for what cannot be measured."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from eval.metrics import Interval, wilson
from eval.reports.schema import Value


def value(interval: Interval) -> Value:
    """Of an interval that is none of NaN."""
    return Value(value=interval.estimate, low=interval.low, high=interval.high)


def share(scores: NDArray[np.float64]) -> Value | None:
    """Mean of scores (n) in [0, 1] within Wilson's interval; NaN = not run, left out; None without any."""
    run = scores[~np.isnan(scores)]
    return value(wilson(math.fsum(run), int(run.size))) if run.size else None
