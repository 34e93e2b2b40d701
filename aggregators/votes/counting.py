"""Votes: one completion one vote, or votes weighted by how likely each expert is to be right.

Knows no LLM and no router; weights come with the candidates.

Ties are broken by rank: of the tied answers the one wins that the best-ranked expert gave, and the
verdict's notes say so. Errors and unparsed completions do not vote. Several samples of one expert
vote each. Where nothing can be extracted there is no vote to pretend: the best-ranked expert's text
is the verdict, and the notes say so.

The weights are those of independent experts whose wrong answers spread evenly over the other
options (Nitzan and Paroush 1982; Shapley and Grofman 1984, for two options). Real experts err
together, so the weighted vote's `support` is too sure of itself: rank by it, do not read it as a
calibrated probability.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from aggregators.ballots import Ballot, agreeing, failed_verdict, read_ballots, shown_text, top_verdict
from aggregators.votes.config import MajorityVoteConfig, WeightedVoteConfig
from experts.engine import Generate
from experts.verdict import Candidates, Verdict

_TIE = 1e-9


class MajorityVote:
    """One completion, one vote; ties go to the best-ranked expert's answer."""

    experts: tuple[str, ...] = ()

    def __init__(self, config: MajorityVoteConfig | None = None) -> None:
        """Store the configuration."""
        self.config = config or MajorityVoteConfig()

    def aggregate(self, items: Sequence[Candidates], *, generate: Generate | None = None) -> list[Verdict]:
        """Verdicts; `support` is the share of the votes. `generate` is not used."""
        return [self._one(item) for item in items]

    def _one(self, item: Candidates) -> Verdict:
        ballots = read_ballots(item)
        totals = _totals(ballots, {})
        return _decide(
            item, ballots, totals, {k: v / sum(totals.values()) for k, v in totals.items()}, "majority"
        )


class WeightedVote:
    """Votes weigh log(p (n - 1) / (1 - p)) for an expert right with probability p among n options.

    p is the expert's estimate, clipped; experts without an estimate get the mean of the others',
    and without any estimate all votes weigh the same. For an open question n is the configured
    `open_options`. An expert below chance weighs less than nothing.
    """

    experts: tuple[str, ...] = ()

    def __init__(self, config: WeightedVoteConfig | None = None) -> None:
        """Store the configuration."""
        self.config = config or WeightedVoteConfig()

    def aggregate(self, items: Sequence[Candidates], *, generate: Generate | None = None) -> list[Verdict]:
        """Verdicts; `support` is the posterior of the answer. `generate` is not used."""
        return [self._one(item) for item in items]

    def _one(self, item: Candidates) -> Verdict:
        ballots = read_ballots(item)
        n_options = len(item.query.choices) or self.config.open_options
        weights = self._weights(item, n_options)
        totals = _totals(ballots, weights)
        if not weights:
            shares = {k: v / sum(totals.values()) for k, v in totals.items()}
            notes: tuple[str, ...] = ("No estimates were given, so all votes weigh the same.",)
        else:
            shares, notes = _posterior(totals, n_options), ()
        return _decide(item, ballots, totals, shares, "weighted", notes)

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


def _totals(ballots: Sequence[Ballot], weights: Mapping[str, float]) -> dict[str, float]:
    """Sum of the weights behind each answer, in order of rank; 1 per vote without weights."""
    totals: dict[str, float] = {}
    for ballot in ballots:
        if ballot.key is not None:
            weight = weights[ballot.completion.expert] if weights else 1.0
            totals[ballot.key] = totals.get(ballot.key, 0.0) + weight
    return totals


def _posterior(totals: Mapping[str, float], n_options: int) -> dict[str, float]:
    """Probability of each answer voted for; options that nobody named have a total of 0."""
    highest = max([0.0, *totals.values()])
    mass = {key: math.exp(total - highest) for key, total in totals.items()}
    unnamed = max(n_options - len(totals), 0) * math.exp(-highest)
    return {key: m / (sum(mass.values()) + unnamed) for key, m in mass.items()}


def _decide(
    item: Candidates,
    ballots: Sequence[Ballot],
    totals: Mapping[str, float],
    shares: Mapping[str, float],
    kind: str,
    notes: tuple[str, ...] = (),
) -> Verdict:
    """The verdict of a count; `totals` in order of rank."""
    if not ballots:
        return failed_verdict(item, kind)
    if not totals:
        nobody = "No answer could be extracted from any expert, so nobody voted."
        return top_verdict(item, ballots, kind, (nobody,))
    highest = max(totals.values())
    tied = [key for key, total in totals.items() if total >= highest - _TIE]
    winner = next(b for b in ballots if b.key == tied[0])  # totals stand in order of rank
    if len(tied) > 1:
        decided = f"the best-ranked expert among them, {winner.completion.expert}, decided"
        notes = (*notes, f"{len(tied)} answers tied; {decided}.")
    return Verdict(
        query_id=item.query.id,
        aggregator=kind,
        text=shown_text(winner.completion),
        answer=winner.answer,
        support=shares[tied[0]],
        agreed=agreeing(ballots, winner.key),
        notes=notes,
    )
