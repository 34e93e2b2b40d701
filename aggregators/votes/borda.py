"""Borda: the better an expert is placed, the more votes its answer has, by place and not by size.

v(r) = (N - r + 1) ** p for the r-th of N, after the Borda voting of Kang et al. 2025 (arXiv
2502.18581), who place samples of one model by their certainty. Here experts are placed by the
router's estimates or by their rank, so estimates need only be ordered, not calibrated. Knows no
certainty.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from aggregators.ballots import Ballot
from aggregators.equivalence.equivalence import Equivalence
from aggregators.votes.config import BordaVoteConfig
from aggregators.votes.tally import decide, shares, split_among_samples, totals
from aggregators.votes.vote import Vote
from experts.verdict import Candidates, Verdict


class BordaVote(Vote):
    """Places the experts that answered; several samples of one expert share its votes.

    Experts without an estimate are placed last, equal estimates by rank; without any estimate the
    order of the candidates decides, and the notes say so. An unparsed answer keeps its place and
    gives its votes to nobody. `support` is the share of the votes.
    """

    config: BordaVoteConfig

    def __init__(self, config: BordaVoteConfig, equivalence: Equivalence | None = None) -> None:
        """See `Vote`."""
        super().__init__(config, equivalence)

    def _decide(self, item: Candidates, ballots: Sequence[Ballot]) -> Verdict:
        placed = list(dict.fromkeys(b.completion.expert for b in ballots))
        notes: tuple[str, ...] = ()
        if self.config.by == "estimates":
            known = {name: p for name, p in item.estimates.items() if math.isfinite(p)}
            if not known:
                notes = ("No estimates were given, so the order of the candidates placed them.",)
            placed.sort(key=lambda name: -known.get(name, -math.inf))  # stable: equal ones by rank
        votes = dict(zip(placed, borda_votes(len(placed), self.config.power), strict=True))
        sums = totals(ballots, split_among_samples(ballots, votes))
        return decide(item, ballots, sums, shares(sums), "borda", notes)


def borda_votes(n: int, power: float) -> list[float]:
    """Votes of the first, second, ... of n: n ** power, (n - 1) ** power, ..., 1."""
    return [float(n - place) ** power for place in range(n)]
