"""One hosted engine for all tests of this folder, and what they ask of it."""

import asyncio
from collections.abc import Callable, Iterator

import pytest

from compound.config import SystemConfig
from experts.completion import Request
from experts.config import VllmExpert
from experts.hosting.hosted_engine import HostedEngine
from experts.query import Message
from experts.sampling import SamplingConfig

MakeRequest = Callable[..., Request]


@pytest.fixture(scope="session")
def experts(pocket_config: SystemConfig) -> dict[str, VllmExpert]:
    """The miniature pool's experts and helpers, and one whose folder is missing."""
    found = {n: e for n, e in pocket_config.all_experts.items() if isinstance(e, VllmExpert)}
    missing = next(iter(found.values())).model_copy(update={"model": "/nowhere/at/all"})
    return {**found, "missing": missing}


@pytest.fixture(scope="session")
def hosted(pocket_config: SystemConfig, experts: dict[str, VllmExpert]) -> Iterator[HostedEngine]:
    """A hosted engine that tests must leave able to work."""
    engine = HostedEngine(experts, pocket_config.hosting)
    yield engine
    asyncio.run(engine.close())


@pytest.fixture(scope="session")
def ask() -> MakeRequest:
    """Makes requests; greedy, and short where nothing is said."""

    def make(
        request_id: str, expert: str, text: str = "What is 3 + 4?", max_tokens: int = 24, **sampling: object
    ) -> Request:
        return Request(
            id=request_id,
            expert=expert,
            query_id=request_id,
            messages=(Message("user", text),),
            sampling=SamplingConfig.model_validate({"max_tokens": max_tokens, **sampling}),
        )

    return make
