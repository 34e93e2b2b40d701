"""From a configuration and a pool to a router: the only place of this package that wires objects.

Reads the profiles file where one is given; loads no model and asks none.
"""

from __future__ import annotations

from collections.abc import Sequence

from experts.errors import ConfigError
from routers.baselines import FixedRouter, RandomRouter
from routers.config import FixedRouterConfig, RandomRouterConfig, RouterConfig, TrainedRouterConfig
from routers.router import Router
from routers.skills.profile_file import load_profiles
from routers.skills.skill_router import SkillRouter
from routers.trained import load_trained


def build_router(config: RouterConfig, experts: Sequence[str]) -> Router:
    """The router of a configuration, fitted where that takes no outcomes or they are on file.

    Args:
        config: of any kind.
        experts: the pool, in configuration order; more experts in a profiles file are left out.

    Raises:
        ConfigError: the profiles file or the trained router cannot be read or lacks an expert of the
            pool, or a fixed router names one outside it.
    """
    if isinstance(config, FixedRouterConfig):
        return FixedRouter(config.experts).bind(experts)
    if isinstance(config, RandomRouterConfig):
        return RandomRouter(config.seed).bind(experts)
    if isinstance(config, TrainedRouterConfig):
        return load_trained(config.path, experts)
    router = SkillRouter(config)
    if config.profiles is None:
        return router
    try:
        return router.use(load_profiles(config.profiles).restrict(experts))
    except ConfigError as error:
        raise ConfigError(f"The skill router's profiles, {config.profiles}: {error}") from error
