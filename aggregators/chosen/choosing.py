"""Chooses an aggregator for every group of questions, from scores on profiling questions.

After the choice of an aggregator per task in Symbolic-MoE (arXiv 2503.05641), with three differences:
the candidates are the experts' real answers and not one right and two wrong ones; "vote" and "no
fusion" can be chosen; and the vote is replaced only by what is shown to be better. An option may
replace it in a group where the lower bound of its shrunken paired difference (`shrinkage`) is above
zero; the bound holds at `level` for all options of a group together (Bonferroni), since the best of
many always looks good. Of those that may, the one with the highest shrunken difference is taken.

Gold answers are not known here: scores come from `eval`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from aggregators.chosen.choice import TOP, VOTE, Choice, Evidence, GroupChoice
from aggregators.chosen.grouping import Grouping, Labels
from aggregators.chosen.shrinkage import Floats, shrink
from aggregators.config import AggregatorConfig
from aggregators.votes.config import MajorityVoteConfig, TopExpertConfig
from experts.errors import AggregationError

EVERYWHERE = "all"
DEFAULT_LEVEL = 0.95
_TWO_SIDED_95 = NormalDist().inv_cdf(0.975)


def with_standing_options(options: Mapping[str, AggregatorConfig]) -> dict[str, AggregatorConfig]:
    """The options behind "vote" and "top", which can always be chosen.

    Raises:
        AggregationError: one of these names stands for another kind than "majority" and "top".
    """
    standing: dict[str, AggregatorConfig] = {VOTE: MajorityVoteConfig(), TOP: TopExpertConfig()}
    for name, config in standing.items():
        if options.get(name, config).kind != config.kind:
            raise AggregationError(
                f"The option {name!r} is always {config.kind!r}, got {options[name].kind!r} under this "
                "name; give it another name."
            )
    return standing | dict(options)


def choose_aggregator(
    options: Mapping[str, AggregatorConfig],
    scores: Mapping[str, NDArray[np.float64]],
    *,
    grouping: Grouping | None = None,
    labels: Labels | None = None,
    subjects: Sequence[str] = (),
    level: float = DEFAULT_LEVEL,
) -> Choice:
    """The choice with its evidence; deterministic.

    Args:
        options: by name; "vote" and "top" are added. On equal evidence the earlier wins.
        scores: of every option on the same profiling questions, (n,) in [0, 1], failures as 0; n >= 1.
            Questions must not be those that an option was fitted on.
        grouping: fitted groups; None: one group for all questions.
        labels: (n,) the questions' groups in `grouping`; given with it.
        subjects: (n,) of the questions, told of each group; () where unknown.
        level: confidence of the bound, above 0.5 and below 1.

    Raises:
        AggregationError: scores are missing, of unequal lengths or not in [0, 1].
    """
    options = with_standing_options(options)
    matrix = _checked(options, scores)
    n = matrix.shape[1]
    all_one = np.zeros(n, dtype=np.int64)
    [everywhere] = _groups(options, matrix, all_one, [EVERYWHERE], subjects, level)
    if grouping is None or labels is None:
        return Choice(options=options, level=level, everywhere=everywhere)
    names = [f"cluster {g}" for g in range(len(grouping.centroids))]
    return Choice(
        options=options,
        level=level,
        everywhere=everywhere,
        groups=tuple(_groups(options, matrix, labels, names, subjects, level)),
        encoder=grouping.config,
        # Through text, so that a float32 is written as short as it is.
        centroids=tuple(tuple(float(str(x)) for x in row) for row in grouping.centroids),
    )


def chosen_options(choice: Choice, labels: Labels) -> list[str]:
    """Name of the option that each question goes to, from its group's label."""
    return [(choice.groups[g] if choice.groups and g >= 0 else choice.everywhere).chosen for g in labels]


def _checked(options: Mapping[str, AggregatorConfig], scores: Mapping[str, Floats]) -> Floats:
    """(options, n)."""
    missing = [name for name in options if name not in scores]
    if missing:
        raise AggregationError(
            f"Every option needs scores on the profiling questions; there are none of {', '.join(missing)}."
        )
    if len({len(scores[name]) for name in options}) != 1 or not len(scores[VOTE]):
        raise AggregationError("The options' scores must be of the same questions, at least one.")
    matrix = np.stack([np.asarray(scores[name], dtype=np.float64) for name in options])
    if not ((matrix >= 0) & (matrix <= 1)).all():
        raise AggregationError("Scores must lie in [0, 1]; count a failure as 0.")
    return matrix


def _groups(
    options: Mapping[str, AggregatorConfig],
    matrix: Floats,
    labels: Labels,
    names: Sequence[str],
    subjects: Sequence[str],
    level: float,
) -> list[GroupChoice]:
    vote = list(options).index(VOTE)
    z = NormalDist().inv_cdf(1 - (1 - level) / (len(options) - 1))
    found = [shrink(row - matrix[vote], labels, len(names)) for row in matrix]
    choices = []
    for g, name in enumerate(names):
        here = labels == g
        evidence = {
            option: Evidence(
                accuracy=float(row[here].mean()),
                difference=float(s.raw[g]),
                low=max(-1.0, float(s.raw[g] - _TWO_SIDED_95 * s.raw_error[g])),
                high=min(1.0, float(s.raw[g] + _TWO_SIDED_95 * s.raw_error[g])),
                shrunk=float(s.mean[g]),
                bound=float(s.mean[g] - z * s.error[g]),
            )
            for option, row, s in zip(options, matrix, found, strict=True)
            if here.any()
        }
        chosen, why = _decide(evidence, level)
        about = Counter(s for s, inside in zip(subjects, here, strict=False) if inside)
        choices.append(
            GroupChoice(
                name=name,
                n=int(here.sum()),
                chosen=chosen,
                why=why,
                subjects=dict(about.most_common()),
                evidence=evidence,
            )
        )
    return choices


def _decide(evidence: Mapping[str, Evidence], level: float) -> tuple[str, str]:
    """Name of the option, and why."""
    challengers = [name for name in evidence if name != VOTE]
    if not challengers:
        return VOTE, "No profiling question falls into this group, so the vote stays."
    passing = [name for name in challengers if evidence[name].bound > 0]
    best = max(passing or challengers, key=lambda name: evidence[name].shrunk)
    found = evidence[best]
    told = (
        f"{best} scored {_points(found.difference)} points against the vote, {_points(found.shrunk)} after "
        f"shrinkage, at least {_points(found.bound)} at {100 * level:g}% confidence over "
        f"{len(challengers)} options"
    )
    if passing:
        return best, f"{told}: it replaces the vote."
    return VOTE, f"{told}: nothing is shown to be better than the vote."


def _points(value: float) -> str:
    return f"{100 * value:+.1f}"
