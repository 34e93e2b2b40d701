"""From the configuration of a kind to a fresh, unfitted router or estimator of it.

The only place that knows all kinds; each is imported when it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

from routers.config import TrainableConfig
from routers.embedded_config import EmbeddedConfig
from routers.embedding_router import EmbeddingRouter
from routers.ensemble.config import EnsembleConfig
from routers.estimator import Estimator
from routers.router import Router

_ESTIMATORS = {
    "knn": "routers.neighbours.knn:Knn",
    "clusters": "routers.neighbours.clusters:Clusters",
    "pilots": "routers.neighbours.pilots:Pilots",
    "linear": "routers.classifiers.linear:Linear",
    "subjects": "routers.classifiers.subjects:Subjects",
    "domains": "routers.classifiers.domains:Domains",
    "two_step": "routers.two_step.estimator:TwoStep",
    "irt": "routers.irt.irt_estimator:IrtEstimator",
    "factors": "routers.factors.low_rank:LowRankEstimator",
    "tree": "routers.trees.tree_estimator:TreeEstimator",
    "forest": "routers.forest.forest_estimator:ForestEstimator",
    "descriptions": "routers.prompted.description_estimator:DescriptionEstimator",
}
_ROUTERS = {
    "transformer": "routers.transformer.transformer_router:TransformerRouter",
    "llm": "routers.prompted.llm_router:LlmRouter",
    "skill": "routers.skills.skill_router:SkillRouter",
    "best_single": "routers.best_single:BestSingleRouter",
}


def make_estimator(config: EmbeddedConfig) -> Estimator:
    """A fresh estimator of an embedded kind."""
    estimator: Estimator = _named(_ESTIMATORS[str(config.kind)])(config)  # type: ignore[attr-defined]
    return estimator


def make_router(config: TrainableConfig) -> Router:
    """A fresh router of a kind that is to be fitted."""
    if isinstance(config, EnsembleConfig):
        from routers.ensemble.ensemble_router import EnsembleRouter

        return EnsembleRouter(config, make_estimator)
    if isinstance(config, EmbeddedConfig):
        return EmbeddingRouter(config, partial(make_estimator, config))
    router: Router = _named(_ROUTERS[config.kind])(config)
    return router


def _named(place: str) -> Callable[..., Any]:
    module, name = place.split(":")
    made: Callable[..., Any] = getattr(import_module(module), name)
    return made
