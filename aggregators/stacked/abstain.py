"""No answer rather than an unsure one: verdicts below a threshold of support are withheld.

The threshold means a probability only where the support of the aggregator inside is calibrated, as that
of a learned fusion. Then Chow's rule (1970) sets it: one minus the price of no answer over the price of
a wrong one. Knows nothing of the aggregator inside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from aggregators.aggregator import Aggregator
from aggregators.stacked.config import AbstainConfig
from experts.engine import Generate
from experts.verdict import Candidates, Verdict

_UNKNOWN = "How sure the answer is, is not known, so it was not withheld."


class Abstain:
    """Withholds the answers of the aggregator inside that have too little support."""

    def __init__(self, config: AbstainConfig, inner: Aggregator) -> None:
        """Store the configuration and the aggregator inside."""
        self.config, self.inner = config, inner

    @property
    def experts(self) -> tuple[str, ...]:
        """Those of the aggregator inside."""
        return self.inner.experts

    def aggregate(self, items: Sequence[Candidates], *, generate: Generate | None = None) -> list[Verdict]:
        """Verdicts; below the threshold `abstained` says so, and `support` stays.

        Raises:
            AggregationError: what the aggregator inside raises.
        """
        return [self._held(verdict) for verdict in self.inner.aggregate(items, generate=generate)]

    def _held(self, verdict: Verdict) -> Verdict:
        verdict = replace(verdict, aggregator="abstain")
        if verdict.error is not None or verdict.abstained is not None:
            return verdict
        if verdict.support is None:
            return replace(verdict, notes=(*verdict.notes, _UNKNOWN))
        if verdict.support >= self.config.below:
            return verdict
        reason = (
            f"The likeliest answer has support {verdict.support:.2f}, and {self.config.below:g} is needed."
        )
        text = f"No answer is given, since the experts are not sure enough. {reason}"
        return replace(verdict, text=text, answer=None, agreed=(), abstained=reason)
