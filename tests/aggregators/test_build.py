"""From configuration to aggregator: nothing is forgotten."""

from typing import get_args

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from aggregators.build import _BUILDERS
from aggregators.config import AggregatorConfig

UNION: tuple[type[BaseModel], ...] = get_args(get_args(AggregatorConfig)[0])


def kind(config: type[BaseModel]) -> str:
    [written] = get_args(config.model_fields["kind"].annotation)
    return str(written)


def test_every_configuration_can_be_built() -> None:
    assert len(UNION) > 10
    assert set(_BUILDERS) == set(UNION)


def test_kinds_are_told_apart_by_name() -> None:
    kinds = [kind(config) for config in UNION]
    assert len(set(kinds)) == len(kinds)
    with pytest.raises(ValidationError, match="'learned'"):
        TypeAdapter(AggregatorConfig).validate_python({"kind": "learnt"})
