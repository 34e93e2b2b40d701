"""Votes: one completion one vote, or votes weighted by how likely each expert is to be right.

Majority over several samples of one expert is self-consistency (Wang et al. 2023, arXiv 2203.11171).

The weights are those of independent experts whose wrong answers spread evenly over the other
options (Nitzan and Paroush 1982; Shapley and Grofman 1984, for two options). Real experts err
together, so the weighted vote's `support` is too sure of itself: rank by it, do not read it as a
calibrated probability.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from aggregators.ballots import Ballot
from aggregators.equivalence.equivalence import Equivalence
from aggregators.votes.config import MajorityVoteConfig, WeightedVoteConfig
from aggregators.votes.tally import decide, shares, split_among_samples, totals
from aggregators.votes.vote import Vote
from experts.verdict import Candidates, Verdict


class MajorityVote(Vote):
    """One completion, one vote, several samples of one expert included.

    Ties go to the best-ranked expert's answer; `support` is the share of the votes.
    """

    def __init__(
        self, config: MajorityVoteConfig | None = None, equivalence: Equivalence | None = None
    ) -> None:
        """See `Vote`."""
        super().__init__(config or MajorityVoteConfig(), equivalence)

    def _decide(self, item: Candidates, ballots: Sequence[Ballot]) -> Verdict:
        sums = totals(ballots)
        return decide(item, ballots, sums, shares(sums), "majority")


class WeightedVote(Vote):
    """Votes weigh log(p (n - 1) / (1 - p)) for an expert right with probability p among n options.

    p is the expert's estimate, clipped; experts without an estimate get the mean of the others',
    and without any estimate all experts weigh the same. For an open question n is the configured
    `open_options`. An expert below chance weighs less than nothing. Several samples of one expert
    share its weight. `support` is the posterior of the answer.
    """

    config: WeightedVoteConfig

    def __init__(
        self, config: WeightedVoteConfig | None = None, equivalence: Equivalence | None = None
    ) -> None:
        """See `Vote`."""
        super().__init__(config or WeightedVoteConfig(), equivalence)

    def _decide(self, item: Candidates, ballots: Sequence[Ballot]) -> Verdict:
        n_options = len(item.query.choices) or self.config.open_options
        weights = self._weights(item, n_options)
        if weights:
            sums = totals(ballots, split_among_samples(ballots, weights))
            return decide(item, ballots, sums, _posterior(sums, n_options), "weighted")
        equal = {ballot.completion.expert: 1.0 for ballot in ballots}
        sums = totals(ballots, split_among_samples(ballots, equal))
        note = "No estimates were given, so all experts weigh the same."
        return decide(item, ballots, sums, shares(sums), "weighted", (note,))

    def _weights(self, item: Candidates, n_options: int) -> dict[str, float]:
        """Weight of every expert that was asked; empty without estimates."""
        known = {name: p for name, p in item.estimates.items() if math.isfinite(p)}
        if not known:
            return {}
        mean = sum(known.values()) / len(known)
        asked = dict.fromkeys(c.expert for c in item.completions)
        return {name: log_odds(known.get(name, mean), n_options, clip=self.config.clip) for name in asked}


def log_odds(p: float, n_options: int, *, clip: float) -> float:
    """Weight of a vote: log(p (n_options - 1) / (1 - p)), with p held within [clip, 1 - clip]."""
    held = min(max(p, clip), 1.0 - clip)
    return math.log(held * (n_options - 1) / (1.0 - held))


def _posterior(sums: Mapping[str, float], n_options: int) -> dict[str, float]:
    """Probability of each answer voted for; options that nobody named have a total of 0."""
    highest = max([0.0, *sums.values()])
    mass = {key: math.exp(total - highest) for key, total in sums.items()}
    unnamed = max(n_options - len(sums), 0) * math.exp(-highest)
    return {key: m / (sum(mass.values()) + unnamed) for key, m in mass.items()}
