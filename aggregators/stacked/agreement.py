"""Agreement makes an aggregator superfluous: where the experts say the same, a vote decides.

After MOSAIC, which skips its aggregating LLM on agreement. Experts that agree may all be wrong, and an
LLM might have seen it; how often is a matter of measurement. Knows nothing of the aggregator inside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from aggregators.aggregator import Aggregator
from aggregators.ballots import read_ballots
from aggregators.stacked.config import OnAgreementConfig
from aggregators.votes.counting import MajorityVote
from experts.engine import Generate
from experts.verdict import Candidates, Verdict

_ROUNDING = 1e-9


class OnAgreement:
    """Asks the aggregator inside only about queries whose experts do not agree."""

    def __init__(self, config: OnAgreementConfig, vote: MajorityVote, inner: Aggregator) -> None:
        """Store the configuration and the parts.

        Args:
            config: with the share that is enough.
            vote: with the equivalence that the configuration names.
            inner: the aggregator inside.
        """
        self.config, self.vote, self.inner = config, vote, inner

    @property
    def experts(self) -> tuple[str, ...]:
        """Those of the aggregator inside."""
        return self.inner.experts

    def aggregate(self, items: Sequence[Candidates], *, generate: Generate | None = None) -> list[Verdict]:
        """Verdicts; `support` is the share of the votes where they agreed, else as the inner one gives it.

        The aggregator inside is called once, with all queries that are left, or not at all.

        Raises:
            AggregationError: what the aggregator inside raises.
        """
        votes = self.vote.aggregate(items)
        agreed = [self._agreed(item, verdict) for item, verdict in zip(items, votes, strict=True)]
        rest = [item for item, verdict in zip(items, agreed, strict=True) if verdict is None]
        asked = iter(self.inner.aggregate(rest, generate=generate) if rest else ())
        return [replace(next(asked) if v is None else v, aggregator="on_agreement") for v in agreed]

    def _agreed(self, item: Candidates, verdict: Verdict) -> Verdict | None:
        """The verdict of the vote where enough experts agree, with a note; None: they do not."""
        votes = sum(ballot.key is not None for ballot in read_ballots(item))
        if votes < 2 or verdict.support is None or verdict.support < self.config.share - _ROUNDING:
            return None
        same = round(verdict.support * votes)
        note = f"{same} of {votes} answers agree, so {self.config.inner.kind} was not asked."
        return replace(verdict, notes=(note, *verdict.notes))
