"""What was chosen for which group of questions, and on what evidence. Computes and reads nothing."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, model_validator

from aggregators.config import AggregatorConfig
from experts.encoders.config import EncoderConfig

FORMAT = 1
"""Raised when the file changes its meaning."""
VOTE = "vote"
"""Name of the option that stays where nothing is shown to be better."""
TOP = "top"
"""Name of the option without fusion: the best-ranked expert."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Evidence(_Record):
    """How one option did on the profiling questions of one group. Differences are against the vote."""

    accuracy: float
    """Mean score, in [0, 1]."""
    difference: float
    """Paired difference of the accuracies, in [-1, 1]."""
    low: float
    """Lower end of its 95% interval."""
    high: float
    """Upper end of its 95% interval."""
    shrunk: float
    """The difference, drawn towards that over all groups."""
    bound: float
    """Lower bound of `shrunk`; above 0, the option may replace the vote."""


class GroupChoice(_Record):
    """One group of questions."""

    name: str
    n: int = Field(ge=0)
    """Profiling questions in it."""
    chosen: str
    """Name of an option."""
    why: str
    """The reason in words."""
    subjects: dict[str, int] = {}
    """What the profiling questions were about, most frequent first; empty: unknown."""
    evidence: dict[str, Evidence] = {}
    """By option; empty where there was no question."""


class Choice(_Record):
    """The content of a choice file.

    Raises:
        ValueError: a group names no option, or centroids and groups do not go together.
    """

    format: int = FORMAT
    options: dict[str, AggregatorConfig]
    """What could be chosen, by name; "vote" and "top" are among them."""
    level: float = Field(gt=0.5, lt=1)
    """Confidence, over all options together, with which the vote is replaced."""
    everywhere: GroupChoice
    """The choice over all groups together, taken for a question that is like no other."""
    groups: tuple[GroupChoice, ...] = ()
    """Clusters of questions, in the order of the centroids; empty: `everywhere` holds for all."""
    encoder: EncoderConfig | None = None
    """Of the centroids; None without groups."""
    centroids: tuple[tuple[float, ...], ...] = ()
    """One of length 1 per group; a question belongs to the nearest."""

    @model_validator(mode="after")
    def _check(self) -> Choice:
        for group in (self.everywhere, *self.groups):
            if group.chosen not in self.options:
                raise ValueError(
                    f"group {group.name!r} takes the option {group.chosen!r}; there are only "
                    f"{', '.join(self.options)}"
                )
        if len(self.centroids) != len(self.groups) or len({len(row) for row in self.centroids}) > 1:
            raise ValueError("each of the `groups` needs one centroid, and all must have one length")
        if self.groups and self.encoder is None:
            raise ValueError("`groups` need the `encoder` of their centroids")
        return self
