"""From configuration to parts: the only place that wires engines into a pool. Starts nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from compound.config import SystemConfig
from experts.config import OpenAIExpert, RecordedExpert, ScriptedExpertConfig, VllmExpert
from experts.engine import Engine
from experts.engines.openai_endpoint import OpenAIEngine
from experts.engines.recorded import RecordedEngine
from experts.engines.scripted import ScriptedEngine
from experts.hosting.hosted_engine import HostedEngine
from experts.pool import Pool
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
    store: CompletionStore | None


def build_pool(config: SystemConfig, store: Path | None = None) -> BuiltPool:
    """The pool of a configuration.

    Args:
        config: of the whole system.
        store: file of finished completions; what it holds is not asked again.

    Raises:
        ConfigError: a recording cannot be read, or the store is not writable.
    """
    engines: list[Engine] = []
    hosted_experts: dict[str, VllmExpert] = {}
    for name, expert in config.all_experts.items():
        if isinstance(expert, VllmExpert):
            hosted_experts[name] = expert
        else:
            engines.append(_engine(name, expert))
    hosted = None
    if hosted_experts:
        hosted = HostedEngine(hosted_experts, config.hosting, last=getattr(config.aggregator, "expert", None))
        engines.append(hosted)
    pool = Pool(
        engines,
        prices={name: expert.price for name, expert in config.all_experts.items()},
        sampling={name: expert.sampling for name, expert in config.all_experts.items()},
    )
    if store is None:
        return BuiltPool(pool, pool, hosted, None)
    completions = CompletionStore(store)
    return BuiltPool(StoredEngine(pool, completions), pool, hosted, completions)


def _engine(name: str, expert: OpenAIExpert | RecordedExpert | ScriptedExpertConfig) -> Engine:
    if isinstance(expert, OpenAIExpert):
        return OpenAIEngine(name, expert)
    if isinstance(expert, RecordedExpert):
        return RecordedEngine(name, expert)
    return ScriptedEngine.from_config(name, expert)
