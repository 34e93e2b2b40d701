"""The best-ranked expert that answered: the baseline that every fusion has to beat."""

from __future__ import annotations

from collections.abc import Sequence

from aggregators.ballots import failed_verdict, read_ballots, top_verdict
from aggregators.votes.config import TopExpertConfig
from experts.engine import Generate
from experts.verdict import Candidates, Verdict


class TopExpert:
    """Takes the answer of the best-ranked expert that did not fail; there is no vote."""

    experts: tuple[str, ...] = ()

    def __init__(self, config: TopExpertConfig | None = None) -> None:
        """Store the configuration."""
        self.config = config or TopExpertConfig()

    def aggregate(self, items: Sequence[Candidates], *, generate: Generate | None = None) -> list[Verdict]:
        """Verdicts; `support` is None. `generate` is not used."""
        return [self._one(item) for item in items]

    def _one(self, item: Candidates) -> Verdict:
        ballots = read_ballots(item)
        if not ballots:
            return failed_verdict(item, "top")
        asked_first = item.completions[0].expert
        taken = ballots[0].completion.expert
        notes = (f"{asked_first} failed, so {taken} was taken.",) if taken != asked_first else ()
        return top_verdict(item, ballots, "top", notes)
