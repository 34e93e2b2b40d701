"""The best-ranked expert that answered: the baseline that every fusion has to beat."""

from __future__ import annotations

from collections.abc import Sequence

from aggregators.ballots import Ballot, failed_verdict, top_verdict
from aggregators.equivalence.equivalence import Equivalence
from aggregators.votes.config import TopExpertConfig
from aggregators.votes.vote import Vote
from experts.verdict import Candidates, Verdict


class TopExpert(Vote):
    """Takes the answer of the best-ranked expert that did not fail; nothing is counted, `support` is None."""

    def __init__(self, config: TopExpertConfig | None = None, equivalence: Equivalence | None = None) -> None:
        """See `Vote`."""
        super().__init__(config or TopExpertConfig(), equivalence)

    def _decide(self, item: Candidates, ballots: Sequence[Ballot]) -> Verdict:
        if not ballots:
            return failed_verdict(item, "top")
        asked_first = item.completions[0].expert
        taken = ballots[0].completion.expert
        notes = (f"{asked_first} failed, so {taken} was taken.",) if taken != asked_first else ()
        return top_verdict(item, ballots, "top", notes)
