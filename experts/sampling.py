"""How text is drawn from an expert: length, temperature, stops. Knows no engine."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class SamplingConfig(BaseModel):
    """Sampling of one completion. `max_tokens` has no default: a silent cut spoils answers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_tokens: int = Field(ge=1)
    """Most tokens to generate; a completion that reaches it ends with `finish_reason="length"`."""
    temperature: float = Field(default=0.0, ge=0.0, le=2.0)
    """0 is greedy. vLLM's CPU build cannot seed a request, so greedy is the default."""
    top_p: float = Field(default=1.0, gt=0.0, le=1.0)
    """Nucleus: the smallest set of tokens whose probabilities reach this sum."""
    seed: int | None = None
    """For engines that can seed a request; vLLM's CPU build refuses it with temperature > 0."""
    stop: tuple[str, ...] = ()
    """Strings that end the text; they are not part of it."""
    certainty: bool = False
    """Measure how sure the expert is of its own tokens (`Completion.certainty`); the text stays the same."""
