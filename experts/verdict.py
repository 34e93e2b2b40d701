"""What an aggregator says about one query: the fused answer and who stood behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from experts.completion import Completion
from experts.query import Query


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """What an aggregator is given: the query, the completions in ranked order, and the weights."""

    query: Query
    completions: tuple[Completion, ...]
    """Best-ranked expert first; error completions are included and must be passed over."""
    estimates: Mapping[str, float] = field(default_factory=dict)
    """Expert -> probability in [0, 1] that it is right on this query; empty where unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The fused answer."""

    query_id: str
    aggregator: str
    """Kind of the aggregator, such as "majority"."""
    text: str
    """What is shown to the user; empty only with `error`."""
    answer: str | None
    """Letter or open answer; None: unparsed."""
    support: float | None = None
    """Share in [0, 1] of the votes (or of the posterior) behind `answer`; None where not voted."""
    agreed: tuple[str, ...] = ()
    """Experts whose own answer equals `answer`."""
    moved: Mapping[str, float] = field(default_factory=dict)
    """Expert -> by how much `support` is higher with its answer than without it, in [-1, 1]; empty where
    the aggregator does not say."""
    completion: Completion | None = None
    """The aggregator's own completion where an LLM made the verdict; the last one, where it wrote several."""
    earlier: tuple[Completion, ...] = ()
    """What LLMs of the pool wrote on the way to the verdict, such as the layers of a mixture of agents."""
    abstained: str | None = None
    """One sentence on why no answer is given though there were some; `answer` is None then."""
    notes: tuple[str, ...] = ()
    """What a user should know, such as a fall-back or a tie and how it was broken."""
    error: str | None = None
    """One sentence where there is no answer at all (every candidate failed)."""
