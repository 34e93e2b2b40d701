"""What all configurations of aggregators share. Imports nothing heavy."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class AggregatorSettings(BaseModel):
    """Frozen; unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")
