"""Every kind that can be configured can be made, and making one loads none of its libraries."""

from __future__ import annotations

import subprocess
import sys
from typing import Any, get_args

import pytest
from checks.miniature_routers import EMBEDDED, TRAINED, miniature_config
from pydantic import BaseModel

from routers.config import TrainableConfig
from routers.embedded_config import EmbeddedConfig
from routers.embedded_kinds import EmbeddedKind
from routers.making import make_estimator, make_router


def kinds(union: Any) -> set[str]:
    """The kinds of a discriminated union of configurations."""
    found: set[str] = set()
    for member in get_args(get_args(union)[0]):
        if isinstance(member, type) and issubclass(member, BaseModel):
            found |= set(get_args(member.model_fields["kind"].annotation))
        else:
            found |= kinds(member)
    return found


def test_the_battery_has_every_kind() -> None:
    assert {config["kind"] for config in TRAINED.values()} == kinds(TrainableConfig)
    assert {config["kind"] for config in EMBEDDED.values()} == kinds(EmbeddedKind)


@pytest.mark.parametrize("name", TRAINED)
def test_a_router_of_every_kind_is_made_from_its_configuration(name: str) -> None:
    config = miniature_config(name, "./none")
    router: Any = make_router(config)
    assert router.kind == config.kind and router.config is config


@pytest.mark.parametrize("name", EMBEDDED)
def test_an_estimator_is_fresh_every_time(name: str) -> None:
    config = miniature_config(name)
    assert isinstance(config, EmbeddedConfig)
    assert make_estimator(config) is not make_estimator(config)


def test_configurations_and_the_registry_load_nothing_heavy() -> None:
    code = (
        "import sys, routers.config, routers.making, routers.trained\n"
        "heavy = {'sklearn', 'scipy', 'torch', 'transformers', 'skops', 'vllm'}\n"
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stderr == "" and done.returncode == 0
