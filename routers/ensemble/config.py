"""How the ensemble is written in a configuration file. Imports nothing heavy."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from routers.embedded_kinds import EmbeddedKind


class EnsembleConfig(BaseModel):
    """Estimators of several kinds, weighted by what each predicts of questions that it has not seen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["ensemble"]
    members: tuple[EmbeddedKind, ...] = Field(min_length=1)
    """The estimators, each with its own encoder; equal encoders are used once. Their `calibrate` has no
    meaning here: the ensemble is calibrated as a whole."""
