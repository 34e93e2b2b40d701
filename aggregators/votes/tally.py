"""From votes to a verdict: sums, ties, and what is said where nobody could vote.

Knows neither why a vote weighs what it weighs nor how answers are compared.

Ties are broken by rank: of the tied answers the one wins that the best-ranked expert gave, and the
verdict's notes say so. Errors and unparsed completions do not vote. Where nothing can be extracted
there is no vote to pretend: the best-ranked expert's text is the verdict, and the notes say so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from aggregators.ballots import Ballot, agreeing, failed_verdict, shown_text, top_verdict
from experts.verdict import Candidates, Verdict

_TIE = 1e-9


def totals(ballots: Sequence[Ballot], weights: Sequence[float] | None = None) -> dict[str, float]:
    """Sum of the weights behind each answer, in order of rank.

    Args:
        ballots: best-ranked first; unparsed ones are left out.
        weights: one per ballot; None: all 1.
    """
    sums: dict[str, float] = {}
    for ballot, weight in zip(ballots, weights or [1.0] * len(ballots), strict=True):
        if ballot.key is not None:
            sums[ballot.key] = sums.get(ballot.key, 0.0) + weight
    return sums


def shares(sums: Mapping[str, float]) -> dict[str, float]:
    """Each answer's share of all votes; weights must be positive."""
    whole = sum(sums.values())
    return {key: value / whole for key, value in sums.items()}


def split_among_samples(ballots: Sequence[Ballot], weights: Mapping[str, float]) -> list[float]:
    """The weight of each ballot: its expert's, divided by the number of the expert's ballots.

    Samples of one expert err together and share one weight, so s of them are not s independent
    experts. An unparsed sample takes its part of the weight and gives it to nobody.
    """
    samples = Counter(b.completion.expert for b in ballots)
    return [weights[b.completion.expert] / samples[b.completion.expert] for b in ballots]


def decide(
    item: Candidates,
    ballots: Sequence[Ballot],
    sums: Mapping[str, float],
    support: Mapping[str, float],
    kind: str,
    notes: tuple[str, ...] = (),
) -> Verdict:
    """The verdict of a count.

    Args:
        item: what the ballots were read from.
        ballots: best-ranked first; may be empty.
        sums: votes of each answer in order of rank, as `totals` gives them; the highest wins.
        support: of each answer, in [0, 1].
        kind: to name in the verdict.
        notes: put before the verdict's own.
    """
    if not ballots:
        return failed_verdict(item, kind)
    if not sums:
        nobody = "No answer could be extracted from any expert, so nobody voted."
        return top_verdict(item, ballots, kind, (nobody,))
    highest = max(sums.values())
    tied = [key for key, total in sums.items() if total >= highest - _TIE]
    winner = next(b for b in ballots if b.key == tied[0])  # sums stand in order of rank
    if len(tied) > 1:
        decided = f"the best-ranked expert among them, {winner.completion.expert}, decided"
        notes = (*notes, f"{len(tied)} answers tied; {decided}.")
    return Verdict(
        query_id=item.query.id,
        aggregator=kind,
        text=shown_text(winner.completion),
        answer=winner.answer,
        support=support[tied[0]],
        agreed=agreeing(ballots, winner.key),
        notes=notes,
    )
