"""What goes to an expert and what comes back: request, delta, completion, usage.

Knows no engine and no gold answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from experts.query import Message
from experts.sampling import SamplingConfig

FinishReason = Literal["stop", "length", "error"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a completion, or a sum of them, consumed. Adds with `+`."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    """From submission to the last token, waiting included; sums are not wall time."""
    cost_usd: float = 0.0
    """From the expert's configured price; 0 where no price is configured."""

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            seconds=self.seconds + other.seconds,
            cost_usd=self.cost_usd + other.cost_usd,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Certainty:
    """How sure an expert was of its own tokens. Not comparable across experts as it stands."""

    mean_logprob: float
    """Mean log-probability of the tokens that were taken, nats; at most 0."""
    self_certainty: float
    """Mean over tokens of KL(uniform || p) over the vocabulary, nats; at least 0, higher is surer
    (Kang et al. 2025, arXiv 2502.18581)."""
    top_k: int | None = None
    """None: over the full vocabulary. Else an approximation from so many of the likeliest tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One completion asked of one expert."""

    id: str
    """Unique among the requests in flight."""
    expert: str
    query_id: str
    messages: tuple[Message, ...]
    """The conversation as the expert sees it (already rendered)."""
    sampling: SamplingConfig
    sample_index: int = 0
    """Which of several samples of the same prompt this is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """A further piece of a completion's text, as it is made."""

    request_id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What an expert answered. A failed item is data: `finish_reason="error"` and `error` set."""

    request_id: str
    expert: str
    query_id: str
    text: str
    finish_reason: FinishReason
    usage: Usage = field(default_factory=Usage)
    sample_index: int = 0
    answer: str | None = None
    """The extracted answer (a letter, or the open answer's text); None: unparsed. Derived from
    `text` by `experts.extraction`, never stored."""
    certainty: Certainty | None = None
    """Only where the sampling asks for it and the engine can tell."""
    error: str | None = None
    """One sentence; set exactly when `finish_reason` is "error"."""
    retryable: bool = False
    """With an error: whether asking again may help."""
    notes: tuple[str, ...] = ()
    """What happened on the way, such as an engine that died so that the question was asked again."""

    def __post_init__(self) -> None:
        if (self.finish_reason == "error") != (self.error is not None):
            raise ValueError("`error` must be set exactly when finish_reason is 'error'.")

    @property
    def ok(self) -> bool:
        """Whether the expert answered at all (cut-off text counts)."""
        return self.finish_reason != "error"


def failed(request: Request, error: str, *, retryable: bool = False, seconds: float = 0.0) -> Completion:
    """The error completion of a request."""
    return Completion(
        request_id=request.id,
        expert=request.expert,
        query_id=request.query_id,
        text="",
        finish_reason="error",
        usage=Usage(seconds=seconds),
        sample_index=request.sample_index,
        error=error,
        retryable=retryable,
    )
