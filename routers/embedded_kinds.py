"""The configurations of all kinds that are an encoder and an estimator, as one type.

Imports nothing heavy.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from routers.classifiers.config import DomainsConfig, LinearConfig, SubjectsConfig
from routers.factors.config import FactorsConfig
from routers.forest.config import ForestConfig
from routers.irt.config import IrtConfig
from routers.neighbours.config import ClustersConfig, KnnConfig, PilotsConfig
from routers.prompted.config import DescriptionsConfig
from routers.trees.config import TreeConfig
from routers.two_step.config import TwoStepConfig

EmbeddedKind = Annotated[
    KnnConfig
    | ClustersConfig
    | PilotsConfig
    | LinearConfig
    | SubjectsConfig
    | DomainsConfig
    | TwoStepConfig
    | IrtConfig
    | FactorsConfig
    | TreeConfig
    | ForestConfig
    | DescriptionsConfig,
    Field(discriminator="kind"),
]
