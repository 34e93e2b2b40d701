"""How the ensemble is written in a configuration file. Imports nothing heavy."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from routers.classifiers.config import SubjectsConfig
from routers.embedded_kinds import EmbeddedKind
from routers.factors.config import FactorsConfig
from routers.forest.config import ForestConfig

DEFAULT_MEMBERS: tuple[EmbeddedKind, ...] = (
    ForestConfig(kind="forest"),
    SubjectsConfig(kind="subjects"),
    FactorsConfig(kind="factors"),
)
"""The three that differ most among those that do well by themselves."""


class EnsembleConfig(BaseModel):
    """Estimators of several kinds, weighted by what each predicts of questions that it has not seen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["ensemble"]
    members: tuple[EmbeddedKind, ...] = Field(default=DEFAULT_MEMBERS, min_length=1)
    """The estimators, each with its own encoder; equal encoders are used once. Their `calibrate` has no
    meaning here: the ensemble is calibrated as a whole. The default needs questions with subjects."""
