"""What the configurations of all routers that see questions as vectors have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from experts.encoders.config import EncoderConfig, LexicalEncoderConfig


class EmbeddedConfig(BaseModel):
    """An encoder in front of an estimator; each kind adds its own options."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoder: EncoderConfig = LexicalEncoderConfig(dimensions=256)
    """Turns questions into vectors."""
    calibrate: bool = True
    """Fit a correction of the estimates to probabilities, on questions that were left out in turn.
    Costs five further fits; off: estimates are scores without a unit."""
