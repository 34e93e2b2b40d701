"""From configuration to parts: engines wired into a pool, and an aggregator that fits it. Starts nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aggregators.aggregator import Aggregator
from aggregators.build import build_aggregator
from compound.config import SystemConfig
from experts.config import OpenAIExpert, RecordedExpert, ScriptedExpertConfig, VllmExpert
from experts.engine import Engine
from experts.engines.openai_endpoint import OpenAIEngine
from experts.engines.recorded import RecordedEngine
from experts.engines.scripted import ScriptedEngine
from experts.errors import ConfigError
from experts.hosting.hosted_engine import HostedEngine
from experts.pool import Pool
from experts.sealing import Seal
from experts.store import CompletionStore
from experts.stored_engine import StoredEngine


@dataclass(frozen=True, slots=True)
class BuiltPool:
    """All experts and helpers of a system behind one engine."""

    engine: Engine
    """What to submit to: the pool, or the pool behind a store."""
    pool: Pool
    hosted: HostedEngine | None
    """The engine of the vLLM experts, where there are any."""
    recorded: RecordedEngine | None
    """The engine of the recorded experts, where there are any."""
    store: CompletionStore | None


def fitting_aggregator(config: SystemConfig) -> Aggregator:
    """The aggregator of a configuration; whom it asks is there.

    A configuration is checked for the names that stand in it. A file that it names, such as a choice of
    aggregators, may have been made for another pool.

    Raises:
        ConfigError: it cannot be built, or asks an expert that is neither in the pool nor a helper.
    """
    aggregator = build_aggregator(config.aggregator)
    strangers = [name for name in aggregator.experts if name not in config.all_experts]
    if strangers:
        raise ConfigError(
            f"The aggregator {config.aggregator.kind!r} asks {', '.join(strangers)}, and there are only "
            f"{', '.join(config.all_experts)}; add them under `helpers`, or take another aggregator."
        )
    return aggregator


def build_pool(
    config: SystemConfig, store: Path | None = None, *, seal: Seal | None = None, last: str | None = None
) -> BuiltPool:
    """The pool of a configuration.

    Args:
        config: of the whole system.
        store: file of finished completions; what it holds is not asked again.
        seal: texts in the store are sealed with it; None: they are written as they are.
        last: the expert that aggregates, if there is one; it comes last on its slot.

    Raises:
        ConfigError: a recording cannot be read, or the store is not writable.
    """
    engines: list[Engine] = []
    hosted_experts: dict[str, VllmExpert] = {}
    recorded_experts: dict[str, RecordedExpert] = {}
    for name, expert in config.all_experts.items():
        if isinstance(expert, VllmExpert):
            hosted_experts[name] = expert
        elif isinstance(expert, RecordedExpert):
            recorded_experts[name] = expert
        else:
            engines.append(_engine(name, expert))
    hosted = recorded = None
    if hosted_experts:
        hosted = HostedEngine(hosted_experts, config.hosting, last=last)
        engines.append(hosted)
    if recorded_experts:
        recorded = RecordedEngine(recorded_experts, config.hosting, last=last)
        engines.append(recorded)
    pool = Pool(
        engines,
        prices={name: expert.price for name, expert in config.all_experts.items()},
        sampling={name: expert.sampling for name, expert in config.all_experts.items()},
    )
    if store is None:
        return BuiltPool(pool, pool, hosted, recorded, None)
    completions = CompletionStore(store, seal=seal)
    return BuiltPool(StoredEngine(pool, completions), pool, hosted, recorded, completions)


def _engine(name: str, expert: OpenAIExpert | ScriptedExpertConfig) -> Engine:
    if isinstance(expert, OpenAIExpert):
        return OpenAIEngine(name, expert)
    return ScriptedEngine.from_config(name, expert)
