"""The frame of all votes: reads the ballots of a batch and has each question decided on its own.

Knows no LLM and no router; estimates come with the candidates. What a vote weighs is a subclass's.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from aggregators.ballots import Ballot, read_all_ballots
from aggregators.equivalence.equivalence import Equivalence, ExactEquivalence
from aggregators.votes.config import VoteSettings
from experts.engine import Generate
from experts.errors import AggregationError
from experts.verdict import Candidates, Verdict


class Vote(ABC):
    """Asks no LLM; decides each question by its ballots."""

    experts: tuple[str, ...] = ()

    def __init__(self, config: VoteSettings, equivalence: Equivalence | None = None) -> None:
        """Store the configuration.

        Args:
            config: of the vote.
            equivalence: what `aggregators.equivalence.build.build_equivalence` makes of
                `config.equivalence`; may be left out where that is `exact`.

        Raises:
            AggregationError: it was left out and the configuration names another kind.
        """
        if equivalence is None and config.equivalence.kind != "exact":
            raise AggregationError(
                f"A vote with equivalence {config.equivalence.kind!r} must be made by build_aggregator()."
            )
        self.config = config
        self.equivalence = equivalence or ExactEquivalence()

    def aggregate(self, items: Sequence[Candidates], *, generate: Generate | None = None) -> list[Verdict]:
        """Verdicts; `generate` is not used."""
        ballots = read_all_ballots(items, self.equivalence)
        return [self._decide(item, own) for item, own in zip(items, ballots, strict=True)]

    @abstractmethod
    def _decide(self, item: Candidates, ballots: Sequence[Ballot]) -> Verdict:
        """The verdict on one question; `ballots` may be empty."""
