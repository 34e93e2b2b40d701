"""Trained routers of all kinds in folders: written by `compound train`, used by `kind: trained`.

A pool may be smaller than what a router was trained on: its estimates are then masked to the pool. MoE^2
(arXiv 2501.09410) shows that a gate trained on all experts stays optimal on a subset.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from experts.engine import Generate
from experts.errors import ConfigError, RouterError
from experts.outcomes import OutcomeMatrix
from experts.query import Query
from experts.saving import FORMAT_VERSION, Header, load_header, save_fitted, versions
from routers.config import TrainableConfig
from routers.making import make_router
from routers.router import BestFirst, Estimate, Router, fitted_experts
from routers.skills.skill_router import SkillRouter

_PROFILES = "skill_profiles.json"
_CONFIG: TypeAdapter[TrainableConfig] = TypeAdapter(TrainableConfig)


def save_trained(router: Router, folder: Path) -> None:
    """Write a fitted router of any kind that `compound train` makes.

    Raises:
        RouterNotFittedError: it is not fitted.
        ConfigError: the folder cannot be written.
    """
    if not isinstance(router, SkillRouter):
        router.save(folder)  # type: ignore[attr-defined]  # all trainable kinds have it
        return
    header = Header(
        format=FORMAT_VERSION,
        kind=router.kind,
        config=router.config.model_dump(mode="json"),
        experts=fitted_experts(router, router.kind),
        questions=router.profiles_.questions,
        versions=versions(),
    )
    save_fitted(folder, header, {})
    router.save(folder / _PROFILES)


def load_trained(folder: Path, experts: Sequence[str] | None = None) -> Router:
    """The router in a folder.

    Args:
        folder: what `save_trained` wrote.
        experts: the pool, in configuration order; None: the router's own.

    Raises:
        ConfigError: there is no router, it is of other versions, or it does not know an expert.
    """
    header = load_header(folder)
    router = make_router(_config(header, folder))
    if isinstance(router, SkillRouter):
        router.load(folder / _PROFILES)
    else:
        router.load(folder)  # type: ignore[attr-defined]  # all trainable kinds have it
    if experts is None or tuple(experts) == header.experts:
        return router
    return MaskedRouter(router, header.experts, experts)


def trained_config(folder: Path) -> TrainableConfig:
    """The configuration of the router in a folder; reads nothing else of it.

    Raises:
        ConfigError: there is no router, or it is of other versions.
    """
    return _config(load_header(folder), folder)


def _config(header: Header, folder: Path) -> TrainableConfig:
    try:
        return _CONFIG.validate_python(header.config)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigError(
            f"{folder} holds a router whose configuration this version does not know "
            f"({where}: {first['msg']}): train it again with `compound train`."
        ) from error


class MaskedRouter(BestFirst):
    """A fitted router whose estimates are masked to some of its experts.

    Args:
        router: fitted.
        known: its experts.
        experts: the pool, a part of these, in any order.

    Attributes:
        accuracies_: (m,) of the pool, as the router's; None: it gives none.
        error_correlation_: (m, m) of the pool, as the router's; None: it gives none.

    Raises:
        ConfigError: the router does not know an expert of the pool.
    """

    kind = "trained"

    def __init__(self, router: Router, known: Sequence[str], experts: Sequence[str]) -> None:
        missing = [name for name in experts if name not in known]
        if missing:
            raise ConfigError(
                f"The trained router knows no expert {', '.join(missing)}; it was trained on "
                f"{', '.join(known)}: train it on outcomes of the whole pool."
            )
        self.router = router
        self.experts_ = tuple(experts)
        self._columns = np.array([list(known).index(name) for name in experts], dtype=np.int64)
        accuracies: NDArray[np.float64] | None = getattr(router, "accuracies_", None)
        correlation: NDArray[np.float64] | None = getattr(router, "error_correlation_", None)
        self.accuracies_ = None if accuracies is None else accuracies[self._columns]
        self.error_correlation_ = (
            None if correlation is None else correlation[np.ix_(self._columns, self._columns)]
        )

    def fit(
        self, queries: Sequence[Query], outcomes: OutcomeMatrix, *, generate: Generate | None = None
    ) -> Self:
        """Refused: what is trained is trained by `compound train`.

        Raises:
            RouterError: always.
        """
        raise RouterError("A router masked to a pool is not fitted again; fit a fresh one.")

    def estimate(self, queries: Sequence[Query], *, generate: Generate | None = None) -> list[Estimate]:
        """The router's estimates of the pool; see `Router.estimate`."""
        return [self._masked(e) for e in self.router.estimate(queries, generate=generate)]

    def _masked(self, estimate: Estimate) -> Estimate:
        tokens = None if estimate.tokens is None else estimate.tokens[self._columns]
        return replace(estimate, values=estimate.values[self._columns], tokens=tokens)
