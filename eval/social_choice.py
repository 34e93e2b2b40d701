"""Rankings of experts over tasks by Borda and Kemeny, beside that by the mean.

The mean adds up accuracies, so that one task with wide gaps can outweigh many with narrow ones. Borda
(1784) adds up ranks; Kemeny (1959) takes the order that contradicts the tasks' pairwise preferences
least, each task with one vote. They disagree with the mean where an expert is far ahead on few tasks
and slightly behind on most: the mean is right for a user of all tasks in these numbers, Kemeny for one
who does not know which task is next. Knows no questions, only accuracies per task.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.kemeny import kemeny_order
from experts.errors import ConfigError

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rankings:
    """Experts best first by three rules; ties in configuration order, Kemeny's by the mean first."""

    by_mean: tuple[str, ...]
    by_borda: tuple[str, ...]
    by_kemeny: tuple[str, ...]
    disagreements: float
    """Weight of pairwise preferences that `by_kemeny` contradicts, in tasks."""
    least: float
    """No order contradicts less than this; equal to `disagreements` where the order is proved best."""
    sentence: str
    """Where the rules disagree, and what that means, in one sentence."""


def rankings(accuracies: Floats, experts: Sequence[str]) -> Rankings:
    """Rank experts over tasks.

    Args:
        accuracies: (tasks, m) in [0, 1]; NaN = the expert was not run on the task. It is then left out
            of the task's preferences, and the expert's mean is over the other tasks.
        experts: (m) names.

    Raises:
        ConfigError: the shape does not fit, or there is no task or no expert.
    """
    if accuracies.ndim != 2 or accuracies.shape[1] != len(experts) or not accuracies.size:
        raise ConfigError(
            f"A ranking needs accuracies of shape (tasks, {len(experts)}) with at least one task and one "
            f"expert, got {accuracies.shape}."
        )
    never = [name for j, name in enumerate(experts) if np.isnan(accuracies[:, j]).all()]
    if never:
        raise ConfigError(
            f"A ranking needs each expert on at least one task, but {', '.join(never)} ran on none: leave "
            "out who never ran."
        )
    preferred = preferences(accuracies)
    mean = np.nanmean(accuracies, axis=0)
    by_mean = [int(i) for i in np.argsort(-mean, kind="stable")]
    # In the order of the mean, so that it breaks ties.
    order, cost, least = kemeny_order(preferred[np.ix_(by_mean, by_mean)])
    order = [by_mean[i] for i in order]
    by_borda = [int(i) for i in np.argsort(-borda_points(preferred), kind="stable")]
    return Rankings(
        by_mean=tuple(experts[i] for i in by_mean),
        by_borda=tuple(experts[i] for i in by_borda),
        by_kemeny=tuple(experts[i] for i in order),
        disagreements=cost,
        least=least,
        sentence=_sentence(by_mean, order, preferred, mean, experts),
    )


def preferences(accuracies: Floats) -> Floats:
    """(m, m): on how many tasks the row's expert is better than the column's; a tie is half each.

    Rounded to 1e-9, so that sums in another order are ties.
    """
    rounded = accuracies.round(9)
    first, second = rounded[:, :, None], rounded[:, None, :]
    points: Floats = (first > second) + 0.5 * (first == second)
    total: Floats = points.sum(axis=0)  # NaN compares as False both ways
    np.fill_diagonal(total, 0.0)
    return total


def borda_points(preferred: Floats) -> Floats:
    """(m,) mean share of the others that an expert is better than, over the tasks that both ran on."""
    met = preferred + preferred.T
    share = np.divide(preferred, met, out=np.full_like(met, 0.5), where=met > 0)
    np.fill_diagonal(share, 0.0)
    points: Floats = share.sum(axis=1).round(9)
    return points


def _sentence(
    by_mean: Sequence[int],
    by_kemeny: Sequence[int],
    preferred: Floats,
    mean: Floats,
    experts: Sequence[str],
) -> str:
    """The pair that the mean and Kemeny order differently with the clearest majority."""
    place = {expert: number for number, expert in enumerate(by_kemeny)}
    swapped = [
        (preferred[low, high] - preferred[high, low], high, low)
        for number, high in enumerate(by_mean)
        for low in by_mean[number + 1 :]
        if place[low] < place[high]
    ]
    if not swapped:
        return "The mean and Kemeny's rule agree on the order of all experts."
    _, high, low = max(swapped, key=lambda pair: (pair[0], -pair[1], -pair[2]))
    met = preferred[low, high] + preferred[high, low]
    pairs = "1 pair differs" if len(swapped) == 1 else f"{len(swapped)} pairs differ"
    return (
        f"{pairs}; most clearly {experts[high]} has the higher mean "
        f"({100 * mean[high]:.1f} against {100 * mean[low]:.1f}), but {experts[low]} is better on "
        f"{preferred[low, high]:g} of {met:g} tasks: the mean follows the few tasks with wide gaps."
    )
