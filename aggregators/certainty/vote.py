"""Borda voting by certainty: the surer a completion, the more its vote weighs.

Kang et al. 2025 (arXiv 2502.18581, section 4): of N completions the r-th surest gives (N - r + 1) ** p
votes to its answer. They rank samples of one model by self-certainty; completions of several experts are
ranked by their calibrated chances of being right instead, never by raw figures, which would rank models
and not answers. Knows no engine and no router.

A completion whose certainty cannot be told, or whose expert has no curve, gets the mean vote of the
others (our own choice: it counts neither for sure nor for unsure); where none can be told all votes weigh
the same. Equally sure completions are placed by rank. An unparsed one keeps its place and gives its votes
to nobody.
"""

from __future__ import annotations

from collections.abc import Sequence

from aggregators.ballots import Ballot
from aggregators.certainty.calibration import CertaintyCalibration, load_calibration
from aggregators.certainty.config import CertaintyVoteConfig
from aggregators.equivalence.equivalence import Equivalence
from aggregators.votes.borda import borda_votes
from aggregators.votes.tally import decide, shares, totals
from aggregators.votes.vote import Vote
from experts.errors import AggregationError
from experts.verdict import Candidates, Verdict


class CertaintyVote(Vote):
    """Votes weigh by place in the order of certainty; `support` is the share of the votes.

    `aggregate` raises an `AggregationError` where completions of several experts tell their certainty and
    there is no calibration to compare them by.
    """

    config: CertaintyVoteConfig

    def __init__(
        self,
        config: CertaintyVoteConfig,
        equivalence: Equivalence | None = None,
        *,
        calibration: CertaintyCalibration | None = None,
    ) -> None:
        """See `Vote`; without `calibration` only samples of one expert can be compared."""
        super().__init__(config, equivalence)
        self.calibration = calibration

    @classmethod
    def from_config(
        cls, config: CertaintyVoteConfig, equivalence: Equivalence | None = None
    ) -> CertaintyVote:
        """With the calibration that the configuration names.

        Raises:
            ConfigError: the file of the calibration cannot be read.
        """
        calibration = None if config.calibration is None else load_calibration(config.calibration)
        return cls(config, equivalence, calibration=calibration)

    def _decide(self, item: Candidates, ballots: Sequence[Ballot]) -> Verdict:
        sureness = self._sureness(ballots)
        sums = totals(ballots, self._votes(sureness))
        missing = sureness.count(None)
        notes: tuple[str, ...] = ()
        if missing:
            notes = (f"{missing} of {len(ballots)} completions had no certainty and got the mean vote.",)
        return decide(item, ballots, sums, shares(sums), "certainty", notes)

    def _sureness(self, ballots: Sequence[Ballot]) -> list[float | None]:
        """How sure each completion is, on one scale; None: cannot be told."""
        certainties = [b.completion.certainty for b in ballots]
        raw = [None if c is None else c.self_certainty for c in certainties]
        told = [b.completion.expert for b, value in zip(ballots, raw, strict=True) if value is not None]
        if len(set(told)) <= 1:
            return raw
        if self.calibration is None:
            names = ", ".join(dict.fromkeys(told))
            raise AggregationError(
                f"Raw certainties of different experts ({names}) cannot be compared; "
                "give the aggregator 'certainty' a `calibration` fitted on a profiling run of these experts."
            )
        return [
            self.calibration.chance(b.completion.expert, value, b.completion.usage.completion_tokens or None)
            for b, value in zip(ballots, raw, strict=True)
        ]

    def _votes(self, sureness: Sequence[float | None]) -> list[float]:
        known = [(value, i) for i, value in enumerate(sureness) if value is not None]
        surest_first = [i for _, i in sorted(known, key=lambda pair: (-pair[0], pair[1]))]
        votes = dict(zip(surest_first, borda_votes(len(known), self.config.power), strict=True))
        mean = sum(votes.values()) / len(votes) if votes else 1.0
        return [votes.get(i, mean) for i in range(len(sureness))]
